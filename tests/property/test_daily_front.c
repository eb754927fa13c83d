/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three layer instances drawn by the date, so that no search can be fitted to them: their true
 * fronts are enumerated on the spot, and the search has to come near and to beat chance and
 * NSGA-II. QEILSIM_TEST_DAY sets the day, in days since 1970, to see a failure again. */
#include "sim/schedulers/sched.h"

#include "analysis/hypervolume.h"
#include "analysis/statistics.h"
#include "base/text.h"
#include "tests/check.h"
#include "tests/support/layers.h"

#include <time.h>

enum { LAYERS = 14, EVALUATIONS = 10000, INSTANCES = 3, SEEDS = 5, DAY_S = 86400 };

static uint64_t today(void)
{
    uint64_t day;
    const char *wanted = getenv("QEILSIM_TEST_DAY");
    if (wanted && text_count(wanted, &day))
        return day;
    return (uint64_t)time(NULL) / DAY_S;
}

static double volume(const struct sched_front *front, const double *r)
{
    return analysis_hypervolume(front->archive.f, front->archive.n, 3, r, NULL);
}

static double median_ratio(struct layers *layers, const char *name, const struct sched_front *truth)
{
    double least[3], greatest[3], r[3], ratio[SEEDS];
    struct error err = {0};
    analysis_bounds(truth->archive.f, truth->archive.n, 3, least, greatest);
    for (int o = 0; o < 3; o++)
        r[o] = least[o] + 1.1 * (greatest[o] - least[o]);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sched_front front;
        struct sched_options options = {.evaluations = EVALUATIONS, .seed = seed};
        CHECK(sched_run(&layers->problem, name, &options, &front, &err));
        ratio[seed] = volume(&front, r) / volume(truth, r);
        sched_front_free(&front);
    }
    return analysis_median(ratio, SEEDS);
}

static void check_instance(uint64_t day, uint64_t state)
{
    struct layers layers;
    struct sched_front truth;
    struct error err = {0};
    layers_open(&layers, LAYERS, state);
    layers_chain(&layers);
    CHECK(sched_run(&layers.problem, "exact", &(struct sched_options){0}, &truth, &err));
    double pgsam = median_ratio(&layers, "pgsam", &truth);
    double nsga2 = median_ratio(&layers, "nsga2", &truth);
    double chance = median_ratio(&layers, "random", &truth);
    printf("day %llu, state %llu, %zu true points: pgsam %.5f, nsga2 %.5f, random %.5f\n",
           (unsigned long long)day, (unsigned long long)state, truth.archive.n, pgsam, nsga2,
           chance);
    CHECK(pgsam >= 0.998);
    CHECK(pgsam > nsga2 && nsga2 > chance);
    CHECK(nsga2 >= 0.985);
    sched_front_free(&truth);
}

int main(void)
{
    uint64_t day = today();
    for (uint64_t i = 0; i < INSTANCES; i++)
        check_instance(day, 2 + day * INSTANCES + i);
    return check_result();
}
