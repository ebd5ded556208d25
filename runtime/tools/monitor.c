/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `shared_mem_reader`: `periph monitor` under its own name. */
#include "runtime/tools/command.h"

int main(int argc, char **argv)
{
    return cmd_monitor(argc, argv);
}
