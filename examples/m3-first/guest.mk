# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,examples/m3-first,arm-none-eabi-,-mcpu=cortex-m3 -mthumb -mno-unaligned-access)
