/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Engines that ask a language model over the chat-completions protocol, as
 * OpenAI, llama.cpp's server, Ollama and vLLM speak it.
 *
 * A question becomes a prompt (prompt.h), the reply becomes edits
 * (ai_items.h), the edits must be such that the profile would take them,
 * that the recorded accesses read the same, and that the stall clears
 * (ai_check.h).  What is wrong goes back to the model, a few times.  Where
 * another engine answered already, the same happens in the background.
 *
 * What the guest's memory says may reach the model, so what the model says
 * is not trusted: the gate protects, not the prompt.
 */
#ifndef PERIPH_INFER_AI_H
#define PERIPH_INFER_AI_H

#include "runtime/infer/infer.h"

/* How the endpoint is made to answer in the language. */
enum inf_ai_constraint {
    INF_AI_SCHEMA,  /* response_format: JSON schema around the text */
    INF_AI_GRAMMAR, /* grammar: GBNF, llama.cpp's server */
    INF_AI_PLAIN,   /* only asked to */
};

#define INF_AI_TIMEOUT_S 60u
#define INF_AI_REQUESTS 200u
#define INF_AI_TOKENS 500000u

struct inf_ai_options {
    const char *base_url;   /* "https://…/v1", without /chat/completions */
    const char *key;        /* sent as bearer token; NULL: none */
    const char *model;
    const char *grammar;    /* GBNF with root = body of a device, or NULL */
    enum inf_ai_constraint constraint;
    const char *cache_dir;  /* replies by prompt; NULL: not kept */
    bool replay;            /* only from @cache_dir, never from the network */
    bool dry_run;           /* @show what would be sent, send nothing */
    unsigned timeout_s;     /* for one question, all rounds together */
    unsigned max_requests;  /* in this run */
    uint64_t max_tokens;    /* in this run, as the endpoint counts them */
    /* Shows people what is (dry_run: would be) sent: the first request, all
     * of them in a dry run.  May be NULL. */
    void (*show)(void *opaque, const char *text);
    void *opaque;
};

/* The same engine under two names: "local" and "cloud". */
const struct inf_engine_ops *inf_local_ops(void);
const struct inf_engine_ops *inf_cloud_ops(void);

/* Whether @url names this computer: "localhost", or a loopback address as a
 * number, whatever else the address holds. */
bool inf_ai_is_local(const char *url);

/*
 * Why a configuration cannot be used, as a sentence that says what to do; NULL
 * when it can: an address that is no URL, a key over plain http to another
 * computer, no model named.  The text is constant.
 */
const char *inf_ai_problem(const struct inf_ai_options *ai);

#endif
