/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules engine against guest code that polls (tests/infer/polls.c), in
 * three instruction sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/infer/world.h"

static void test_set_bit(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "set_bit", 0x14);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "r14"),
                            "reg r14 @ 0x14 { b5 [5] ro = 1; }");
        assert_int_equal(w->ans.outcome, INF_SOLVED);
        assert_true(w->ans.edits[0].confidence >= 80);
        assert_string_equal(w->ans.edits[0].evidence,
                            "polled until bit 5 set");
    }
}

static void test_clear_bit(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "clear_bit", 0x18);
        assert_string_equal(world_text(w, "r18"),
                            "reg r18 @ 0x18 { b31 [31] pulse; }");
    }
}

static void test_timeout(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "with_timeout", 0x38);
        assert_string_equal(world_text(w, "r38"),
                            "reg r38 @ 0x38 { b2 [2] ro = 1; }");
    }
}

static void test_float(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "with_float", 0x68);
        assert_string_equal(world_text(w, "r68"),
                            "reg r68 @ 0x68 { b0 [0] ro = 1; }");
    }
}

/* The time-out is about to strike: that is no way out. */
static void test_late(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_run(w, "with_timeout", 0x38);
        w->q.cpu.cntvct = 24000000 - 20;
        world_ask(w);
        assert_string_equal(world_text(w, "r38"),
                            "reg r38 @ 0x38 { b2 [2] ro = 1; }");
    }
}

static void test_errors(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "with_errors", 0x38);
        assert_string_equal(world_text(w, "r38"),
                            "reg r38 @ 0x38 { b2 [2] ro = 1; }");
    }
}

static void test_identity(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "identity", 0xfc);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_int_equal(w->ans.edits[0].value, 0x4457a110);
    }
}

static void test_two_bits(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "two_bits", 0x20);
        assert_string_equal(world_text(w, "r20"),
                            "reg r20 @ 0x20 { f13_14 [13..14] ro = 3; }");
    }
}

/* The console's receiver is an input: wired once, then waited for. */
static void test_receive(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        w->has_console = true;
        world_put(w, 0, 4, "r00", "reg r00 @ 0x00 { d [0..7] pushes tx; }");
        world_stall(w, "receive", 0x14);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_int_equal(w->ans.outcome, INF_WAITING);
        assert_string_equal(world_text(w, "r14"),
                            "reg r14 @ 0x14 { b0 [0] := !empty(rx); }");
        assert_string_equal(world_text(w, "r00"), "reg r00 @ 0x00 "
                            "{ f0_7 [0..7] pops rx pushes tx; }");
        assert_string_equal(w->items[0], "fifo rx[16] : 8 from console;");
        world_ask(w);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        assert_int_equal(w->ans.outcome, INF_WAITING);
        assert_int_equal(w->ans.mute_reads, 0);
    }
}

static void test_transmit(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "transmit", 0x14);
        assert_true(w->has_console);
        assert_string_equal(w->items[0], "fifo tx[16] : 8 to console;");
        assert_string_equal(world_text(w, "r00"),
                            "reg r00 @ 0x00 { f0_7 [0..7] pushes tx; }");
        assert_string_equal(world_text(w, "r14"),
                            "reg r14 @ 0x14 { b5 [5] := !full(tx); }");
    }
}

static void test_latched(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "latched", 0x14);
        assert_true(w->has_console);
        assert_string_equal(world_text(w, "r00"), "reg r00 @ 0x00 when !r0c.b7 "
                            "{ f0_7 [0..7] pushes tx; }");
        assert_string_equal(world_text(w, "r00_alt"),
                            "reg r00_alt @ 0x00 when r0c.b7;");
        assert_string_equal(world_text(w, "r0c"), "reg r0c @ 0x0c { b7 [7]; }");
    }
}

static void test_delay(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "delay", 0x24);
        assert_string_equal(world_text(w, "r24"),
                            "reg r24 @ 0x24 ro := time(1MHz);");
    }
    FOR_EACH_CORE(w) {
        world_stall(w, "countdown", 0xe8);
        assert_string_equal(world_text(w, "re8"),
                            "reg re8 @ 0xe8 ro := ~time(1MHz);");
    }
}

