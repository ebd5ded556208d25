# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,examples/twelve/a64,aarch64-linux-gnu-,-march=armv8-a -mstrict-align -mgeneral-regs-only $(TWELVE_FLAGS))
