/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "devices/measurements/power_log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A longer step is no step: the logger slept. */
static const double usual_steps = 10;

static struct measured_power_mean missing(const char *reason, size_t line, double seconds)
{
    struct measured_power_mean out = {.power_W = NAN, .temperature_K = NAN, .missing = reason};
    if (line > 0)
        snprintf(out.detail, sizeof out.detail, "line %zu, %.6g s", line, seconds);
    else if (!isnan(seconds))
        snprintf(out.detail, sizeof out.detail, "%.6g s", seconds);
    return out;
}

/* The first sample behind a time; n where there is none. */
static size_t behind(const struct measured_power_log *log, double time_s)
{
    size_t low = 0, high = log->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->sample[middle].time_s > time_s)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static double between(double a, double b, double share)
{
    return a + (b - a) * share;
}

/* Adds the piece of one step that lies within the stretch. */
static void add_piece(const struct measured_power_sample *a, double start_s, double end_s,
                      struct measured_power_mean *sum)
{
    const struct measured_power_sample *b = a + 1;
    double step_s = b->time_s - a->time_s;
    double from_s = fmax(start_s, a->time_s), to_s = fmin(end_s, b->time_s);
    double middle = ((from_s + to_s) / 2 - a->time_s) / step_s;
    sum->power_W += (to_s - from_s) * between(a->power_W, b->power_W, middle);
    sum->temperature_K += (to_s - from_s) * between(a->temperature_K, b->temperature_K, middle);
}

struct measured_power_mean measured_power_over(const struct measured_power_log *log, double start_s,
                                               double end_s)
{
    const struct measured_power_sample *sample = log->sample;
    start_s -= log->zero_s;
    end_s -= log->zero_s;
    if (!(end_s > start_s))
        return missing("the run is too short for the whole seconds of its stamp", 0, NAN);
    if (start_s < sample[0].time_s)
        return missing("the log begins later", 0, sample[0].time_s - start_s);
    if (end_s > sample[log->n - 1].time_s)
        return missing("the log ends earlier", 0, end_s - sample[log->n - 1].time_s);
    size_t first = behind(log, start_s), last = behind(log, end_s);
    if (first == last)
        return missing("the run is shorter than the log's steps", 0, end_s - start_s);
    struct measured_power_mean out = {.power_W = 0};
    for (size_t i = first - 1; i + 1 < log->n && sample[i].time_s < end_s; i++) {
        double step_s = sample[i + 1].time_s - sample[i].time_s;
        if (sample[i + 1].place != sample[i].place + 1 || !(step_s > 0))
            return missing("times of the log go back or stand twice", sample[i + 1].line, step_s);
        if (step_s > usual_steps * log->step_s && log->step_s > 0)
            return missing("the log has a gap", sample[i + 1].line, step_s);
        add_piece(&sample[i], start_s, end_s, &out);
    }
    out.power_W /= end_s - start_s;
    out.temperature_K /= end_s - start_s;
    return out;
}

static void leave(struct measured_power_report *report, const struct measured_row *row,
                  const char *reason, const char *detail)
{
    size_t i = 0;
    while (i < report->n_left && strcmp(report->left[i].reason, reason) != 0)
        i++;
    if (i == report->n_left) {
        report->left = mem_realloc(report->left, i + 1, sizeof *report->left);
        report->left[report->n_left++] = (struct measured_power_left){
            .reason = reason,
            .example = *detail ? mem_printf("%s:%zu: %s", row->path, row->line, detail)
                               : mem_printf("%s:%zu", row->path, row->line)};
    }
    report->left[i].rows++;
}

/* Of all the tokens of the phase that were timed. */
static double seconds_of_token(const struct measured_row *row)
{
    double tokens = row->phase == MEASURED_DECODE ? row->gen_tokens : row->prompt_tokens;
    double untimed =
        row->phase == MEASURED_DECODE && row->untimed_tokens > 0 ? row->untimed_tokens : 0;
    return tokens > untimed ? tokens / (tokens - untimed) / row->tokens_per_s
                            : 1 / row->tokens_per_s;
}

static void join_row(const struct measured_power_log *log, struct measured_row *row,
                     struct measured_power_report *report)
{
    report->rows++;
    if (row->power_W > 0 || row->energy_J_per_token > 0) {
        leave(report, row, "the row tells its own power", "");
        return;
    }
    if (isnan(row->started_s) || isnan(row->ended_s)) {
        leave(report, row, "the row tells no times", "");
        return;
    }
    struct measured_power_mean mean = measured_power_over(log, row->started_s, row->ended_s);
    if (mean.missing) {
        leave(report, row, mean.missing, mean.detail);
        return;
    }
    report->joined++;
    row->power_W = mean.power_W;
    if (!isnan(mean.temperature_K))
        row->temperature_K = mean.temperature_K;
    if (row->tokens_per_s > 0 && row->phase != MEASURED_E2E)
        row->energy_J_per_token = mean.power_W * seconds_of_token(row);
}

void measured_power_join(const struct measured_power_log *log, struct measured_table *table,
                         struct measured_power_report *out)
{
    *out = (struct measured_power_report){.no_zone = log->no_zone};
    for (size_t i = 0; i < table->n_rows; i++)
        join_row(log, &table->row[i], out);
}

void measured_power_report_free(struct measured_power_report *report)
{
    for (size_t i = 0; i < report->n_left; i++)
        free(report->left[i].example);
    free(report->left);
    *report = (struct measured_power_report){.rows = 0};
}
