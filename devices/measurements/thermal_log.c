/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/thermal_log.h"

#include "base/memory.h"
#include "devices/measurements/read.h"
#include "devices/measurements/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double kelvin_of_0_C = 273.15;

/* SI = (number + shift) * scale; below 0 it is a fault. A later column gives what an earlier one of
 * the same member did not. */
static const struct {
    const char *column;
    size_t offset;
    double shift, scale;
    const char *wanted;
} numbers[] = {
    {"elapsed_s", offsetof(struct measured_reading, time_s), 0, 1, NULL},
    {"temperature_C", offsetof(struct measured_reading, temperature_K), kelvin_of_0_C, 1,
     "a temperature from -273.15 degrees"},
    {"power_W", offsetof(struct measured_reading, given_W[MEASURED_POWER_DEVICE]), 0, 1, NULL},
    {"pmic_W", offsetof(struct measured_reading, given_W[MEASURED_POWER_PMIC]), 0, 1, NULL},
    {"dc_mW", offsetof(struct measured_reading, given_W[MEASURED_POWER_BOARD]), 0, 1e-3, NULL},
    {"cpu_pct", offsetof(struct measured_reading, load), 0, 0.01, NULL},
    {"freq_MHz_max", offsetof(struct measured_reading, clock_Hz), 0, 1e6, NULL},
    {"clock_MHz", offsetof(struct measured_reading, clock_Hz), 0, 1e6, NULL},
    {"vcore_V", offsetof(struct measured_reading, voltage_V), 0, 1, NULL},
};

enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

static const size_t none = SIZE_MAX;

/* What tells the logs of a file apart. */
struct reader {
    struct csv *csv;
    size_t number[N_NUMBERS], device, log_id, source_url, model;
    const char *path; /* in the store */
    struct measured_where *where;
    struct measured_thermal *out;
    struct run {
        const char *source, *model; /* of the log's last row; in the store */
    } * run;                        /* (logs) */
    size_t run_room, row_room;
};

static size_t find(const struct csv *csv, const char *name)
{
    size_t column;
    return csv_find(csv, name, &column) ? column : none;
}

static bool open_reader(struct reader *reader, const char *where, struct error *err)
{
    const struct csv *csv = reader->csv;
    struct measured_table *table = &reader->out->table;
    bool ok = csv_need(csv, "device", &reader->device, err);
    for (size_t i = 0; i < N_NUMBERS; i++)
        reader->number[i] = find(csv, numbers[i].column);
    for (size_t i = 0; i < 2; i++)
        ok = csv_need(csv, numbers[i].column, &reader->number[i], err) && ok;
    reader->log_id = find(csv, "log_id");
    reader->source_url = find(csv, "source_url");
    reader->model = find(csv, "model");
    table->store = measured_store_new();
    reader->path = measured_store_text(table->store, csv_path(csv));
    table->n_columns = csv_columns(csv);
    table->column = mem_calloc(table->n_columns, sizeof *table->column);
    for (size_t i = 0; i < table->n_columns; i++)
        table->column[i] = mem_strdup(csv_column_name(csv, i));
    if (!ok)
        return false;
    reader->where = measured_where_parse(where, err);
    return reader->where && measured_where_check(reader->where, table, err);
}

static bool read_number(const struct csv *csv, size_t column, size_t i, double *out,
                        struct error *err)
{
    double number;
    if (column == none || !*csv_text(csv, column))
        return true;
    if (!csv_number(csv, column, &number, err))
        return false;
    number = (number + numbers[i].shift) * numbers[i].scale;
    if (!(number >= 0 && isfinite(number)))
        return csv_cell_error(csv, column,
                              numbers[i].wanted ? numbers[i].wanted : "a number from 0", err);
    if (isnan(*out))
        *out = number;
    return true;
}

static bool read_reading(const struct reader *reader, struct measured_reading *out,
                         struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        void *member = (char *)out + numbers[i].offset;
        *(double *)member = NAN;
    }
    for (size_t i = 0; i < N_NUMBERS; i++) {
        void *member = (char *)out + numbers[i].offset;
        ok = read_number(reader->csv, reader->number[i], i, member, err) && ok;
    }
    out->line = csv_line(reader->csv);
    if (ok && isnan(out->time_s))
        return csv_cell_error(reader->csv, reader->number[0], "a time", err);
    return ok;
}

/* Keeps the row as written; returns its cells. */
static const struct measured_row *keep_row(struct reader *reader)
{
    struct measured_table *table = &reader->out->table;
    const char **cell = measured_store_take(table->store, table->n_columns * sizeof *cell);
    for (size_t i = 0; i < table->n_columns; i++)
        cell[i] = measured_store_text(table->store, csv_text(reader->csv, i));
    table->row = mem_grow(table->row, &reader->row_room, table->n_rows + 1, sizeof *table->row);
    table->row[table->n_rows] =
        (struct measured_row){.path = reader->path, .line = csv_line(reader->csv), .cell = cell};
    return &table->row[table->n_rows++];
}

static const char *cell_of(const struct measured_row *row, size_t column)
{
    return column == none ? "" : row->cell[column];
}

