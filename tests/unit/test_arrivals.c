/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who comes when: calls after calls, users who wait for their answers, and what is refused on the
 * way. */
#include "tests/check.h"
#include "tests/support/served.h"

#include <unistd.h>

static const char box[] = "name: box\ndevices:\n" SERVED_DEVICE(
    "a", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

enum { MOST = 400 };
struct seen {
    struct sim_request_row row[MOST]; /* by id */
    size_t n;
};

static void see(void *state, const struct sim_request_row *row)
{
    struct seen *seen = state;
    if (CHECK(row->id >= 0 && row->id < MOST))
        seen->row[row->id] = *row;
    seen->n++;
}

static struct sim_summary serve(struct sim_serving serving, const char *workload, struct seen *seen)
{
    struct served s;
    struct error err;
    struct sim_summary out = {0};
    struct sim_options options = {.sink = {.state = seen, .request = see}};
    *seen = (struct seen){.n = 0};
    served_open(&s, box, SERVED_MODEL(2), serving);
    s.plan.in_flight = serving.max_num_seqs;
    if (!CHECK(served_run(&s, workload, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    CHECK(out.requests_in == seen->n && out.kv_blocks_held == 0);
    CHECK(out.requests_in == out.done + out.rejected + out.failed);
    served_close(&s);
    return out;
}

#define LENGTHS                                                                                    \
    "prompt: {median: 60, log_sigma: 0.7, max: 400}, output: {median: 20, log_sigma: 0.7, max: "   \
    "90}"

static void check_sessions(void)
{
    struct seen seen;
    struct sim_summary out =
        serve(served_default,
              "generator: {requests: 100, rate_per_s: 3, cv: 1, seed: 5, " LENGTHS
              ", session: {calls: 5, think_s: 0.75, think_cv: 0}}\n",
              &seen);
    CHECK(out.done == 100 && seen.n == 100);
    for (size_t i = 0; i < 100; i++) {
        const struct sim_request_row *row = &seen.row[i], *before = row - 1;
        if (i % 5 == 0)
            continue;
        CHECK_NEAR(row->arrival_s, before->finish_s + 0.75, 1e-9);
        CHECK(row->prompt_tokens > before->prompt_tokens + before->output_tokens);
    }
    /* Times to think differ, their mean does not. */
    out = serve(served_default,
                "generator: {requests: 400, rate_per_s: 3, cv: 1, seed: 5, " LENGTHS
                ", session: {calls: 2, think_s: 10}}\n",
                &seen);
    double sum_s = 0, least_s = INFINITY;
    for (size_t i = 1; i < 400; i += 2) {
        double think_s = seen.row[i].arrival_s - seen.row[i - 1].finish_s;
        sum_s += think_s;
        least_s = fmin(least_s, think_s);
    }
    CHECK(out.done == 400 && least_s < 1);
    CHECK_NEAR(sum_s / 200, 10, 4 / sqrt(200)); /* four standard errors */
}

/* A session finds in the cache all full blocks that it has said before, answers too. */
static void check_history(void)
{
    struct seen seen;
    struct sim_serving serving = served_default;
    serving.prefix_cache = true;
    serve(serving,
          "generator: {requests: 40, rate_per_s: 1, cv: 1, seed: 5, " LENGTHS
          ", session: {calls: 4, think_s: 1}}\n",
          &seen);
    for (size_t i = 0; i < 40; i++) {
        const struct sim_request_row *row = &seen.row[i], *before = row - 1;
        int64_t said = i % 4 == 0 ? 0 : before->prompt_tokens + before->output_tokens - 1;
        CHECK(row->cached_tokens == said / 16 * 16);
    }
}

/* The later calls do not fit: each is refused at its time, and the one after it comes. */
static void check_refused(void)
{
    struct seen seen;
    struct sim_serving serving = served_default;
    serving.kv_blocks = 16; /* 256 tokens: two calls of 100 */
    struct sim_summary out =
        serve(serving,
              "generator: {requests: 40, rate_per_s: 1, cv: 1, seed: 5, prompt: {median: 60, max: "
              "60}, output: {median: 40, max: 40}, session: {calls: 5, think_s: 0.5, think_cv: "
              "0}}\n",
              &seen);
    CHECK(out.done == 16 && out.rejected == 24);
    for (size_t i = 3; i < 40; i += 5) {
        CHECK(seen.row[i].status == SIM_REJECTED);
        CHECK_NEAR(seen.row[i].arrival_s, seen.row[i - 1].arrival_s + 0.5, 1e-9);
    }
}

static size_t most_present(const struct seen *seen)
{
    size_t most = 0;
    for (size_t i = 0; i < seen->n; i++) {
        size_t present = 0;
        for (size_t j = 0; j < seen->n; j++)
            present += seen->row[j].arrival_s <= seen->row[i].arrival_s &&
                       seen->row[j].finish_s > seen->row[i].arrival_s;
        most = present > most ? present : most;
    }
    return most;
}

static void check_loop(void)
{
    struct seen seen;
    struct sim_summary out = serve(served_default,
                                   "generator: {requests: 60, seed: 5, " LENGTHS
                                   "}\nclosed_loop: {users: 4, think_s: 0}\n",
                                   &seen);
    CHECK(out.done == 60 && most_present(&seen) == 4 && !out.saturated);
    for (size_t i = 4; i < 60; i++) { /* at once after some answer */
        size_t answers = 0;
        for (size_t j = 0; j < i; j++)
            answers += fabs(seen.row[j].finish_s - seen.row[i].arrival_s) < 1e-9;
        CHECK(answers > 0);
    }
    out = serve(served_default,
                "generator: {requests: 60, seed: 5, " LENGTHS
                "}\nclosed_loop: {users: 4, think_s: 2, think_cv: 0}\n",
                &seen);
    CHECK(out.done == 60 && most_present(&seen) <= 4);
    CHECK(out.makespan_s > 15 * 2);
    out = serve(served_default,
                "generator: {requests: 3, seed: 5, " LENGTHS
                "}\nclosed_loop: {users: 50, think_s: 2}\n",
                &seen);
    CHECK(out.done == 3);
    /* Nothing fits: all are refused, one after the other. */
    struct sim_serving few = served_default;
    few.kv_blocks = 1;
    out = serve(few,
                "generator: {requests: 300, seed: 5, prompt: {median: 60, max: 60}, output: "
                "{median: 40, max: 40}}\nclosed_loop: {users: 4, think_s: 0}\n",
                &seen);
    CHECK(out.rejected == 300 && out.done == 0 && !out.saturated);
}

/* A loop takes the lengths of a trace in their order, and not its times. */
static void check_trace_loop(void)
{
    char path[] = "/tmp/qeilsim-arrivals-XXXXXX", text[200];
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!CHECK(file != NULL))
        return;
    fprintf(file, "arrived_at,num_prefill_tokens,num_decode_tokens\n");
    for (int i = 0; i < 20; i++)
        fprintf(file, "%d,%d,%d\n", 1000 * i, 50 + i, i % 7);
    fclose(file);
    snprintf(text, sizeof text, "trace: {file: %s, format: vidur}\nclosed_loop: {users: 2}\n",
             path);
    struct seen seen;
    struct sim_summary out = serve(served_default, text, &seen);
    CHECK(out.done == 17 && out.failed == 3 && out.makespan_s < 10);
    for (int i = 0; i < 20; i++)
        CHECK(seen.row[i].prompt_tokens == 50 + i);
    remove(path);
}

int main(void)
{
    check_sessions();
    check_history();
    check_refused();
    check_loop();
    check_trace_loop();
    return check_result();
}
