/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as a table of measurements, as records and as logs; their first line is also
 * taken as a filter, as a name and as a quantisation. */
#include "devices/measurements/open.h"
#include "devices/measurements/power_log.h"
#include "devices/measurements/read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct measured_table *table, const char *line)
{
    struct error err = {0};
    struct measured_where *where = measured_where_parse(line, &err);
    if (!where && err.n_faults != 1)
        abort();
    for (size_t i = 0; where && i < table->n_rows; i++)
        measured_where_matches(where, table, &table->row[i]);
    if (where)
        measured_where_check(where, table, &err);
    measured_where_free(where);
    bool *best = calloc(table->n_rows + 1, sizeof *best);
    for (size_t i = 0; best && i < table->n_columns; i++)
        if (!measured_best_of(table, table->column[i], best, &err))
            abort();
    free(best);
}

static void look_up(enum measured_name_kind kind, const char *line)
{
    char alias[] = "RTX 4090 24GB", other[] = "Llama-2-7b.Q4_0";
    char *const aliases[] = {alias, other};
    struct measured_names *names = measured_names_new(kind);
    measured_names_add(names, "rtx-4090", "gpu", aliases, 1);
    measured_names_add(names, "llama-2-7b", "", aliases + 1, 1);
    measured_names_add(names, line, "", NULL, 0);
    const char *found;
    char *candidates;
    measured_names_find(names, line, "gpu", &found, &candidates);
    free(candidates);
    measured_names_find(names, line, "", &found, &candidates);
    free(candidates);
    measured_names_free(names);
}

/* The same bytes as logs of temperatures: their times ascend unless one is said to go backward. */
static void read_logs(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct measured_thermal logs = {0};
    struct csv *csv = csv_open_memory("fuzz", (const char *)data, size, &err);
    bool ok = csv && measured_thermal_read_csv(csv, NULL, &logs, &err);
    if (!ok && err.n_faults == 0)
        abort();
    for (size_t i = 0; ok && i < logs.n; i++)
        for (size_t j = 1; j < logs.log[i].n && logs.log[i].backward_line == 0; j++)
            if (!(logs.log[i].reading[j].time_s > logs.log[i].reading[j - 1].time_s))
                abort();
    measured_thermal_free(&logs);
    csv_close(csv);
}

/* The same bytes as records of llama-bench and replies of servers: a row without a rate says why.
 */
static void read_records(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct measured_table table = {0};
    char *turned = NULL;
    struct csv *csv = measured_open_json("fuzz", (const char *)data, size, &turned, &err);
    bool ok = csv && measured_read_csv(&csv, 1, &table, &err);
    if (ok != (err.n_faults == 0))
        abort();
    for (size_t i = 0; ok && i < table.n_rows; i++)
        if (isnan(table.row[i].tokens_per_s) && !*table.row[i].unusable)
            abort();
    measured_free(&table);
    csv_close(csv);
    free(turned);
}

/* The same bytes as a log of power: a mean lies between the least and the most of the log. */
static void read_power(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct measured_power_log log = {0};
    struct csv *csv = csv_open_memory("fuzz", (const char *)data, size, &err);
    bool ok = csv && measured_power_read_csv(csv, 0, &log, &err);
    if (ok != (err.n_faults == 0))
        abort();
    double least = INFINITY, most = 0;
    for (size_t i = 0; ok && i < log.n; i++) {
        least = fmin(least, log.sample[i].power_W);
        most = fmax(most, log.sample[i].power_W);
    }
    for (size_t i = 1; ok && i < log.n; i++) {
        double from_s = log.zero_s + log.sample[0].time_s, to_s = log.zero_s + log.sample[i].time_s;
        struct measured_power_mean mean = measured_power_over(&log, from_s, to_s);
        if (!mean.missing && !(mean.power_W >= least * (1 - 1e-6) - 1e-6 &&
                               mean.power_W <= most * (1 + 1e-6) + 1e-6))
            abort();
    }
    measured_power_free(&log);
    csv_close(csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct measured_table table = {0};
    struct csv *csv = csv_open_memory("fuzz", (const char *)data, size, &err);
    bool ok = csv && measured_read_csv(&csv, 1, &table, &err);
    if (!ok && err.n_faults == 0)
        abort();
    read_logs(data, size);
    read_records(data, size);
    read_power(data, size);
    char *line = calloc(size + 1, 1);
    if (!line)
        abort();
    if (size > 0)
        memcpy(line, data, size);
    line[strcspn(line, "\r\n")] = '\0';
    ask(&table, line);
    look_up(MEASURED_NAME_DEVICE, line);
    look_up(MEASURED_NAME_MODEL, line);
    measured_quant(line, "");
    measured_quant("", line);
    free(line);
    measured_free(&table);
    csv_close(csv);
    return 0;
}
