/*
 * Places a run is to come to, or must not come to
 *
 * A goal is an instruction or a write to a table device. When the guest
 * comes to one, the machine stops as for a debugger, before the instruction
 * or behind the write, and tells which goal it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qapi/error.h"
#include "accel/tcg/cpu-ops.h"
#include "hw/core/cpu.h"
#include "hw/periph/periph-device.h"
#include "hw/resettable.h"
#include "system/runstate.h"

#define GOALS_MAX 64

typedef struct PeriphGoal {
    bool write;
    uint64_t address;
    uint64_t value;
    uint64_t mask;              /* 0: any value */
} PeriphGoal;

/*
 * The hooked operations of one CPU class; lives as long as QEMU. Found by the
 * class: the hooks of somebody else may lie above these.
 */
typedef struct GoalHook {
    CPUClass *cc;
    TCGCPUOps ops;
    const TCGCPUOps *orig;
    ResettableExitPhase reset_exit;
    QSLIST_ENTRY(GoalHook) next;
} GoalHook;

static QSLIST_HEAD(, GoalHook) hooks = QSLIST_HEAD_INITIALIZER(hooks);
static PeriphGoal goals[GOALS_MAX];
static unsigned goal_count;
static int reached = -1;        /* the goal that stopped the machine */
static int reached_by;          /* the CPU that did */

bool periph_goal_writes;

/* ---- Instructions ---- */

static GoalHook *find_hook(CPUState *cs)
{
    GoalHook *hook;

    QSLIST_FOREACH(hook, &hooks, next) {
        if (hook->cc == cs->cc) {
            return hook;
        }
    }
    return NULL;
}

static void stop_at(unsigned goal, CPUState *cs)
{
    reached_by = cs ? cs->cpu_index : 0;
    reached = goal;
    vm_stop(RUN_STATE_DEBUG);
}

/* The CPU is about to run an instruction where somebody has a breakpoint. */
static bool hook_check_breakpoint(CPUState *cs)
{
    uint64_t pc = cs->cc->get_pc(cs);
    unsigned i;

    for (i = 0; i < goal_count; i++) {
        if (!goals[i].write && goals[i].address == pc) {
            stop_at(i, cs);
            return false;
        }
    }
    return find_hook(cs)->orig->debug_check_breakpoint(cs);
}

static void insert(CPUState *cs, const PeriphGoal *goal)
{
    if (!goal->write) {
        cpu_breakpoint_insert(cs, goal->address, BP_CPU, NULL);
    }
}

/* The reset of a CPU takes the breakpoints of its own debug unit away. */
static void hook_reset_exit(Object *obj, ResetType type)
{
    CPUState *cs = CPU(obj);
    GoalHook *hook = find_hook(cs);
    unsigned i;

    if (hook->reset_exit) {
        hook->reset_exit(obj, type);
    }
    for (i = 0; i < goal_count; i++) {
        insert(cs, &goals[i]);
    }
}

static void hook_cpu(CPUState *cs)
{
    ResettableClass *rc = RESETTABLE_GET_CLASS(cs);
    GoalHook *hook;

    if (find_hook(cs)) {
        return;
    }
    hook = g_new0(GoalHook, 1);
    hook->cc = cs->cc;
    hook->orig = cs->cc->tcg_ops;
    hook->ops = *hook->orig;
    hook->ops.debug_check_breakpoint = hook_check_breakpoint;
    hook->reset_exit = rc->phases.exit;
    QSLIST_INSERT_HEAD(&hooks, hook, next);
    rc->phases.exit = hook_reset_exit;
    cs->cc->tcg_ops = &hook->ops;
}

/* ---- Goals ---- */

/* Takes a number off *text; the rest begins behind one blank. */
static bool take_number(const char **text, uint64_t *value)
{
    const char *end;

    if (qemu_strtou64(*text, &end, 0, value) < 0) {
        return false;
    }
    *text = *end == ' ' ? end + 1 : end;
    return true;
}

static bool parse_goal(const char *text, PeriphGoal *goal)
{
    const char *rest;

    *goal = (PeriphGoal) { .write = strstart(text, "write ", &rest) };
    if (!goal->write && !strstart(text, "pc ", &rest)) {
        return false;
    }
    if (!take_number(&rest, &goal->address)) {
        return false;
    }
    if (goal->write && *rest &&
        (!take_number(&rest, &goal->value) ||
         !take_number(&rest, &goal->mask))) {
        return false;
    }
    return !*rest;
}

void periph_goal_add(const char *text, Error **errp)
{
    PeriphGoal goal;
    CPUState *cs;

    if (!parse_goal(text, &goal)) {
        error_setg(errp, "a goal is 'pc ADDRESS' or 'write ADDRESS "
                   "[VALUE MASK]', not '%s'", text);
        return;
    }
    if (goal_count == GOALS_MAX) {
        error_setg(errp, "more than %d goals", GOALS_MAX);
        return;
    }
    goals[goal_count++] = goal;
    if (goal.write) {
        periph_goal_writes = true;
        return;
    }
    CPU_FOREACH(cs) {
        hook_cpu(cs);
        insert(cs, &goals[goal_count - 1]);
    }
}

void periph_goal_written(const PeriphAccess *a)
{
    hwaddr address = periph_device_address(a->dev, a->offset);
    unsigned i;

    for (i = 0; i < goal_count; i++) {
        if (goals[i].write && goals[i].address == address &&
            ((a->value ^ goals[i].value) & goals[i].mask) == 0) {
            stop_at(i, a->cpu);
            return;
        }
    }
}

char *periph_goal_reached(void)
{
    if (reached < 0 || !runstate_check(RUN_STATE_DEBUG)) {
        return g_strdup("");
    }
    return g_strdup_printf("%d %d", reached, reached_by);
}
