# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,tests/qemu/core-a32,arm-none-eabi-,-march=armv7-a -marm)
