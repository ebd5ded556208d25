/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One conversation at a time with a chat-completions endpoint, without ever
 * blocking for longer than asked.
 *
 * Replies are bounded (CHAT_MAX_REPLY), redirects are not followed (a key
 * must not travel), only http and https are spoken.  An endpoint that is busy
 * (429, 5xx) is tried again after what its Retry-After says, within the
 * deadline.  One that does not know an optional parameter (400, 422) is asked
 * without: first without the constraint, then with model and messages alone.
 */
#ifndef PERIPH_INFER_CHAT_H
#define PERIPH_INFER_CHAT_H

#include "runtime/infer/infer_ai.h"

#define CHAT_MAX_REPLY (1u << 20)
#define CHAT_MAX_TRIES 4u
#define CHAT_ERROR_MAX 320u

struct inf_chat_message {
    const char *role;   /* "system", "user", "assistant" */
    const char *text;
};

enum inf_chat_state {
    INF_CHAT_IDLE,
    INF_CHAT_BUSY,
    INF_CHAT_DONE,      /* inf_chat_text() */
    INF_CHAT_FAILED,    /* inf_chat_error() */
};

struct inf_chat;

/* @ai must outlive it.  NULL when out of memory. */
struct inf_chat *inf_chat_new(const struct inf_ai_options *ai);
void inf_chat_free(struct inf_chat *chat);

/* The request's body as it would be sent: malloc'ed, NULL: no memory. */
char *inf_chat_body(const struct inf_chat *chat,
                    const struct inf_chat_message *messages, unsigned count);

/* Starts a request; a running one is given up.  0 or INF_E_NOMEM. */
int inf_chat_start(struct inf_chat *chat,
                   const struct inf_chat_message *messages, unsigned count,
                   unsigned timeout_ms);

/* Goes on for at most @wait_ms. */
enum inf_chat_state inf_chat_step(struct inf_chat *chat, unsigned wait_ms);

void inf_chat_cancel(struct inf_chat *chat);

/* Of the last request; valid until the next start or cancel, never NULL. */
const char *inf_chat_text(const struct inf_chat *chat);
const char *inf_chat_error(const struct inf_chat *chat);
/* Requests sent, and tokens that the endpoint counted, since new. */
unsigned inf_chat_requests(const struct inf_chat *chat);
uint64_t inf_chat_tokens(const struct inf_chat *chat);

#endif
