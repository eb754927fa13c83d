/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prefix cache: what is found, who uses it, what makes room; and requests that share. */
#include "sim/prefix.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include <stdlib.h>
#include <unistd.h>

static struct sim_known known_of(const uint64_t *id, size_t n, uint64_t block_tokens,
                                 uint64_t tokens)
{
    struct sim_known known = {0};
    sim_known_set(&known, &(struct workload_known){id, n, block_tokens, tokens});
    return known;
}

static void check_finding(void)
{
    static const uint64_t ids[] = {7, 8, 9}, other[] = {7, 6, 9};
    struct sim_known a = known_of(ids, 3, 16, 48), b = known_of(other, 3, 16, 48);
    struct sim_prefix prefix;
    uint64_t idle;
    sim_prefix_init(&prefix, true, 16);
    CHECK(sim_prefix_full(&prefix, &a, 47) == 2 && sim_prefix_full(&prefix, &a, 480) == 3);
    CHECK(sim_prefix_find(&prefix, &a, 3, &idle) == 0);
    for (uint64_t i = 0; i < 3; i++)
        CHECK(sim_prefix_use(&prefix, &a, i) == SIM_PREFIX_NEW);
    CHECK(sim_prefix_find(&prefix, &a, 3, &idle) == 3 && idle == 0);
    CHECK(sim_prefix_find(&prefix, &b, 3, &idle) == 1); /* the third id is theirs, after another */
    CHECK(sim_prefix_use(&prefix, &b, 0) == SIM_PREFIX_SHARED);
    CHECK(!sim_prefix_leave(&prefix, &b, 0));
    for (uint64_t i = 3; i-- > 0;)
        CHECK(sim_prefix_leave(&prefix, &a, i));
    CHECK(sim_prefix_find(&prefix, &a, 3, &idle) == 3 && idle == 3 && prefix.idle == 3);
    sim_prefix_trim(&prefix, 2); /* the last block of the chain was left first */
    CHECK(sim_prefix_find(&prefix, &a, 3, &idle) == 2 && prefix.evicted == 1);
    CHECK(sim_prefix_use(&prefix, &a, 0) == SIM_PREFIX_WAS_IDLE);
    sim_prefix_trim(&prefix, 0); /* what is used stays */
    CHECK(sim_prefix_find(&prefix, &a, 3, &idle) == 1 && idle == 0);
    free(a.chain);
    free(b.chain);
    sim_prefix_free(&prefix);
}

/* Ids of 512 tokens tell 32 blocks of 16; blocks of 48 tokens reach over the ends of ids. */
static void check_sizes(void)
{
    static const uint64_t ids[] = {1, 2}, other[] = {1, 3};
    static const struct {
        uint64_t block, shared;
    } cases[] = {{16, 32}, {512, 1}, {48, 10}, {1024, 0}, {1, 512}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct sim_known a = known_of(ids, 2, 512, 1024), b = known_of(other, 2, 512, 1024);
        struct sim_prefix prefix;
        uint64_t idle;
        sim_prefix_init(&prefix, true, cases[c].block);
        uint64_t n = sim_prefix_full(&prefix, &a, 1024);
        for (uint64_t i = 0; i < n; i++)
            sim_prefix_use(&prefix, &a, i);
        CHECK(sim_prefix_find(&prefix, &a, n, &idle) == n);
        CHECK(sim_prefix_find(&prefix, &b, n, &idle) == cases[c].shared);
        free(a.chain);
        free(b.chain);
        sim_prefix_free(&prefix);
    }
}

/* What no id tells is the request's own: found by itself, by nobody else. 40 tokens are told. */
static void check_own(void)
{
    static const uint64_t ids[] = {1};
    struct sim_known a = known_of(ids, 1, 512, 40), b = known_of(ids, 1, 512, 40);
    struct sim_prefix prefix;
    uint64_t idle;
    sim_prefix_init(&prefix, true, 16);
    CHECK(sim_prefix_full(&prefix, &a, 100) == 2);
    sim_known_own(&a, 7);
    sim_known_own(&b, 8);
    CHECK(sim_prefix_full(&prefix, &a, 100) == 6);
    for (uint64_t i = 0; i < 6; i++)
        CHECK(sim_prefix_use(&prefix, &a, i) == SIM_PREFIX_NEW);
    CHECK(sim_prefix_find(&prefix, &a, 6, &idle) == 6);
    CHECK(sim_prefix_find(&prefix, &b, 6, &idle) == 2); /* the third block ends in own tokens */
    free(a.chain);
    free(b.chain);
    sim_prefix_free(&prefix);
}

/* Uses and leaves at random beside counts of users: what is kept, idle and evicted adds up. */
static void check_counts(void)
{
    enum { KEYS = 300, ROUNDS = 200000, MOST_IDLE = 40 };
    static uint32_t users[KEYS];
    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    struct sim_prefix prefix;
    uint64_t created = 0, in_use = 0;
    sim_prefix_init(&prefix, true, 1);
    for (uint32_t r = 0; r < ROUNDS; r++) {
        uint64_t id = stream_below(&stream, KEYS);
        struct sim_known known = known_of(&id, 1, 1, 1);
        if (users[id] > 0 && stream_below(&stream, 4) > 0) {
            bool idle = sim_prefix_leave(&prefix, &known, 0);
            CHECK(idle == (--users[id] == 0));
            in_use -= idle;
        } else {
            enum sim_prefix_use use = sim_prefix_use(&prefix, &known, 0);
            CHECK((use == SIM_PREFIX_SHARED) == (users[id] > 0));
            created += use == SIM_PREFIX_NEW;
            in_use += users[id]++ == 0;
        }
        sim_prefix_trim(&prefix, MOST_IDLE);
        CHECK(created == prefix.evicted + prefix.idle + in_use && prefix.idle <= MOST_IDLE);
        free(known.chain);
    }
    CHECK(prefix.evicted > 1000);
    sim_prefix_free(&prefix);
}

