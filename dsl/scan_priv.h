/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to scan.c and the generated scanner. */
#ifndef PDL_SCAN_PRIV_H
#define PDL_SCAN_PRIV_H

#include <setjmp.h>
#include <stddef.h>

#include "dsl/parse_priv.h"
#include "dsl/scan.h"

/* What the rules return beside tokens and comments. */
#define PDL_SCAN_BAD 10101
#define PDL_SCAN_OPEN_COMMENT 10102
#define PDL_SCAN_OPEN_STRING 10103
#define PDL_SCAN_OPEN_NAME 10104

/* One scan: where it stands, and where results go. */
struct pdl_scanner {
    const char *text;
    uint32_t file;
    uint32_t begin;             /* the token just matched */
    uint32_t end;
    struct pdl_diags *diags;
    struct pdl_tokens *out;
    struct pdl_arena *scratch;
    bool bad;                   /* something was wrong */
    jmp_buf fatal;
};

/* In the generated file: 0 or NOMEM. */
int pdl_scan_run(struct pdl_scanner *scanner, const char *text, size_t len);

/* Takes what the rules matched at [begin, end). Returns 0 or NOMEM. */
int pdl_scan_token(struct pdl_scanner *scanner, int kind);

void *pdl_scan_alloc(struct pdl_scanner *scanner, size_t size);
void *pdl_scan_realloc(struct pdl_scanner *scanner, void *old, size_t size);
void pdl_scan_fatal(struct pdl_scanner *scanner, const char *message)
    __attribute__((noreturn));

#endif
