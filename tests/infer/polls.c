/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest code that polls, one function a habit.  tests/infer/gen-code.sh
 * compiles it for three instruction sets into tests/unit/infer_code.h.
 *
 * The load that polls carries the label poll_<name>.
 */
typedef unsigned int u32;
typedef unsigned long long u64;

#define DEV 0x10000u
#define REG(off) (*(volatile u32 *)(unsigned long)(DEV + (off)))

#ifdef __aarch64__
#define LOAD "ldr %w0, [%1]"
#else
#define LOAD "ldr %0, [%1]"
#endif

/* A load from @off of the device whose address is known by name. */
#define POLL(name, off) \
    ({ \
        u32 poll_value; \
        __asm__ volatile(".globl poll_" #name "\npoll_" #name ": " LOAD \
                         : "=r"(poll_value) \
                         : "r"((unsigned long)(DEV + (off))) \
                         : "memory"); \
        poll_value; \
    })

/* A loop that reads at its end too is not doubled at its beginning. */
#define ONE_LOAD __attribute__((optimize("Os")))

static inline u64 now(void)
{
#if defined(__aarch64__)
    u64 t;

    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(t));
    return t;
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
    return *(volatile u32 *)0xe0001004;
#else
    u32 lo, hi;

    __asm__ volatile("mrrc p15, 1, %0, %1, c14" : "=r"(lo), "=r"(hi));
    return ((u64)hi << 32) | lo;
#endif
}

/* Where all of them return to: work without end. */
int after(void)
{
    volatile u32 *cell = (volatile u32 *)0xe000;

    for (;;) {
        cell[cell[0] & 15]++;
    }
}

/* Ready when a bit is set. */
int set_bit(void)
{
    REG(0x00) = 1;
    while (!(POLL(set_bit, 0x14) & 0x20)) {
    }
    REG(0x04) = 1;
    return 0;
}

/* A command bit that clears itself. */
int clear_bit(void)
{
    REG(0x18) = 0x80000003;
    while (POLL(clear_bit, 0x18) & 0x80000000) {
    }
    REG(0x04) = 2;
    return 0;
}

/* Done or time-out; called with 0. */
int with_timeout(u64 start)
{
    u32 status;

    do {
        status = POLL(with_timeout, 0x38);
        if (now() - start > 24000000) {
            return -110;
        }
    } while (!(status & 4));
    return 0;
}

/* An error mask beside the done bit. */
int with_errors(void)
{
    u32 status;

    do {
        status = POLL(with_errors, 0x38);
        if (status & 0xbbc2) {
            REG(0x38) = status;
            return -110;
        }
    } while (!(status & 4));
    REG(0x38) = status;
    return 0;
}

/* An identity register. */
int identity(void)
{
    while (POLL(identity, 0xfc) != 0x4457a110) {
    }
    return 0;
}

/* Two bits at once. */
int two_bits(void)
{
    while ((POLL(two_bits, 0x20) & 0x6000) != 0x6000) {
    }
    return 0;
}

/* A receiver. */
int receive(void)
{
    while (!(POLL(receive, 0x14) & 1)) {
    }
    return (int)(REG(0x00) & 0xff);
}

/* A transmitter that prints. */
int transmit(void)
{
    const char *text = "Hello, world 1.0\r\n";

    for (; *text; text++) {
        while (!(POLL(transmit, 0x14) & 0x20)) {
        }
        REG(0x00) = (u32)*text;
    }
    return 0;
}

/* A divisor latch in front of it. */
int latched(void)
{
    const char *text = "Hello, world 1.0\r\n";

    REG(0x0c) = 0x83;
    REG(0x00) = 13;
    REG(0x04) = 0;
    REG(0x0c) = 0x03;
    for (; *text; text++) {
        while (!(POLL(latched, 0x14) & 0x20)) {
        }
        REG(0x00) = (u32)*text;
    }
    return 0;
}

/* A delay over a free-running counter. */
int delay(void)
{
    u32 start = REG(0x24);

    while (POLL(delay, 0x24) - start < 1000) {
    }
    return 0;
}

