/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fitted network as the thermal part of a device file. */
#include "base/memory.h"
#include "scenarios/fit_device.h"
#include "scenarios/thermal_logs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[THERMAL_NODES] = {"die", "cooler", "case"};

static struct tree *new_list(const struct tree_mark *like)
{
    struct tree *list = tree_new_map(like);
    list->kind = TREE_LIST;
    return list;
}

static void put_number(struct tree *map, const char *key, double value)
{
    char *text = mem_printf("%.4g", value);
    tree_put(map, key, tree_new_scalar(text, &map->mark));
    free(text);
}

static void put_text(struct tree *map, const char *key, const char *text)
{
    tree_put(map, key, tree_new_scalar(text, &map->mark));
}

static void put_network(struct tree *thermal, const struct thermal_chain *chain)
{
    struct tree *nodes = new_list(&thermal->mark), *couplings = new_list(&thermal->mark);
    for (size_t i = 0; i < chain->n && i < THERMAL_NODES; i++) {
        struct tree *node = tree_new_map(&thermal->mark);
        put_text(node, "name", names[i]);
        put_number(node, "capacity_J_per_K", chain->capacity_JpK[i]);
        tree_append(nodes, node);
        if (i + 1 == chain->n || i + 1 == THERMAL_NODES) {
            put_number(node, "ambient_W_per_K", chain->conductance_WpK[i]);
            continue;
        }
        struct tree *coupling = tree_new_map(&thermal->mark);
        put_text(coupling, "from", names[i]);
        put_text(coupling, "to", names[i + 1]);
        put_number(coupling, "W_per_K", chain->conductance_WpK[i]);
        tree_append(couplings, coupling);
    }
    tree_put(thermal, "nodes", nodes);
    tree_remove(thermal, "couplings");
    if (chain->n > 1)
        tree_put(thermal, "couplings", couplings);
    else
        tree_free(couplings);
}

void scenario_thermal_tell(const struct thermal_fit *fit, struct text *out)
{
    const double kelvin_of_0_C = 273.15;
    text_add(out, "%.3g to %.3g C; time constants", fit->least_K - kelvin_of_0_C,
             fit->greatest_K - kelvin_of_0_C);
    for (size_t m = 0; m < fit->model.chain.n; m++)
        text_add(out, "%s %.3g s (%s%.0f %%)", m > 0 ? "," : "", fit->time_constant_s[m],
                 fit->identified[m] ? "" : "not identified, ", 100 * fit->relative_error[m]);
    if (fit->model.chain.fan_pK > 0)
        text_add(out, "; cooling grows by %.2g %% a kelvin, the value is that of %.3g C there",
                 100 * fit->model.chain.fan_pK,
                 fit->model.chain.fan_from_K + fit->model.ambient_K - kelvin_of_0_C);
}

/* What the network was fitted to, and how far it may be trusted. */
static char *reference(const struct measured_thermal *logs, const struct thermal_fit *fit,
                       const struct scenario_thermal_log *log)
{
    struct text text = {0};
    text_add(&text, "%lld rows from %s, log '%s' of %s, ", (long long)log->fitted, log->place,
             log->log, log->device);
    scenario_thermal_tell(fit, &text);
    if (logs->log[0].source == MEASURED_POWER_NONE)
        text_add(&text, "; no power was measured: watts are a guess, times are not");
    return text.bytes;
}

/* Sources of the network that was there before go with it. */
static void put_sources(struct tree *device, const char *ref, bool couplings)
{
    struct tree *sources = tree_get(device, "sources");
    if (!sources) {
        sources = tree_new_map(&device->mark);
        tree_put(device, "sources", sources);
    }
    for (size_t i = sources->n_children; i-- > 0;) {
        char *key = mem_strdup(sources->child[i]->key);
        if (strncmp(key, "thermal.nodes", strlen("thermal.nodes")) == 0 ||
            strncmp(key, "thermal.couplings", strlen("thermal.couplings")) == 0)
            tree_remove(sources, key);
        free(key);
    }
    static const char *const keys[] = {"thermal.nodes", "thermal.couplings"};
    for (size_t i = 0; i < (couplings ? 2 : 1); i++) {
        struct tree *source = tree_new_map(&device->mark);
        put_text(source, "kind", "fitted");
        put_text(source, "ref", ref);
        tree_put(sources, keys[i], source);
    }
}

void scenario_thermal_put(struct tree *device, const struct thermal_chain *chain, const char *ref)
{
    if (!tree_get(device, "thermal"))
        tree_put(device, "thermal", tree_new_map(&device->mark));
    put_network(tree_get(device, "thermal"), chain);
    put_sources(device, ref, chain->n > 1);
}

static char *bare_yaml(const struct tree *map)
{
    struct text text = {0};
    tree_write(map, &text);
    return text.bytes;
}

static bool write_device(const struct scenario_thermal_ask *ask, const struct thermal_fit *fit,
                         const char *ref, struct scenario_thermal *out, struct error *err)
{
    struct scenario_subject subject = {0};
    if (ask->device && !scenario_subject_read(ask->device, false, &subject, err))
        return false;
    struct tree_mark none = {.line = 1, .column = 1};
    struct tree *map = ask->device ? subject.tree : tree_new_map(&none);
    scenario_thermal_put(map, &fit->model.chain, ref);
    out->yaml = ask->device ? scenario_fit_yaml(map, "device") : bare_yaml(map);
    if (ask->device)
        scenario_subject_free(&subject);
    else
        tree_free(map);
    return true;
}

static bool only_one(const struct scenario_thermal_ask *ask, const struct measured_thermal *logs,
                     struct error *err)
{
    enum { NAMED = 5 };
    if (logs->n == 1)
        return true;
    if (logs->n == 0)
        return error_set(err, "no row of '%s' is meant", text_clip(ask->path).bytes);
    struct text text = {0};
    for (size_t i = 0; i < logs->n && i < NAMED; i++)
        text_add(&text, "%s'%s' of %s", i ? ", " : "", text_clip(logs->log[i].name).bytes,
                 text_clip(logs->log[i].device).bytes);
    error_set(err,
              "a network is fitted to one log, and %zu are meant: %s%s; choose one with "
              "--where, as in --where log_id=NAME",
              logs->n, text.bytes, logs->n > NAMED ? " ..." : "");
    text_free(&text);
    return false;
}

static bool fit_log(const struct scenario_thermal_ask *ask, const struct measured_thermal *logs,
                    struct scenario_thermal *out, struct error *err)
{
    struct thermal_fit fit = {.rmse_K = NAN};
    struct scenario_thermal_log log;
    const char *reason = scenario_thermal_add(logs, 0, ask->split, out, &fit);
    table_get(&out->logs, 0, &log);
    if (reason)
        return error_set(err, "%s: log '%s' cannot be used: %s", log.place,
                         text_clip(log.log).bytes, reason);
    char *ref = reference(logs, &fit, &log);
    bool ok = write_device(ask, &fit, ref, out, err);
    free(ref);
    return ok;
}

bool scenario_thermal_fit(const struct scenario_thermal_ask *ask, struct scenario_thermal *out,
                          struct error *err)
{
    struct measured_thermal logs;
    scenario_thermal_init(out);
    bool ok = measured_thermal_read(ask->path, ask->where, &logs, err) &&
              only_one(ask, &logs, err) && fit_log(ask, &logs, out, err);
    measured_thermal_free(&logs);
    return ok;
}
