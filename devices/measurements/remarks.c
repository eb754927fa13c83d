/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "devices/measurements/measured.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* llama-bench repeats a test five times, after one prompt as a warm-up, or one token of an answer
 * (github.com/ggml-org/llama.cpp, tools/llama-bench/README.md). */
enum { BENCH_PROMPTS = 6, BENCH_ANSWERS = 5 };

static bool mentions(const char *text, const char *words)
{
    char *lower = mem_strdup(text);
    for (char *p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    bool found = strstr(lower, words) != NULL;
    free(lower);
    return found;
}

static const char *notes_of(const struct measured_table *table, const struct measured_row *row)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->column[i], "notes") == 0)
            return row->cell[i] ? row->cell[i] : "";
    return "";
}

/* The number after `key`; 0 where there is none from 0. */
static double number_after(const char *notes, const char *key)
{
    const char *at = strstr(notes, key);
    double number = at ? strtod(at + strlen(key), NULL) : 0;
    return isfinite(number) && number > 0 ? number : 0;
}

static double rest_s(const struct measured_row *row, const char *notes)
{
    double process_s =
        fmax(number_after(notes, "run_duration_s="), number_after(notes, "process latency "));
    bool prompt = row->phase == MEASURED_PREFILL;
    double tokens = prompt ? row->prompt_tokens : row->gen_tokens;
    bool whole = mentions(row->power_scope, "process") || mentions(notes, "whole process");
    if (!whole || !(process_s > 0) || !(row->tokens_per_s > 0) || !(tokens > 0))
        return 0;
    double runs =
        mentions(row->power_scope, "llama-bench") ? prompt ? BENCH_PROMPTS : BENCH_ANSWERS : 1;
    double run_s = tokens * fmax(1, row->batch) / row->tokens_per_s;
    return fmax(0, process_s / runs - run_s);
}

struct measured_remarks measured_remarks(const struct measured_table *table,
                                         const struct measured_row *row)
{
    const char *notes = notes_of(table, row);
    return (struct measured_remarks){.cap_W = number_after(notes, "power_limit_W="),
                                     .rest_s = rest_s(row, notes),
                                     .wall = mentions(row->power_scope, "wall"),
                                     .net = mentions(notes, "net of idle"),
                                     .whole_request = mentions(notes, "whole request")};
}
