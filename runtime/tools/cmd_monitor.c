/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph monitor`, also called shared_mem_reader: what a guest touches. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/tools/command.h"
#include "runtime/tools/monitor.h"
#include "runtime/tools/util.h"

static const struct option_row rows[] = {
    { .name = "follow", .letter = 'm', .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, follow),
      .help = "show accesses as they happen, until Ctrl-C; waits for QEMU,\n"
              "and for the next one" },
    { .name = "name", .letter = 'n', .kind = OPTION_TEXT, .value = "NAME",
      .offset = offsetof(struct monitor_options, device),
      .help = "only this device, by its name in QEMU or in the board;\n"
              "without --follow its registers, as they were used" },
    { .name = "json", .letter = 'j', .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, json),
      .help = "print JSON, one object a line" },
    { .name = "state-mem", .kind = OPTION_TEXT, .value = "/NAME",
      .offset = offsetof(struct monitor_options, state_mem),
      .help = "the shared memory; default: the one that there is" },
    { .name = "register", .kind = OPTION_TEXT, .value = "NAME|OFFSET[-LAST]",
      .offset = offsetof(struct monitor_options, reg),
      .help = "only this register, or these offsets in the device" },
    { .name = "reads", .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, reads),
      .help = "only reads" },
    { .name = "writes", .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, writes),
      .help = "only writes" },
    { .name = "pc", .kind = OPTION_TEXT, .value = "ADDRESS[-LAST]",
      .offset = offsetof(struct monitor_options, pc),
      .help = "only accesses by the instructions there" },
    { .name = "last", .kind = OPTION_NUMBER, .value = "N", .min = 0,
      .max = UINT32_MAX, .offset = offsetof(struct monitor_options, last),
      .help = "begin with the last N of the past; default: all without\n"
              "--follow, none with it" },
    { .name = "count", .kind = OPTION_NUMBER, .value = "N", .min = 1,
      .max = UINT32_MAX, .offset = offsetof(struct monitor_options, count),
      .help = "end after N that were shown" },
    { .name = "timeout", .kind = OPTION_SECONDS, .value = "SECONDS",
      .offset = offsetof(struct monitor_options, timeout),
      .help = "with --follow: end after so long" },
    { .name = "rates", .kind = OPTION_SECONDS, .value = "SECONDS",
      .offset = offsetof(struct monitor_options, rates),
      .help = "with --follow: instead of accesses, how many there were each\n"
              "second, by device, every SECONDS" },
    { .name = "regions", .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, regions),
      .help = "list the devices whose accesses are recorded" },
    { .name = "interrupts", .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, interrupts),
      .help = "at the end: interrupts, and the registers used in them" },
    { .name = "registers", .kind = OPTION_FLAG,
      .offset = offsetof(struct monitor_options, registers),
      .help = "show the CPU's general registers too, where recorded" },
    { .name = NULL },
};

const struct option_table monitor_options_table = {
    .command = "periph monitor",
    .operands = "[BOARD]",
    .summary = "Show the accesses of a running guest to its devices.",
    .rows = rows,
    .min_operands = 0,
    .max_operands = 1,
    .details =
    "QEMU records accesses where it runs with one of these devices:\n"
    "  inference-device  those to inferred devices; periph run adds it\n"
    "  mmio-proxy        those to any device that QEMU has:\n"
    "                    -device mmio-proxy,base=0x9000000\n"
    "  gic-arm-hook      interrupts: -device gic-arm-hook\n"
    "\n"
    "A line is: time in seconds of the guest's clock, CPU, pc, R or W and\n"
    "bytes, device, offset, value. With BOARD (found as for periph run) the\n"
    "value is told in the words of the board: SR = 0xc0 [TC TXE]. Without\n"
    "BOARD it is the board of the QEMU that is looked at, where that is\n"
    "known.\n"
    "\n"
    "The ring holds the last records only (65536 unless QEMU was told\n"
    "otherwise). What was overwritten before it could be shown is counted as\n"
    "lost, and said at the end.\n"
    "\n"
    "Examples:\n"
    "  periph monitor --regions           what is recorded\n"
    "  periph monitor -m                  all accesses, as they happen\n"
    "  periph monitor -n uart0 ./board    registers of uart0\n"
    "  periph monitor -m --writes --register CR ./board\n"
    "  periph monitor -m --rates 1        how busy devices are\n"
    "\n"
    "Exit status: 0, 1 for wrong options or a memory that is not there or\n"
    "holds nonsense, 2 for errors in the board's files.\n",
};

static volatile sig_atomic_t stopped;

static void on_stop(int signo)
{
    (void)signo;
    stopped = 1;
}

/* The other side has cut the memory short under us. */
static void on_bus_error(int signo)
{
    static const char text[] =
        "periph: the shared memory was cut short while it was read\n";

    (void)signo;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(STATUS_USAGE);
}

static void catch_signals(void)
{
    struct sigaction stop = { .sa_handler = on_stop };
    struct sigaction bus = { .sa_handler = on_bus_error };

    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGBUS, &bus, NULL);
    signal(SIGPIPE, SIG_DFL);
}

static int check_options(const struct monitor_options *o,
                         struct traffic_filter *filter)
{
    *filter = (struct traffic_filter) {
        .device = o->device, .reg = o->reg,
        .reads_only = o->reads, .writes_only = o->writes,
    };
    if (o->reads && o->writes) {
        say("--reads and --writes leave nothing; give one or none");
        return STATUS_USAGE;
    }
    if (o->rates > 0 && !o->follow) {
        say("--rates wants --follow");
        return STATUS_USAGE;
    }
    if (o->pc) {
        filter->has_pc = traffic_parse_range(o->pc, &filter->pc_first,
                                             &filter->pc_last);
        if (!filter->has_pc) {
            say("--pc wants an address, or two with '-' between, not '%s'",
                o->pc);
            return STATUS_USAGE;
        }
    }
    return STATUS_OK;
}

/* Until there is nothing more to come. */
static int watch(struct monitor *m)
{
    double begin = now_seconds();
    int status = STATUS_OK;

    while (status == STATUS_OK && !stopped) {
        status = monitor_attach(m);
        if (status == STATUS_OK && m->attached) {
            monitor_drain(m);
        }
        if (!m->options.follow || monitor_is_done(m) ||
            (m->options.timeout > 0 &&
             now_seconds() - begin >= m->options.timeout)) {
            break;
        }
        poll(NULL, 0, 20);
    }
    return status;
}

int cmd_monitor(int argc, char **argv)
{
    struct monitor m = MONITOR_INIT;
    struct option_rest rest;
    int status;

    if (!command_begin(&monitor_options_table, argc, argv, &m.options, &rest,
                       &status)) {
        return status;
    }
    status = check_options(&m.options, &m.filter);
    if (status == STATUS_OK && rest.operand_count > 0) {
        status = decoder_open(rest.operands[0], false, &m.decoder);
    }
    if (status == STATUS_OK) {
        catch_signals();
        status = monitor_find(&m);
    }
    if (status == STATUS_OK) {
        status = watch(&m);
    }
    if (status == STATUS_OK) {
        monitor_finish(&m);
    }
    monitor_dispose(&m);
    return status;
}
