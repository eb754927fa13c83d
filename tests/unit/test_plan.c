/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans: their text form, and the memory they need pool by pool. */
#include "sim/plan.h"

#include "base/memory.h"

#include "tests/check.h"
#include "tests/support/random_scenario.h"
#include "tests/support/served.h"

static void check_round_trip(uint64_t seed)
{
    struct random_scenario s;
    struct error err = {0};
    struct sim_plan back;
    random_scenario_init(&s, seed);
    char *text = sim_plan_encode(&s.plan), *said = sim_plan_describe(&s.system, &s.plan);
    if (CHECK(sim_plan_decode(&s.system, text, &back, &err))) {
        CHECK(memcmp(back.prefill, s.plan.prefill, s.plan.n_units) == 0);
        CHECK(memcmp(back.decode, s.plan.decode, s.plan.n_units) == 0);
        CHECK(memcmp(back.pstate, s.plan.pstate, s.plan.n_devices) == 0);
        CHECK(back.in_flight == s.plan.in_flight);
        sim_plan_free(&back);
    }
    CHECK(strlen(said) > 10);
    /* every proper beginning of it is refused, and so is more */
    size_t length = strlen(text);
    for (size_t n = 0; n + 2 < length; n++) {
        char *part = mem_strndup(text, n);
        CHECK(!sim_plan_decode(&s.system, part, &back, &err));
        free(part);
    }
    char *longer = mem_printf("%s|1", text);
    CHECK(!sim_plan_decode(&s.system, longer, &back, &err));
    free(longer);
    free(text);
    free(said);
    random_scenario_free(&s);
}

static const char boxes[] =
    "name: box\ndevices:\n" SERVED_DEVICE("a", "pa", "") SERVED_DEVICE("b", "pb", "") SERVED_DEVICE(
        "c", "pb", "") "pools: [{name: pa, capacity_GiB: 0.01, bandwidth_GBps: 100}, {name: pb, "
                       "capacity_GiB: 1, "
                       "reserve_GiB: 0.5, bandwidth_GBps: 100}]\n"
                       "links: [{name: ab, from: a, to: b, bandwidth_GBps: 10, latency_us: 10}]\n";

/* One layer, F16: norms in F32, no biases. */
enum {
    ATTENTION_B = 2 * (128 * 128 + 2 * 64 * 128 + 128 * 128) + 4 * 128,
    FFN_B = 2 * 3 * 128 * 512 + 4 * 128,
    EMBED_B = 2 * 1024 * 128,
    HEAD_B = 2 * 1024 * 128 + 4 * 128,
    KV_B = 2 * 2 * 64 /* keys and values of two heads of 32, two bytes each */
};

static void place(struct sim_plan *plan, uint8_t prefill, uint8_t decode)
{
    memset(plan->prefill, prefill, plan->n_units);
    memset(plan->decode, decode, plan->n_units);
}

static void check_weights(void)
{
    struct served s;
    double pool_B[2], kv_B[2];
    served_open(&s, boxes, SERVED_MODEL(1) "ffn: gated\n", served_default);
    double all_B = EMBED_B + ATTENTION_B + FFN_B + HEAD_B;
    place(&s.plan, 1, 2); /* two devices of one pool hold them once */
    sim_plan_weights_B(&s.system, &s.plan, pool_B);
    sim_plan_kv_B(&s.system, &s.plan, kv_B);
    CHECK(pool_B[0] == 0 && pool_B[1] == all_B);
    CHECK(kv_B[0] == 0 && kv_B[1] == KV_B);
    place(&s.plan, 0, 1); /* two pools hold them twice */
    sim_plan_weights_B(&s.system, &s.plan, pool_B);
    CHECK(pool_B[0] == all_B && pool_B[1] == all_B);
    place(&s.plan, 0, 0);
    s.plan.decode[2] = 1; /* the FFN alone in both */
    sim_plan_weights_B(&s.system, &s.plan, pool_B);
    sim_plan_kv_B(&s.system, &s.plan, kv_B);
    CHECK(pool_B[0] == all_B && pool_B[1] == FFN_B);
    CHECK(kv_B[0] == KV_B && kv_B[1] == 0);
    served_close(&s);
}

/* A tied matrix is held once where embedding and head meet, twice where they lie apart. */
static void check_tied(void)
{
    struct served s;
    double pool_B[2];
    served_open(&s, boxes,
                "name: test\nnum_hidden_layers: 1\nhidden_size: 128\nintermediate_size: 512\n"
                "num_attention_heads: 4\nnum_key_value_heads: 2\nhead_dim: 32\nvocab_size: 1024\n"
                "max_position_embeddings: 4096\ntie_word_embeddings: true\nquant: F16\n"
                "ffn: gated\n",
                served_default);
    sim_plan_weights_B(&s.system, &s.plan, pool_B);
    CHECK(pool_B[0] == EMBED_B + ATTENTION_B + FFN_B + HEAD_B - EMBED_B);
    s.plan.prefill[0] = s.plan.decode[0] = 1;
    sim_plan_weights_B(&s.system, &s.plan, pool_B);
    CHECK(pool_B[0] == ATTENTION_B + FFN_B + HEAD_B && pool_B[1] == EMBED_B);
    served_close(&s);
}

/* Blocks of the tightest pool, by hand. */
static void check_blocks(void)
{
    struct served s;
    struct error err = {0};
    uint64_t blocks;
    served_open(&s, boxes, SERVED_MODEL(1) "ffn: gated\n", served_default);
    double working_B = 512.0 * (2 * 512 + 2 * 128) * 2 + 8 * 1024.0 * 4;
    double weights_B = EMBED_B + ATTENTION_B + FFN_B + HEAD_B;
    double usable_B = 0.9 * 0.01 * 1073741824;
    CHECK(sim_plan_blocks(&s.system, &s.plan, &blocks, &err));
    CHECK(blocks == (uint64_t)floor((usable_B - working_B - weights_B) / (KV_B * 16)));
    place(&s.plan, 1, 1); /* what the system keeps is off */
    usable_B = 0.9 * 0.5 * 1073741824;
    CHECK(sim_plan_blocks(&s.system, &s.plan, &blocks, &err));
    CHECK(blocks == (uint64_t)floor((usable_B - working_B - weights_B) / (KV_B * 16)));
    s.serving.kv_blocks = s.system.serving.kv_blocks = 77;
    CHECK(sim_plan_blocks(&s.system, &s.plan, &blocks, &err) && blocks == 77);
    served_close(&s);

    served_open(&s, boxes, SERVED_MODEL(40) "ffn: gated\n", served_default);
    CHECK(!sim_plan_blocks(&s.system, &s.plan, &blocks, &err));
    weights_B = EMBED_B + 40.0 * (ATTENTION_B + FFN_B) + HEAD_B;
    char needed[64], there[64];
    snprintf(needed, sizeof needed, "%.0f bytes needed", weights_B + working_B + 40.0 * KV_B * 16);
    snprintf(there, sizeof there, "%.0f bytes there", 0.9 * 0.01 * 1073741824);
    CHECK(strstr(err.fault[0], needed) && strstr(err.fault[0], there));
    CHECK(strstr(err.fault[0], "'pa'"));
    /* with a store behind the pool it pages */
    s.platform.pool[0].store_Bps = 1e9;
    CHECK(sim_plan_blocks(&s.system, &s.plan, &blocks, &err) && blocks >= 1);
    served_close(&s);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        check_round_trip(seed);
    check_weights();
    check_tied();
    check_blocks();
    return check_result();
}
