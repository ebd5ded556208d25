/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examples/common/start-a64.S"
