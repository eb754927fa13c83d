/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/read.h"

#include "base/memory.h"
#include "devices/measurements/columns.h"
#include "devices/measurements/layout.h"
#include "devices/measurements/open.h"
#include "devices/measurements/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where the columns of the common layout go. */
static const struct {
    const char *column;
    size_t offset;
} texts[] = {
    {"device", offsetof(struct measured_row, device)},
    {"device_kind", offsetof(struct measured_row, device_kind)},
    {"model", offsetof(struct measured_row, model)},
    {"quant", offsetof(struct measured_row, quant)},
    {"backend", offsetof(struct measured_row, backend)},
    {"power_scope", offsetof(struct measured_row, power_scope)},
    {"unusable", offsetof(struct measured_row, unusable)},
};

static const double kelvin_of_0_C = 273.15, bytes_per_MiB = 1048576;

/* SI = (number + shift) * scale; below 0 it is a fault. */
static const struct {
    const char *column;
    size_t offset;
    double shift, scale;
    const char *wanted;
} numbers[] = {
    {"params_B", offsetof(struct measured_row, parameters), 0, 1e9, NULL},
    {"model_size_MiB", offsetof(struct measured_row, model_bytes), 0, bytes_per_MiB, NULL},
    {"prompt_tokens", offsetof(struct measured_row, prompt_tokens), 0, 1, NULL},
    {"gen_tokens", offsetof(struct measured_row, gen_tokens), 0, 1, NULL},
    {"context_depth", offsetof(struct measured_row, context_depth), 0, 1, NULL},
    {"untimed_tokens", offsetof(struct measured_row, untimed_tokens), 0, 1, NULL},
    {"batch", offsetof(struct measured_row, batch), 0, 1, NULL},
    {"n_devices", offsetof(struct measured_row, n_devices), 0, 1, NULL},
    {"tokens_per_s", offsetof(struct measured_row, tokens_per_s), 0, 1, NULL},
    {"power_W", offsetof(struct measured_row, power_W), 0, 1, NULL},
    {"energy_J_per_token", offsetof(struct measured_row, energy_J_per_token), 0, 1, NULL},
    {"temperature_C", offsetof(struct measured_row, temperature_K), kelvin_of_0_C, 1,
     "a temperature from -273.15 degrees"},
    {"started_s", offsetof(struct measured_row, started_s), 0, 1, NULL},
    {"ended_s", offsetof(struct measured_row, ended_s), 0, 1, NULL},
    {"record_line", offsetof(struct measured_row, record_line), 0, 1, NULL},
};

enum { N_TEXTS = sizeof texts / sizeof *texts, N_NUMBERS = sizeof numbers / sizeof *numbers };

/* One file's columns. A column that the file lacks is `none`. */
struct places {
    const struct csv *csv;
    const char *path; /* in the store */
    size_t text[N_TEXTS], number[N_NUMBERS];
    size_t phase, flash_attention;
    size_t *in_table; // (columns of the file) the column of the table
};

static const size_t none = SIZE_MAX;

static size_t find(const struct csv *csv, const char *name)
{
    size_t column;
    return csv_find(csv, name, &column) ? column : none;
}

static bool check_wanted(const struct csv *csv, struct error *err)
{
    static const char *const wanted[] = {"device", "model", "phase", "tokens_per_s"};
    bool ok = true;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        size_t column;
        ok = csv_need(csv, wanted[i], &column, err) && ok;
    }
    return ok;
}

static size_t add_column(struct measured_table *table, const char *name, size_t *room)
{
    size_t column;
    if (measured_column_find(table, name, &column))
        return column;
    table->column = mem_grow(table->column, room, table->n_columns + 1, sizeof *table->column);
    table->column[table->n_columns] = mem_strdup(name);
    return table->n_columns++;
}

static struct places find_places(const struct csv *csv, struct measured_table *table, size_t *room)
{
    struct places places = {.csv = csv,
                            .path = measured_store_text(table->store, csv_path(csv)),
                            .phase = find(csv, "phase"),
                            .flash_attention = find(csv, "flash_attn")};
    for (size_t i = 0; i < N_TEXTS; i++)
        places.text[i] = find(csv, texts[i].column);
    for (size_t i = 0; i < N_NUMBERS; i++)
        places.number[i] = find(csv, numbers[i].column);
    places.in_table = mem_calloc(csv_columns(csv), sizeof *places.in_table);
    for (size_t i = 0; i < csv_columns(csv); i++)
        places.in_table[i] = add_column(table, csv_column_name(csv, i), room);
    return places;
}

