/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hard cases of faults and the guard: each ends with a clear answer, no request lost, no number
 * that is none. */
#include "tests/check.h"
#include "tests/support/recovered.h"

#define TWO                                                                                        \
    SERVED_DEVICE("a", "p", "")                                                                    \
    SERVED_DEVICE("b", "q", "")                                                                    \
    "pools: [{name: p, capacity_GiB: 1, "                                                          \
    "bandwidth_GBps: 100}, {name: q, capacity_GiB: 1, bandwidth_GBps: 100}]\n"                     \
    "links: [{name: l, from: a, to: b, bandwidth_GBps: 0.01, latency_us: 10, "                     \
    "pJ_per_byte: 50}]\n"
static const char two[] = "name: box\nambient_C: 25\ndevices:\n" TWO;

#define CHAT                                                                                       \
    "generator: {requests: 60, rate_per_s: 100, cv: 1, seed: 3, prompt: {median: 100, log_sigma: " \
    "0.5, min: 10, max: 300}, output: {median: 60, log_sigma: 0.5, min: 10, max: 200}}\n"

static char a[] = "a", b[] = "b";

static struct sim_summary serve(struct recovered *r, struct sim_fault *fault, size_t n)
{
    r->faults.scheduled = fault;
    r->faults.n_scheduled = n;
    struct sim_summary out = recovered_run(r, CHAT, false);
    struct sim_summary slow = recovered_run(r, CHAT, true);
    CHECK(out.requests_in == 60 && out.done + out.failed + out.rejected == 60);
    CHECK(out.kv_blocks_held == 0 && isfinite(out.energy.total) && isfinite(out.makespan_s));
    CHECK_NEAR(out.energy.integral, out.energy.total, 1e-9);
    CHECK(slow.done == out.done && slow.passes == out.passes && slow.makespan_s == out.makespan_s &&
          slow.recovery.outage_s == out.recovery.outage_s);
    return out;
}

/* All on `a`, or phases apart. */
static void open_two(struct recovered *r, bool apart)
{
    recovered_open(r, two, SERVED_MODEL(2), served_default, CHAT);
    if (apart)
        memset(r->served.plan.decode, 1, r->served.plan.n_units);
}

static void check_at_start(void)
{
    struct recovered r;
    open_two(&r, false);
    struct sim_fault fault[] = {{a, 0, 0}};
    struct sim_summary out = serve(&r, fault, 1);
    CHECK(out.done == 60 && out.recovery.faults == 1 && out.recovery.changes == 1);
    CHECK(out.recovery.affected == 0 && out.recovery.outage_s >= 0.1);
    CHECK(out.ttft_s.p99 > 0.05); /* nobody is served before the fault is noticed */
    recovered_close(&r);
}

static void check_under_way(void)
{
    struct recovered r;
    open_two(&r, false);
    struct sim_fault fault[] = {{a, 0.2, 0}};
    struct sim_summary out = serve(&r, fault, 1);
    CHECK(out.done == 60 && out.recovery.affected > 0);
    CHECK(out.recovery.recovered == out.recovery.affected);
    CHECK(r.seen > 0 && r.last.cause == SIM_CAUSE_FAULT && r.last.recomputed > 0);
    CHECK(r.last.healthy == 1);
    CHECK_NEAR(r.last.at_s, 0.2, 1e-12);
    CHECK_NEAR(r.last.asked_s, 0.3, 1e-12);
    /* The search and the weights take their time. */
    double ready_s = 0.3 + 1e-6 * (double)r.last.evaluations;
    CHECK(r.last.evaluations > 0 && r.last.evaluations <= 200);
    CHECK_NEAR(r.last.in_force_s, ready_s, 1e-9);
    r.replan.load_Bps = 1e6;
    double weights_B[2];
    sim_plan_weights_B(&r.served.system, &r.served.plan, weights_B);
    serve(&r, fault, 1);
    CHECK_NEAR(r.last.in_force_s, ready_s + weights_B[0] / 1e6, 1e-9);
    recovered_close(&r);
}

