/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operands of commands may be, for the shell: the operand_words of their usages. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "base/text.h"

/* Scenarios of the catalogue, and files. */
void complete_scenarios(size_t operand, struct text *out);
/* Any entry of the catalogue, and files. */
void complete_entries(size_t operand, struct text *out);
/* Traces, and files. */
void complete_traces(size_t operand, struct text *out);
/* What `plot` draws, then the kinds of pictures. */
void complete_pictures(size_t operand, struct text *out);
/* The lists of `list`, then the kinds and classes that narrow one. */
void complete_lists(size_t operand, struct text *out);
/* Fills `words` (at most COMPLETE_PLANS, NULL-ended) with what `run --plan` knows by name. */
enum { COMPLETE_PLANS = 40 };
void complete_plans(const char *words[COMPLETE_PLANS]);
/* Names of schedulers, NULL-ended, but for single-DEVICE, which depends on the machine. */
const char *const *complete_schedulers(void);
/* Names of models when the shell asks for words, else NULL. Freed with file_names_free. */
char **complete_models(char *const *argv);
/* The same of devices, and files. */
char **complete_devices(char *const *argv);
/* The kinds of files that have a schema. */
void complete_schemas(size_t operand, struct text *out);

#endif
