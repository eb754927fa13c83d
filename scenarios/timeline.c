/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/timeline.h"

#include "base/file.h"
#include "base/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

enum { REQUESTS = 1, DEVICES = 2 }; /* processes of the trace */

struct writer {
    FILE *out;
    bool some; /* an event was written */
};

/* The trace counts microseconds. Whole nanoseconds, so that what ends when another begins does. */
static int64_t ns(double time_s)
{
    return (int64_t)llround(time_s * 1e9);
}

static void event(struct writer *writer, const char *phase, int process)
{
    fprintf(writer->out, "%s\n{\"ph\": \"%s\", \"pid\": %d", writer->some ? "," : "", phase,
            process);
    writer->some = true;
}

static void stamp(const struct writer *writer, const char *key, int64_t time_ns)
{
    fprintf(writer->out, ", \"%s\": %" PRId64 ".%03d", key, time_ns / 1000, (int)(time_ns % 1000));
}

/* Names come from the user's files. */
static void text(const struct writer *writer, const char *key, const char *value)
{
    json_t *string = json_string(value);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    fprintf(writer->out, ", \"%s\": %s", key, quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(string);
}

static void name_process(struct writer *writer, int process, const char *name)
{
    event(writer, "M", process);
    fputs(", \"name\": \"process_name\", \"args\": {\"pid\": ", writer->out);
    fprintf(writer->out, "%d", process);
    text(writer, "name", name);
    fputs("}}", writer->out);
}

/* One phase of a request in its slot. */
static void slice(struct writer *writer, const char *name, size_t slot, const int64_t from_to[2],
                  const struct sim_request_row *row)
{
    if (from_to[1] < from_to[0])
        return;
    event(writer, "X", REQUESTS);
    fprintf(writer->out, ", \"tid\": %zu, \"name\": \"%s\", \"cat\": \"request\"", slot + 1, name);
    stamp(writer, "ts", from_to[0]);
    stamp(writer, "dur", from_to[1] - from_to[0]);
    fprintf(writer->out,
            ", \"args\": {\"request\": %" PRId64 ", \"prompt_tokens\": %" PRId64
            ", \"output_tokens\": %" PRId64 ", \"preemptions\": %" PRId64 "}}",
            row->id, row->prompt_tokens, row->output_tokens, row->preemptions);
}

static void waiting(struct writer *writer, const struct sim_request_row *row)
{
    static const char *const phases[] = {"b", "e"};
    const double at_s[] = {row->arrival_s, row->scheduled_s};
    for (int i = 0; i < 2; i++) {
        event(writer, phases[i], REQUESTS);
        fprintf(writer->out,
                ", \"tid\": 0, \"id\": %" PRId64 ", \"name\": \"waiting\", \"cat\": \"request\"",
                row->id);
        stamp(writer, "ts", ns(at_s[i]));
        fputs("}", writer->out);
    }
}

/* A request that never ran. */
static void refused(struct writer *writer, const struct sim_request_row *row)
{
    event(writer, "i", REQUESTS);
    fprintf(writer->out, ", \"tid\": 0, \"s\": \"p\", \"name\": \"%s\", \"cat\": \"request\"",
            row->status == SIM_REJECTED ? "rejected" : "failed");
    stamp(writer, "ts", ns(row->arrival_s));
    fprintf(writer->out, ", \"args\": {\"request\": %" PRId64 "}}", row->id);
}

/* Slots are freed in any order: the lowest free one is taken. */
struct slots {
    int64_t *free_ns; /* (n) */
    size_t n, room;
};

static size_t take_slot(struct slots *slots, int64_t from_ns, int64_t to_ns)
{
    size_t i = 0;
    while (i < slots->n && slots->free_ns[i] > from_ns)
        i++;
    if (i == slots->n)
        slots->free_ns = mem_grow(slots->free_ns, &slots->room, ++slots->n, sizeof *slots->free_ns);
    slots->free_ns[i] = to_ns;
    return i;
}

static int by_schedule(const void *a, const void *b)
{
    const struct sim_request_row *left = a, *right = b;
    if (left->scheduled_s < right->scheduled_s || left->scheduled_s > right->scheduled_s)
        return left->scheduled_s < right->scheduled_s ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static bool ran(const struct sim_request_row *row)
{
    return isfinite(row->scheduled_s) && isfinite(row->first_token_s) && isfinite(row->finish_s);
}

static void name_slots(struct writer *writer, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        event(writer, "M", REQUESTS);
        fprintf(writer->out,
                ", \"tid\": %zu, \"name\": \"thread_name\", \"args\": {\"name\": \"slot %zu\"}}",
                i + 1, i + 1);
    }
}

static void write_requests(struct writer *writer, const struct table *requests)
{
    struct sim_request_row *row = mem_calloc(requests->n_rows, sizeof *row);
    struct slots slots = {.n = 0};
    size_t n = 0;
    for (size_t i = 0; i < requests->n_rows; i++) {
        table_get(requests, i, &row[n]);
        if (ran(&row[n]))
            n++;
        else
            refused(writer, &row[n]);
    }
    if (n > 0)
        qsort(row, n, sizeof *row, by_schedule);
    for (size_t i = 0; i < n; i++) {
        const int64_t at[] = {ns(row[i].scheduled_s), ns(row[i].first_token_s),
                              ns(row[i].finish_s)};
        size_t slot = take_slot(&slots, at[0], at[2]);
        if (row[i].scheduled_s > row[i].arrival_s)
            waiting(writer, &row[i]);
        slice(writer, "prefill", slot, at, &row[i]);
        slice(writer, "decode", slot, at + 1, &row[i]);
    }
    name_slots(writer, slots.n);
    free(slots.free_ns);
    free(row);
}

/* A mean over a period, which viewers hold from its stamp on. */
static void counter(struct writer *writer, const struct sim_sample_row *row, const char *what,
                    double value)
{
    if (!isfinite(value))
        return;
    char *name = mem_printf("%s %s", row->device, what);
    event(writer, "C", DEVICES);
    text(writer, "name", name);
    stamp(writer, "ts", ns(row->time_s));
    fprintf(writer->out, ", \"args\": {\"value\": %.9g}}", value);
    free(name);
}

static void write_series(struct writer *writer, const struct table *series)
{
    double from_s = 0, to_s = 0; /* the period; all devices have the same */
    for (size_t i = 0; i < series->n_rows; i++) {
        struct sim_sample_row row;
        table_get(series, i, &row);
        from_s = row.time_s > to_s ? to_s : from_s;
        to_s = row.time_s;
        row.time_s = from_s;
        counter(writer, &row, "power (W)", row.power_W);
        counter(writer, &row, "temperature (C)", row.temperature_C);
        counter(writer, &row, "clock", row.clock);
        counter(writer, &row, "busy", row.busy);
        counter(writer, &row, "requests running", (double)row.running);
        counter(writer, &row, "requests waiting", (double)row.waiting);
    }
}

bool scenario_timeline_write(const struct scenario_result *result, const char *path,
                             struct error *err)
{
    struct file_atomic file;
    if (!file_atomic_open(&file, path, err))
        return false;
    struct writer writer = {.out = file.stream};
    fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", file.stream);
    name_process(&writer, REQUESTS, "requests");
    name_process(&writer, DEVICES, "devices");
    write_requests(&writer, &result->requests);
    write_series(&writer, &result->series);
    fputs("\n]}\n", file.stream);
    return file_atomic_commit(&file, err);
}
