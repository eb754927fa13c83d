/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/check.h"
#include "scenarios/search.h"

#include <stdlib.h>
#include <string.h>

#define RESULT_SUFFIX ".h5:"

/* "FILE.h5:ID" or "FILE.h5:SCHEDULER:ID", taken apart. */
struct stored {
    char *path;
    char *scheduler; /* NULL: the first front */
    uint64_t id;
};

static void free_stored(struct stored *stored)
{
    free(stored->path);
    free(stored->scheduler);
}

static bool parse_stored(const char *choice, const char *beside, struct stored *out,
                         struct error *err)
{
    const char *mark = strstr(choice, RESULT_SUFFIX), *next = mark;
    while (next && (next = strstr(next + 1, RESULT_SUFFIX)) != NULL)
        mark = next;
    const char *rest = mark ? mark + strlen(RESULT_SUFFIX) : "";
    const char *colon = strrchr(rest, ':'), *id = colon ? colon + 1 : rest;
    *out = (struct stored){.path = NULL};
    if (!text_count(id, &out->id))
        return error_set(err, "plan '%s': write RESULT.h5:ID or RESULT.h5:SCHEDULER:ID",
                         text_clip(choice).bytes);
    char *path = mem_strndup(choice, (size_t)(rest - choice) - 1);
    out->path = beside ? file_beside(beside, path) : mem_strdup(path);
    out->scheduler = colon ? mem_strndup(rest, (size_t)(colon - rest)) : NULL;
    free(path);
    return true;
}

static const struct scenario_front *find_front(const struct scenario_result *result,
                                               const struct stored *stored, struct error *err)
{
    struct text there = {0};
    const struct scenario_front *found = NULL;
    for (size_t i = 0; i < result->n_fronts && !found; i++) {
        const struct scenario_front *front = &result->front[i];
        if (!stored->scheduler || strcmp(stored->scheduler, front->scheduler) == 0)
            found = front;
        text_add(&there, "%s%s", i ? ", " : "", front->scheduler);
    }
    if (!found && result->n_fronts == 0)
        error_set(err, "%s: holds no fronts, so that no plan can be taken from it", stored->path);
    else if (!found)
        error_set(err, "%s: holds no front of '%s'; it has %s", stored->path,
                  text_clip(stored->scheduler).bytes, there.bytes);
    text_free(&there);
    return found;
}

/* Borrowed from the front. */
static const char *plan_of(const struct scenario_front *front, const struct stored *stored,
                           struct error *err)
{
    if (stored->id >= front->rows.n_rows) {
        error_set(err, "%s: the front of '%s' has %zu plans, numbered from 0; %llu is not there",
                  stored->path, front->scheduler, front->rows.n_rows,
                  (unsigned long long)stored->id);
        return NULL;
    }
    struct scenario_front_row row;
    table_get(&front->rows, (size_t)stored->id, &row);
    return row.plan;
}

static bool load_plan(const struct scenario_bench *bench, const char *choice, const char *beside,
                      struct sim_plan *out, struct error *err)
{
    struct stored stored;
    struct scenario_result result = {0};
    bool ok = parse_stored(choice, beside, &stored, err) &&
              scenario_result_read(stored.path, &result, err);
    const struct scenario_front *front = ok ? find_front(&result, &stored, err) : NULL;
    const char *text = front ? plan_of(front, &stored, err) : NULL;
    ok = text && sim_plan_decode(&bench->system, text, out, err);
    scenario_result_free(&result);
    free_stored(&stored);
    return ok;
}

/* A plan of the front that a scheduler finds: the one with that mark, else the knee. */
static bool search_plan(struct scenario_bench *bench, const char *scheduler, const char *mark,
                        struct sim_plan *out, struct error *err)
{
    struct scenario_members members;
    if (!scenario_search(bench, scheduler, &members, err))
        return false;
    bool ok = members.n > 0;
    if (!ok)
        *err = members.why;
    if (ok) {
        size_t i = strcmp(mark, "least-energy") == 0    ? members.least_energy
                   : strcmp(mark, "least-latency") == 0 ? members.least_latency
                                                        : members.knee;
        sim_plan_init(out, &bench->system);
        sim_plan_copy(out, &members.member[i].plan);
    }
    scenario_members_free(&members);
    return ok;
}

static bool is_mark(const char *choice)
{
    return strcmp(choice, "knee") == 0 || strcmp(choice, "least-energy") == 0 ||
           strcmp(choice, "least-latency") == 0;
}

/* What the scenario itself says is relative to its file. */
static const char *file_of_plan(const struct scenario *scenario)
{
    const struct tree *node = tree_get(scenario->tree, "plan");
    return node && strncmp(node->mark.path, "--set ", strlen("--set ")) != 0 ? node->mark.path
                                                                             : NULL;
}

static bool choose_plan(struct scenario_bench *bench, const char *choice, struct sim_plan *out,
                        struct error *err)
{
    const struct scenario *scenario = bench->scenario;
    const char *beside = choice ? NULL : file_of_plan(scenario);
    if (!choice)
        choice = scenario->plan ? scenario->plan : "knee";
    else if (!scenario_check_plan(scenario, choice, NULL, err))
        return false;
    if (strchr(choice, ':'))
        return load_plan(bench, choice, beside, out, err);
    const char *scheduler = is_mark(choice) ? scenario->schedulers[0] : choice;
    return search_plan(bench, scheduler, choice, out, err);
}

bool scenario_run(const struct scenario *scenario, const char *choice,
                  const struct scenario_options *options, struct scenario_result *out,
                  struct error *err)
{
    struct scenario_bench bench;
    struct sim_plan plan = {0};
    scenario_result_head(scenario, out);
    bool ok = scenario_bench_open(&bench, scenario, options, err) &&
              choose_plan(&bench, choice, &plan, err);
    if (ok && options->as_server)
        plan.in_flight = scenario->serving.max_num_seqs;
    ok = ok && scenario_replay_run(&bench, &plan, out, err);
    sim_plan_free(&plan);
    scenario_bench_close(&bench);
    if (!ok)
        scenario_result_free(out);
    return ok;
}
