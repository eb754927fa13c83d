/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/columns.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What makes two rows the same test, besides the phase. */
static const char *const text_keys[] = {"device", "device_kind", "model", "quant"};
static const char *const number_keys[] = {"prompt_tokens", "gen_tokens", "context_depth", "batch",
                                          "n_devices"};
enum {
    N_TEXT_KEYS = sizeof text_keys / sizeof *text_keys,
    N_NUMBER_KEYS = sizeof number_keys / sizeof *number_keys
};

struct entry {
    size_t row;
    const char *text[N_TEXT_KEYS];
    double number[N_NUMBER_KEYS]; /* -1 where nothing is told */
    int phase, flash_attention;
    double tokens_per_s; /* -1 where nothing is told */
};

static double told(double value)
{
    return isnan(value) ? -1 : value;
}

/* The column in question takes no part in the key. */
static struct entry entry_of(const struct measured_row *row, size_t index, const char *column)
{
    struct entry entry = {
        .row = index,
        .text = {row->device, row->device_kind, row->model, row->quant},
        .number = {told(row->prompt_tokens), told(row->gen_tokens), told(row->context_depth),
                   told(row->batch), told(row->n_devices)},
        .phase = (int)row->phase,
        .flash_attention = row->flash_attention,
        .tokens_per_s = told(row->tokens_per_s),
    };
    for (size_t i = 0; i < N_TEXT_KEYS; i++)
        if (strcmp(column, text_keys[i]) == 0)
            entry.text[i] = "";
    for (size_t i = 0; i < N_NUMBER_KEYS; i++)
        if (strcmp(column, number_keys[i]) == 0)
            entry.number[i] = 0;
    if (strcmp(column, "phase") == 0)
        entry.phase = 0;
    if (strcmp(column, "flash_attn") == 0)
        entry.flash_attention = 0;
    return entry;
}

static int order(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_tests(const struct entry *a, const struct entry *b)
{
    int by = a->phase - b->phase;
    for (size_t i = 0; by == 0 && i < N_TEXT_KEYS; i++)
        by = strcmp(a->text[i], b->text[i]);
    for (size_t i = 0; by == 0 && i < N_NUMBER_KEYS; i++)
        by = order(a->number[i], b->number[i]);
    return by != 0 ? by : a->flash_attention - b->flash_attention;
}

/* Equal tests stand together, the fastest first. */
static int compare_entries(const void *first, const void *second)
{
    const struct entry *a = first, *b = second;
    int by = compare_tests(a, b);
    if (by == 0)
        by = order(b->tokens_per_s, a->tokens_per_s);
    return by != 0 ? by : (a->row > b->row) - (a->row < b->row);
}

bool measured_best_of(const struct measured_table *table, const char *column, bool *best,
                      struct error *err)
{
    size_t index;
    if (!measured_column_need(table, column, &index, err))
        return false;
    struct entry *entry = mem_calloc(table->n_rows, sizeof *entry);
    for (size_t i = 0; i < table->n_rows; i++)
        entry[i] = entry_of(&table->row[i], i, column);
    qsort(entry, table->n_rows, sizeof *entry, compare_entries);
    for (size_t i = 0; i < table->n_rows; i++)
        best[entry[i].row] = i == 0 || compare_tests(&entry[i - 1], &entry[i]) != 0;
    free(entry);
    return true;
}
