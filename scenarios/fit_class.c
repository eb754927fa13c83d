/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the devices of a class have in common, fitted to the rows of all of them, with the parent's
 * values as priors; and how well each member is predicted by a class that was fitted without it. */
#include "analysis/statistics.h"
#include "base/memory.h"
#include "scenarios/fit_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Members scatter around their class by about this. */
static const double member_noise = 0.06;
/* A class may lie further from its parent than a device from its class. */
static const double class_share_sigma = 0.2, class_scatter = 1.5;
/* Fewer members tell no spread, and none is taken for less than this. */
enum { SPREAD_MEMBERS = 4 };
static const double least_spread = 0.02;

struct members {
    const char *name;
    struct device *device;                   /* (n) */
    const struct scenario_subject **subject; /* (n) */
    size_t n;
    struct device_observation *what; /* (n_rows) */
    size_t n_rows;
    double *prior; /* values of the parent, as device_parameter numbers them */
};

static bool is_member(const struct scenario_subject *subject, const char *name)
{
    for (size_t i = 0; i < subject->class.n; i++)
        if (strcmp(subject->class.class[i].name, name) == 0)
            return true;
    return false;
}

static void add_members(const struct scenario_cases *cases, struct members *out)
{
    out->device = mem_calloc(cases->n_subjects + 1, sizeof *out->device);
    out->subject = mem_calloc(cases->n_subjects + 1, sizeof *out->subject);
    out->what = mem_calloc(cases->n + 1, sizeof *out->what);
    for (size_t i = 0; i < cases->n_subjects; i++) {
        if (!is_member(&cases->subject[i], out->name))
            continue;
        for (size_t j = 0; j < cases->n; j++)
            if (cases->item[j].device == i && cases->item[j].quantity <= SCENARIO_DECODE) {
                out->what[out->n_rows] = cases->item[j].what;
                out->what[out->n_rows].noise = member_noise;
                out->what[out->n_rows++].device = out->n;
            }
        out->subject[out->n] = &cases->subject[i];
        out->device[out->n++] = cases->subject[i].device;
    }
}

/* What `device` has where `like` has its parameter `i`; formats may stand in another order. */
static double value_like(struct device *device, struct device *like, size_t i)
{
    struct device_parameter wanted, other;
    device_parameter(like, i, &wanted);
    for (size_t j = 0; j < device_parameters(device); j++) {
        device_parameter(device, j, &other);
        bool same = wanted.format ? other.format && strcmp(wanted.format, other.format) == 0
                                  : !other.format && strcmp(wanted.path, other.path) == 0;
        if (same && strcmp(wanted.key, other.key) == 0)
            return *device_parameter_value(device, j);
    }
    return *device_parameter_value(like, i);
}

/* The values that a member would have if the class told nothing. */
static bool read_priors(struct members *members, const struct scenario_class *class,
                        struct error *err)
{
    struct device parent;
    struct tree *tree = tree_copy(members->subject[0]->tree);
    scenario_strip(tree, &members->subject[0]->class);
    for (size_t i = 1; i < class->n; i++)
        device_class_fill(&class->class[i], tree);
    bool ok = device_read(tree, &parent, err);
    if (ok) {
        size_t n = device_parameters(members->device);
        members->prior = mem_calloc(n, sizeof *members->prior);
        for (size_t i = 0; i < n; i++)
            members->prior[i] = value_like(&parent, members->device, i);
        device_free(&parent);
    }
    tree_free(tree);
    return ok;
}

/* Fits to all rows but those of member `without` (n: none of them is left out). The caller frees
 * fit and result, also after a failure. */
