/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory, heat and power limits on a real model and machine: what a search finds keeps to them, and
 * a limit costs what it should. */
#include "scenarios/search.h"
#include "tests/check.h"

/* What a scheduler finds when the quick start is changed. */
struct found {
    struct scenario scenario;
    struct scenario_options options;
    struct scenario_bench bench;
    struct scenario_members members;
};

static bool find(struct found *found, const char *scheduler, const char *const *set)
{
    struct error err = {0};
    size_t n = 0;
    while (set[n])
        n++;
    *found = (struct found){.options = {.replay = false}};
    bool ok =
        scenario_load(SOURCE_DIR "/scenarios/quickstart.yaml", set, n, &found->scenario, &err) &&
        scenario_bench_open(&found->bench, &found->scenario, &found->options, &err) &&
        scenario_search(&found->bench, scheduler, &found->members, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return ok;
}

static void release(struct found *found)
{
    scenario_members_free(&found->members);
    scenario_bench_close(&found->bench);
    scenario_free(&found->scenario);
}

static double least_latency_s(const char *scheduler, const char *const *set)
{
    struct found found;
    double least_s = INFINITY;
    if (find(&found, scheduler, set))
        for (size_t i = 0; i < found.members.n; i++)
            least_s = fmin(least_s, found.members.member[i].score.latency_s);
    release(&found);
    return least_s;
}

/* Neither memory holds the model, both together do. */
static void check_memory(void)
{
    static const char *const set[] = {"platform.pools.vram.capacity_GiB=1.9",
                                      "platform.pools.dram.capacity_GiB=8.9",
                                      "search.evaluations=4000", NULL};
    struct found found;
    CHECK(isinf(least_latency_s("single-gpu", set)) && isinf(least_latency_s("single-cpu", set)));
    if (find(&found, "pgsam", set)) {
        CHECK(found.members.n > 10);
        for (size_t i = 0; i < found.members.n; i++) {
            const struct scenario_member *member = &found.members.member[i];
            struct error err = {0};
            uint64_t blocks;
            CHECK(member->score.violation == 0 && member->score.cpq <= 1);
            CHECK(sim_plan_blocks(&found.bench.system, &member->plan, &blocks, &err) && blocks > 0);
        }
    }
    release(&found);
}

/* The CPU alone reaches 72 C when nothing holds it. */
static void check_heat(void)
{
    static const char *const free_set[] = {NULL};
    static const char *const set[] = {
        "platform.devices.cpu.thermal.throttle_C=40", "platform.devices.npu.thermal.throttle_C=40",
        "platform.devices.gpu.thermal.throttle_C=40", "search.evaluations=4000", NULL};
    struct found found;
    double hottest_K = 0;
    if (find(&found, "pgsam", set)) {
        CHECK(found.members.n > 10);
        for (size_t i = 0; i < found.members.n; i++)
            hottest_K = fmax(hottest_K, found.members.member[i].score.peak_K);
        CHECK(hottest_K <= 273.15 + 40);
    }
    release(&found);
    CHECK(least_latency_s("single-cpu", set) > 1.2 * least_latency_s("single-cpu", free_set));
}

/* A package's limit for CPU and NPU, and one of the GPU's own. */
static void check_cap(void)
{
    static const char *const free_set[] = {NULL};
    static const char *const set[] = {"platform.package.cap_W=25",
                                      "platform.devices.gpu.power.cap_W=45",
                                      "search.evaluations=4000", NULL};
    struct found found;
    double most_W = 0;
    if (find(&found, "pgsam", set)) {
        CHECK(found.members.n > 10);
        for (size_t i = 0; i < found.members.n; i++)
            most_W = fmax(most_W, found.members.member[i].score.power_W);
        CHECK(most_W > 0 && most_W <= 25 + 45);
    }
    release(&found);
    CHECK(least_latency_s("single-cpu", set) > 1.2 * least_latency_s("single-cpu", free_set));
    CHECK(least_latency_s("single-gpu", set) > 1.2 * least_latency_s("single-gpu", free_set));
}

int main(void)
{
    check_memory();
    check_heat();
    check_cap();
    return check_result();
}
