/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "workloads/id_set.h"
#include "workloads/workload.h"

#include <math.h>
#include <stdlib.h>

enum { WINDOWS = 3 };

/* Counted lengths up to this; rarer longer ones are kept one by one. So the memory is bounded for
 * traces of millions of requests. */
static const uint64_t most_counted = UINT64_C(1) << 20;

struct lengths {
    uint64_t n, sum, max;
    double mean, squares; /* Welford: running mean and sum of squared deviations */
    uint64_t *count;      /* (n_count) how many requests have this length */
    size_t n_count;
    uint64_t *large; /* (n_large) lengths of most_counted and more, sorted at the end */
    size_t n_large, large_capacity;
};

/* Arrivals of the last minute. */
struct peaks {
    int64_t *arrival;
    size_t n, capacity;
    size_t from[WINDOWS]; /* first arrival inside each window */
    uint64_t most[WINDOWS];
};

struct collector {
    struct lengths prompt, output;
    double products; /* sum of products of deviations of prompt and output */
    struct peaks peaks;
    struct id_set blocks; /* as many as differ are kept */
    uint64_t block_references;
    uint64_t failed;
    int64_t first_ps, last_ps;
    double gap_mean, gap_squares; /* Welford, over the gaps */
};

static void welford(double x, uint64_t n, double *mean, double *squares)
{
    double before = x - *mean;
    *mean += before / (double)n;
    *squares += before * (x - *mean);
}

static void lengths_count(struct lengths *lengths, uint64_t length)
{
    if (length >= most_counted) {
        lengths->large = mem_grow(lengths->large, &lengths->large_capacity, lengths->n_large + 1,
                                  sizeof *lengths->large);
        lengths->large[lengths->n_large++] = length;
        return;
    }
    if (length >= lengths->n_count) {
        size_t n = (size_t)length + length / 2 + 16;
        lengths->count = mem_realloc(lengths->count, n, sizeof *lengths->count);
        for (size_t i = lengths->n_count; i < n; i++)
            lengths->count[i] = 0;
        lengths->n_count = n;
    }
    lengths->count[length]++;
}

static void lengths_add(struct lengths *lengths, uint64_t length)
{
    lengths->n++;
    lengths->sum += length;
    if (length > lengths->max)
        lengths->max = length;
    welford((double)length, lengths->n, &lengths->mean, &lengths->squares);
    lengths_count(lengths, length);
}

