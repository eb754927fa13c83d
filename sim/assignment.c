/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/assignment.h"

#include <string.h>

#define AT(member) .offset = offsetof(struct sim_assignment, member)
#define LAYER(member)                                                                              \
    .offset = offsetof(struct sim_assignment_layer, member),                                       \
    .count_offset = offsetof(struct sim_assignment_layer, n_##member)
#define COST .min = 0, .max = 1e30

static const char *const underutilisations[] = {"idle", "share", NULL};

static const struct field layer_fields[] = {
    {"latency", FIELD_NUMBERS, true, LAYER(latency), COST, .help = "one number per device"},
    {"energy", FIELD_NUMBERS, true, LAYER(energy), COST, .help = "one number per device"},
    {0}};

static const struct field transition_fields[] = {
    {"latency", FIELD_NUMBER, true, AT(transition_latency), COST, .help = "added to the latency"},
    {"energy", FIELD_NUMBER, true, AT(transition_energy), COST, .help = "added to the energy"},
    {0}};

const struct field sim_assignment_fields[] = {
    {"schema", FIELD_TEXT, true, AT(schema), .help = "qeilsim/assignment/1"},
    {"devices", FIELD_TEXTS, true, AT(device),
     .count_offset = offsetof(struct sim_assignment, n_devices), .help = "their names"},
    {"layers", FIELD_LIST, true, AT(layer),
     .count_offset = offsetof(struct sim_assignment, n_layers), .fields = layer_fields,
     .size = sizeof(struct sim_assignment_layer), .help = "what is placed, in its order"},
    {"transition", FIELD_MAP, true, .fields = transition_fields,
     .help = "cost of each change of device between neighbouring layers"},
    {"underutilisation", FIELD_ENUM, true, AT(underutilisation), .names = underutilisations,
     .help = "idle: devices * largest load - sum of loads; share: 1 - mean load / largest load"},
    {0}};

static bool check_count(const struct tree *node, size_t n, size_t most, struct error *err)
{
    if (n == 0)
        return tree_error(err, node, "'%s' is empty", node->key);
    if (n > most)
        return tree_error(err, node, "'%s' has %zu elements, the most are %zu", node->key, n, most);
    return true;
}

static bool check_names(const struct tree *node, const struct sim_assignment *assignment,
                        struct error *err)
{
    if (!check_count(node, assignment->n_devices, SIM_ASSIGNMENT_DEVICES, err))
        return false;
    bool ok = true;
    for (size_t d = 0; d < assignment->n_devices; d++)
        for (size_t other = 0; other < d; other++)
            if (strcmp(assignment->device[d], assignment->device[other]) == 0)
                ok = tree_error(err, node->child[d], "device '%s' is named twice",
                                text_clip(assignment->device[d]).bytes);
    return ok;
}

static bool check_costs(const struct tree *layer, const char *key, size_t n_devices,
                        struct error *err)
{
    const struct tree *costs = tree_get(layer, key);
    if (costs->n_children == n_devices)
        return true;
    return tree_error(err, costs, "'%s' has %zu number%s for %zu device%s", key, costs->n_children,
                      costs->n_children == 1 ? "" : "s", n_devices, n_devices == 1 ? "" : "s");
}

static bool check(const struct tree *root, const struct sim_assignment *assignment,
                  struct error *err)
{
    const struct tree *layers = tree_get(root, "layers");
    bool ok = check_names(tree_get(root, "devices"), assignment, err);
    ok = check_count(layers, assignment->n_layers, SIM_ASSIGNMENT_LAYERS, err) && ok;
    for (size_t l = 0; l < assignment->n_layers && assignment->n_devices > 0; l++) {
        ok = check_costs(layers->child[l], "latency", assignment->n_devices, err) && ok;
        ok = check_costs(layers->child[l], "energy", assignment->n_devices, err) && ok;
    }
    return ok;
}

static bool read(struct tree *root, struct sim_assignment *out, struct error *err)
{
    bool ok = root && fields_check_schema(root, "assignment", err) &&
              fields_read(root, sim_assignment_fields, out, err);
    if (ok && !check(root, out, err)) {
        sim_assignment_free(out);
        ok = false;
    }
    tree_free(root);
    return ok;
}

bool sim_assignment_read(const char *path, struct sim_assignment *out, struct error *err)
{
    *out = (struct sim_assignment){0};
    return read(tree_read(path, err), out, err);
}

bool sim_assignment_parse(const char *name, const char *bytes, size_t n, struct sim_assignment *out,
                          struct error *err)
{
    *out = (struct sim_assignment){0};
    return read(tree_parse(name, bytes, n, err), out, err);
}

void sim_assignment_free(struct sim_assignment *assignment)
{
    fields_free(sim_assignment_fields, assignment);
}
