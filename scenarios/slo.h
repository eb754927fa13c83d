/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Service-level objectives: classes of requests with limits on their latencies, how many requests
 * keep all limits of their class (attainment), and at which rate such answers come (goodput; Zhong
 * et al., DistServe, OSDI 2024). */
#ifndef SCENARIOS_SLO_H
#define SCENARIOS_SLO_H

#include "base/fields.h"
#include "sim/rows.h"

struct scenario_slo_class {
    char *name;
    double share;                 /* of the requests, against the sum of all classes' */
    double ttft_s, tpot_s, e2e_s; /* limits; 0: none */
};
extern const struct field scenario_slo_fields[];

struct scenario_slo {
    struct scenario_slo_class *class; /* (n) */
    size_t n;
};

/* Names differ, and every class has a limit. `node` is the list. */
bool scenario_slo_check(const struct scenario_slo *slo, const struct tree *node, struct error *err);

/* A class, or "all" of them. A refused or failed request keeps no limit; an answer of one token
 * keeps any limit on TPOT. */
struct scenario_slo_row {
    const char *class;
    double ttft_limit_s, tpot_limit_s, e2e_limit_s; /* nan: none */
    int64_t requests, kept;
    double attainment, ttft_kept, tpot_kept, e2e_kept; /* shares of the requests */
    double goodput_requests_per_s, goodput_output_tokens_per_s;
};
extern const struct column_spec scenario_slo_columns[];

/* Counts while a run goes on. Which class a request is of is drawn by seed and number alone. */
struct scenario_slo_tally;
/* NULL where there are no classes. The caller frees with scenario_slo_tally_free. */
struct scenario_slo_tally *scenario_slo_tally_create(const struct scenario_slo *slo, uint64_t seed);
void scenario_slo_tally_free(struct scenario_slo_tally *tally);
void scenario_slo_see(struct scenario_slo_tally *tally, const struct sim_request_row *row);
/* The rows, "all" first, of a run of so many seconds. */
void scenario_slo_tell(const struct scenario_slo_tally *tally, double makespan_s,
                       struct table *out);

#endif
