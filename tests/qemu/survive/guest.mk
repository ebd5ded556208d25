# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,tests/qemu/survive,aarch64-linux-gnu-,-march=armv8-a -mstrict-align -mgeneral-regs-only)
