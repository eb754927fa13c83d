/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/power_log.h"

#include "base/memory.h"
#include "base/stamp.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names of columns in lower case, all but letters and digits as one '_': the first that is there is
 * taken. `scale`: to SI; of a time 10^-scale seconds, where it is a number. */
struct name {
    const char *text;
    double scale;
};

static const struct name times[] = {{"time_s", 0},       {"timestamp", 0},
                                    {"time", 0},         {"unix_time", 0},
                                    {"unix_time_s", 0},  {"unix_s", 0},
                                    {"unix", 0},         {"epoch", 0},
                                    {"epoch_s", 0},      {"timestamp_s", 0},
                                    {"datetime", 0},     {"date_time", 0},
                                    {"elapsed_s", 0},    {"time_ms", 3},
                                    {"timestamp_ms", 3}, {"unix_time_ms", 3},
                                    {"unix_ms", 3},      {"epoch_ms", 3},
                                    {"time_us", 6},      {"timestamp_us", 6},
                                    {"time_ns", 9},      {"timestamp_ns", 9},
                                    {"unix_ns", 9},      {"epoch_ns", 9},
                                    {"unix_time_ns", 9}, {NULL, 0}};
static const struct name powers[] = {{"power_w", 1},
                                     {"power_draw_w", 1},
                                     {"power_draw_instant_w", 1},
                                     {"power_draw_average_w", 1},
                                     {"power_draw", 1},
                                     {"power", 1},
                                     {"watts", 1},
                                     {"watt", 1},
                                     {"power_watts", 1},
                                     {"gpu_power_w", 1},
                                     {"gpu_power_usage", 1},
                                     {"package_w", 1},
                                     {"power_mw", 1e-3},
                                     {"power_draw_mw", 1e-3},
                                     {NULL, 0}};
static const struct name temperatures[] = {{"temperature_c", 0},
                                           {"temperature_gpu", 0},
                                           {"temperature_gpu_c", 0},
                                           {"temp_c", 0},
                                           {"gpu_temperature", 0},
                                           {"gpu_temp_c", 0},
                                           {"temperature", 0},
                                           {"temp", 0},
                                           {NULL, 0}};
static const struct name several[] = {{"index", 0},      {"uuid", 0},   {"gpu_uuid", 0},
                                      {"pci_bus_id", 0}, {"device", 0}, {NULL, 0}};

static const double kelvin_of_0_C = 273.15, most_W = 1e7, hottest_C = 1e4;

struct reader {
    struct csv *csv;
    struct measured_power_log *out;
    size_t time, power, temperature, which; /* columns; `none` */
    double time_shift, power_scale;
    char *device; /* what `which` held in the first row */
    struct stamp first;
};

static const size_t none = SIZE_MAX;

