/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "workloads/reader.h"

#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct workload_source {
    const struct workload_trace_spec *trace; /* borrowed; NULL for the generator */
    const struct reader *reader;
    void *state;
    char *path; /* NULL for the generator */
    uint64_t seed;
    struct reader_row *sorted; /* (n_sorted) with `sort`: the whole trace in order, else NULL */
    uint64_t *sorted_id;       /* (n_sorted) where each row stood */
    size_t n_sorted;
    size_t inversions;
    uint64_t n_read, n_given;
    struct stamp first, last;              /* of the rows read so far */
    const struct workload_loop_spec *loop; /* borrowed; NULL: open */
    int64_t *first_ps;                     /* (n_first) when users come first, in order */
    size_t n_first, n_came;                /* users; those whose first request was given */
    gsl_rng *rng;                          /* of times to think, once served */
    bool served;                           /* the loop, if any, waits for its answers */
};

static bool source_error(const struct workload_source *source, const struct reader_row *row,
                         const char *what, struct error *err)
{
    if (!source->path)
        return error_set(err, "generated workload: %s", what);
    return error_at(err, source->path, row ? row->line : 1, row ? row->column : 1, "%s", what);
}

struct ranked_row {
    struct reader_row row;
    uint64_t id;
};

/* Ties keep their order in the file. */
static int compare_rows(const void *a, const void *b)
{
    const struct ranked_row *left = a, *right = b;
    int order = stamp_compare(left->row.stamp, right->row.stamp);
    return order != 0 ? order : (left->id > right->id) - (left->id < right->id);
}

static void keep_sorted(struct workload_source *source, struct ranked_row *ranked, size_t n)
{
    if (n > 0)
        qsort(ranked, n, sizeof *ranked, compare_rows);
    source->sorted = mem_calloc(n, sizeof *source->sorted);
    source->sorted_id = mem_calloc(n, sizeof *source->sorted_id);
    source->n_sorted = n;
    for (size_t i = 0; i < n; i++) {
        source->sorted[i] = ranked[i].row;
        source->sorted_id[i] = ranked[i].id;
    }
}

/* A row's own copy of what a reader lends until its next row. */
static void keep_known(struct workload_known *known)
{
    if (known->n_ids == 0)
        return;
    uint64_t *id = mem_calloc(known->n_ids, sizeof *id);
    memcpy(id, known->id, known->n_ids * sizeof *id);
    known->id = id;
}

static void free_known(struct workload_known *known)
{
    free((void *)(uintptr_t)known->id);
    *known = (struct workload_known){.id = NULL};
}

static bool sort_all(struct workload_source *source, struct error *err)
{
    struct ranked_row *ranked = NULL;
    size_t n = 0, capacity = 0;
    struct reader_row row = {.line = 0};
    enum csv_status status;
    while ((status = source->reader->next(source->state, &row, err)) == CSV_ROW) {
        if (n > 0 && stamp_compare(row.stamp, ranked[n - 1].row.stamp) < 0)
            source->inversions++;
        ranked = mem_grow(ranked, &capacity, n + 1, sizeof *ranked);
        keep_known(&row.known);
        ranked[n] = (struct ranked_row){.row = row, .id = n};
        n++;
    }
    if (status == CSV_END)
        keep_sorted(source, ranked, n);
    for (size_t i = 0; status != CSV_END && i < n; i++)
        free_known(&ranked[i].row.known);
    free(ranked);
    return status == CSV_END;
}

/* The next row in order of time and where it stood in the file. */
static enum csv_status next_row(struct workload_source *source, struct reader_row *row,
                                uint64_t *id, struct error *err)
{
    *id = source->n_read;
    if (!source->sorted)
        return source->reader->next(source->state, row, err);
    if (source->n_read == source->n_sorted)
        return CSV_END;
    *row = source->sorted[source->n_read];
    *id = source->sorted_id[source->n_read];
    return CSV_ROW;
}

static bool check_order(struct workload_source *source, const struct reader_row *row,
                        struct error *err)
{
    if (source->n_read == 0)
        source->first = source->last = row->stamp;
    if (stamp_compare(row->stamp, source->last) < 0)
        return source_error(source, row,
                            "this request arrives before the one above it; `sort: true` puts a "
                            "trace in order of time",
                            err);
    source->last = row->stamp;
    return true;
}

static bool arrival(const struct workload_source *source, const struct reader_row *row,
                    int64_t *out, struct error *err)
{
    double stretch = source->trace ? source->trace->stretch : 1;
    int64_t since;
    bool fits = stamp_since(source->first, row->stamp, &since);
    if (fits && stretch == 1.0) {
        *out = since;
        return true;
    }
    double stretched = fits ? round((double)since * stretch) : INFINITY;
    if (stretched >= 9.2e18)
        return source_error(source, row,
                            "this request arrives more than 106 days after the first, beyond what "
                            "the clock of 64-bit picoseconds holds; `limit` ends a trace earlier",
                            err);
    *out = (int64_t)stretched;
    return true;
}

/* A pure function of seed and position: the same requests stay, whatever else is chosen, and a
 * smaller `thin` keeps a part of what a larger one keeps. */
static bool is_kept(const struct workload_source *source, const struct reader_row *row, uint64_t id)
{
    const struct workload_trace_spec *trace = source->trace;
    if (!trace)
        return true;
    if (trace->drop_failed && row->output_tokens == 0)
        return false;
    if (trace->thin >= 1)
        return true;
    struct stream stream =
        stream_open(source->seed, STREAM_THINNING, (uint32_t)(id >> 32), (uint32_t)id);
    return stream_uniform(&stream) < trace->thin;
}

