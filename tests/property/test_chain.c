/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the bounds on a chain leave out is dominated: the front is that of plain enumeration, point
 * by point, and each member's assignment has its objectives. */
#include "sim/schedulers/sched.h"

#include "tests/check.h"

enum { MOST_LAYERS = 8, MOST_DEVICES = 4 };

struct instance {
    struct problem problem;
    struct problem_gene gene[MOST_LAYERS];
    struct problem_chain chain;
    double latency[MOST_LAYERS * MOST_DEVICES], energy[MOST_LAYERS * MOST_DEVICES];
};

static void score(const struct instance *instance, const uint16_t *genes, double *f)
{
    const struct problem_chain *chain = &instance->chain;
    size_t n = instance->problem.n_devices;
    double load[MOST_DEVICES] = {0}, sum = 0, most = 0, changes = 0;
    f[0] = f[1] = 0;
    for (size_t l = 0; l < instance->problem.n_genes; l++) {
        f[0] += chain->energy[l * n + genes[l]];
        load[genes[l]] += chain->latency[l * n + genes[l]];
        changes += l > 0 && genes[l] != genes[l - 1];
    }
    for (size_t d = 0; d < n; d++) {
        sum += load[d];
        most = fmax(most, load[d]);
    }
    f[0] += changes * chain->change_energy;
    f[1] = sum + changes * chain->change_latency;
    f[2] = !chain->share ? (double)n * most - sum : most > 0 ? 1 - sum / ((double)n * most) : 0;
}

static void *state_create(const struct problem *problem)
{
    return calloc(problem->n_genes, sizeof(uint16_t));
}

static void evaluate(const struct problem *problem, void *state, const uint16_t *genes,
                     struct problem_score *out)
{
    *out = (struct problem_score){.violation = 0};
    memcpy(state, genes, problem->n_genes * sizeof *genes);
    score(problem->context, genes, out->objective);
}

static void apply(const struct problem *problem, void *state, size_t gene, uint16_t choice)
{
    (void)problem;
    ((uint16_t *)state)[gene] = choice;
}

static void delta(const struct problem *problem, void *state, size_t gene, uint16_t choice,
                  struct problem_score *out)
{
    uint16_t genes[MOST_LAYERS];
    memcpy(genes, state, problem->n_genes * sizeof *genes);
    genes[gene] = choice;
    *out = (struct problem_score){.violation = 0};
    score(problem->context, genes, out->objective);
}

/* Small costs, often equal and often 0. */
static void draw(struct instance *instance, uint64_t seed)
{
    static const char *const name[MOST_DEVICES] = {"a", "b", "c", "d"};
    struct stream stream = stream_open(seed, STREAM_TEST, 3, 0);
    size_t layers = 1 + stream_below(&stream, MOST_LAYERS);
    size_t devices = 1 + stream_below(&stream, MOST_DEVICES);
    uint32_t most = 1 + stream_below(&stream, seed % 3 == 0 ? 3 : 60);
    *instance = (struct instance){.problem = {.n_genes = layers,
                                              .gene = instance->gene,
                                              .n_devices = devices,
                                              .device = name,
                                              .objective_name = {"e", "t", "u"},
                                              .context = instance,
                                              .state_create = state_create,
                                              .state_destroy = free,
                                              .evaluate = evaluate,
                                              .delta = delta,
                                              .apply = apply}};
    for (size_t l = 0; l < layers; l++)
        instance->gene[l] = (struct problem_gene){"layer", (uint16_t)devices, PROBLEM_BOTH};
    for (size_t i = 0; i < layers * devices; i++) {
        instance->latency[i] = stream_below(&stream, most);
        instance->energy[i] = stream_below(&stream, most);
    }
    instance->chain = (struct problem_chain){.latency = instance->latency,
                                             .energy = instance->energy,
                                             .change_latency = stream_below(&stream, 5),
                                             .change_energy = stream_below(&stream, 5),
                                             .share = stream_below(&stream, 2)};
}

static bool members_are_true(const struct instance *instance, const struct sched_front *front)
{
    bool ok = true;
    for (size_t i = 0; i < front->archive.n; i++) {
        double f[3];
        score(instance, sched_front_genes(front, i), f);
        ok = ok && analysis_lexicographic(f, analysis_archive_point(&front->archive, i), 3) == 0;
    }
    return ok;
}

static bool holds(uint64_t seed)
{
    struct instance instance;
    struct sched_front plain, pruned;
    struct error err = {0};
    draw(&instance, seed);
    bool ok = sched_run(&instance.problem, "exact", &(struct sched_options){0}, &plain, &err);
    instance.problem.chain = &instance.chain;
    ok = sched_run(&instance.problem, "exact", &(struct sched_options){0}, &pruned, &err) && ok;
    ok = ok && plain.archive.n == pruned.archive.n && members_are_true(&instance, &pruned) &&
         memcmp(plain.archive.f, pruned.archive.f, 3 * plain.archive.n * sizeof(double)) == 0;
    sched_front_free(&plain);
    sched_front_free(&pruned);
    return ok;
}

int main(void)
{
    for (uint64_t seed = 0; seed < 200; seed++)
        if (!CHECK(holds(seed)))
            fprintf(stderr, "    seed %llu\n", (unsigned long long)seed);
    return check_result();
}
