/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator: a renewal process of gamma (Poisson where cv is 1) gaps and drawn lengths. Every
 * request draws from streams of its own, so its numbers depend on the seed and its position alone,
 * never on how many other requests there are. */
#include "base/memory.h"
#include "workloads/reader.h"

#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

/* Tokens that one id tells. */
enum { ID_TOKENS = 16 };

struct generator {
    struct workload_generator_spec spec;
    uint64_t next;
    struct stamp now;
    gsl_rng *rng;
    uint64_t history; /* tokens said in the present session */
    uint64_t *id;     /* (capacity) of the present row */
    size_t capacity;
};

/* Far beyond what the clock holds, and small enough for integer seconds. */
static const double longest_gap_s = 1e9;

static const gsl_rng *open_stream(struct generator *generator, enum stream_purpose purpose,
                                  uint64_t entity)
{
    *(struct stream *)gsl_rng_state(generator->rng) =
        stream_open(generator->spec.seed, purpose, 0, (uint32_t)entity);
    return generator->rng;
}

static double draw_gap_s(struct generator *generator, enum stream_purpose purpose, double mean_s,
                         double cv)
{
    double variance_ratio = cv * cv;
    if (!(variance_ratio > 0) || !(mean_s > 0))
        return mean_s;
    const gsl_rng *rng = open_stream(generator, purpose, generator->next);
    return fmin(gsl_ran_gamma(rng, 1 / variance_ratio, mean_s * variance_ratio), longest_gap_s);
}

static uint64_t draw_length(struct generator *generator, enum stream_purpose purpose,
                            const struct workload_lengths *lengths)
{
    double length = round(lengths->median);
    if (lengths->law == WORKLOAD_EXPONENTIAL)
        length = ceil(gsl_ran_exponential(open_stream(generator, purpose, generator->next),
                                          lengths->median / M_LN2));
    else if (lengths->log_sigma > 0)
        length = round(gsl_ran_lognormal(open_stream(generator, purpose, generator->next),
                                         log(lengths->median), lengths->log_sigma));
    return (uint64_t)fmax((double)lengths->min, fmin(length, (double)lengths->max));
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
    if (!generator->spec.has_session)
        generator->spec.session = (struct workload_session_spec){.calls = 1};
    struct stream stream = stream_open(generator->spec.seed, STREAM_ARRIVAL, 0, 0);
    generator->rng = stream_gsl(&stream);
    return generator;
}

static void generator_close(void *state)
{
    struct generator *generator = state;
    gsl_rng_free(generator->rng);
    free(generator->id);
    free(generator);
}

/* Which beginning a session has: 1 to groups, 0 for none. */
static uint64_t group_of(struct generator *generator, uint64_t session)
{
    const struct workload_prefix_spec *prefix = &generator->spec.prefix;
    if (!generator->spec.has_prefix)
        return 0;
    const gsl_rng *rng = open_stream(generator, STREAM_PREFIX, session);
    if (gsl_rng_uniform(rng) >= prefix->share)
        return 0;
    return 1 + (uint64_t)(gsl_rng_uniform(rng) * (double)prefix->groups);
}

/* Names of beginnings are even, those of sessions odd: never the same. */
static uint64_t name_of(uint64_t group, uint64_t session)
{
    return group > 0 ? 2 * group : 2 * session + 1;
}

/* The ids of the row's tokens. Only what another row may share is told: the beginning, and in
 * sessions all of it. */
static void tell_known(struct generator *generator, uint64_t session, uint64_t group,
                       struct reader_row *row)
{
    uint64_t shared = group > 0 ? generator->spec.prefix.tokens / ID_TOKENS : 0, n = shared;
    row->known = (struct workload_known){.block_tokens = ID_TOKENS, .tokens = shared * ID_TOKENS};
    if (generator->spec.session.calls > 1) {
        row->known.tokens = row->prompt_tokens + row->output_tokens;
        n = (row->known.tokens + ID_TOKENS - 1) / ID_TOKENS;
    }
    generator->id = mem_grow(generator->id, &generator->capacity, n, sizeof *generator->id);
    for (uint64_t i = 0; i < n; i++)
        generator->id[i] = name_of(i < shared ? group : 0, session);
    row->known.id = generator->id;
    row->known.n_ids = n;
}

/* The call's place in its session, and what was said before. */
static void add_call(struct generator *generator, struct reader_row *row)
{
    const struct workload_session_spec *spec = &generator->spec.session;
    uint64_t session = generator->next / spec->calls, call = generator->next % spec->calls;
    uint64_t group = group_of(generator, session);
    if (call == 0)
        generator->history = group > 0 ? generator->spec.prefix.tokens : 0;
    row->prompt_tokens += generator->history;
    generator->history = row->prompt_tokens + row->output_tokens;
    tell_known(generator, session, group, row);
    if (spec->calls == 1)
        return;
    double think_s =
        call > 0 ? draw_gap_s(generator, STREAM_THINK, spec->think_s, spec->think_cv) : 0;
    row->call = (struct workload_call){.session = session + 1,
                                       .think_ps = (int64_t)llround(fmin(think_s, 1e6) * 1e12),
                                       .follows = call > 0};
}

static enum csv_status generator_next(void *state, struct reader_row *out, struct error *err)
{
    struct generator *generator = state;
    const struct workload_generator_spec *spec = &generator->spec;
    (void)err;
    if (generator->next == spec->requests)
        return CSV_END;
    if (generator->next > 0 && generator->next % spec->session.calls == 0 && spec->rate_per_s > 0)
        advance(&generator->now,
                draw_gap_s(generator, STREAM_ARRIVAL, 1 / spec->rate_per_s, spec->cv));
    *out =
        (struct reader_row){.stamp = generator->now,
                            .prompt_tokens = draw_length(generator, STREAM_PROMPT, &spec->prompt),
                            .output_tokens = draw_length(generator, STREAM_OUTPUT, &spec->output)};
    if (spec->has_prefix || spec->has_session)
        add_call(generator, out);
    generator->next++;
    return CSV_ROW;
}

const struct reader reader_generator = {"generator", generator_open, generator_close,
                                        generator_next};
