/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/study.h"

#include "analysis/hypervolume.h"
#include "base/memory.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { O = PROBLEM_OBJECTIVES };
static const double MARK_STEP = 1.2;

/* What the threads share; each takes the next run that nobody took. */
struct work {
    const struct sim_assignment *assignment;
    const struct sim_study_ask *ask;
    struct sim_study *study;
    atomic_size_t next;
    atomic_uint_fast64_t used; /* evaluations, all runs together */
    atomic_bool ended;
    pthread_t thread; /* the one that may call progress() */
};

/* What a search hands back to its watchers. */
struct watch {
    struct work *work;
    struct sim_study_run *run;
    uint64_t told;
};

static double now_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- Truth and quality ---- */

static void measure_truth(struct sim_study_truth *truth)
{
    const struct analysis_archive *archive = &truth->front.archive;
    double beyond[O];
    analysis_truth_init(&truth->measured, archive->f, archive->n, O);
    for (size_t o = 0; o < O; o++)
        beyond[o] = truth->measured.greatest[o] + 1;
    truth->raw_volume = analysis_hypervolume(archive->f, archive->n, O, beyond, NULL);
}

static struct analysis_quality quality_of(const struct sim_study *study,
                                          const struct sched_front *front)
{
    if (!study->has_truth)
        return (struct analysis_quality){NAN, NAN, NAN, NAN};
    return analysis_quality_of(&study->truth.measured, front->archive.f, front->archive.n);
}

static bool find_truth(const struct work *work, struct error *err)
{
    struct sim_study *study = work->study;
    struct sched_options options = work->ask->options;
    struct sim_assignment_problem *space = sim_assignment_problem_create(work->assignment);
    options.n_watch = 0;
    study->has_truth =
        sched_run(sim_assignment_problem_of(space), "exact", &options, &study->truth.front, err);
    sim_assignment_problem_destroy(space);
    if (!study->has_truth)
        return false;
    study->cut_short = study->truth.front.cut_short;
    if (!study->cut_short)
        measure_truth(&study->truth);
    return true;
}

/* ---- Runs ---- */

static void mark(struct sim_study *study, uint64_t budget)
{
    double at = 10;
    for (; at < (double)budget && study->n_marks + 1 < SIM_STUDY_MARKS; at *= MARK_STEP)
        study->mark[study->n_marks++] = (uint64_t)at;
    study->mark[study->n_marks++] = budget;
}

static void note_ratio(void *context, size_t i, const struct sched_front *front)
{
    struct watch *watch = context;
    watch->run->ratio[i] =
        analysis_hv_ratio(&watch->work->study->truth.measured, front->archive.f, front->archive.n);
}

static bool tell_progress(void *context, uint64_t evaluations, uint64_t budget, size_t members)
{
    struct watch *watch = context;
    struct work *work = watch->work;
    const struct sched_options *options = &work->ask->options;
    uint64_t used = atomic_fetch_add(&work->used, evaluations - watch->told);
    watch->told = evaluations;
    if (options->progress && pthread_equal(work->thread, pthread_self()) &&
        !options->progress(options->context, used, budget * work->study->n_runs, members))
        atomic_store(&work->ended, true);
    return !atomic_load(&work->ended);
}

static void note(void *context, const char *sentence)
{
    const struct watch *watch = context;
    const struct sched_options *options = &watch->work->ask->options;
    if (options->note && watch->run == watch->work->study->run)
        options->note(options->context, sentence);
}

static void search(struct work *work, struct sim_study_run *run)
{
    struct sim_study *study = work->study;
    struct sched_options options = work->ask->options;
    struct watch watch = {.work = work, .run = run};
    struct error err = {0};
    struct sim_assignment_problem *space = sim_assignment_problem_create(work->assignment);
    struct problem *problem = sim_assignment_problem_of(space);
    options.seed = run->seed;
    options.context = &watch;
    options.progress = tell_progress;
    options.note = note;
    if (study->n_marks > 0) {
        run->ratio = mem_calloc(study->n_marks, sizeof *run->ratio);
        options.watch_at = study->mark;
        options.n_watch = study->n_marks;
        options.watch = note_ratio;
    }
    double begin_s = now_s(CLOCK_MONOTONIC), cpu_begin_s = now_s(CLOCK_THREAD_CPUTIME_ID);
    if (!sched_run(problem, work->ask->scheduler, &options, &run->front, &err))
        run->fault = mem_strdup(err.fault[0]);
    run->wall_s = now_s(CLOCK_MONOTONIC) - begin_s;
    run->cpu_s = now_s(CLOCK_THREAD_CPUTIME_ID) - cpu_begin_s;
    run->evaluations = problem->evaluations;
    run->quality = quality_of(study, &run->front);
    for (size_t i = run->front.n_watched; run->ratio && i < study->n_marks; i++)
        run->ratio[i] = run->quality.hv_ratio;
    sim_assignment_problem_destroy(space);
}

static void *do_runs(void *context)
{
    struct work *work = context;
    for (;;) {
        size_t i = atomic_fetch_add(&work->next, 1);
        if (i >= work->study->n_runs || atomic_load(&work->ended))
            return NULL;
        search(work, &work->study->run[i]);
    }
}

/* A thread that cannot be had is done without. */
static void do_all_runs(struct work *work, size_t threads)
{
    pthread_t *thread = mem_calloc(threads, sizeof *thread);
    size_t n = 0;
    while (n + 1 < threads && n + 1 < work->study->n_runs &&
           pthread_create(&thread[n], NULL, do_runs, work) == 0)
        n++;
    do_runs(work);
    for (size_t i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    free(thread);
}

static bool do_study(struct work *work, struct error *err)
{
    struct sim_study *study = work->study;
    const struct sim_study_ask *ask = work->ask;
    if (ask->truth && !find_truth(work, err))
        return false;
    if (study->cut_short)
        return true;
    study->n_runs = ask->runs;
    study->run = mem_calloc(ask->runs, sizeof *study->run);
    for (size_t i = 0; i < study->n_runs; i++)
        study->run[i].seed = ask->options.seed + i;
    do_all_runs(work, ask->threads);
    study->cut_short = atomic_load(&work->ended);
    for (size_t i = 0; i < study->n_runs; i++)
        if (study->run[i].fault)
            return error_set(err, "%s", study->run[i].fault);
    return true;
}

bool sim_study_run(const struct sim_assignment *assignment, const struct sim_study_ask *ask,
                   struct sim_study *study, struct error *err)
{
    *study = (struct sim_study){.n_runs = 0};
    struct work work = {
        .assignment = assignment, .ask = ask, .study = study, .thread = pthread_self()};
    if (ask->truth && ask->curve)
        mark(study, ask->options.evaluations);
    if (do_study(&work, err))
        return true;
    sim_study_free(study);
    return false;
}

void sim_study_free(struct sim_study *study)
{
    for (size_t i = 0; i < study->n_runs; i++) {
        sched_front_free(&study->run[i].front);
        free(study->run[i].ratio);
        free(study->run[i].fault);
    }
    free(study->run);
    if (study->has_truth)
        sched_front_free(&study->truth.front);
    analysis_truth_free(&study->truth.measured);
    *study = (struct sim_study){.n_runs = 0};
}