static const char box[] = "name: box\ndevices:\n" SERVED_DEVICE(
    "a", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

static struct sim_summary serve_as(const struct sim_serving *serving, const char *workload)
{
    struct served s;
    struct error err;
    struct sim_summary out;
    struct sim_options options = {0};
    served_open(&s, box, SERVED_MODEL(2), *serving);
    s.plan.in_flight = serving->max_num_seqs;
    if (!CHECK(served_run(&s, workload, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    CHECK(out.kv_blocks_held == 0 && out.requests_in == out.done + out.rejected);
    served_close(&s);
    return out;
}

static struct sim_summary serve(struct sim_serving serving, const char *workload)
{
    serving.prefix_cache = true;
    return serve_as(&serving, workload);
}

#define BEGINNING(more)                                                                            \
    "generator: {requests: 50, rate_per_s: 20, cv: 1, seed: 3, prompt: {median: 40, max: 40}, "    \
    "output: {median: 10, max: 10}, " more "}\n"

static void check_beginnings(void)
{
    struct sim_summary out = serve(served_default, BEGINNING("prefix: {tokens: 160}"));
    CHECK(out.done == 50 && out.tokens_in == 50 * 200);
    CHECK(out.prefix_cached_tokens == 49 * 160);
    CHECK_NEAR(out.prefix_hit_rate, 49 * 160 / (50 * 200.0), 1e-12);
    /* Only full blocks are shared. */
    out = serve(served_default, BEGINNING("prefix: {tokens: 175}"));
    CHECK(out.prefix_cached_tokens == 49 * 160);
    out = serve(served_default, BEGINNING("prefix: {tokens: 15}"));
    CHECK(out.prefix_cached_tokens == 0 && out.prefix_hit_rate == 0);
    out = serve(served_default, BEGINNING("prefix: {tokens: 160, groups: 5}"));
    CHECK(out.prefix_cached_tokens == 45 * 160);
    out = serve(served_default, BEGINNING("prefix: {tokens: 160, share: 0}"));
    CHECK(out.prefix_cached_tokens == 0);
    /* No room for two beginnings beside a request: each makes room for the next. */
    struct sim_serving tight = served_default;
    tight.kv_blocks = 14;
    out = serve(tight, BEGINNING("prefix: {tokens: 160, groups: 5}"));
    CHECK(out.done == 50 && out.prefix_evicted_blocks > 0);
    CHECK(out.prefix_cached_tokens < 45 * 160);
}

/* The first begins alone; the others are in the next pass, where the last finds what the second
 * writes. Recorded ids tell 512 tokens each. */
static void check_one_pass(void)
{
    char path[] = "/tmp/qeilsim-prefix-XXXXXX", text[200];
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!CHECK(file != NULL))
        return;
    for (int i = 0; i < 3; i++)
        fprintf(file,
                "{\"timestamp\": 0, \"input_length\": 1000, \"output_length\": 1, "
                "\"hash_ids\": [%d, %d]}\n",
                i > 0, 10 + i);
    fclose(file);
    snprintf(text, sizeof text, "trace: {file: %s, format: mooncake}\n", path);
    struct sim_serving serving = served_default;
    serving.max_num_batched_tokens = 2048;
    struct sim_summary out = serve(serving, text);
    CHECK(out.done == 3 && out.passes == 2 && out.prefix_cached_tokens == 512);
    remove(path);
}

/* A request that finds all of its prompt still computes its last block, where its next token comes
 * from; a chunk is less work than the whole. */
static void check_cheaper(void)
{
    const char *same = "generator: {requests: 2, rate_per_s: 0.01, seed: 3, prompt: {median: 1, "
                       "max: 1}, output: {median: 1, max: 1}, prefix: {tokens: 2000}}\n";
    struct sim_serving serving = served_default;
    serving.max_num_batched_tokens = 4096;
    struct sim_summary out = serve(serving, same);
    CHECK(out.prefix_cached_tokens == 2000);
    CHECK(out.ttft_s.p50 < 0.7 * out.ttft_s.p99);
    serving.kv_block_tokens = 4096; /* no block is ever full */
    out = serve(serving, same);
    CHECK(out.prefix_cached_tokens == 0);
    CHECK_NEAR(out.ttft_s.p50, out.ttft_s.p99, 1e-9);
}

/* Who was preempted finds what others have not yet taken of its blocks. */
static void check_preempted(void)
{
    const char *crowd =
        "generator: {requests: 30, rate_per_s: 1000, seed: 3, prompt: {median: 200, "
        "max: 200}, output: {median: 200, max: 200}}\n";
    struct sim_serving serving = served_default;
    serving.max_num_seqs = 8;
    serving.kv_blocks = 130;
    struct sim_summary without = serve_as(&serving, crowd), with = serve(serving, crowd);
    CHECK(without.preemptions > 0 && with.preemptions > 0);
    CHECK(with.time.prefill_s < without.time.prefill_s);
    CHECK(with.prefix_cached_tokens == 0 && with.prefix_hit_rate == 0); /* of first admissions */
}

int main(void)
{
    check_own();
    check_preempted();
    check_finding();
    check_sizes();
    check_counts();
    check_beginnings();
    check_one_pass();
    check_cheaper();
    return check_result();
}
