/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_search.h"

#include "analysis/statistics.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/grid.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* One number of each run. */
typedef double number_of_run(const struct sim_study_run *run);

static double hv_ratio(const struct sim_study_run *run)
{
    return run->quality.hv_ratio;
}
static double igd_plus(const struct sim_study_run *run)
{
    return run->quality.igd_plus;
}
static double epsilon(const struct sim_study_run *run)
{
    return run->quality.epsilon;
}
static double share_found(const struct sim_study_run *run)
{
    return run->quality.share_found;
}
static double points(const struct sim_study_run *run)
{
    return (double)run->front.archive.n;
}
static double wall_s(const struct sim_study_run *run)
{
    return run->wall_s;
}

static double cpu_s(const struct sim_study_run *run)
{
    return run->cpu_s;
}

static const struct quantity {
    const char *name, *title;
    number_of_run *number;
} quantities[] = {{"hv_ratio", "volume / true", hv_ratio},
                  {"igd_plus", "IGD+", igd_plus},
                  {"epsilon", "epsilon", epsilon},
                  {"share_found", "share found", share_found},
                  {"points", "points", points},
                  {"wall_s", "wall s", wall_s},
                  {"cpu_s", "processor s", cpu_s}};
enum { QUANTITIES = sizeof quantities / sizeof *quantities };

/* min, quartiles, max. */
enum { FIVE = 5 };
static const char *const five_names[FIVE] = {"min", "q1", "median", "q3", "max"};

static void five_of(const struct sim_study *study, number_of_run *number, double five[FIVE])
{
    static const double at[FIVE] = {0, 25, 50, 75, 100};
    double *value = mem_calloc(study->n_runs, sizeof *value);
    for (size_t i = 0; i < study->n_runs; i++)
        value[i] = number(&study->run[i]);
    analysis_percentiles(value, study->n_runs, at, FIVE, five);
    free(value);
}

static uint64_t most_evaluations(const struct sim_study *study)
{
    uint64_t most = 0;
    for (size_t i = 0; i < study->n_runs; i++)
        most = study->run[i].evaluations > most ? study->run[i].evaluations : most;
    return most;
}

static void print_truth(const struct sim_study_truth *truth)
{
    static const char *const name[] = {"energy", "latency", "underutilisation"};
    printf("true front %zu points, volume %.9f (%.17g as it is, against nadir + 1)\n",
           truth->front.archive.n, truth->measured.volume, truth->raw_volume);
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        printf("  %-16s %.10g ... %.10g\n", name[o], truth->measured.least[o],
               truth->measured.greatest[o]);
}

void report_search(const struct sim_study *study, const struct sim_study_ask *ask)
{
    struct grid grid = {.align = "lrrrrr"};
    printf("algorithm  %s, %" PRIu64 " evaluations of at most %" PRIu64 "\n", ask->scheduler,
           most_evaluations(study), ask->options.evaluations);
    printf("runs       %zu, seeds %" PRIu64 " ... %" PRIu64 "\n", study->n_runs, study->run[0].seed,
           study->run[study->n_runs - 1].seed);
    if (study->has_truth)
        print_truth(&study->truth);
    grid_add(&grid, "%s", "");
    for (size_t i = 0; i < FIVE; i++)
        grid_add(&grid, "%s", five_names[i]);
    for (size_t q = 0; q < QUANTITIES; q++) {
        double five[FIVE];
        five_of(study, quantities[q].number, five);
        if (isnan(five[0]))
            continue;
        grid_add(&grid, "%s", quantities[q].title);
        for (size_t i = 0; i < FIVE; i++)
            grid_add(&grid, quantities[q].number == hv_ratio ? "%.5f" : "%.4g", five[i]);
    }
    printf("\n");
    grid_print(&grid, 0, true, stdout);
}

/* JSON has no nan and no infinity: what is not known is null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *truth_json(const struct sim_study_truth *truth)
{
    json_t *object = json_object(), *ideal = json_array(), *nadir = json_array();
    json_object_set_new(object, "points", json_integer((json_int_t)truth->front.archive.n));
    json_object_set_new(object, "hv_raw", json_real(truth->raw_volume));
    json_object_set_new(object, "hv", json_real(truth->measured.volume));
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        json_array_append_new(ideal, json_real(truth->measured.least[o]));
        json_array_append_new(nadir, json_real(truth->measured.greatest[o]));
    }
    json_object_set_new(object, "ideal", ideal);
    json_object_set_new(object, "nadir", nadir);
    return object;
}

static json_t *run_json(const struct sim_study_run *run)
{
    json_t *object = json_object();
    json_object_set_new(object, "seed", json_integer((json_int_t)run->seed));
    json_object_set_new(object, "evaluations", json_integer((json_int_t)run->evaluations));
    for (size_t q = 0; q < QUANTITIES; q++)
        json_object_set_new(object, quantities[q].name, number(quantities[q].number(run)));
    return object;
}

void report_search_json(const struct sim_study *study, const struct sim_study_ask *ask)
{
    json_t *object = json_object(), *each = json_array();
    json_object_set_new(object, "algorithm", json_string(ask->scheduler));
    json_object_set_new(object, "evaluations", json_integer((json_int_t)most_evaluations(study)));
    json_object_set_new(object, "budget", json_integer((json_int_t)ask->options.evaluations));
    json_object_set_new(object, "runs", json_integer((json_int_t)study->n_runs));
    for (size_t q = 0; q < QUANTITIES; q++) {
        double five[FIVE];
        json_t *numbers = json_object();
        five_of(study, quantities[q].number, five);
        for (size_t i = 0; i < FIVE; i++)
            json_object_set_new(numbers, five_names[i], number(five[i]));
        json_object_set_new(object, quantities[q].name, numbers);
    }
    if (study->has_truth)
        json_object_set_new(object, "truth", truth_json(&study->truth));
    for (size_t i = 0; i < study->n_runs; i++)
        json_array_append_new(each, run_json(&study->run[i]));
    json_object_set_new(object, "each", each);
    char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    puts(text);
    free(text);
    json_decref(object);
}

static void add_points(const struct sim_study_run *run, struct text *out)
{
    for (size_t i = 0; i < run->front.archive.n; i++) {
        const double *f = analysis_archive_point(&run->front.archive, i);
        const uint16_t *genes = sched_front_genes(&run->front, i);
        text_add(out, "%" PRIu64 ",%.17g,%.17g,%.17g,", run->seed, f[0], f[1], f[2]);
        for (size_t g = 0; g < run->front.n_genes; g++)
            text_add(out, "%s%u", g > 0 ? " " : "", genes[g]);
        text_add(out, "\n");
    }
}

static bool write_text(struct text *text, const char *path, struct error *err)
{
    bool ok = file_write(path, text->bytes, text->length, err);
    text_free(text);
    return ok;
}

bool report_search_points(const struct sim_study *study, const char *path, struct error *err)
{
    struct text text = {0};
    text_add(&text, "seed,energy,latency,underutilisation,assignment\n");
    for (size_t i = 0; i < study->n_runs; i++)
        add_points(&study->run[i], &text);
    return write_text(&text, path, err);
}

bool report_search_curve(const struct sim_study *study, const char *path, struct error *err)
{
    struct text text = {0};
    text_add(&text, "seed,evaluations,hv_ratio\n");
    for (size_t i = 0; i < study->n_runs; i++)
        for (size_t m = 0; m < study->n_marks; m++)
            text_add(&text, "%" PRIu64 ",%" PRIu64 ",%.17g\n", study->run[i].seed, study->mark[m],
                     study->run[i].ratio[m]);
    return write_text(&text, path, err);
}
