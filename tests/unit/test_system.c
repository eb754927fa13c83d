/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model on a platform: units with the same operators share a class, classes sum to the model. */
#include "sim/system.h"

#include "tests/check.h"
#include "tests/support/random_scenario.h"

static void check_classes(const struct random_scenario *s)
{
    const struct sim_system *system = &s->system;
    CHECK(system->n_units == 2 * s->model.n_layers + 2);
    /* embedding, attention, FFN, head; layers differ only where every second one slides */
    bool two_kinds = s->model.sliding_pattern == 2 && s->model.n_layers > 1;
    CHECK(system->n_classes == 4u + two_kinds);
    double bytes = 0, resident = 0, kv = 0;
    for (size_t u = 0; u < system->n_units; u++) {
        struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
        size_t n = workload_unit_operators(&s->model, u, op);
        const struct sim_class *class = &system->class[system->class_of[u]];
        CHECK(class->n_ops == n);
        for (size_t i = 0; i < n; i++) {
            CHECK(class->op[i].kind == op[i].kind && class->op[i].weights == op[i].weights);
            CHECK(class->op[i].window == op[i].window);
            bytes += op[i].weight_bytes;
        }
        kv += class->kv_bytes_per_token;
        resident += system->resident_B[u];
    }
    CHECK_NEAR(system->weights_B, bytes, 1e-14);
    CHECK_NEAR(resident - system->shared_B, workload_model_file_bytes(&s->model), 1e-14);
    CHECK_NEAR(kv, workload_model_kv_bytes(&s->model), 1e-14);
    CHECK((system->shared_B > 0) == s->model.tied_embeddings);
}

/* The price of a class is the sum of its operators' prices. */
static void check_cost(const struct random_scenario *s)
{
    struct sim_place place = {0, 1, INFINITY};
    struct device_pass pass = {.rows = 3, .sampled = 3, .decode_sequences = 3};
    struct device_condition at = {.clock = device_relative_clock(&s->platform.device[0], 1),
                                  .bandwidth_Bps = INFINITY,
                                  .pass_weight_bytes = s->system.weights_B};
    for (size_t c = 0; c < s->system.n_classes; c++) {
        struct device_cost got = {0}, want = {0};
        sim_class_cost(&s->system, c, &place, &pass, 7, &got);
        for (int times = 0; times < 7; times++)
            for (size_t i = 0; i < s->system.class[c].n_ops; i++)
                device_operator_cost(&s->platform.device[0], &s->system.class[c].op[i], &pass, &at,
                                     1, &want);
        CHECK_NEAR(got.time_s, want.time_s, 1e-12);
        CHECK_NEAR(got.time_per_context_s, want.time_per_context_s, 1e-12);
        CHECK_NEAR(got.flops, want.flops, 1e-12);
        CHECK_NEAR(got.bytes, want.bytes, 1e-12);
    }
}

static void check_routes(const struct random_scenario *s)
{
    size_t n = s->system.n_devices;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            bool same = s->system.pool_of[i] == s->system.pool_of[j];
            CHECK(s->system.routed[i * n + j]); /* all are linked, or on one pool */
            CHECK(same == isinf(s->system.route[i * n + j].bandwidth_Bps));
            double seconds = sim_transfer_s(&s->system, i, j, 2, 1000);
            CHECK(isfinite(seconds) && seconds >= 0);
        }
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct random_scenario s;
        random_scenario_init(&s, seed);
        check_classes(&s);
        check_cost(&s);
        check_routes(&s);
        random_scenario_free(&s);
    }
    return check_result();
}
