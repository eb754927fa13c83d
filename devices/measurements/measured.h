/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded measurements: tables of speed, power and energy of runs (one CSV layout), operator
 * times of a profiler, and the two things that are asked of them: which rows, and which device and
 * model a row is about. */
#ifndef DEVICES_MEASUREMENTS_MEASURED_H
#define DEVICES_MEASUREMENTS_MEASURED_H

#include "base/error.h"

#include <stdint.h>

/* The last one is another time of a run (an image encoder's, a whole request's): its rows are kept,
 * and mean nothing to who asks for a token rate. */
enum measured_phase { MEASURED_PREFILL, MEASURED_DECODE, MEASURED_E2E };

/* One row. Numbers in SI units, nan where the cell is empty; texts are never NULL. */
struct measured_row {
    const char *path; /* of its file; borrowed from the table, as all texts are */
    size_t line;
    const char *const *cell; /* (n_columns) the row as written */
    const char *device, *device_kind, *model, *quant, *backend, *power_scope;
    const char *unusable; /* why the record it comes from gives nothing; "" where it does */
    enum measured_phase phase;
    double parameters; /* of the model, as the row says: often nominal */
    double model_bytes;
    double prompt_tokens, gen_tokens, context_depth, batch, n_devices;
    double untimed_tokens; /* of gen_tokens: those that no step was timed for */
    double tokens_per_s, power_W, energy_J_per_token, temperature_K;
    double started_s, ended_s; /* since 1970: the run surely was going on in between */
    double record_line;        /* where the row comes from, if not from a line of its own */
    int flash_attention;       /* 0, 1, or -1 where it is not told */
};

/* Rows of one or several files that have the same columns or some of them: a column that a file
 * lacks is empty in its rows. */
struct measured_table {
    char **column; /* (n_columns) */
    size_t n_columns;
    struct measured_row *row; /* (n_rows) in the order of the files */
    size_t n_rows;
    struct measured_store *store; /* what the texts lie in */
};

/* Reads files that are told by their content: what llama-bench prints as csv, json and jsonl;
 * replies with the `timings` of llama.cpp's server, or of Ollama; and CSV with a header. Its wanted
 * columns: device, model, phase, tokens_per_s; the others of struct measured_row may be missing,
 * further ones are kept for measured_where. A number that is none, a negative one (in degrees
 * Celsius one below absolute zero), a phase that is none of prefill, decode and e2e is a fault with
 * its place; an empty cell is none, also in the wanted columns. The caller frees *out with
 * measured_free, also after a failure. */
bool measured_read(const char *const *paths, size_t n_paths, struct measured_table *out,
                   struct error *err);
void measured_free(struct measured_table *table);

/* "column=value[,value...]" terms joined by '&': a row is meant when each column holds one of its
 * values. Numbers compare as numbers ("512" is "512.0"), texts case-folded; a value may be quoted
 * with " or ', and then hold ',' and '&'. Blanks around columns and values do not count. An empty
 * value ("flash_attn=") means an empty cell. */
struct measured_where;
/* NULL with a fault that names the text; the caller frees with measured_where_free. A NULL text
 * gives a filter that means every row. */
struct measured_where *measured_where_parse(const char *text, struct error *err);
void measured_where_free(struct measured_where *where);
/* A fault for each column that the table lacks, with the nearest one and those that there are. */
bool measured_where_check(const struct measured_where *where, const struct measured_table *table,
                          struct error *err);
bool measured_where_matches(const struct measured_where *where, const struct measured_table *table,
                            const struct measured_row *row);

/* Sets best[i] (n_rows) for the fastest row of each test: rows that agree in device, device_kind,
 * model, quant, phase, prompt_tokens, gen_tokens, context_depth, batch, n_devices and flash_attn
 * (all but `column` itself) are one test run with different `column` (a backend, a build). Of
 * equally fast rows, and of rows without a rate, the first one. Fails when there is no such column.
 */
bool measured_best_of(const struct measured_table *table, const char *column, bool *best,
                      struct error *err);

enum measured_name_kind { MEASURED_NAME_DEVICE, MEASURED_NAME_MODEL };

/* What a row's `notes` and `power_scope` say beyond its numbers. */
struct measured_remarks {
    double cap_W;       /* "power_limit_W=300": the limit that was set with the driver; 0: none */
    double rest_s;      /* of each run, in which the machine loaded the model or waited: where the
                           meter's mean is of a whole process, "run_duration_s=23" or "process
                           latency 23 s" less the runs themselves; 0: none */
    bool wall;          /* the meter takes in the whole machine */
    bool net;           /* "net of idle": energy less the idle draw */
    bool whole_request; /* energy of the prompt too */
};
struct measured_remarks measured_remarks(const struct measured_table *table,
                                         const struct measured_row *row);

/* A list of known names, each with its aliases, that measured names are looked up in. */
struct measured_names;
/* The caller frees the result with measured_names_free. */
struct measured_names *measured_names_new(enum measured_name_kind kind);
void measured_names_free(struct measured_names *names);
/* `group` parts names that are looked up apart ("cpu", "gpu", "npu"); "" where there are none. */
void measured_names_add(struct measured_names *names, const char *name, const char *group,
                        char *const *aliases, size_t n_aliases);

/* What a measured name means: *found is the known name (borrowed), or NULL with up to four
 * candidates in *candidates ("a, b" or "" when nothing is near; "" too when it was found; freed
 * with free()). An empty group looks in all. How names are compared stands in names.c. */
void measured_names_find(const struct measured_names *names, const char *name, const char *group,
                         const char **found, char **candidates);

/* The file type of workload_quants() that a row's quantisation means ("UD-Q4_K_XL" -> "Q4_K_M",
 * "w8a8" -> "Q8_0"), or NULL when it is not known; `model` is looked into when the quantisation is
 * not told ("llama-2-7b.Q4_0"). */
const char *measured_quant(const char *quant, const char *model);

/* Times of single operators, as a profiler of a serving engine gives them: a folder with dense.csv
 * (layer, tokens, time_us: pieces of one decoder layer), attention.csv (prefill_chunk, kv_prefill,
 * n_decode, kv_decode, time_us: one layer's attention) and per_sequence.csv (layer, sequences,
 * time_us). Any of them may be missing, not all. Counts are whole numbers, times above 0; a pass of
 * no rows is a fault. */
enum measured_operator_kind { MEASURED_DENSE, MEASURED_ATTENTION, MEASURED_PER_SEQUENCE };

struct measured_operator {
    enum measured_operator_kind kind;
    const char *layer; /* "" for attention; borrowed from the table */
    double rows;       /* tokens, sequences; for attention prefill_chunk + n_decode */
    double prefill_chunk, kv_prefill, n_decode, kv_decode; /* kv: tokens already there, each */
    double time_s;
    size_t line;
};

struct measured_operators {
    struct measured_operator *op; /* (n) dense, then attention, then per sequence */
    size_t n;
    struct measured_store *store;
};

/* The caller frees *out with measured_operators_free, also after a failure. */
bool measured_operators_read(const char *folder, struct measured_operators *out, struct error *err);
void measured_operators_free(struct measured_operators *operators);

#endif
