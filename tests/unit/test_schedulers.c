/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all schedulers promise, and the true fronts of the layer instances. */
#include "sim/schedulers/sched.h"

#include "analysis/hypervolume.h"
#include "tests/check.h"
#include "tests/support/layers.h"

static const char *const all[] = {
    "single-gpu",     "greedy-energy", "greedy-latency", "greedy-edp", "greedy-weighted",
    "qeil-v1",        "exact",         "pgsam",          "nsga2",      "amosa",
    "amosa-quotient", "pls",           "beam",           "random"};
enum { N_ALL = sizeof all / sizeof *all };

/* Sizes and volumes found by enumeration, dynamic programming and branch and bound alike; the
 * volumes, against one beyond the nadir, by two hypervolume programs. */
static void check_truth(size_t n, size_t members, double volume, bool chain)
{
    struct layers layers;
    struct sched_front front;
    struct sched_options options = {.seed = 1};
    struct error err = {0};
    double least[3], r[3];
    layers_open(&layers, n, 1);
    if (chain)
        layers_chain(&layers);
    CHECK(sched_run(&layers.problem, "exact", &options, &front, &err));
    CHECK(front.archive.n == members && !front.cut_short && !front.nearest);
    analysis_bounds(front.archive.f, members, 3, least, r);
    for (int o = 0; o < 3; o++)
        r[o]++;
    CHECK(analysis_hypervolume(front.archive.f, members, 3, r, NULL) == volume);
    CHECK(front.evaluations == layers.problem.evaluations);
    CHECK(chain || front.evaluations == sched_exact_size(&layers.problem));
    sched_front_free(&front);
}

static void check_first_points(void)
{
    static const double want[] = {62, 326, 652, 65, 292, 515, 81, 303, 501, 84, 269, 364};
    static const double last[] = {385, 90, 180};
    struct layers layers;
    struct sched_front front;
    struct error err = {0};
    layers_open(&layers, 6, 1);
    CHECK(sched_run(&layers.problem, "exact", &(struct sched_options){0}, &front, &err));
    CHECK(analysis_lexicographic(front.archive.f, want, 12) == 0);
    CHECK(analysis_lexicographic(analysis_archive_point(&front.archive, 48), last, 3) == 0);
    sched_front_free(&front);
}

/* Each member's assignment has the objectives that it is listed with. */
static bool members_are_true(struct layers *layers, const struct sched_front *front)
{
    bool ok = true;
    for (size_t i = 0; i < front->archive.n; i++) {
        struct problem_score score;
        const double *f = analysis_archive_point(&front->archive, i);
        layers_score(layers, sched_front_genes(front, i), &score);
        const double *kept = sched_front_score(front, i)->objective;
        ok = ok && analysis_lexicographic(score.objective, f, 3) == 0 &&
             analysis_lexicographic(kept, f, 3) == 0;
    }
    return ok;
}

/* All three counters agree, the budget holds, members are what they say. */
static void check_accounts(const char *name, size_t n, uint64_t budget)
{
    struct layers layers;
    struct sched_front front;
    struct sched_options options = {.evaluations = budget, .seed = 3};
    struct error err = {0};
    layers_open(&layers, n, 1);
    CHECK(sched_run(&layers.problem, name, &options, &front, &err) && err.n_faults == 0);
    CHECK(front.evaluations == layers.calls && front.evaluations == layers.problem.evaluations);
    CHECK(front.evaluations <= budget || strcmp(name, "exact") == 0);
    CHECK((front.archive.n > 0) == (front.evaluations > 0));
    if (!CHECK(members_are_true(&layers, &front)))
        fprintf(stderr, "    %s, %zu layers, %llu evaluations\n", name, n,
                (unsigned long long)budget);
    sched_front_free(&front);
}

static void check_repeatable(const char *name)
{
    struct layers layers;
    struct sched_front a, b;
    struct sched_options options = {.evaluations = 700, .seed = UINT64_C(5) << 40};
    struct error err = {0};
    layers_open(&layers, 9, 1);
    CHECK(sched_run(&layers.problem, name, &options, &a, &err));
    CHECK(sched_run(&layers.problem, name, &options, &b, &err));
    CHECK(a.archive.n == b.archive.n && a.evaluations == b.evaluations);
    for (size_t i = 0; i < a.archive.n && i < b.archive.n; i++) {
        CHECK(analysis_lexicographic(analysis_archive_point(&a.archive, i),
                                     analysis_archive_point(&b.archive, i), 3) == 0);
        CHECK(memcmp(sched_front_genes(&a, i), sched_front_genes(&b, i), 9 * sizeof(uint16_t)) ==
              0);
    }
    sched_front_free(&a);
    sched_front_free(&b);
}