/* Leaves nan where the column or the cell is missing. */
static bool read_number(const struct places *places, size_t i, double *out, struct error *err)
{
    size_t column = places->number[i];
    *out = NAN;
    if (column == none || !*csv_text(places->csv, column))
        return true;
    double number;
    if (!csv_number(places->csv, column, &number, err))
        return false;
    *out = (number + numbers[i].shift) * numbers[i].scale;
    if (*out >= 0 && isfinite(*out))
        return true;
    const char *wanted = numbers[i].wanted ? numbers[i].wanted : "a number from 0";
    return csv_cell_error(places->csv, column, wanted, err);
}

static bool read_phase(const struct places *places, enum measured_phase *out, struct error *err)
{
    const char *text = csv_text(places->csv, places->phase);
    for (size_t i = 0; i <= MEASURED_E2E; i++) {
        if (strcmp(text, measured_phases[i]) == 0) {
            *out = (enum measured_phase)i;
            return true;
        }
    }
    return csv_cell_error(places->csv, places->phase, "a phase: prefill, decode or e2e", err);
}

static bool read_flash_attention(const struct places *places, int *out, struct error *err)
{
    *out = -1;
    if (places->flash_attention == none)
        return true;
    if (!*csv_text(places->csv, places->flash_attention))
        return true;
    double number;
    if (!csv_number(places->csv, places->flash_attention, &number, err))
        return false;
    if (number != 0 && number != 1)
        return csv_cell_error(places->csv, places->flash_attention, "0 or 1", err);
    *out = number != 0;
    return true;
}

static void keep_texts(const struct places *places, struct measured_table *table,
                       struct measured_row *row)
{
    const char **cell = measured_store_take(table->store, table->n_columns * sizeof *cell);
    for (size_t i = 0; i < table->n_columns; i++)
        cell[i] = "";
    for (size_t i = 0; i < csv_columns(places->csv); i++)
        cell[places->in_table[i]] = measured_store_text(table->store, csv_text(places->csv, i));
    row->cell = cell;
    for (size_t i = 0; i < N_TEXTS; i++) {
        size_t column = places->text[i];
        void *member = (char *)row + texts[i].offset;
        *(const char **)member = column == none ? "" : cell[places->in_table[column]];
    }
}

static bool read_row(const struct places *places, struct measured_table *table, size_t *room,
                     struct error *err)
{
    struct measured_row row = {.path = places->path, .line = csv_line(places->csv)};
    bool ok = read_phase(places, &row.phase, err);
    for (size_t i = 0; i < N_NUMBERS; i++) {
        void *member = (char *)&row + numbers[i].offset;
        ok = read_number(places, i, member, err) && ok;
    }
    ok = read_flash_attention(places, &row.flash_attention, err) && ok;
    if (!ok)
        return false;
    const double most_lines = 1e15;
    if (row.record_line >= 1 && row.record_line < most_lines)
        row.line = (size_t)row.record_line;
    keep_texts(places, table, &row);
    table->row = mem_grow(table->row, room, table->n_rows + 1, sizeof *table->row);
    table->row[table->n_rows++] = row;
    return true;
}

static bool read_rows(struct csv *csv, const struct places *places, struct measured_table *table,
                      size_t *room, struct error *err)
{
    bool ok = true;
    enum csv_status status;
    while ((status = csv_next(csv, err)) == CSV_ROW)
        ok = read_row(places, table, room, err) && ok;
    return ok && status == CSV_END;
}

bool measured_read_csv(struct csv *const *csv, size_t n, struct measured_table *out,
                       struct error *err)
{
    *out = (struct measured_table){.store = measured_store_new()};
    struct places *places = mem_calloc(n, sizeof *places);
    size_t column_room = 0, row_room = 0;
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        ok = check_wanted(csv[i], err) && ok;
        places[i] = find_places(csv[i], out, &column_room);
    }
    bool complete = ok;
    for (size_t i = 0; complete && i < n; i++)
        ok = read_rows(csv[i], &places[i], out, &row_room, err) && ok;
    for (size_t i = 0; i < n; i++)
        free(places[i].in_table);
    free(places);
    return ok;
}

/* All files are open together: a row's cells are the columns of all of them. */
bool measured_read(const char *const *paths, size_t n_paths, struct measured_table *out,
                   struct error *err)
{
    struct csv **csv = mem_calloc(n_paths, sizeof(struct csv *));
    char **text = mem_calloc(n_paths, sizeof *text);
    bool ok = true;
    *out = (struct measured_table){0};
    for (size_t i = 0; i < n_paths; i++) {
        csv[i] = measured_open(paths[i], &text[i], err);
        ok = csv[i] && ok;
    }
    ok = ok && measured_read_csv(csv, n_paths, out, err);
    for (size_t i = 0; i < n_paths; i++) {
        csv_close(csv[i]);
        free(text[i]);
    }
    free(text);
    free(csv);
    return ok;
}

void measured_free(struct measured_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++)
        free(table->column[i]);
    free(table->column);
    free(table->row);
    measured_store_free(table->store);
    *table = (struct measured_table){0};
}
