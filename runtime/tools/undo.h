/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking back what the machine wrote, around what a person wrote since. */
#ifndef RUNTIME_TOOLS_UNDO_H
#define RUNTIME_TOOLS_UNDO_H

/* One file at three times; NULL where it was not there. */
struct undo_texts {
    const char *path;       /* for messages */
    const char *before;     /* the run */
    const char *after;      /* it */
    const char *now;
};

enum undo_result {
    UNDO_NOTHING,           /* the run did not change the file */
    UNDO_WHOLE,             /* as before the run, to the byte */
    UNDO_MERGED,            /* a person's items stay as they are */
    UNDO_UNREADABLE,        /* one of the texts does not parse */
};

/*
 * What the file is to be: @out is the text, owned by the caller, or NULL when
 * the file is to go.  Both for UNDO_WHOLE and UNDO_MERGED only.
 */
enum undo_result undo_text(const struct undo_texts *t, char **out);

#endif
