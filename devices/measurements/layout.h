/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The common layout of measured rows, as other programs' records are turned into it, and the
 * readers of those records. Internal to this folder. */
#ifndef DEVICES_MEASUREMENTS_LAYOUT_H
#define DEVICES_MEASUREMENTS_LAYOUT_H

#include "base/csv.h"
#include "base/text.h"
#include "devices/measurements/measured.h"

#include <jansson.h>

/* A row to be written: texts may be NULL and numbers nan where nothing is told. */
struct measured_line {
    const char *device, *kind, *model, *quant, *backend, *build, *flash, *rate;
    const char *unusable; /* why nothing can be made of it */
    enum measured_phase phase;
    size_t n_devices, line;
    double parameters, model_bytes, prompt_tokens, gen_tokens, depth, untimed_tokens;
    double started_s, ended_s;
};
extern const struct measured_line measured_line_none;

void measured_line_head(struct text *out);
void measured_line_add(struct text *out, const struct measured_line *line);
extern const char *const measured_phases[]; /* by enum measured_phase */

/* "/models/Qwen2.5-7B-Q4_K_M.gguf" without folder and suffix. Freed with free(). */
char *measured_file_model(const char *path);

/* Where a JSON record stands: elements of a list as lines of their own, the first in line 2. */
struct measured_place {
    const char *path;
    size_t line, record; /* record: from 1 */
};

/* llama-bench. A table that has its columns is turned; a JSON object that has none of its fields is
 * no fault of theirs: measured_is_bench says which are. */
bool measured_is_bench_table(const struct csv *csv);
bool measured_turn_bench_table(struct csv *csv, struct text *out, struct error *err);
bool measured_is_bench(const json_t *object);
bool measured_turn_bench(const json_t *object, const struct measured_place *at, struct text *out,
                         struct error *err);

/* Replies of llama.cpp's server (`timings`) and of Ollama. */
bool measured_is_reply(const json_t *object);
void measured_turn_reply(const json_t *object, size_t line, struct text *out);

#endif
