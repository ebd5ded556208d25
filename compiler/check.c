/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/check.h"

#include <stdarg.h>

#include "compiler/driver.h"

static const struct pcc_check checks[] = {
    { "address-overlap", "two memories or two devices at one address",
      PDL_D_ADDRESS_OVERLAP, check_addresses, NULL, NULL },
    { "device-over-memory", "a device lies over a memory",
      PDL_D_DEVICE_OVER_MEMORY, check_memory_cover, NULL, NULL },
    { "console-fifo", "the console instance has no fifo end for it",
      PDL_D_NO_FIFO, check_console, NULL, NULL },
    { "unused-device", "a device that the board does not use",
      PDL_D_UNUSED_DEVICE, check_unused, NULL, NULL },
    { "undriven-line", "nothing drives an output line",
      PDL_D_UNDRIVEN_LINE, NULL, check_undriven, NULL },
    { "line-confidence", "an item of low confidence drives a line",
      PDL_D_LOW_CONFIDENCE, check_confidence, NULL, NULL },
    { "interrupt-trigger", "a wire to an interrupt controller states none",
      PDL_D_NO_TRIGGER, check_trigger, NULL, NULL },
    { "load-place", "images and the entry point lie in no memory",
      PDL_D_NO_MEMORY_THERE, check_places, NULL, NULL },
    { "hidden-reset", "reset values in bits that are derived",
      PDL_D_RESET_HIDDEN, NULL, check_hidden_reset, NULL },
    { "contradictory-policy", "policies that ':=' or a view overrules",
      PDL_D_IDLE_POLICY, NULL, check_policies, NULL },
    { "never-fires", "rules that cannot fire",
      PDL_D_NEVER_FIRES, NULL, check_never, NULL },
    { "short-period", "timers whose rules cannot run as often as they expire",
      PDL_D_SHORT_PERIOD, NULL, check_periods, NULL },
    { "view-index", "arrays of views that all stand for the same bits",
      PDL_D_VIEW_INDEX, NULL, NULL, NULL },
    { "precedence", "comparisons beside & ^ | without parentheses",
      PDL_D_PRECEDENCE, NULL, NULL, NULL },
    { "constant-overflow", "sums and products that exceed 64 bits",
      PDL_D_CONST_OVERFLOW, NULL, NULL, NULL },
    { "dt-label", "device tree: a reference to a node that is not there",
      PDL_D_UNKNOWN_LABEL, NULL, NULL, NULL },
    { "dt-cells", "device tree: cells that do not fit the parent",
      PDL_D_DT_CELLS, NULL, NULL, check_dt_cells },
    { "dt-unit-address", "device tree: a unit address that is not in reg",
      PDL_D_DT_UNIT, NULL, NULL, check_dt_units },
    { "dt-duplicate-address", "device tree: two nodes at one unit address",
      PDL_D_DT_DUPLICATE, NULL, NULL, check_dt_duplicates },
    { "dt-interrupt", "an interrupt that its controller has not",
      PDL_D_DT_IRQ_RANGE, check_irq_numbers, NULL, check_dt_interrupts },
    { "dt-phandle", "device tree: a phandle that another node has",
      PDL_D_DT_PHANDLE, NULL, NULL, check_dt_phandles },
    { "dt-order", "device tree: a property behind a child node",
      PDL_D_DT_ORDER, NULL, NULL, NULL },
};

#define COUNT (sizeof(checks) / sizeof(checks[0]))

static bool same_name(const char *check, const char *name)
{
    while (*check && (*check == *name || (*check == '-' && *name == '_'))) {
        check++;
        name++;
    }
    return !*check && !*name;
}

const struct pcc_check *pcc_check_find(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (same_name(checks[i].name, name)) {
            return &checks[i];
        }
    }
    return NULL;
}

struct pdl_diag *check_report(struct cc *cc, enum pdl_code code,
                              struct pdl_span span, ...)
{
    struct pdl_diag *diag;
    va_list args;
    size_t i;

    for (i = 0; i < cc->waives.n; i++) {
        const struct waive *w = &cc->waives.v[i];
        const struct pcc_check *check = pcc_check_find(w->check);

        if (check && check->code == code && w->span.file == span.file &&
            w->span.begin <= span.begin && span.end <= w->span.end) {
            return NULL;
        }
    }
    va_start(args, span);
    diag = pdl_diag_vadd(cc->diags, code, span, args);
    va_end(args);
    return diag;
}

const char *pcc_check_name(size_t i)
{
    return i < COUNT ? checks[i].name : NULL;
}

const char *pcc_check_help(size_t i)
{
    return i < COUNT ? checks[i].help : NULL;
}

const char *pcc_check_code(size_t i)
{
    return i < COUNT ? pdl_code_id(checks[i].code) : NULL;
}

enum pcc_severity pcc_check_default(size_t i)
{
    enum pdl_severity sev = i < COUNT ? pdl_code_severity(checks[i].code) :
                            PDL_IGNORE;

    return sev == PDL_ERROR ? PCC_FAIL : sev == PDL_WARNING ? PCC_WARN :
           PCC_OFF;
}

static void check_waives(struct cc *cc)
{
    size_t i;

    for (i = 0; i < cc->waives.n; i++) {
        if (!pcc_check_find(cc->waives.v[i].check)) {
            pdl_diag_add(cc->diags, PDL_D_UNKNOWN_CHECK,
                         cc->waives.v[i].span, cc->waives.v[i].check);
        }
    }
}

void cc_run_checks(struct cc *cc)
{
    size_t i, k;

    check_waives(cc);

    for (i = 0; i < COUNT; i++) {
        if (checks[i].model) {
            checks[i].model(cc, cc->model);
        }
        for (k = 0; checks[i].device && k < cc->model->device_count; k++) {
            checks[i].device(cc, &cc->model->devices[k]);
        }
    }
}

void cc_check_tree(struct cc *cc, const struct pcc_tree *t)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (checks[i].tree) {
            checks[i].tree(cc, t);
        }
    }
}