static bool fit_without(struct members *members, size_t without, struct device_fit *fit,
                        struct fit_result *result, struct device_observation *room,
                        struct error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < members->n_rows; i++)
        if (members->what[i].device != without)
            room[n++] = members->what[i];
    for (size_t d = 0; d < members->n; d++)
        for (size_t i = 0; i < device_parameters(members->device); i++)
            *device_parameter_value(&members->device[d], i) = members->prior[i];
    struct device_fit_of of = {members->device, members->n, DEVICE_FROM_RUNS};
    device_fit_init(fit, &of, room, n);
    for (size_t i = 0; i < fit->n_parameters; i++)
        if (fit->parameter[i].scale == FIT_LOGIT && fit->parameter[i].sigma > 0)
            fit->parameter[i].sigma =
                device_share_sigma(fit->parameter[i].prior, class_share_sigma, class_scatter);
    *result = (struct fit_result){0};
    bool ok = n ? fit_map(&fit->problem, result, err) : fit_prior(&fit->problem, result, err);
    if (ok)
        device_fit_apply(fit, result->x);
    return ok;
}

/* Errors of rows whose device the class was fitted without, by kind of run. */
struct left_out {
    double *error[2];  /* prefill, decode; measured rate over ours gives the sign of `bias` */
    size_t *member[2]; /* whose row it is */
    size_t n[2];
};

static bool leave_one_out(struct members *members, struct left_out *out, struct error *err)
{
    struct device_observation *room = mem_calloc(members->n_rows + 1, sizeof *room);
    bool ok = true;
    for (int kind = 0; kind < 2; kind++) {
        out->error[kind] = mem_calloc(members->n_rows + 1, sizeof(double));
        out->member[kind] = mem_calloc(members->n_rows + 1, sizeof(size_t));
    }
    for (size_t d = 0; ok && members->n > 1 && d < members->n; d++) {
        struct device_fit fit;
        struct fit_result result;
        ok = fit_without(members, d, &fit, &result, room, err);
        for (size_t i = 0; ok && i < members->n_rows; i++) {
            const struct device_observation *what = &members->what[i];
            int kind = what->kind == DEVICE_SAW_DECODE;
            if (what->device != d)
                continue;
            out->member[kind][out->n[kind]] = d;
            out->error[kind][out->n[kind]++] =
                what->measured / device_observed(&members->device[d], what) - 1;
        }
        fit_free(&result);
        device_fit_free(&fit);
    }
    free(room);
    return ok;
}

static void put_number(struct tree *map, const char *key, const char *format, double value)
{
    char *text = mem_printf(format, value);
    tree_put(map, key, tree_new_scalar(text, &map->mark));
    free(text);
}

static struct tree *new_list(const struct tree *like)
{
    struct tree *list = tree_new_map(&like->mark);
    list->kind = TREE_LIST;
    return list;
}

static void put_fit(struct tree *class, const struct members *members,
                    const struct scenario_fit *fit)
{
    struct tree *map = tree_new_map(&class->mark), *devices = new_list(class);
    for (size_t i = 0; i < members->n; i++)
        tree_append(devices, tree_new_scalar(members->subject[i]->name, &class->mark));
    tree_put(map, "devices", devices);
    put_number(map, "rows", "%.0f", (double)members->n_rows);
    for (size_t i = 0; i < fit->n_groups; i++) {
        bool decode = strcmp(fit->group[i].name, "decode") == 0;
        put_number(map, decode ? "decode_error" : "prefill_error", "%.3g",
                   fit->group[i].median_abs_error);
    }
    tree_put(class, "fit", map);
}

/* Robust standard deviation of relative errors, nan when too few devices stand behind them. */
static double spread_of(const struct left_out *left_out, int kind, size_t members)
{
    size_t n = left_out->n[kind];
    if (members < SPREAD_MEMBERS || n < SPREAD_MEMBERS)
        return NAN;
    double *size = mem_calloc(n, sizeof *size);
    for (size_t i = 0; i < n; i++)
        size[i] = fabs(left_out->error[kind][i]);
    double sd = 1.4826 * analysis_median(size, n);
    free(size);
    return fmax(sd, least_spread);
}