static void lengths_free(struct lengths *lengths)
{
    free(lengths->count);
    free(lengths->large);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The length at a rank from 0 in sorted order. */
static uint64_t lengths_at(const struct lengths *lengths, uint64_t rank)
{
    for (size_t length = 0; length < lengths->n_count; length++) {
        if (rank < lengths->count[length])
            return length;
        rank -= lengths->count[length];
    }
    return rank < lengths->n_large ? lengths->large[rank] : lengths->max;
}

/* Linear interpolation between ranks as in numpy, rounded half to even as its printing does; in
 * integers, so that it is exact. */
static uint64_t lengths_percentile(const struct lengths *lengths, uint64_t percent)
{
    uint64_t place = percent * (lengths->n - 1);
    uint64_t low = lengths_at(lengths, place / 100), rest = place % 100;
    if (rest == 0)
        return low;
    uint64_t hundredths = (lengths_at(lengths, place / 100 + 1) - low) * rest;
    uint64_t value = low + hundredths / 100, left = hundredths % 100;
    bool up = left > 50 || (left == 50 && value % 2 == 1);
    return value + (up ? 1 : 0);
}

/* Drops what has left the longest window, once it is most of the array. */
static void peaks_compact(struct peaks *peaks)
{
    size_t gone = peaks->from[WINDOWS - 1];
    if (gone < 1024 || gone < peaks->n / 2)
        return;
    for (size_t i = gone; i < peaks->n; i++)
        peaks->arrival[i - gone] = peaks->arrival[i];
    peaks->n -= gone;
    for (int w = 0; w < WINDOWS; w++)
        peaks->from[w] -= gone;
}

static void peaks_add(struct peaks *peaks, int64_t arrival_ps)
{
    static const int64_t window_ps[WINDOWS] = {INT64_C(1000000000000), INT64_C(10000000000000),
                                               INT64_C(60000000000000)};
    peaks_compact(peaks);
    peaks->arrival =
        mem_grow(peaks->arrival, &peaks->capacity, peaks->n + 1, sizeof *peaks->arrival);
    peaks->arrival[peaks->n++] = arrival_ps;
    for (int w = 0; w < WINDOWS; w++) {
        while (arrival_ps - peaks->arrival[peaks->from[w]] >= window_ps[w])
            peaks->from[w]++;
        uint64_t inside = peaks->n - peaks->from[w];
        if (inside > peaks->most[w])
            peaks->most[w] = inside;
    }
}

static void collect(struct collector *all, const struct workload_request *request)
{
    double above = (double)request->prompt_tokens - all->prompt.mean;
    lengths_add(&all->prompt, request->prompt_tokens);
    lengths_add(&all->output, request->output_tokens);
    all->products += above * ((double)request->output_tokens - all->output.mean);
    all->failed += request->output_tokens == 0 ? 1 : 0;
    all->block_references += request->known.n_ids;
    for (size_t i = 0; i < request->known.n_ids; i++)
        id_set_add(&all->blocks, request->known.id[i]);
    uint64_t gaps = all->prompt.n - 1;
    if (gaps == 0)
        all->first_ps = request->arrival_ps;
    else
        welford((double)(request->arrival_ps - all->last_ps) / 1e12, gaps, &all->gap_mean,
                &all->gap_squares);
    all->last_ps = request->arrival_ps;
    peaks_add(&all->peaks, request->arrival_ps);
}

static void lengths_finish(struct lengths *lengths)
{
    if (lengths->n_large > 0)
        qsort(lengths->large, lengths->n_large, sizeof *lengths->large, compare_u64);
}

static void fill_prompt(const struct lengths *lengths, struct workload_statistics *out)
{
    out->prompt_sum = (double)lengths->sum;
    out->prompt_mean = out->prompt_sum / (double)lengths->n;
    out->prompt_sd = sqrt(lengths->squares / (double)lengths->n);
    out->prompt_p50 = lengths_percentile(lengths, 50);
    out->prompt_p90 = lengths_percentile(lengths, 90);
    out->prompt_p99 = lengths_percentile(lengths, 99);
    out->prompt_max = lengths->max;
}

static void fill_output(const struct lengths *lengths, struct workload_statistics *out)
{
    out->output_sum = (double)lengths->sum;
    out->output_mean = out->output_sum / (double)lengths->n;
    out->output_sd = sqrt(lengths->squares / (double)lengths->n);
    out->output_p50 = lengths_percentile(lengths, 50);
    out->output_p90 = lengths_percentile(lengths, 90);
    out->output_p99 = lengths_percentile(lengths, 99);
    out->output_max = lengths->max;
}

static void fill(struct collector *all, struct workload_statistics *out)
{
    uint64_t n = all->prompt.n;
    double spread = sqrt(all->prompt.squares * all->output.squares);
    *out = (struct workload_statistics){.requests = n, .failed = all->failed};
    out->span_s = (double)(all->last_ps - all->first_ps) / 1e12;
    lengths_finish(&all->prompt);
    lengths_finish(&all->output);
    fill_prompt(&all->prompt, out);
    fill_output(&all->output, out);
    if (out->span_s > 0) {
        out->rate_per_s = (double)(n - 1) / out->span_s;
        out->cv = sqrt(all->gap_squares / (double)(n - 1)) / all->gap_mean;
    }
    out->correlation = spread > 0 ? all->products / spread : 0;
    out->peak_1s = all->peaks.most[0];
    out->peak_10s = all->peaks.most[1];
    out->peak_60s = all->peaks.most[2];
    out->blocks = all->block_references;
    out->distinct_blocks = all->blocks.n;
}

bool workload_statistics(const struct workload *workload, uint64_t seed,
                         struct workload_statistics *out, struct error *err)
{
    struct workload_source *source = workload_source_open(workload, seed, err);
    if (!source)
        return false;
    struct collector all = {0};
    struct workload_request request;
    bool end = false, ok;
    while ((ok = workload_source_next(source, &request, &end, err)) && !end)
        collect(&all, &request);
    if (ok)
        fill(&all, out);
    lengths_free(&all.prompt);
    lengths_free(&all.output);
    free(all.peaks.arrival);
    free(all.blocks.slot);
    workload_source_close(source);
    return ok;
}