/* One gene with one choice, and no gene at all: one plan, found once by those that do not draw. */
static void check_smallest(const char *name, size_t n_genes)
{
    struct layers layers;
    struct sched_front front;
    struct sched_options options = {.evaluations = 20};
    struct error err = {0};
    layers_open(&layers, n_genes, 1);
    layers.gene[0].choices = 1;
    CHECK(sched_run(&layers.problem, name, &options, &front, &err));
    CHECK(front.archive.n == 1);
    if (strcmp(name, "pgsam") == 0 || strcmp(name, "exact") == 0)
        CHECK(front.evaluations == 1 && !front.cut_short);
    sched_front_free(&front);
}

/* Nothing is feasible: the front is empty and the least violating plan seen is kept. */
static void check_infeasible(const char *name)
{
    struct layers layers;
    struct sched_front front;
    struct sched_options options = {.evaluations = 2000, .seed = 1};
    struct problem_score score;
    struct error err = {0};
    layers_open(&layers, 7, 1);
    layers.forbidden = 0.5;
    CHECK(sched_run(&layers.problem, name, &options, &front, &err));
    CHECK(front.archive.n == 0 && front.nearest);
    if (front.nearest) {
        layers_score(&layers, front.nearest, &score);
        CHECK(score.violation == front.nearest_score.violation);
        if (strcmp(name, "random") != 0)
            CHECK(score.violation == 0.5);
    }
    sched_front_free(&front);
}

static void note(void *context, const char *sentence)
{
    CHECK_TEXT(sentence, "exact scores all 729 plans");
    ++*(int *)context;
}

static void check_exact_limit(void)
{
    struct layers layers;
    struct sched_front front;
    struct error err = {0};
    int notes = 0;
    struct sched_options options = {.exact_limit = 728, .note = note, .context = &notes};
    layers_open(&layers, 6, 1);
    CHECK(!sched_run(&layers.problem, "exact", &options, &front, &err));
    CHECK(err.n_faults == 1 && strstr(err.fault[0], "729") && strstr(err.fault[0], "728"));
    CHECK(notes == 0 && front.archive.n == 0 && layers.calls == 0);
    options.exact_limit = 729;
    CHECK(sched_run(&layers.problem, "exact", &options, &front, &err) && notes == 1);
    sched_front_free(&front);
    layers_open(&layers, 40, 1);
    CHECK(sched_exact_size(&layers.problem) == UINT64_C(12157665459056928801));
    layers_open(&layers, 41, 1);
    CHECK(sched_exact_size(&layers.problem) == UINT64_MAX);
    options.exact_limit = 0;
    CHECK(!sched_run(&layers.problem, "exact", &options, &front, &err));
    CHECK(strstr(err.fault[1], "more than"));
}

struct heard {
    char sentence[200];
    uint64_t last;
    int calls;
};

static void hear_note(void *context, const char *sentence)
{
    struct heard *heard = context;
    snprintf(heard->sentence, sizeof heard->sentence, "%s", sentence);
}

/* Ends the search at the third call. */
static bool hear_progress(void *context, uint64_t done, uint64_t of, size_t front)
{
    struct heard *heard = context;
    CHECK(done >= heard->last && done < of && of == 531441 && front <= 300);
    heard->last = done;
    return ++heard->calls < 3;
}

static void check_chain_progress(void)
{
    struct layers layers;
    struct sched_front front;
    struct error err = {0};
    struct heard heard = {.calls = 0};
    struct sched_options options = {
        .note = hear_note, .progress = hear_progress, .context = &heard, .exact_limit = 531440};
    layers_open(&layers, 12, 1);
    layers_chain(&layers);
    CHECK(!sched_run(&layers.problem, "exact", &options, &front, &err) && err.n_faults == 1);
    options.exact_limit = 0;
    CHECK(sched_run(&layers.problem, "exact", &options, &front, &err));
    CHECK_TEXT(heard.sentence, "exact goes through all 531441 plans, less those that a bound shows "
                               "to be dominated");
    CHECK(heard.calls == 3 && front.cut_short && front.archive.n > 0);
    CHECK(members_are_true(&layers, &front));
    sched_front_free(&front);
}

