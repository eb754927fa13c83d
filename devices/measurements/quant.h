/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words in a model's name that say how its weights are stored. */
#ifndef DEVICES_MEASUREMENTS_QUANT_H
#define DEVICES_MEASUREMENTS_QUANT_H

#include <stddef.h>

/* The length of the storage word that starts at `p` (lower-case text, the start of a word), 0 when
 * none does: "q4_k_m" of "q4_k_m.gguf". */
size_t measured_quant_length(const char *p);

/* A lower-case copy (ASCII letters). Freed with free(). */
char *measured_lower(const char *text);

#endif
