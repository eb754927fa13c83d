/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The schedulers that follow a rule, on a problem with phases, clocks and requests in flight. */
#include "sim/schedulers/sched.h"

#include "tests/check.h"
#include "tests/support/layers.h"

enum { UNITS = 3, GENES = 2 * UNITS + 3, FLIGHT = 2 * UNITS, CLOCK = FLIGHT + 1 };

/* Device 0 is rich in compute and hungry, device 1 efficient, device 2 the most efficient but too
 * hot. Prefill takes long on 1 and 2. Clock choices slow a device and save energy; more in flight
 * save energy and take longer. */
static const double prefill_s[] = {1, 9, 12}, decode_s[] = {4, 6, 7}, power_W[] = {100, 10, 5};

struct phases {
    struct problem problem;
    struct problem_gene gene[GENES];
    uint64_t calls;
};

static void score_phases(struct phases *phases, const uint16_t *genes, struct problem_score *score)
{
    double time_s = 0, energy_J = 0, guard = 0;
    for (int unit = 0; unit < 2 * UNITS; unit++) {
        uint16_t device = genes[unit];
        double slow = device < 2 ? 1 + 0.5 * genes[CLOCK + device] : 1;
        double busy_s = (unit < UNITS ? prefill_s : decode_s)[device] * slow;
        time_s += busy_s;
        energy_J += busy_s * power_W[device] / (slow * slow);
        guard = device == 2 ? 1.2 : guard;
    }
    *score = (struct problem_score){
        .objective = {energy_J / (1 + genes[FLIGHT]), time_s * (1 + 0.8 * genes[FLIGHT]), 0.5},
        .guard = guard};
    phases->calls++;
}

static void evaluate(const struct problem *problem, void *state, const uint16_t *genes,
                     struct problem_score *score)
{
    memcpy(state, genes, GENES * sizeof *genes);
    score_phases(problem->context, state, score);
}

static void delta(const struct problem *problem, void *state, size_t gene, uint16_t choice,
                  struct problem_score *score)
{
    uint16_t changed[GENES];
    memcpy(changed, state, sizeof changed);
    changed[gene] = choice;
    score_phases(problem->context, changed, score);
}

static void open_phases(struct phases *phases)
{
    static const char *const devices[] = {"gpu", "npu", "cpu"};
    *phases = (struct phases){.calls = 0};
    for (size_t g = 0; g < FLIGHT; g++)
        phases->gene[g] =
            (struct problem_gene){"unit", 3, g < UNITS ? PROBLEM_PREFILL : PROBLEM_DECODE};
    phases->gene[FLIGHT] = (struct problem_gene){"in flight", 4, PROBLEM_INFLIGHT};
    phases->gene[CLOCK] = (struct problem_gene){"clock gpu", 2, PROBLEM_CLOCK};
    phases->gene[CLOCK + 1] = (struct problem_gene){"clock npu", 3, PROBLEM_CLOCK};
    phases->problem = (struct problem){.n_genes = GENES,
                                       .gene = phases->gene,
                                       .n_devices = 3,
                                       .device = devices,
                                       .objective_name = {"energy", "latency", "underuse"},
                                       .context = phases,
                                       .state_create = layers_create,
                                       .state_destroy = free,
                                       .evaluate = evaluate,
                                       .delta = delta,
                                       .apply = layers_apply};
}

static struct sched_front front_of(struct phases *phases, const char *name)
{
    struct sched_front front;
    struct sched_options options = {.evaluations = 10000, .seed = 1};
    struct error err = {0};
    open_phases(phases);
    CHECK(sched_run(&phases->problem, name, &options, &front, &err));
    CHECK(front.evaluations == phases->calls && !front.cut_short);
    return front;
}

/* Everything there, fastest clocks, and one point for each number in flight. */
static void check_single(void)
{
    struct phases phases;
    struct sched_front front = front_of(&phases, "single-npu");
    CHECK(front.archive.n == 4 && front.evaluations == 4);
    for (size_t i = 0; i < front.archive.n; i++) {
        const uint16_t *genes = sched_front_genes(&front, i);
        for (size_t g = 0; g < FLIGHT; g++)
            CHECK(genes[g] == 1);
        CHECK(genes[FLIGHT] == 3 - i && genes[CLOCK] == 0 && genes[CLOCK + 1] == 0);
    }
    sched_front_free(&front);
}