/* Genes of one choice among the others must not upset the counting. */
static void check_exact_fixed_genes(void)
{
    struct layers layers;
    struct sched_front front;
    struct error err = {0};
    layers_open(&layers, 6, 1);
    layers.gene[0].choices = layers.gene[3].choices = layers.gene[5].choices = 1;
    layers.gene[2].choices = 2;
    CHECK(sched_run(&layers.problem, "exact", &(struct sched_options){0}, &front, &err));
    CHECK(front.evaluations == 18 && members_are_true(&layers, &front));
    sched_front_free(&front);
}

static bool stop_soon(void *context, uint64_t evaluations, uint64_t budget, size_t front)
{
    (void)front;
    ++*(int *)context;
    return evaluations < 1000 && budget == 100000;
}

static void check_progress(const char *name)
{
    struct layers layers;
    struct sched_front front;
    struct error err = {0};
    int calls = 0;
    struct sched_options options = {
        .evaluations = 100000, .progress = stop_soon, .context = &calls};
    layers_open(&layers, 12, 1);
    CHECK(sched_run(&layers.problem, name, &options, &front, &err));
    CHECK(calls > 1 && front.cut_short && front.archive.n > 0);
    CHECK(front.evaluations >= 1000 && front.evaluations < 2000);
    sched_front_free(&front);
}

static void check_names(void)
{
    struct layers layers;
    struct sched_front front;
    struct error err = {0};
    layers_open(&layers, 6, 1);
    for (size_t i = 1; i < N_ALL; i++)
        CHECK(sched_find(all[i]) && strcmp(sched_find(all[i])->name, all[i]) == 0);
    for (size_t i = 0; sched_names()[i]; i++)
        CHECK(sched_find(sched_names()[i]) && sched_find(sched_names()[i])->summary);
    CHECK(sched_find("single-npu") && !sched_find("single-") && !sched_find("nsga"));
    CHECK(sched_check(&layers.problem, "single-cpu", &err) && err.n_faults == 0);
    CHECK(sched_check(NULL, "single-anything", &err) && err.n_faults == 0);
    CHECK(!sched_run(&layers.problem, "single-cpo", &(struct sched_options){0}, &front, &err));
    CHECK(strstr(err.fault[0], "'single-cpo' (did you mean 'single-cpu'?)"));
    CHECK(strstr(err.fault[0], "there are single-gpu, single-npu, single-cpu, greedy-energy"));
    CHECK(!sched_check(NULL, "pgasm", &err));
    CHECK(strstr(err.fault[1], "(did you mean 'pgsam'?); there are single-DEVICE"));
}

static void check_seen(void)
{
    struct sched_seen seen = {0};
    uint16_t genes[3] = {0, 0, 0};
    CHECK(!sched_seen_has(&seen, 0) && sched_seen_add(&seen, 0) && !sched_seen_add(&seen, 0));
    for (uint16_t i = 0; i < 1000; i++) {
        genes[0] = i % 10;
        genes[1] = i / 10 % 10;
        genes[2] = i / 100;
        CHECK(sched_seen_add(&seen, sched_seen_hash(genes, 3)));
    }
    CHECK(seen.n == 1001 && sched_seen_has(&seen, sched_seen_hash(genes, 3)));
    uint64_t changed = sched_seen_hash(genes, 3) ^ sched_seen_key(1, 9) ^ sched_seen_key(1, 4);
    genes[1] = 4;
    CHECK(changed == sched_seen_hash(genes, 3));
    sched_seen_free(&seen);
}

int main(void)
{
    static const uint64_t budgets[] = {0, 1, 2, 17, 300, 5000};
    check_truth(6, 49, 33354695, false);
    check_truth(8, 96, 70994761, false);
    check_truth(10, 168, 138062770, false);
    check_truth(6, 49, 33354695, true);
    check_truth(12, 300, 242096206, true);
    check_truth(14, 472, 381221322, true);
    check_first_points();
    for (size_t i = 0; i < N_ALL; i++) {
        for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++)
            check_accounts(all[i], 8, budgets[b]);
        check_repeatable(all[i]);
        check_smallest(all[i], 1);
        check_smallest(all[i], 0);
        check_infeasible(all[i]);
    }
    check_exact_limit();
    check_exact_fixed_genes();
    check_chain_progress();
    check_progress("pgsam");
    check_progress("random");
    check_names();
    check_seen();
    return check_result();
}