/* An unused device that fails changes nothing. */
static void check_unused(void)
{
    struct recovered r;
    open_two(&r, false);
    struct sim_fault fault[] = {{b, 0.2, 0}};
    struct sim_summary out = serve(&r, fault, 1), calm = serve(&r, fault, 0);
    CHECK(out.done == 60 && out.recovery.faults == 1 && out.recovery.changes == 0);
    CHECK(out.recovery.outage_s == 0 && out.makespan_s == calm.makespan_s);
    recovered_close(&r);
}

static void check_all_gone(void)
{
    struct recovered r;
    open_two(&r, false);
    struct sim_fault both[] = {{a, 0.2, 0}, {b, 0.25, 0}};
    struct sim_summary out = serve(&r, both, 2);
    CHECK(out.done > 0 && out.failed > 0 && out.rejected == 0);
    struct sim_fault at_once[] = {{a, 0, 0}, {b, 0, 0}};
    out = serve(&r, at_once, 2);
    CHECK(out.done == 0 && out.failed == 60 && isnan(out.e2e_s.mean));
    /* One comes back: all are answered, late. */
    struct sim_fault for_a_while[] = {{a, 0.2, 0}, {b, 0.2, 5}};
    out = serve(&r, for_a_while, 2);
    CHECK(out.done == 60 && out.makespan_s > 5.2);
    recovered_close(&r);
}

/* Back before anybody noticed: the pass is lost, the plan stays. */
static void check_blink(void)
{
    struct recovered r;
    open_two(&r, false);
    struct sim_fault fault[] = {{a, 0.2, 0.05}};
    struct sim_summary out = serve(&r, fault, 1);
    CHECK(out.done == 60 && out.recovery.changes == 0 && r.seen == 0);
    CHECK_NEAR(out.recovery.outage_s, 0.05, 1e-9);
    recovered_close(&r);
}

/* It returns to its old work, slower at first. */
static void check_return(void)
{
    struct recovered r;
    open_two(&r, false);
    struct sim_fault fault[] = {{a, 0.1, 0.4}};
    r.faults.return_share = 1;
    struct sim_summary swift = serve(&r, fault, 1);
    CHECK(swift.done == 60 && swift.recovery.changes == 2 && r.last.cause == SIM_CAUSE_RETURN);
    CHECK(r.last.evaluations == 0 && r.last.at_s == 0.5);
    r.faults.return_share = 0.1;
    struct sim_summary slow = serve(&r, fault, 1);
    CHECK(slow.done == 60 && slow.makespan_s > swift.makespan_s);
    recovered_close(&r);
}

/* Keys and values are on a slow link, for 30 ms each, when either end of it fails. */
static void check_hand_over(void)
{
    struct recovered r;
    open_two(&r, true);
    struct sim_fault from[] = {{a, 0.1, 0}}, to[] = {{b, 0.1, 0}};
    struct sim_summary out = serve(&r, from, 1);
    CHECK(out.done == 60 && out.recovery.recovered == out.recovery.affected);
    out = serve(&r, to, 1);
    CHECK(out.done == 60 && out.recovery.recovered > 0);
    recovered_close(&r);
}

/* What only the larger memory could hold fails with it; the rest goes on. */
static void check_small_survivor(void)
{
    static const char uneven[] =
        "name: box\nambient_C: 25\ndevices:\n" SERVED_DEVICE("a", "p", "") SERVED_DEVICE(
            "b", "q",
            "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}, {name: q, capacity_GiB: "
                "0.0031, bandwidth_GBps: 100}]\n";
    struct recovered r;
    recovered_open(&r, uneven, SERVED_MODEL(2), served_default, CHAT);
    struct sim_fault fault[] = {{a, 0.1, 0}};
    struct sim_summary out = serve(&r, fault, 1);
    CHECK(out.done > 0 && out.failed + out.rejected > 0);
    recovered_close(&r);
}

int main(void)
{
    check_at_start();
    check_under_way();
    check_unused();
    check_all_gone();
    check_blink();
    check_return();
    check_hand_over();
    check_small_survivor();
    return check_result();
}