/* One more row: *kept says whether it became a request. */
static enum csv_status step(struct workload_source *source, struct workload_request *out,
                            bool *kept, struct error *err)
{
    struct reader_row row = {.line = 0};
    uint64_t id;
    enum csv_status status = next_row(source, &row, &id, err);
    if (status != CSV_ROW)
        return status;
    if (!check_order(source, &row, err))
        return CSV_FAILED;
    source->n_read++;
    *kept = is_kept(source, &row, id);
    if (!*kept)
        return CSV_ROW;
    *out = (struct workload_request){.id = id,
                                     .prompt_tokens = row.prompt_tokens,
                                     .output_tokens = row.output_tokens,
                                     .line = row.line,
                                     .call = row.call,
                                     .known = row.known};
    return arrival(source, &row, &out->arrival_ps, err) ? CSV_ROW : CSV_FAILED;
}

static bool check_end(const struct workload_source *source, struct error *err)
{
    if (source->n_read == 0)
        return source_error(source, NULL, "the trace has no requests", err);
    if (source->n_given == 0)
        return source_error(source, NULL,
                            "no request of the trace is left after `thin` and `drop_failed`", err);
    return true;
}

static const struct reader *choose_reader(const struct workload *workload)
{
    if (!workload->has_trace)
        return &reader_generator;
    return workload->trace.format < WORKLOAD_MOONCAKE     ? &reader_csv
           : workload->trace.format < WORKLOAD_VLLM_BENCH ? &reader_jsonl
                                                          : &reader_bench;
}

struct workload_source *workload_source_open(const struct workload *workload, uint64_t seed,
                                             struct error *err)
{
    struct workload_source *source = mem_calloc(1, sizeof *source);
    source->seed = seed;
    source->loop = workload->has_loop ? &workload->loop : NULL;
    source->reader = choose_reader(workload);
    if (workload->has_trace) {
        source->trace = &workload->trace;
        source->path = workload_trace_path(&workload->trace, err);
        if (!source->path)
            goto failed;
    }
    source->state = source->reader->open(workload, source->path, err);
    if (!source->state)
        goto failed;
    if (source->trace && source->trace->sort && !sort_all(source, err))
        goto failed;
    return source;
failed:
    workload_source_close(source);
    return NULL;
}

void workload_source_close(struct workload_source *source)
{
    if (!source)
        return;
    if (source->state)
        source->reader->close(source->state);
    for (size_t i = 0; i < source->n_sorted; i++)
        free_known(&source->sorted[i].known);
    free(source->path);
    free(source->sorted);
    free(source->sorted_id);
    free(source->first_ps);
    if (source->rng)
        gsl_rng_free(source->rng);
    free(source);
}

/* The next request that is kept; *end is set when there is none. */
static bool next_kept(struct workload_source *source, struct workload_request *out, bool *end,
                      struct error *err)
{
    uint64_t limit = source->trace ? source->trace->limit : 0;
    bool kept = false;
    *end = limit > 0 && source->n_given == limit;
    while (!*end && !kept) {
        enum csv_status status = step(source, out, &kept, err);
        if (status == CSV_FAILED)
            return false;
        *end = status == CSV_END;
    }
    if (*end)
        return check_end(source, err);
    source->n_given++;
    return true;
}

/* A user's time to think: gamma, a pure function of seed and number. Numbers below n_first are of
 * the users' first requests. */
static int64_t draw_think_ps(const struct workload_source *source, uint64_t n)
{
    const struct workload_loop_spec *loop = source->loop;
    double variance_ratio = loop->think_cv * loop->think_cv, think_s = loop->think_s;
    if (variance_ratio > 0 && think_s > 0) {
        *(struct stream *)gsl_rng_state(source->rng) =
            stream_open(source->seed, STREAM_THINK, (uint32_t)(n >> 32), (uint32_t)n);
        think_s = gsl_ran_gamma(source->rng, 1 / variance_ratio, think_s * variance_ratio);
    }
    return (int64_t)llround(fmin(think_s, 4e6) * 1e12);
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool workload_source_serve(struct workload_source *source)
{
    if (!source->loop)
        return false;
    struct stream stream = stream_open(source->seed, STREAM_THINK, 0, 0);
    source->served = true;
    source->rng = stream_gsl(&stream);
    source->n_first = source->loop->users;
    source->first_ps = mem_calloc(source->n_first, sizeof *source->first_ps);
    for (size_t i = 0; i < source->n_first; i++)
        source->first_ps[i] = draw_think_ps(source, i);
    qsort(source->first_ps, source->n_first, sizeof *source->first_ps, compare_times);
    return true;
}

/* The next request of a closed loop, without a time: its calls come one by one in any case. */
static bool next_in_loop(struct workload_source *source, struct workload_request *out, bool *end,
                         struct error *err)
{
    bool ok = next_kept(source, out, end, err);
    out->call = (struct workload_call){.session = 0};
    return ok;
}

bool workload_source_next(struct workload_source *source, struct workload_request *out, bool *end,
                          struct error *err)
{
    if (!source->served)
        return next_kept(source, out, end, err);
    *end = source->n_came >= source->n_first;
    if (*end)
        return true;
    bool ok = next_in_loop(source, out, end, err);
    if (ok && !*end)
        out->arrival_ps = source->first_ps[source->n_came++];
    return ok;
}

bool workload_source_ended(struct workload_source *source, int64_t end_ps,
                           struct workload_request *out, bool *some, struct error *err)
{
    bool end = true;
    *some = false;
    if (!source->served)
        return true;
    uint64_t n = source->n_first + source->n_given;
    if (!next_in_loop(source, out, &end, err))
        return false;
    *some = !end;
    if (*some)
        out->arrival_ps = end_ps + draw_think_ps(source, n);
    return true;
}

size_t workload_source_inversions(const struct workload_source *source)
{
    return source->inversions;
}
