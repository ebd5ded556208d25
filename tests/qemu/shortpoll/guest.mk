# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,tests/qemu/shortpoll,arm-none-eabi-,-mcpu=cortex-m3 -mthumb)