/* How members scatter, told as the scatter of the share that decides each kind of run. */
static void put_spread(struct tree *class, const struct device *device,
                       const struct left_out *left_out, size_t members)
{
    double decode = spread_of(left_out, 1, members), prefill = spread_of(left_out, 0, members);
    const struct {
        const char *name;
        double sigma;
    } spread[] = {
        {"memory.efficiency", decode * device->memory.efficiency},
        {"compute.efficiency", prefill * device->compute.efficiency},
        {"compute.quantised_efficiency", prefill * device->compute.quantised_efficiency},
    };
    struct tree *list = new_list(class);
    for (size_t i = 0; i < sizeof spread / sizeof *spread; i++) {
        if (isnan(spread[i].sigma))
            continue;
        struct tree *element = tree_new_map(&class->mark);
        tree_put(element, "name", tree_new_scalar(spread[i].name, &class->mark));
        put_number(element, "sigma", "%.2g", spread[i].sigma);
        tree_append(list, element);
    }
    if (list->n_children)
        tree_put(class, "spread", list);
    else
        tree_free(list);
}

static void report_left_out(const struct left_out *left_out, struct scenario_fit *out)
{
    static const char *const names[] = {"prefill", "decode"};
    for (int kind = 0; kind < 2; kind++) {
        if (left_out->n[kind] == 0)
            continue;
        out->group = mem_realloc(out->group, out->n_groups + 1, sizeof *out->group);
        out->group[out->n_groups++] =
            scenario_group_of(names[kind], left_out->error[kind], left_out->n[kind]);
    }
}

static void hand_over(const struct members *members, struct left_out *left_out,
                      struct scenario_fit *out)
{
    for (int kind = 0; kind < 2; kind++) {
        size_t n = left_out->n[kind];
        out->n_left_out[kind] = n;
        out->left_out[kind] = mem_calloc(n + 1, sizeof *out->left_out[kind]);
        for (size_t i = 0; i < n; i++) {
            const char *name = members->subject[left_out->member[kind][i]]->name;
            out->left_out[kind][i] =
                (struct scenario_left_out){mem_strdup(name), left_out->error[kind][i]};
        }
        free(left_out->error[kind]);
        free(left_out->member[kind]);
    }
}

static bool fit_members(struct members *members, struct tree *class, struct scenario_fit *out,
                        struct error *err)
{
    struct left_out left_out = {0};
    struct device_fit fit = {0};
    struct fit_result result = {0};
    struct device_observation *room = mem_calloc(members->n_rows + 1, sizeof *room);
    bool ok = leave_one_out(members, &left_out, err) &&
              fit_without(members, members->n, &fit, &result, room, err);
    if (ok) {
        scenario_fit_report(&fit, &result, out);
        report_left_out(&left_out, out);
        scenario_fit_put(&fit, &result, class, "");
        put_fit(class, members, out);
        put_spread(class, members->device, &left_out, members->n);
        out->held_back = left_out.n[0] + left_out.n[1];
    }
    fit_free(&result);
    device_fit_free(&fit);
    free(room);
    hand_over(members, &left_out, out);
    return ok;
}

bool scenario_fit_class(const struct scenario_cases *cases, const char *name,
                        struct scenario_fit *out, struct error *err)
{
    struct scenario_class class;
    struct members members = {.name = name};
    if (!scenario_class_read(name, &class, err) || class.n < 2) {
        scenario_class_free(&class);
        return err->n_faults
                   ? false
                   : error_set(err, "no class '%s' with a parent is in the catalogue", name);
    }
    add_members(cases, &members);
    bool ok = members.n > 0 || error_set(err, "no row is about a device of class '%s'", name);
    ok = ok && read_priors(&members, &class, err);
    if (ok && fit_members(&members, class.tree[0], out, err)) {
        tree_remove(class.tree[0], "schema");
        out->name = mem_strdup(name);
        out->yaml = scenario_fit_yaml(class.tree[0], "class");
    }
    scenario_class_free(&class);
    free(members.device);
    free(members.subject);
    free(members.what);
    free(members.prior);
    return ok && out->yaml;
}