/* Prefill on the fast device and decode on the frugal one that stays cool. */
static void check_qeil(void)
{
    struct phases phases;
    struct sched_front front = front_of(&phases, "qeil-v1");
    /* 3 + 3 + 3 block choices, the chosen plan, and its 3 other numbers in flight. */
    CHECK(front.evaluations == 13);
    size_t found = 0;
    for (size_t i = 0; i < front.archive.n; i++) {
        const uint16_t *genes = sched_front_genes(&front, i);
        bool blocks = true;
        for (size_t g = 0; g < FLIGHT; g++)
            blocks = blocks && genes[g] == (g < UNITS ? 0 : 1);
        found += blocks;
    }
    CHECK(found == 4);
    sched_front_free(&front);
}

enum criterion { ENERGY, LATENCY, PRODUCT };

static double value(const double *f, enum criterion criterion)
{
    return criterion == PRODUCT ? f[ENERGY] * f[LATENCY] : f[criterion];
}

static size_t best_member(const struct analysis_archive *archive, enum criterion criterion)
{
    size_t best = 0;
    for (size_t i = 1; i < archive->n; i++)
        if (value(analysis_archive_point(archive, i), criterion) <
            value(analysis_archive_point(archive, best), criterion))
            best = i;
    return best;
}

/* No single change makes the plan better. */
static bool is_local_optimum(struct phases *phases, const uint16_t *genes, enum criterion criterion)
{
    struct problem_score score, other;
    bool ok = true;
    score_phases(phases, genes, &score);
    for (size_t g = 0; g < GENES; g++) {
        for (uint16_t c = 0; c < phases->gene[g].choices; c++) {
            uint16_t changed[GENES];
            memcpy(changed, genes, sizeof changed);
            changed[g] = c;
            score_phases(phases, changed, &other);
            ok = ok && value(other.objective, criterion) >= value(score.objective, criterion);
        }
    }
    return ok;
}

static void check_greedy(const char *name, enum criterion criterion)
{
    struct phases phases;
    struct sched_front truth = front_of(&phases, "exact");
    struct sched_front front = front_of(&phases, name);
    size_t best = best_member(&front.archive, criterion);
    const double *f = analysis_archive_point(&front.archive, best);
    CHECK(front.evaluations < 300);
    CHECK(is_local_optimum(&phases, sched_front_genes(&front, best), criterion));
    /* The fastest choice of each gene is the fastest beside any others; not so for energy, where
     * only a device in use gains from its slow clock. */
    size_t ideal = best_member(&truth.archive, criterion);
    if (criterion == LATENCY)
        CHECK_NEAR(value(f, criterion),
                   value(analysis_archive_point(&truth.archive, ideal), criterion), 1e-12);
    sched_front_free(&truth);
    sched_front_free(&front);
}

/* A device that some unit cannot be placed on. */
static void check_unplaceable(void)
{
    struct phases phases;
    struct sched_front front;
    struct error err = {0};
    open_phases(&phases);
    phases.gene[1].choices = 2;
    CHECK(!sched_run(&phases.problem, "single-cpu", &(struct sched_options){.evaluations = 9},
                     &front, &err));
    CHECK(err.n_faults == 1 && strstr(err.fault[0], "'unit' cannot be placed"));
    CHECK(sched_run(&phases.problem, "qeil-v1", &(struct sched_options){.evaluations = 99}, &front,
                    &err));
    sched_front_free(&front);
}

/* On the layers a greedy plan is a local optimum and no worse than any single device. */
static void check_layers(void)
{
    struct layers layers;
    struct sched_front front, single;
    struct sched_options options = {.evaluations = 10000};
    struct error err = {0};
    layers_open(&layers, 12, 1);
    CHECK(sched_run(&layers.problem, "greedy-energy", &options, &front, &err));
    CHECK(sched_run(&layers.problem, "single-cpu", &options, &single, &err));
    CHECK(analysis_archive_point(&front.archive, 0)[0] <=
          analysis_archive_point(&single.archive, 0)[0]);
    CHECK(analysis_archive_point(&front.archive, 0)[0] == 137); /* the instance's ideal */
    sched_front_free(&front);
    sched_front_free(&single);
}

int main(void)
{
    check_single();
    check_qeil();
    check_greedy("greedy-energy", ENERGY);
    check_greedy("greedy-latency", LATENCY);
    check_greedy("greedy-edp", PRODUCT);
    check_unplaceable();
    check_layers();
    return check_result();
}