/* "Power.draw [W]" as "power_draw_w". Freed with free(). */
static char *plain(const char *name)
{
    char *out = mem_calloc(strlen(name) + 1, 1);
    size_t n = 0;
    for (; *name; name++) {
        if (isalnum((unsigned char)*name))
            out[n++] = (char)tolower((unsigned char)*name);
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        out[--n] = '\0';
    return out;
}

/* The column of the first name that is there, or `none`. */
static size_t find(const struct csv *csv, const struct name *names, double *scale)
{
    for (; names->text; names++) {
        for (size_t i = 0; i < csv_columns(csv); i++) {
            char *own = plain(csv_column_name(csv, i));
            bool same = strcmp(own, names->text) == 0;
            free(own);
            if (same) {
                *scale = names->scale;
                return i;
            }
        }
    }
    return none;
}

static bool find_columns(struct reader *reader, struct error *err)
{
    double unused;
    const struct csv *csv = reader->csv;
    reader->time = find(csv, times, &reader->time_shift);
    reader->power = find(csv, powers, &reader->power_scale);
    reader->temperature = find(csv, temperatures, &unused);
    reader->which = find(csv, several, &unused);
    if (reader->time == none)
        error_at(err, csv_path(csv), 1, 1,
                 "no column of times: time_s, timestamp, unix_time ... are known");
    if (reader->power == none)
        error_at(err, csv_path(csv), 1, 1,
                 "no column of power: power_W, power.draw [W], watts ... are known");
    return reader->time != none && reader->power != none;
}

/* The cell without blanks around it and without its unit. Freed with free(). */
static char *cell(const struct csv *csv, size_t column, const char *unit)
{
    const char *text = csv_text(csv, column) + strspn(csv_text(csv, column), " \t");
    size_t n = strlen(text), tail = strlen(unit);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    if (tail > 0 && n > tail && strncmp(text + n - tail, unit, tail) == 0) {
        n -= tail;
        while (n > 0 && isspace((unsigned char)text[n - 1]))
            n--;
    }
    return mem_strndup(text, n);
}

static bool is_unknown(const char *text)
{
    return *text == '\0' || *text == '[' || strcmp(text, "N/A") == 0 || strcmp(text, "nan") == 0;
}

/* Leaves nan where the cell says that nothing is known. */
static bool read_number(const struct csv *csv, size_t column, const char *unit, double least,
                        double most, const char *wanted, double *out, struct error *err)
{
    *out = NAN;
    if (column == none)
        return true;
    char *text = cell(csv, column, unit);
    bool known = !is_unknown(text), ok = !known || text_number(text, out);
    free(text);
    if (ok && (!known || (*out >= least && *out <= most)))
        return true;
    return csv_cell_error(csv, column, wanted, err);
}

static bool read_time(struct reader *reader, struct stamp *out, struct error *err)
{
    char *text = cell(reader->csv, reader->time, "");
    bool clock = strchr(text, ':') != NULL;
    for (char *p = text; *p; p++)
        if (*p == '/')
            *p = '-';
    bool ok = clock ? stamp_read_clock(text, out)
                    : stamp_read_decimal(text, (int)reader->time_shift, out);
    const char *behind = clock ? strchr(text, ':') : "Z";
    if (ok && !strpbrk(behind, "Z+-"))
        reader->out->no_zone = true;
    free(text);
    return ok || csv_cell_error(reader->csv, reader->time,
                                "a time: a number from 0, or like 2026-04-24 11:57:09.5", err);
}

static bool same_device(struct reader *reader, struct error *err)
{
    if (reader->which == none)
        return true;
    const char *text = csv_text(reader->csv, reader->which);
    if (!reader->device)
        reader->device = mem_strdup(text);
    return strcmp(reader->device, text) == 0 ||
           csv_cell_error(reader->csv, reader->which,
                          "the device of the rows above: one log is of one", err);
}

static bool read_sample(struct reader *reader, struct error *err)
{
    struct measured_power_log *out = reader->out;
    struct stamp stamp;
    double power, temperature;
    if (!same_device(reader, err) || !read_time(reader, &stamp, err) ||
        !read_number(reader->csv, reader->power, reader->power_scale < 1 ? "mW" : "W", 0,
                     most_W / reader->power_scale, "a power from 0", &power, err) ||
        !read_number(reader->csv, reader->temperature, "C", -kelvin_of_0_C, hottest_C,
                     "a temperature in degrees Celsius", &temperature, err))
        return false;
    if (isnan(power))
        return true;
    if (out->n == 0)
        reader->first = stamp;
    out->sample = mem_grow(out->sample, &out->room, out->n + 1, sizeof *out->sample);
    out->sample[out->n] = (struct measured_power_sample){
        .time_s = (double)(stamp.s - reader->first.s) +
                  (double)(stamp.ps - reader->first.ps) / (double)STAMP_PS_PER_S,
        .power_W = power * reader->power_scale,
        .temperature_K = temperature + kelvin_of_0_C,
        .line = csv_line(reader->csv),
        .place = out->n};
    out->n++;
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct measured_power_sample *x = a, *y = b;
    if (x->time_s < y->time_s || x->time_s > y->time_s)
        return x->time_s < y->time_s ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double usual_step(const struct measured_power_log *log)
{
    double *step = mem_calloc(log->n, sizeof *step);
    for (size_t i = 1; i < log->n; i++)
        step[i - 1] = log->sample[i].time_s - log->sample[i - 1].time_s;
    qsort(step, log->n - 1, sizeof *step, by_size);
    double median = step[(log->n - 1) / 2];
    free(step);
    return median;
}

bool measured_power_read_csv(struct csv *csv, double offset_s, struct measured_power_log *out,
                             struct error *err)
{
    *out = (struct measured_power_log){.n = 0};
    struct reader reader = {.csv = csv, .out = out};
    enum csv_status status = CSV_FAILED;
    bool ok = find_columns(&reader, err);
    while (ok && (status = csv_next(csv, err)) == CSV_ROW)
        ok = read_sample(&reader, err);
    free(reader.device);
    if (!ok || status != CSV_END)
        return false;
    if (out->n < 2)
        return error_at(err, csv_path(csv), 1, 1, "a log of power has two samples at least");
    qsort(out->sample, out->n, sizeof *out->sample, by_time);
    out->zero_s =
        (double)reader.first.s + (double)reader.first.ps / (double)STAMP_PS_PER_S + offset_s;
    out->step_s = usual_step(out);
    return true;
}

bool measured_power_read(const char *path, double offset_s, struct measured_power_log *out,
                         struct error *err)
{
    *out = (struct measured_power_log){.n = 0};
    struct csv *csv = csv_open(path, err);
    bool ok = csv && measured_power_read_csv(csv, offset_s, out, err);
    csv_close(csv);
    return ok;
}

void measured_power_free(struct measured_power_log *log)
{
    free(log->sample);
    *log = (struct measured_power_log){.n = 0};
}
