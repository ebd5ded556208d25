/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies of models on disk, by what was asked: one JSON file a reply, named
 * by a hash of model and messages, which it holds too, so that two questions
 * are never taken for one.  The same folder serves to replay a run without
 * network.
 */
#ifndef PERIPH_INFER_AI_CACHE_H
#define PERIPH_INFER_AI_CACHE_H

#include "runtime/infer/chat.h"

/* The reply to these messages, malloc'ed; NULL when none is kept. */
char *ai_cache_get(const char *dir, const char *model,
                   const struct inf_chat_message *messages, unsigned count);

/* Keeps a reply; the folder is made (0700) when it is not there.  0, or -1
 * with errno set: nothing but time is lost. */
int ai_cache_put(const char *dir, const char *model,
                 const struct inf_chat_message *messages, unsigned count,
                 const char *reply);

#endif
