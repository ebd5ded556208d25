# SPDX-License-Identifier: GPL-2.0-or-later
$(call guest,tests/qemu/core-a64,aarch64-linux-gnu-,-march=armv8-a)
