/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examples/common/start-irq-a64.S"
