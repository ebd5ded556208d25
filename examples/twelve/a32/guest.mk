# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,examples/twelve/a32,arm-none-eabi-,-march=armv7-a -marm -mfloat-abi=soft -mno-unaligned-access $(TWELVE_FLAGS))