static void test_button(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "button", 0x34);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        assert_int_equal(w->ans.outcome, INF_WAITING);
        assert_int_equal(w->ans.edit_count, 0);
    }
}

/* The way into an abort is not taken where there is another. */
static void test_trap(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "trap", 0x40);
        assert_string_equal(world_text(w, "r40"),
                            "reg r40 @ 0x40 { b8 [8] ro = 1; }");
    }
}

static void test_person(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_put(w, 0x14, 4, "r14", "reg r14 @ 0x14;");
        w->regs[0].person = true;
        world_stall(w, "set_bit", 0x14);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        assert_int_equal(w->ans.outcome, INF_UNRESOLVED);
        assert_int_equal(w->ans.edit_count, 0);
    }
}

/* Set once, clear the next time: the bit follows what the guest wrote. */
static void test_follow(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "clock_on", 0x50);
        assert_string_equal(world_text(w, "r50"),
                            "reg r50 @ 0x50 { b17 [17] ro = 1; }");
        world_stall(w, "clock_off", 0x50);
        assert_string_equal(world_text(w, "r50"), "reg r50 @ 0x50 "
                            "{ b16 [16]; b17 [17] := r50.b16; }");
    }
}

/* What a loop was left by before the bit was known counts as well. */
static void test_passed(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_run(w, "pll_off", 0x78);
        world_stall(w, "pll_on", 0x78);
        assert_string_equal(world_text(w, "r78"),
                            "reg r78 @ 0x78 { b25 [25] := r70.b1; }");
    }
}

/* Cleared by writing 1, raised again by a command. */
static void test_event(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "done", 0x58);
        assert_string_equal(world_text(w, "r58"),
                            "reg r58 @ 0x58 { b2 [2] ro = 1; }");
        world_stall(w, "acknowledge", 0x58);
        assert_string_equal(world_text(w, "r58"),
                            "reg r58 @ 0x58 { b2 [2] w1c = 0x1; }");
        world_note(w, DEV + 0x58, 4, 0, false);
        world_stall(w, "command", 0x58);
        assert_string_equal(w->items[0], "on write r5c { r58.b2 = 1; }");
    }
}

static void test_toggle(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "high", 0x60);
        world_stall(w, "low", 0x60);
        assert_string_equal(world_text(w, "r60"), "reg r60 @ 0x60 "
                            "{ b1 [1] ro = 0; on read { b1 ^= 1; } }");
        assert_true(w->ans.edits[0].confidence <= 50);
    }
}

/* Raised by a command: it stands now, and from the next start on only after
 * the command. */
static void test_flag(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "flag_raised", 0x84);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "r84"), "reg r84 @ 0x84 "
                            "{ b2 [2] w1c = 0x1; b4 [4] w1c = 0x0; }");
        assert_string_equal(w->items[0], "on write r80 when value >> 8 & 1 "
                            "{ r84.b2 = 1; }");
        /* Acknowledged; the next question finds it so. */
        world_note(w, DEV + 0x84, 4, 0x14, true);
        world_note(w, DEV + 0x84, 4, 0, false);
        world_stall(w, "set_bit", 0x14);
        assert_string_equal(world_text(w, "r84"), "reg r84 @ 0x84 "
                            "{ b2 [2] w1c = 0x0; b4 [4] w1c = 0x0; }");
    }
}

/* A flag that still stands is left alone; at the end it is not. */
static void test_flag_stands(void **state)
{
    struct inf_event end = { .kind = INF_EV_SHUTDOWN };

    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "flag_raised", 0x84);
        world_note(w, DEV + 0x84, 4, 0x14, true);
        world_note(w, DEV + 0x80, 4, 0x101, true);
        world_stall(w, "set_bit", 0x14);
        assert_non_null(strstr(world_text(w, "r84"), "b2 [2] w1c = 0x1;"));
        inf_answer_dispose(&w->ans);
        inf_rules_ops()->note_event(w->eng, &end);
        assert_int_equal(inf_rules_ops()->review(w->eng, &w->ans), 0);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        world_apply(w);
        assert_non_null(strstr(world_text(w, "r84"), "b2 [2] w1c = 0x0;"));
    }
}

