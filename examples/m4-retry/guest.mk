# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,examples/m4-retry,arm-none-eabi-,-mcpu=cortex-m4 -mthumb -mfloat-abi=soft -mno-unaligned-access)
