/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The twelve on an AArch64 core, polled. */
#define DEVICES 0x02000000u
#include "examples/twelve/polled.h"

void exception(uint64_t what, uint64_t address)
{
    put("exception ");
    put_hex((uint32_t)what);
    put(" at ");
    put_hex((uint32_t)address);
    put("\n");
    for (;;) {
    }
}

int main(void)
{
    test_all();
    return 0;
}
