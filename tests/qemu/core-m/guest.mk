# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,tests/qemu/core-m,arm-none-eabi-,-mcpu=cortex-m0 -mthumb)
