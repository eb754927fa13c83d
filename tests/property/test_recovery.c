/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Over random machines with random faults and the guard: stepping every token gives the counts and
 * times of fast-forward, every request is answered, rejected or failed, energy is the integral of
 * power, and what changes of plan tell makes sense. */
#include "tests/check.h"
#include "tests/support/random_faults.h"
#include "tests/support/same_run.h"

enum { CASES = 800 };

struct seen {
    unsigned faults, changes, guarded, returned, stranded, moved, recomputed;
    bool sound;
    const struct random_scenario *s;
};

static void see_change(void *state, const struct sim_change_row *row)
{
    struct seen *seen = state;
    bool none = strcmp(row->plan, "none") == 0;
    seen->sound = seen->sound && row->at_s <= row->asked_s && !(row->in_force_s < row->asked_s) &&
                  row->healthy >= 0 && row->healthy <= (int64_t)seen->s->platform.n_devices &&
                  row->recomputed >= 0 && (none || row->latency_s > 0);
    seen->stranded += none;
    seen->moved += row->moved > 0;
    seen->recomputed += row->recomputed > 0;
    seen->guarded += row->cause == SIM_CAUSE_GUARD;
    seen->returned += row->cause == SIM_CAUSE_RETURN;
}

static bool run(struct random_scenario *s, const struct random_faults *f, bool token,
                struct seen *seen, struct sim_summary *out)
{
    struct error err = {0};
    struct workload_source *source = workload_source_open(&s->workload, 1, &err);
    struct sim_options options = {.token_resolution = token,
                                  .changes = &f->changes,
                                  .sink = {.state = seen, .change = see_change}};
    *seen = (struct seen){.sound = true, .s = s};
    bool ok = source && sim_run(&s->system, &s->plan, source, &options, out, &err);
    workload_source_close(source);
    if (!ok)
        random_fail(s, &err);
    return ok;
}

static bool sound(const struct random_scenario *s, const struct sim_summary *r)
{
    const struct sim_energy *e = &r->energy;
    const struct sim_recovered *at = &r->recovery;
    return r->requests_in == s->workload.generator.requests &&
           r->requests_in == r->done + r->rejected + r->failed && near_run(e->integral, e->total) &&
           e->total > 0 && r->kv_blocks_held == 0 && at->recovered <= at->affected &&
           at->recovered <= r->done && at->outage_s >= 0 && isfinite(at->outage_s) &&
           isfinite(r->makespan_s) && isfinite(at->latency_ratio) &&
           (r->done == 0 || (isfinite(r->e2e_s.mean) && r->e2e_s.mean >= r->ttft_s.mean));
}

static bool same_recovery(const struct sim_recovered *a, const struct sim_recovered *b)
{
    return a->faults == b->faults && a->guard_calls == b->guard_calls && a->changes == b->changes &&
           a->evaluations == b->evaluations && a->affected == b->affected &&
           a->recovered == b->recovered && a->outage_s == b->outage_s;
}

int main(void)
{
    struct seen tally = {0};
    unsigned recovered = 0, failed = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct random_scenario s;
        struct random_faults f;
        struct sim_summary fast, slow;
        struct seen seen;
        random_scenario_init(&s, seed);
        random_allocator(&s);
        random_prefixes(&s);
        random_pipeline(&s);
        random_faults_init(&f, &s);
        run(&s, &f, true, &seen, &slow);
        run(&s, &f, false, &seen, &fast);
        if (!CHECK(same_run(&fast, &slow)) || !CHECK(sound(&s, &fast)) || !CHECK(seen.sound) ||
            !CHECK(same_recovery(&fast.recovery, &slow.recovery)))
            fprintf(stderr, "    seed %llu\n", (unsigned long long)seed);
        tally.faults += fast.recovery.faults > 0;
        tally.changes += fast.recovery.changes > 0;
        recovered += fast.recovery.recovered > 0;
        failed += fast.failed > 0;
        tally.guarded += seen.guarded > 0;
        tally.returned += seen.returned > 0;
        tally.stranded += seen.stranded > 0;
        tally.moved += seen.moved > 0;
        tally.recomputed += seen.recomputed > 0;
        random_faults_free(&f);
        random_scenario_free(&s);
    }
    printf("of %d: %u with faults, %u changed the plan, %u called by the guard, %u with a return, "
           "%u with no plan left, %u moved a cache, %u lost one, %u recovered requests, %u lost "
           "some\n",
           CASES, tally.faults, tally.changes, tally.guarded, tally.returned, tally.stranded,
           tally.moved, tally.recomputed, recovered, failed);
    CHECK(tally.faults >= CASES / 2 && tally.changes >= CASES / 10);
    CHECK(tally.guarded >= CASES / 50 && tally.returned >= CASES / 20);
    CHECK(tally.stranded >= CASES / 20 && failed >= CASES / 20);
    CHECK(tally.moved >= CASES / 50 && tally.recomputed >= CASES / 20);
    CHECK(recovered >= CASES / 20);
    return check_result();
}
