# SPDX-License-Identifier: GPL-2.0-or-later
# One program for three kinds of core.
include $(wildcard examples/twelve/*/guest.mk)
