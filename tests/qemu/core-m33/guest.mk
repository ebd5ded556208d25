# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,tests/qemu/core-m33,arm-none-eabi-,-mcpu=cortex-m33 -mthumb)
