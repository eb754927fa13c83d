/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator: a renewal process of gamma (Poisson where cv is 1) gaps and log-normal lengths.
 * Every request draws from streams of its own, so its numbers depend on the seed and its position
 * alone, never on how many other requests there are. */
#include "base/memory.h"
#include "workloads/reader.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

struct generator {
    struct workload_generator_spec spec;
    uint64_t next;
    struct stamp now;
};

/* Far beyond what the clock holds, and small enough for integer seconds. */
static const double longest_gap_s = 1e9;

static gsl_rng *open_stream(const struct generator *generator, enum stream_purpose purpose)
{
    struct stream stream = stream_open(generator->spec.seed, purpose, 0, (uint32_t)generator->next);
    return stream_gsl(&stream);
}

static double draw_gap_s(const struct generator *generator)
{
    double mean = 1 / generator->spec.rate_per_s;
    double variance_ratio = generator->spec.cv * generator->spec.cv;
    if (!(variance_ratio > 0))
        return mean;
    gsl_rng *rng = open_stream(generator, STREAM_ARRIVAL);
    double gap = gsl_ran_gamma(rng, 1 / variance_ratio, mean * variance_ratio);
    gsl_rng_free(rng);
    return fmin(gap, longest_gap_s);
}

static uint64_t draw_length(const struct generator *generator, enum stream_purpose purpose,
                            const struct workload_lengths *lengths)
{
    gsl_rng *rng = open_stream(generator, purpose);
    double length = gsl_ran_lognormal(rng, log(lengths->median), lengths->log_sigma);
    gsl_rng_free(rng);
    length = fmax((double)lengths->min, fmin(round(length), (double)lengths->max));
    return (uint64_t)length;
}

static void advance(struct stamp *now, double gap_s)
{
    double whole = floor(gap_s);
    now->s += (int64_t)whole;
    now->ps += (int64_t)round((gap_s - whole) * (double)STAMP_PS_PER_S);
    now->s += now->ps / STAMP_PS_PER_S;
    now->ps %= STAMP_PS_PER_S;
}

static void *generator_open(const struct workload *workload, const char *path, struct error *err)
{
    (void)path;
    (void)err;
    struct generator *generator = mem_calloc(1, sizeof *generator);
    generator->spec = workload->generator;
    return generator;
}

static enum csv_status generator_next(void *state, struct reader_row *out, struct error *err)
{
    struct generator *generator = state;
    (void)err;
    if (generator->next == generator->spec.requests)
        return CSV_END;
    if (generator->next > 0)
        advance(&generator->now, draw_gap_s(generator));
    *out = (struct reader_row){
        .stamp = generator->now,
        .prompt_tokens = draw_length(generator, STREAM_PROMPT, &generator->spec.prompt),
        .output_tokens = draw_length(generator, STREAM_OUTPUT, &generator->spec.output)};
    generator->next++;
    return CSV_ROW;
}

const struct reader reader_generator = {"generator", generator_open, free, generator_next};
