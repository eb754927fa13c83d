/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What llama-bench prints, by the names of its fields (llama.cpp, tools/llama-bench). */
#include "devices/measurements/layout.h"

#include "base/memory.h"
#include "base/stamp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields that are wanted; those before SOFT must be there. */
enum field {
    MODEL,
    TYPE,
    SIZE,
    PARAMETERS,
    PROMPT,
    ANSWER,
    RATE,
    SOFT,
    CPU = SOFT,
    GPU,
    BACKENDS,
    LAYERS,
    DEPTH,
    FLASH,
    BUILD,
    TIME,
    MEAN_NS,
    DEVIATION_NS,
    FIELDS
};
static const char *const names[FIELDS] = {
    "model_filename", "model_type",   "model_size", "model_n_params", "n_prompt",     "n_gen",
    "avg_ts",         "cpu_info",     "gpu_info",   "backends",       "n_gpu_layers", "n_depth",
    "flash_attn",     "build_commit", "test_time",  "avg_ns",         "stddev_ns"};

/* One record's texts, "" where a field is missing. */
struct record {
    const char *field[FIELDS];
    double samples_ns; /* of all repetitions; nan: not told */
};

static double number_of(const struct record *record, enum field field)
{
    double value;
    return text_number(record->field[field], &value) ? value : NAN;
}

/* Layers on a GPU, and a backend for it: else the CPU does the work. */
static bool is_on_gpu(const struct record *record)
{
    const char *backends = record->field[BACKENDS];
    bool cpu_alone = strcmp(backends, "CPU") == 0 || strcmp(backends, "BLAS") == 0;
    return *record->field[GPU] && !cpu_alone && number_of(record, LAYERS) != 0;
}

/* "qwen2 7B Q4_K - Medium" ends in Q4_K_M, "llama 7B Q8_0" in Q8_0. */
static char *quant_of(const char *type)
{
    static const char *const sizes[] = {" - Small", " - Medium", " - Large"};
    char letter = '\0', *text = mem_strdup(type);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *found = strstr(text, sizes[i]);
        if (found) {
            letter = sizes[i][3];
            *found = '\0';
        }
    }
    const char *blank = strrchr(text, ' '), *word = blank ? blank + 1 : text;
    char *quant = letter ? mem_printf("%s_%c", word, letter) : mem_strdup(word);
    free(text);
    return quant;
}

static size_t devices_in(const char *list)
{
    size_t n = 1;
    for (; (list = strstr(list, ", ")) != NULL; list += 2)
        n++;
    return n;
}

static const char *flash_of(const struct record *record)
{
    const char *text = record->field[FLASH];
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
        return "1";
    return strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? "0" : "";
}

/* Repetitions are five unless asked otherwise; the deviation of one alone is 0. */
static double runs_ns(const struct record *record)
{
    const double preset = 5;
    double repetitions = number_of(record, DEVIATION_NS) > 0 ? preset : 1;
    return isnan(record->samples_ns) ? repetitions * number_of(record, MEAN_NS)
                                     : record->samples_ns;
}

/* When the runs surely were going on. The stamp is of the second before the first of them, and a
 * warm-up of unknown length, no longer than a run, may go before. Before each run at a depth the
 * cache is filled, and nothing tells how long that takes. */
static void put_times(const struct record *record, struct measured_line *line)
{
    struct stamp stamp;
    if (line->depth > 0 || !stamp_read_clock(record->field[TIME], &stamp))
        return;
    double second = (double)stamp.s, warm_up_s = number_of(record, MEAN_NS) / 1e9;
    line->started_s = second + 1 + warm_up_s;
    line->ended_s = second + runs_ns(record) / 1e9;
}

