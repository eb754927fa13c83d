/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work in a process of its own, for what may abort, crash or hang. */
#ifndef DEVICES_KERNELS_APART_H
#define DEVICES_KERNELS_APART_H

#include "base/text.h"

/* Writes what it has to tell to the descriptor `out`. */
typedef void apart_work(void *context, int out);

/* Runs the work in a forked process whose output goes nowhere, for at most `most_s`, and adds what
 * it tells to *told. NULL: it ended well. Else how it ended, "ended with signal 11"; what it told
 * before is good. The caller frees the answer. Call it before threads are started: the process
 * inherits their locks. */
char *apart_run(apart_work *work, void *context, double most_s, struct text *told);
/* All of a text to the descriptor; what cannot be written is lost. */
void apart_tell(int out, const char *text, size_t n);

#endif
