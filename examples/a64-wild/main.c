/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A jump into nothing: no peripheral answers an instruction fetch, so the
 * guest must get its abort as it would from hardware.
 */
#define UART 0x10010000
#define CLOCK 0x10020000
#include "examples/common/guest.h"

#define NOWHERE 0x70000000u
#define CLASS_FETCH 0x21u       /* instruction abort, same exception level */

void power_off(void) __attribute__((noreturn));

static void finish(void)
{
    print_result();
    echo();
    power_off();
}

void exception(uint64_t syndrome, uint64_t address)
{
    put("caught the jump\n");
    check("class of the exception", syndrome >> 26, CLASS_FETCH);
    check("address of the exception", address, NOWHERE);
    finish();
}

int main(void)
{
    void (*volatile nowhere)(void) = (void (*)(void))(uintptr_t)NOWHERE;

    clock_start();
    uart_start();
    put("wild jump\n");
    nowhere();
    put("came back from nowhere\n");
    checks_failed++;
    finish();
    return 0;
}