static void add_record(struct text *out, const struct record *record, size_t at)
{
    bool gpu = is_on_gpu(record);
    double prompt = number_of(record, PROMPT), answer = number_of(record, ANSWER);
    double depth = number_of(record, DEPTH);
    char *model = measured_file_model(record->field[MODEL]), *quant = quant_of(record->field[TYPE]);
    struct measured_line line = measured_line_none;
    line.device = record->field[gpu ? GPU : CPU];
    line.kind = gpu ? "gpu" : "cpu";
    line.n_devices = gpu ? devices_in(line.device) : 1;
    line.model = model;
    line.quant = quant;
    line.parameters = number_of(record, PARAMETERS);
    line.model_bytes = number_of(record, SIZE);
    line.phase = prompt > 0 && answer > 0 ? MEASURED_E2E
                 : answer > 0             ? MEASURED_DECODE
                                          : MEASURED_PREFILL;
    line.prompt_tokens = prompt;
    line.gen_tokens = answer;
    line.depth = isnan(depth) ? 0 : depth;
    line.rate = record->field[RATE];
    line.flash = flash_of(record);
    line.backend = record->field[BACKENDS];
    line.build = record->field[BUILD];
    line.line = at;
    put_times(record, &line);
    measured_line_add(out, &line);
    free(model);
    free(quant);
}

/* Counts, sizes and the rate must be numbers. */
static bool check_record(const struct record *record, const char *path, size_t line,
                         struct error *err)
{
    bool ok = true;
    for (int i = SIZE; i < SOFT; i++)
        if (!(number_of(record, (enum field)i) >= 0))
            ok = error_at(err, path, line, 1, "'%s' is '%s'; a number from 0 is wanted", names[i],
                          text_clip(record->field[i]).bytes);
    return ok;
}

bool measured_is_bench_table(const struct csv *csv)
{
    size_t column;
    for (int i = 0; i < SOFT; i++)
        if (!csv_find(csv, names[i], &column))
            return false;
    return true;
}

bool measured_turn_bench_table(struct csv *csv, struct text *out, struct error *err)
{
    size_t column[FIELDS];
    bool there[FIELDS], ok = true;
    enum csv_status status;
    for (int i = 0; i < FIELDS; i++)
        there[i] = csv_find(csv, names[i], &column[i]);
    while ((status = csv_next(csv, err)) == CSV_ROW) {
        struct record record = {.samples_ns = NAN};
        for (int i = 0; i < FIELDS; i++)
            record.field[i] = there[i] ? csv_text(csv, column[i]) : "";
        if (check_record(&record, csv_path(csv), csv_line(csv), err))
            add_record(out, &record, csv_line(csv));
        else
            ok = false;
    }
    return ok && status == CSV_END;
}

/* A JSON value as a cell would have it; what is none of these is not there. */
static const char *value_text(const json_t *value, char room[32])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (!json_is_number(value))
        return "";
    snprintf(room, 32, "%.17g", json_number_value(value));
    return room;
}

bool measured_is_bench(const json_t *object)
{
    return json_object_get(object, names[MODEL]) || json_object_get(object, names[RATE]);
}

static double sum_of(const json_t *samples)
{
    double sum = json_array_size(samples) > 0 ? 0 : NAN;
    for (size_t i = 0; i < json_array_size(samples); i++)
        sum += json_number_value(json_array_get(samples, i));
    return sum;
}

bool measured_turn_bench(const json_t *object, const struct measured_place *at, struct text *out,
                         struct error *err)
{
    char room[FIELDS][32];
    struct record record = {.samples_ns = sum_of(json_object_get(object, "samples_ns"))};
    for (int i = 0; i < SOFT; i++)
        if (!json_object_get(object, names[i]))
            return error_at(err, at->path, at->line, 1,
                            "record %zu has no '%s': what llama-bench prints has", at->record,
                            names[i]);
    for (int i = 0; i < FIELDS; i++)
        record.field[i] = value_text(json_object_get(object, names[i]), room[i]);
    if (!check_record(&record, at->path, at->line, err))
        return false;
    add_record(out, &record, at->line);
    return true;
}
