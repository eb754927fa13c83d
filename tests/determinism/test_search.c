/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Equal seeds give equal archives, byte for byte, whatever the number of threads. */
#include "sim/study.h"

#include "tests/check.h"

enum { RUNS = 6, EVALUATIONS = 400 };

static const char *const instance = "schema: qeilsim/assignment/1\n"
                                    "devices: [gpu, npu, cpu]\n"
                                    "layers:\n"
                                    "  - {latency: [11, 14, 47], energy: [69, 45, 8]}\n"
                                    "  - {latency: [15, 13, 64], energy: [73, 37, 7]}\n"
                                    "  - {latency: [17, 19, 59], energy: [58, 19, 20]}\n"
                                    "  - {latency: [9, 31, 57], energy: [67, 28, 7]}\n"
                                    "  - {latency: [18, 31, 40], energy: [61, 35, 5]}\n"
                                    "  - {latency: [20, 33, 59], energy: [57, 32, 15]}\n"
                                    "  - {latency: [8.5, 21, 30], energy: [47, 22, 10.25]}\n"
                                    "transition: {latency: 3, energy: 2}\n"
                                    "underutilisation: idle\n";

static struct sim_study study_of(const struct sim_assignment *assignment, const char *scheduler,
                                 size_t threads)
{
    struct sim_study study;
    struct error err = {0};
    struct sim_study_ask ask = {.scheduler = scheduler,
                                .options = {.evaluations = EVALUATIONS, .seed = 3},
                                .runs = RUNS,
                                .threads = threads,
                                .truth = true,
                                .curve = true};
    CHECK(sim_study_run(assignment, &ask, &study, &err) && study.n_runs == RUNS);
    return study;
}

static bool same_run(const struct sim_study_run *a, const struct sim_study_run *b, size_t n_marks)
{
    const struct analysis_archive *f = &a->front.archive, *g = &b->front.archive;
    bool same = a->seed == b->seed && a->evaluations == b->evaluations && f->n == g->n &&
                memcmp(f->f, g->f, f->n * f->m * sizeof *f->f) == 0 &&
                memcmp(a->ratio, b->ratio, n_marks * sizeof *a->ratio) == 0;
    for (size_t i = 0; same && i < f->n; i++)
        same = memcmp(sched_front_genes(&a->front, i), sched_front_genes(&b->front, i),
                      a->front.n_genes * sizeof(uint16_t)) == 0;
    return same;
}

static void check(const struct sim_assignment *assignment, const char *scheduler)
{
    struct sim_study one = study_of(assignment, scheduler, 1);
    for (size_t threads = 2; threads <= RUNS + 1; threads += 2) {
        struct sim_study many = study_of(assignment, scheduler, threads);
        for (size_t i = 0; i < RUNS; i++)
            if (!CHECK(same_run(&one.run[i], &many.run[i], one.n_marks)))
                fprintf(stderr, "    %s, %zu threads, run %zu\n", scheduler, threads, i);
        sim_study_free(&many);
    }
    sim_study_free(&one);
}

/* Other seeds search elsewhere: equal archives are no accident. */
static void check_seeds(const struct sim_assignment *assignment)
{
    struct sim_study study = study_of(assignment, "random", 1);
    bool differ = false;
    for (size_t i = 1; i < RUNS; i++)
        differ = differ || study.run[i].front.archive.n != study.run[0].front.archive.n ||
                 study.run[i].quality.hv_ratio < study.run[0].quality.hv_ratio;
    CHECK(differ);
    sim_study_free(&study);
}

int main(void)
{
    struct sim_assignment assignment;
    struct error err = {0};
    if (CHECK(sim_assignment_parse("instance", instance, strlen(instance), &assignment, &err))) {
        for (const char *const *name = sched_names() + 1; *name; name++)
            check(&assignment, *name);
        check_seeds(&assignment);
        sim_assignment_free(&assignment);
    }
    return check_result();
}
