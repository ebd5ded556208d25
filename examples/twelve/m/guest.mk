# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,examples/twelve/m,arm-none-eabi-,-mcpu=cortex-m3 -mthumb -mno-unaligned-access $(TWELVE_FLAGS))
