/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/network.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more node; the matrix is laid out anew because its stride grows. */
static void grow(struct device_network *network)
{
    if (network->n < network->capacity)
        return;
    size_t capacity = network->capacity ? 2 * network->capacity : 8;
    double *wider = mem_calloc(capacity * capacity, sizeof *wider);
    for (size_t i = 0; i < network->n; i++)
        for (size_t j = 0; j < network->n; j++)
            wider[i * capacity + j] = network->coupling_WpK[i * network->capacity + j];
    free(network->coupling_WpK);
    network->coupling_WpK = wider;
    network->capacity = capacity;
    network->name = mem_realloc(network->name, capacity, sizeof *network->name);
    network->capacity_JpK = mem_realloc(network->capacity_JpK, capacity, sizeof(double));
    network->ambient_WpK = mem_realloc(network->ambient_WpK, capacity, sizeof(double));
}

size_t device_network_add(struct device_network *network, const char *name,
                          const struct device_node *node)
{
    grow(network);
    size_t i = network->n++;
    network->name[i] = mem_strdup(name);
    network->capacity_JpK[i] = node->capacity_JpK;
    network->ambient_WpK[i] = node->ambient_WpK;
    return i;
}

size_t device_network_find(const struct device_network *network, const char *name)
{
    for (size_t i = 0; i < network->n; i++)
        if (strcmp(network->name[i], name) == 0)
            return i;
    return network->n;
}

double device_network_coupling(const struct device_network *network, size_t i, size_t j)
{
    return network->coupling_WpK[i * network->capacity + j];
}

static bool find_or_fault(const struct device_network *network, const char *name, size_t *index,
                          const struct tree *place, struct error *err)
{
    *index = device_network_find(network, name);
    if (*index < network->n)
        return true;
    return tree_error(err, place, "'%s' is no thermal node of this network", name);
}

bool device_network_couple(struct device_network *network, const struct device_coupling *coupling,
                           const struct tree *place, struct error *err)
{
    size_t i, j;
    bool ok = find_or_fault(network, coupling->from, &i, place, err);
    if (!find_or_fault(network, coupling->to, &j, place, err) || !ok)
        return false;
    if (i == j)
        return tree_error(err, place, "node '%s' is coupled to itself", coupling->from);
    network->coupling_WpK[i * network->capacity + j] += coupling->conductance_WpK;
    network->coupling_WpK[j * network->capacity + i] += coupling->conductance_WpK;
    return true;
}

const char *device_network_unconnected(const struct device_network *network)
{
    bool *reached = mem_calloc(network->n, sizeof *reached);
    for (size_t i = 0; i < network->n; i++)
        reached[i] = network->ambient_WpK[i] > 0;
    /* n sweeps are enough: each reaches all nodes one coupling further away. */
    for (size_t sweep = 0; sweep < network->n; sweep++)
        for (size_t i = 0; i < network->n; i++)
            for (size_t j = 0; j < network->n; j++)
                if (reached[j] && device_network_coupling(network, i, j) > 0)
                    reached[i] = true;
    const char *lonely = NULL;
    for (size_t i = 0; i < network->n && !lonely; i++)
        if (!reached[i])
            lonely = network->name[i];
    free(reached);
    return lonely;
}

void device_network_free(struct device_network *network)
{
    for (size_t i = 0; i < network->n; i++)
        free(network->name[i]);
    free(network->name);
    free(network->capacity_JpK);
    free(network->ambient_WpK);
    free(network->coupling_WpK);
    *network = (struct device_network){0};
}