/* The same over one that counts down. */
int countdown(void)
{
    u32 start = ~REG(0xe8);

    while (~POLL(countdown, 0xe8) - start < 1000) {
    }
    return 0;
}

/* A button that is looked at for ever. */
int button(void)
{
    for (;;) {
        REG(0x30) = POLL(button, 0x34) & 1 ? 0x55 : 0xaa;
    }
}

/* One bit means an abort soon after, another one goes on. */
int trap(void)
{
    u32 status;

    do {
        status = POLL(trap, 0x40);
        if (status & 1) {
            *(volatile u32 *)0x20 = 1;
        }
    } while (!(status & 0x101));
    return 0;
}

/* Clears more memory than is worth following. */
int clear_memory(void)
{
    volatile u32 *at = (volatile u32 *)0x1000000;
    u32 i;

    while (!(POLL(clear_memory, 0x64) & 1)) {
    }
    for (i = 0; i < 0x40000; i++) {
        at[i * 256] = 0;
    }
    return 0;
}

/* Floating point on the way out: the copy of the CPU must have it too. */
int with_float(void)
{
    while (!(POLL(with_float, 0x68) & 1)) {
    }
#ifdef __aarch64__
    __asm__ volatile(".inst 0x9e670000"); /* fmov d0, x0 */
#elif defined(__thumb__)
    __asm__ volatile(".inst.w 0xee000a10"); /* vmov s0, r0 */
#else
    __asm__ volatile(".inst 0xee000a10");
#endif
    return 0;
}

/* An oscillator: on, wait until ready; off, wait until it is not. */
int clock_on(void)
{
    REG(0x50) = 0x10000;
    while (!(POLL(clock_on, 0x50) & 0x20000)) {
    }
    return 0;
}

int clock_off(void)
{
    REG(0x50) = 0;
    while (POLL(clock_off, 0x50) & 0x20000) {
    }
    return 0;
}

/* A loop that is passed at once, and one that waits for the contrary. */
int pll_off(void)
{
    REG(0x70) = 0;
    REG(0x7c) = 0x55;
    while (POLL(pll_off, 0x78) & 0x2000000) {
    }
    return 0;
}

int pll_on(void)
{
    REG(0x70) = 2;
    REG(0x7c) = 0x55;
    while (!(POLL(pll_on, 0x78) & 0x2000000)) {
    }
    return 0;
}

/* A status: awaited, acknowledged, awaited again after a command. */
int done(void)
{
    while (!(POLL(done, 0x58) & 4)) {
    }
    return 0;
}

int acknowledge(void)
{
    REG(0x58) = 4;
    while (POLL(acknowledge, 0x58) & 4) {
    }
    return 0;
}

int command(void)
{
    REG(0x5c) = 7;
    while (!(POLL(command, 0x58) & 4)) {
    }
    return 0;
}

/* A signal that comes and goes by itself. */
int high(void)
{
    while (!(POLL(high, 0x60) & 2)) {
    }
    return 0;
}

int low(void)
{
    while (POLL(low, 0x60) & 2) {
    }
    return 0;
}

/* A flag that a command raises and that is acknowledged by writing it. */
int flag_raised(void)
{
    REG(0x80) = 1;
    REG(0x80) = 0x101;
    while (!(POLL(flag_raised, 0x84) & 4)) {
    }
    REG(0x84) = 0x14;
    return (int)REG(0x84) & 4;
}

/* A lock that a key opens. */
int key_opens(void)
{
    REG(0x8c) = 0x80;
    REG(0x88) = 0x2f6b0193;
    REG(0x88) = 0x9ae4c527;
    while (POLL(key_opens, 0x8c) & 0x80) {
    }
    return 0;
}

/* A bit that goes by itself, after a command that is no key. */
int no_key(void)
{
    REG(0x8c) = 0x80;
    REG(0x88) = 1;
    REG(0x88) = 2;
    while (POLL(no_key, 0x8c) & 0x80) {
    }
    return 0;
}

/* Data that come after a command; reading them takes the flag down. */
int convert(void)
{
    REG(0x90) = 0x10;
    while (!(POLL(convert, 0x94) & 2)) {
    }
    return (int)REG(0x98);
}