/* Whether a row goes on a log: its last one, where logs have no name of their own. */
static bool goes_on(const struct reader *reader, size_t i, const struct measured_row *row,
                    double time_s)
{
    const struct measured_thermal_log *log = &reader->out->log[i];
    if (strcmp(log->device, row->cell[reader->device]) != 0)
        return false;
    if (reader->log_id != none)
        return strcmp(log->name, row->cell[reader->log_id]) == 0;
    const struct run *run = &reader->run[i];
    if (strcmp(run->source, cell_of(row, reader->source_url)) != 0)
        return false;
    return strcmp(run->model, cell_of(row, reader->model)) == 0 ||
           time_s >= log->reading[log->n - 1].time_s;
}

static struct measured_thermal_log *log_of(struct reader *reader, const struct measured_row *row,
                                           double time_s)
{
    struct measured_thermal *out = reader->out;
    size_t i = out->n;
    while (i > 0 && !goes_on(reader, i - 1, row, time_s))
        i--;
    if (i == 0) {
        out->log = mem_grow(out->log, &out->room, out->n + 1, sizeof *out->log);
        reader->run = mem_grow(reader->run, &reader->run_room, out->n + 1, sizeof *reader->run);
        out->log[out->n] = (struct measured_thermal_log){
            .device = row->cell[reader->device],
            .name = cell_of(row, reader->log_id != none ? reader->log_id : reader->model),
            .first_line = row->line,
            .runs = 1};
        reader->run[out->n] = (struct run){"", cell_of(row, reader->model)};
        i = ++out->n;
    }
    if (strcmp(reader->run[i - 1].model, cell_of(row, reader->model)) != 0)
        out->log[i - 1].runs += reader->log_id == none;
    reader->run[i - 1] =
        (struct run){cell_of(row, reader->source_url), cell_of(row, reader->model)};
    return &out->log[i - 1];
}

static void add_reading(struct measured_thermal_log *log, const struct measured_reading *reading)
{
    if (log->n > 0 && reading->time_s < log->reading[log->n - 1].time_s && log->backward_line == 0)
        log->backward_line = reading->line;
    if (log->n > 0 && reading->time_s <= log->reading[log->n - 1].time_s &&
        log->backward_line == 0) {
        log->repeated++;
        log->n--;
    }
    log->reading = mem_grow(log->reading, &log->room, log->n + 1, sizeof *log->reading);
    log->reading[log->n++] = *reading;
}

static bool read_rows(struct reader *reader, struct error *err)
{
    bool ok = true;
    enum csv_status status;
    while ((status = csv_next(reader->csv, err)) == CSV_ROW) {
        struct measured_reading reading;
        if (!read_reading(reader, &reading, err)) {
            ok = false;
            continue;
        }
        const struct measured_row *row = keep_row(reader);
        if (!measured_where_matches(reader->where, &reader->out->table, row))
            continue;
        add_reading(log_of(reader, row, reading.time_s), &reading);
        reader->out->rows++;
    }
    return ok && status == CSV_END;
}

/* The first source that nine rows of ten have gives the power; rows that lack it hold what was. */
static void choose_power(struct measured_thermal_log *log)
{
    int source = MEASURED_POWER_DEVICE;
    for (; source < MEASURED_POWER_NONE; source++) {
        size_t told = 0;
        for (size_t i = 0; i < log->n; i++)
            told += isnan(log->reading[i].given_W[source]) ? 0 : 1;
        if (10 * told >= 9 * log->n)
            break;
    }
    log->source = (enum measured_power)source;
    double start_s = log->reading[0].time_s, held_W = NAN;
    for (size_t i = 0; i < log->n; i++) {
        struct measured_reading *reading = &log->reading[i];
        reading->time_s -= start_s;
        reading->power_W = NAN;
        if (source == MEASURED_POWER_NONE)
            continue;
        if (!isnan(reading->given_W[source]))
            held_W = reading->given_W[source];
        reading->power_W = held_W;
    }
    /* Before the first reading of power, the first one holds. */
    for (size_t i = log->n; i-- > 1;)
        if (isnan(log->reading[i - 1].power_W))
            log->reading[i - 1].power_W = log->reading[i].power_W;
}

bool measured_thermal_read_csv(struct csv *csv, const char *where, struct measured_thermal *out,
                               struct error *err)
{
    *out = (struct measured_thermal){.n = 0};
    struct reader reader = {.csv = csv, .out = out};
    bool ok = open_reader(&reader, where, err) && read_rows(&reader, err);
    for (size_t i = 0; ok && i < out->n; i++)
        choose_power(&out->log[i]);
    measured_where_free(reader.where);
    free(reader.run);
    return ok;
}

bool measured_thermal_read(const char *path, const char *where, struct measured_thermal *out,
                           struct error *err)
{
    *out = (struct measured_thermal){.n = 0};
    struct csv *csv = csv_open(path, err);
    bool ok = csv && measured_thermal_read_csv(csv, where, out, err);
    csv_close(csv);
    return ok;
}

void measured_thermal_free(struct measured_thermal *logs)
{
    for (size_t i = 0; i < logs->n; i++)
        free(logs->log[i].reading);
    free(logs->log);
    measured_free(&logs->table);
    *logs = (struct measured_thermal){.n = 0};
}