/* The last write before the poll went to another device. */
static void test_flag_elsewhere(void **state)
{
    struct inf_access other = { .phys = DEV + 0x1000, .size = 4, .value = 1,
                                .write = true };

    (void)state;
    FOR_EACH_CORE(w) {
        world_run(w, "flag_raised", 0x84);
        inf_evidence_add(w->ev, &other);
        world_ask(w);
        assert_string_equal(world_text(w, "r84"),
                            "reg r84 @ 0x84 { b2 [2] ro = 1; }");
        assert_int_equal(w->item_count, 0);
    }
}

static void test_key(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "key_opens", 0x8c);
        assert_int_equal(w->ans.verdict, INF_RESTART);
        assert_string_equal(world_text(w, "r8c"),
                            "reg r8c @ 0x8c { b7 [7]; }");
        assert_string_equal(w->items[0], "on write r88 when value == "
                            "0x9ae4c527 { r8c.b7 = 0; }");
    }
    FOR_EACH_CORE(w) {
        world_stall(w, "no_key", 0x8c);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "r8c"),
                            "reg r8c @ 0x8c { b7 [7] pulse; }");
        assert_int_equal(w->item_count, 0);
    }
}

/* Reading the data takes the flag down, the command raises it. */
static void test_drain(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "convert", 0x94);
        world_note(w, DEV + 0x98, 4, 0, false);
        world_stall(w, "drain", 0x94);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "r94"),
                            "reg r94 @ 0x94 { b1 [1]; }");
        assert_string_equal(w->items[0], "on read r98 { r94.b1 = 0; }");
        assert_string_equal(w->items[1], "on write r90 { r94.b1 = 1; }");
    }
    FOR_EACH_CORE(w) {
        world_stall(w, "convert", 0x94);
        world_note(w, DEV + 0x98, 4, 0, false);
        world_stall(w, "idle_again", 0x94);
        assert_int_equal(w->item_count, 0);
    }
}

/* What is read when a status says so, and has to be another one. */
static void test_random(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "random_ready", 0xa4);
        world_note(w, DEV + 0xa8, 4, 1, false);
        world_stall(w, "random_value", 0xa8);
        assert_string_equal(world_text(w, "ra8"), "reg ra8 @ 0xa8 { f0_31 "
                            "[0..31]; on read { f0_31 = random(); } }");
    }
}

/* Has to be another one, and no status was waited for: it counts. */
static void test_tick(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_note(w, DEV + 0xac, 4, 1, false);
        world_stall(w, "tick", 0xac);
        assert_string_equal(world_text(w, "rac"),
                            "reg rac @ 0xac ro := time(1MHz);");
    }
    FOR_EACH_CORE(w) {
        world_stall(w, "non_zero", 0xb4);
        assert_non_null(strstr(world_text(w, "rb4"), "ro = 1"));
    }
}

/* Reads of a poll that gave up, and then something else. */
static void gave_up(struct world *w, const char *name, uint64_t offset)
{
    unsigned i;

    world_run(w, name, offset);
    for (i = 1; i < 10; i++) {
        world_note(w, DEV + offset, 4, 0, false);
    }
    w->q.pc += 0x40;
    world_note(w, DEV + 0x30, 4, 0x55, true);
}

/* The guest waits; what gave up before is asked about from reset on. */
static void waits_again(struct world *w, unsigned watches, uint64_t offset)
{
    world_stall(w, "button", 0x34);
    assert_int_equal(w->ans.verdict, watches ? INF_RESTART : INF_RETRY);
    assert_int_equal(w->ans.watch_count, watches);
    if (watches) {
        assert_int_equal(w->ans.watches[0].phys, DEV + offset);
        assert_int_equal(w->ans.watches[0].reads, 1);
    }
}

static void look_again(struct world *w, const char *name, uint64_t offset)
{
    world_run(w, name, offset);
    w->q.watched = 1;
    world_ask(w);
}

static void test_gave_up(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        gave_up(w, "gives_up", 0xbc);
        waits_again(w, 1, 0xbc);
        inf_evidence_reset(w->ev);
        look_again(w, "gives_up", 0xbc);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "rbc"),
                            "reg rbc @ 0xbc { b3 [3] ro = 1; }");
        /* Once is enough. */
        gave_up(w, "gives_up", 0xbc);
        waits_again(w, 0, 0);
    }
}