ONE_LOAD int drain(void)
{
    while (POLL(drain, 0x94) & 2) {
        (void)REG(0x98);
    }
    return 0;
}

/* The flag has to go, and no data are read. */
ONE_LOAD int idle_again(void)
{
    while (POLL(idle_again, 0x94) & 2) {
        (void)now();
    }
    return 0;
}

/* Random numbers: ready, then another one than before. */
int random_ready(void)
{
    REG(0xa0) = 4;
    while (!(POLL(random_ready, 0xa4) & 1)) {
    }
    return (int)REG(0xa8);
}

ONE_LOAD int random_value(void)
{
    u32 last = 1;

    (void)REG(0xa4);
    while (POLL(random_value, 0xa8) == last) {
    }
    return 0;
}

/* A tick that has to go on. */
ONE_LOAD int tick(void)
{
    u32 last = 1;

    (void)REG(0xb0);
    while (POLL(tick, 0xac) == last) {
    }
    return 0;
}

/* Anything but zero: no value has to change. */
int non_zero(void)
{
    while (!POLL(non_zero, 0xb4)) {
    }
    return 0;
}

/*
 * A transfer of words, the target first, and what it must have done.  The
 * device says that it is done elsewhere, and is acknowledged there.
 */
int transfer(void)
{
    volatile u32 *from = (volatile u32 *)0x9000;
    volatile u32 *to = (volatile u32 *)0xa000;
    u32 i;

    for (i = 0; i < 8; i++) {
        from[i] = 0x11 * (i + 3);
        to[i] = 0;
    }
    REG(0xc0) = 0xa000;
    REG(0xc4) = 0x9000;
    REG(0xc8) = 8;
    REG(0xcc) = 0x10;
    while (!(POLL(transfer, 0xd0) & 4)) {
    }
    for (i = 0; i < 8; i++) {
        if (to[i] != from[i]) {
            for (;;) {
            }
        }
    }
    REG(0xd4) = 4;
    return 0;
}

/* The same with nothing looked at: the start clears itself, and the count is
 * left over. */
int transfer_unseen(void)
{
    REG(0xc0) = 0x9000;
    REG(0xc4) = 0xa000;
    REG(0xc8) = 0x20;
    REG(0xcc) = 3;
    while (POLL(transfer_unseen, 0xcc) & 1) {
    }
    return (int)REG(0xc8);
}

/* Two addresses and a count, but the areas overlap: no transfer. */
int no_transfer(void)
{
    REG(0xc0) = 0x9000;
    REG(0xc4) = 0x9004;
    REG(0xc8) = 0x20;
    REG(0xcc) = 1;
    while (!(POLL(no_transfer, 0xd0) & 4)) {
    }
    return 0;
}

/* Looks ten times, then takes it for an error. */
ONE_LOAD int gives_up(void)
{
    u32 i;

    REG(0xb8) = 1;
    for (i = 0; i < 10; i++) {
        if (POLL(gives_up, 0xbc) & 8) {
            return 0;
        }
    }
    return -110;
}

/* Ten reads that nothing depends on but what they add up to. */
ONE_LOAD int adds_up(void)
{
    u32 i, sum = 0;

    for (i = 0; i < 10; i++) {
        sum += POLL(adds_up, 0xc0);
    }
    return sum == 0x1234 ? 1 : 0;
}

/* A button that is looked at ten times: not pressed is as good. */
ONE_LOAD int pressed(void)
{
    u32 i;

    for (i = 0; i < 10; i++) {
        if (POLL(pressed, 0xc4) & 1) {
            return 1;
        }
    }
    return 0;
}

/* A divisor behind a latch, read back where something else was written. */
int banked(void)
{
    REG(0xec) = 0x83;
    REG(0xe4) = 0x1a;
    REG(0xec) = 0x03;
    REG(0xe4) = 5;
    REG(0xec) = 0x83;
    while (POLL(banked, 0xe4) != 0x1a) {
    }
    return 0;
}

/* The same number is waited for, and nothing selects it. */
int no_bank(void)
{
    REG(0xec) = 0x03;
    REG(0xe4) = 0x1a;
    REG(0xe4) = 5;
    while (POLL(no_bank, 0xe4) != 0x1a) {
    }
    return 0;
}
