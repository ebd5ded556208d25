/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of enum pdl_status. */
#include "dsl/status.h"

const char *pdl_strerror(int status)
{
    switch ((enum pdl_status)status) {
    case PDL_OK:
        return "no error";
    case PDL_ERR_NOMEM:
        return "out of memory";
    case PDL_ERR_IO:
        return "input/output error";
    case PDL_ERR_NOT_FOUND:
        return "not found";
    case PDL_ERR_TOO_BIG:
        return "a limit was passed";
    case PDL_ERR_SYNTAX:
        return "the text has errors";
    case PDL_ERR_INVALID:
        return "invalid argument";
    }
    return "unknown status";
}