static void test_no_give_up(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        gave_up(w, "adds_up", 0xc0);
        gave_up(w, "pressed", 0xc4);
        waits_again(w, 2, 0xc0);
        inf_evidence_reset(w->ev);
        look_again(w, "adds_up", 0xc0);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        look_again(w, "pressed", 0xc4);
        assert_int_equal(w->ans.verdict, INF_RETRY);
    }
}

/* One place, two registers: a bit elsewhere says which. */
static void test_bank(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "banked", 0xe4);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "re4"),
                            "reg re4 @ 0xe4 when !rec.b7;");
        assert_string_equal(world_text(w, "re4_alt"), "reg re4_alt @ 0xe4 "
                            "when rec.b7 { f0_31 [0..31] = 0x1a; }");
        assert_string_equal(world_text(w, "rec"), "reg rec @ 0xec { b7 [7]; }");
    }
    FOR_EACH_CORE(w) {
        world_stall(w, "no_bank", 0xe4);
        assert_string_equal(world_text(w, "re4_alt"), "(none)");
    }
}

static void test_much_memory(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "clear_memory", 0x64);
        assert_string_equal(world_text(w, "r64"),
                            "reg r64 @ 0x64 { b0 [0] ro = 1; }");
        assert_true(w->pages < 2000);
    }
}

/* A machine that goes away in the middle: an error, and no leftovers. */
static void test_no_pages(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_run(w, "set_bit", 0x14);
        w->page_fails = true;
        assert_int_equal(inf_rules_ops()->answer(w->eng, &w->q, &w->ans),
                         INF_E_PAGE);
        assert_int_equal(w->ans.verdict, INF_NONE);
        assert_int_equal(w->ans.edit_count, 0);
        w->page_fails = false;
        world_ask(w);
        assert_int_equal(w->ans.verdict, INF_TABLES);
    }
}

/* Direction and units are those that the guest does not choke on. */
static void test_transfer(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "transfer", 0xd0);
        assert_int_equal(w->ans.verdict, INF_RESTART);
        assert_string_equal(world_text(w, "rd0"),
                            "reg rd0 @ 0xd0 { b2 [2]; }");
        assert_string_equal(w->items[0], "on write rd4 when value >> 2 & 1 "
                            "{ rd0.b2 = 0; }");
        assert_string_equal(w->items[1], "on write rcc when value >> 4 & 1 "
                            "{ copy(from = rc4, to = rc0, count = rc8, "
                            "unit = 4) { rd0.b2 = 1; } }");
    }
}

static void test_transfer_unseen(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "transfer_unseen", 0xcc);
        assert_int_equal(w->ans.verdict, INF_RESTART);
        assert_string_equal(world_text(w, "rcc"),
                            "reg rcc @ 0xcc { b0 [0]; }");
        assert_string_equal(w->items[0], "on write rcc when value >> 0 & 1 "
                            "{ copy(from = rc0, to = rc4, count = rc8) "
                            "{ rcc.b0 = 0; } }");
    }
}

static void test_no_transfer(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "no_transfer", 0xd0);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "rd0"),
                            "reg rd0 @ 0xd0 { b2 [2] ro = 1; }");
        assert_int_equal(w->item_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_bit),
        cmocka_unit_test(test_clear_bit),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_two_bits),
        cmocka_unit_test(test_receive),
        cmocka_unit_test(test_transmit),
        cmocka_unit_test(test_latched),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_button),
        cmocka_unit_test(test_trap),
        cmocka_unit_test(test_person),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_passed),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_flag),
        cmocka_unit_test(test_flag_stands),
        cmocka_unit_test(test_flag_elsewhere),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_gave_up),
        cmocka_unit_test(test_bank),
        cmocka_unit_test(test_no_give_up),
        cmocka_unit_test(test_tick),
        cmocka_unit_test(test_much_memory),
        cmocka_unit_test(test_no_pages),
        cmocka_unit_test(test_toggle),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_transfer_unseen),
        cmocka_unit_test(test_no_transfer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
