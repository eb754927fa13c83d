/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/slo.h"

#include "base/memory.h"
#include "base/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASS(member) offsetof(struct scenario_slo_class, member)
#define LIMIT(key, member, text)                                                                   \
    {                                                                                              \
        key, FIELD_NUMBER, false, CLASS(member), .min = 1e-9, .max = 1e9, .unit = "s",             \
                                                 .help = text                                      \
    }

const struct field scenario_slo_fields[] = {
    {"name", FIELD_TEXT, true, CLASS(name), .help = "Name of the class."},
    {"share", FIELD_NUMBER, false, CLASS(share), .min = 1e-9, .max = 1e9, .preset = "1",
     .unit = "1",
     .help = "Share of the requests, against the sum of all classes' shares; which ones is drawn."},
    LIMIT("ttft_s", ttft_s, "Limit on the time to the first token; absent: none."),
    LIMIT("tpot_s", tpot_s, "Limit on the mean time per further token; absent: none."),
    LIMIT("e2e_s", e2e_s, "Limit on the time from arrival to the last token; absent: none."),
    {.key = NULL},
};

#define AT(member) offsetof(struct scenario_slo_row, member)
#define NUMBER(name, unit, text) COLUMN_OF(scenario_slo_row, COLUMN_NUMBER, name, unit, text)
#define COUNT(name, text) COLUMN_OF(scenario_slo_row, COLUMN_COUNT, name, "1", text)

const struct column_spec scenario_slo_columns[] = {
    {"class", COLUMN_TEXT, AT(class), "1", "class of requests, or all", NULL},
    NUMBER(ttft_limit_s, "s", "limit on the time to first token"),
    NUMBER(tpot_limit_s, "s", "limit on the time per output token"),
    NUMBER(e2e_limit_s, "s", "limit on the time from arrival to the last token"),
    COUNT(requests, "requests of the class"),
    COUNT(kept, "requests that kept all limits of their class"),
    NUMBER(attainment, "1", "share of the requests that kept all limits"),
    NUMBER(ttft_kept, "1", "share of the requests that kept the limit on TTFT"),
    NUMBER(tpot_kept, "1", "share of the requests that kept the limit on TPOT"),
    NUMBER(e2e_kept, "1", "share of the requests that kept the limit on E2E"),
    NUMBER(goodput_requests_per_s, "1/s", "requests that kept all limits, per second"),
    NUMBER(goodput_output_tokens_per_s, "1/s", "output tokens of such requests, per second"),
    {.name = NULL},
};

/* An absent limit is 0 in the field table. */
static double limit_of(double given)
{
    return given > 0 ? given : INFINITY;
}

bool scenario_slo_check(const struct scenario_slo *slo, const struct tree *node, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < slo->n; i++) {
        const struct scenario_slo_class *class = &slo->class[i];
        const struct tree *place = node->child[i];
        if (strcmp(class->name, "all") == 0)
            ok = tree_error(err, place, "'all' is the name of all classes together");
        if (!(class->ttft_s > 0 || class->tpot_s > 0 || class->e2e_s > 0))
            ok = tree_error(err, place, "class '%s' has no limit: ttft_s, tpot_s or e2e_s",
                            text_clip(class->name).bytes);
        for (size_t j = 0; j < i; j++)
            if (strcmp(slo->class[j].name, class->name) == 0)
                ok = tree_error(err, place, "'%s' is listed twice", text_clip(class->name).bytes);
    }
    return ok;
}

struct count {
    uint64_t requests, kept, ttft, tpot, e2e, tokens;
};

struct scenario_slo_tally {
    const struct scenario_slo *slo;
    uint64_t seed;
    double shares;       /* their sum */
    struct count *count; /* (n) */
};

struct scenario_slo_tally *scenario_slo_tally_create(const struct scenario_slo *slo, uint64_t seed)
{
    if (slo->n == 0)
        return NULL;
    struct scenario_slo_tally *tally = mem_calloc(1, sizeof *tally);
    tally->slo = slo;
    tally->seed = seed;
    tally->count = mem_calloc(slo->n, sizeof *tally->count);
    for (size_t i = 0; i < slo->n; i++)
        tally->shares += slo->class[i].share;
    return tally;
}

void scenario_slo_tally_free(struct scenario_slo_tally *tally)
{
    if (!tally)
        return;
    free(tally->count);
    free(tally);
}

static size_t class_of(const struct scenario_slo_tally *tally, uint64_t id)
{
    const struct scenario_slo *slo = tally->slo;
    struct stream stream =
        stream_open(tally->seed, STREAM_CLASS, (uint32_t)(id >> 32), (uint32_t)id);
    double at = slo->n > 1 ? stream_uniform(&stream) * tally->shares : 0;
    size_t i = 0;
    for (; i + 1 < slo->n && at >= slo->class[i].share; i++)
        at -= slo->class[i].share;
    return i;
}

void scenario_slo_see(struct scenario_slo_tally *tally, const struct sim_request_row *row)
{
    size_t i = class_of(tally, (uint64_t)row->id);
    const struct scenario_slo_class *class = &tally->slo->class[i];
    struct count *count = &tally->count[i];
    count->requests++;
    if (row->status != SIM_DONE)
        return;
    bool ttft = row->ttft_s <= limit_of(class->ttft_s);
    bool tpot = isnan(row->tpot_s) || row->tpot_s <= limit_of(class->tpot_s);
    bool e2e = row->e2e_s <= limit_of(class->e2e_s);
    count->ttft += ttft;
    count->tpot += tpot;
    count->e2e += e2e;
    if (ttft && tpot && e2e) {
        count->kept++;
        count->tokens += (uint64_t)row->output_tokens;
    }
}

static double share_of(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static struct scenario_slo_row row_of(const struct count *count, double makespan_s)
{
    return (struct scenario_slo_row){
        .class = "all",
        .ttft_limit_s = NAN,
        .tpot_limit_s = NAN,
        .e2e_limit_s = NAN,
        .requests = (int64_t)count->requests,
        .kept = (int64_t)count->kept,
        .attainment = share_of(count->kept, count->requests),
        .ttft_kept = share_of(count->ttft, count->requests),
        .tpot_kept = share_of(count->tpot, count->requests),
        .e2e_kept = share_of(count->e2e, count->requests),
        .goodput_requests_per_s = makespan_s > 0 ? (double)count->kept / makespan_s : 0,
        .goodput_output_tokens_per_s = makespan_s > 0 ? (double)count->tokens / makespan_s : 0,
    };
}

static double told(double limit)
{
    return limit > 0 ? limit : NAN;
}

void scenario_slo_tell(const struct scenario_slo_tally *tally, double makespan_s, struct table *out)
{
    struct count all = {0};
    for (size_t i = 0; i < tally->slo->n; i++) {
        const struct count *count = &tally->count[i];
        all.requests += count->requests;
        all.kept += count->kept;
        all.ttft += count->ttft;
        all.tpot += count->tpot;
        all.e2e += count->e2e;
        all.tokens += count->tokens;
    }
    struct scenario_slo_row row = row_of(&all, makespan_s);
    table_init(out, "slo", scenario_slo_columns);
    table_add(out, &row);
    for (size_t i = 0; i < tally->slo->n; i++) {
        const struct scenario_slo_class *class = &tally->slo->class[i];
        row = row_of(&tally->count[i], makespan_s);
        row.class = class->name;
        row.ttft_limit_s = told(class->ttft_s);
        row.tpot_limit_s = told(class->tpot_s);
        row.e2e_limit_s = told(class->e2e_s);
        table_add(out, &row);
    }
}
