/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads of devices, which nobody tells: only the latency, which is their sum but for transitions,
 * and the underutilisation, which tells the largest of them. A gene's load on a device is its gain
 * in latency there and an offset of the gene, and the offsets are learned. */
#include "sim/schedulers/pgsam.h"

#include <math.h>
#include <string.h>

enum { ENERGY, LATENCY, UNDERUTILISATION };
static const double RAISE = 0.3; /* of what the largest load lacks: another may be the largest */

static double load_of(const struct pgsam_momentum *momentum, int link, size_t gene, uint16_t choice)
{
    return momentum->gain[momentum->first[gene] + choice].part[LATENCY] +
           momentum->loads[link].offset[gene];
}

static size_t busiest(const double *load, size_t n)
{
    size_t most = 0;
    for (size_t d = 1; d < n; d++)
        if (load[d] > load[most])
            most = d;
    return most;
}

/* The largest load, as the sum of loads and underutilisation u tell it. */
static double told(const struct pgsam_momentum *momentum, int link, double sum, double u)
{
    double all = link == PGSAM_IDLE ? u + sum : sum / (1 - u);
    return all / (double)momentum->n_devices;
}

static double sum_here(const struct pgsam_momentum *momentum)
{
    return momentum->part[LATENCY] - momentum->cuts * momentum->cut[LATENCY];
}

static void sum_loads(const struct pgsam_momentum *momentum, int link, const uint16_t *genes,
                      double *load)
{
    memset(load, 0, momentum->n_devices * sizeof *load);
    for (size_t g = 0; g < momentum->problem->n_genes; g++)
        if (momentum->placed[g])
            load[genes[g]] += load_of(momentum, link, g, genes[g]);
}

static void shift(const struct pgsam_momentum *momentum, int link, const struct pgsam_move *move,
                  double *load)
{
    for (size_t i = 0; i < move->n; i++) {
        struct pgsam_change change = move->change[i];
        if (!momentum->placed[change.gene])
            continue;
        load[change.from] -= load_of(momentum, link, change.gene, change.from);
        load[change.to] += load_of(momentum, link, change.gene, change.to);
    }
}

static void set_slack(struct pgsam_momentum *momentum, int link)
{
    struct pgsam_loads *loads = &momentum->loads[link];
    double most = told(momentum, link, sum_here(momentum), momentum->part[UNDERUTILISATION]);
    loads->slack = most - loads->load[busiest(loads->load, momentum->n_devices)];
}

void pgsam_loads_stand(struct pgsam_momentum *momentum, int link, const uint16_t *genes)
{
    sum_loads(momentum, link, genes, momentum->loads[link].load);
    set_slack(momentum, link);
}

void pgsam_loads_follow(struct pgsam_momentum *momentum, int link, const struct pgsam_move *move)
{
    shift(momentum, link, move, momentum->loads[link].load);
    set_slack(momentum, link);
}

double pgsam_loads_tell(const struct pgsam_momentum *momentum, int link, const double *load,
                        double sum)
{
    double most = load[0];
    for (size_t d = 1; d < momentum->n_devices; d++)
        most = load[d] > most ? load[d] : most;
    double all = (most + momentum->loads[link].slack) * (double)momentum->n_devices;
    return link == PGSAM_IDLE ? all - sum : 1 - sum / all;
}

/* Loads after a move, in momentum->scratch. */
static void load_after(const struct pgsam_momentum *momentum, int link,
                       const struct pgsam_move *move)
{
    for (size_t d = 0; d < momentum->n_devices; d++)
        momentum->scratch[d] = momentum->loads[link].load[d];
    shift(momentum, link, move, momentum->scratch);
}

double pgsam_loads_predict(const struct pgsam_momentum *momentum, int link,
                           const struct pgsam_move *move)
{
    load_after(momentum, link, move);
    return pgsam_loads_tell(momentum, link, momentum->scratch, move->sum);
}

/* Corrects the load of device d by `error`, in equal parts of the genes that it carries. */
static void correct(struct pgsam_momentum *momentum, int link, const uint16_t *genes, size_t d,
                    double error)
{
    size_t n = momentum->problem->n_genes, carried = 0;
    double *offset = momentum->loads[link].offset;
    for (size_t g = 0; g < n; g++)
        carried += momentum->placed[g] && genes[g] == d;
    if (carried == 0 || !isfinite(error))
        return;
    for (size_t g = 0; g < n; g++)
        if (momentum->placed[g] && genes[g] == d)
            offset[g] += error / (double)carried;
}

/* All loads together are the latency without transitions. */
static void level(struct pgsam_momentum *momentum, int link, const uint16_t *genes, double sum)
{
    double *load = momentum->scratch, share;
    sum_loads(momentum, link, genes, load);
    for (size_t d = 0; d < momentum->n_devices; d++)
        sum -= load[d];
    share = sum / (double)momentum->problem->n_genes;
    for (size_t g = 0; g < momentum->problem->n_genes && isfinite(share); g++)
        momentum->loads[link].offset[g] += momentum->placed[g] ? share : 0;
}

/* No load is above the largest that is told, and one is as large. */
void pgsam_loads_learn(struct pgsam_momentum *momentum, int link, const uint16_t *genes,
                       const struct problem_score *score)
{
    size_t n = momentum->n_devices;
    double *load = momentum->scratch;
    double sum =
        score->objective[LATENCY] - momentum->cut[LATENCY] * pgsam_count_cuts(momentum, genes);
    double most = told(momentum, link, sum, score->objective[UNDERUTILISATION]);
    sum_loads(momentum, link, genes, load);
    size_t top = busiest(load, n);
    if (load[top] < most)
        correct(momentum, link, genes, top, RAISE * (most - load[top]));
    for (size_t d = 0; d < n; d++)
        if (load[d] > most)
            correct(momentum, link, genes, d, most - load[d]);
    level(momentum, link, genes, sum);
}

/* A move that leaves the same device busiest tells the loads that it moved there or away. */
void pgsam_loads_learn_move(struct pgsam_momentum *momentum, int link,
                            const struct pgsam_move *move, const struct problem_score *score)
{
    struct pgsam_loads *loads = &momentum->loads[link];
    size_t top = busiest(loads->load, momentum->n_devices), moved = 0;
    load_after(momentum, link, move);
    if (busiest(momentum->scratch, momentum->n_devices) != top)
        return;
    double sum = score->objective[LATENCY] - (momentum->cuts + move->cuts) * momentum->cut[LATENCY];
    double error = told(momentum, link, sum, score->objective[UNDERUTILISATION]) -
                   (momentum->scratch[top] + loads->slack);
    for (size_t i = 0; i < move->n; i++)
        if (momentum->placed[move->change[i].gene])
            moved += (size_t)(move->change[i].to == top) + (move->change[i].from == top);
    if (moved == 0 || !isfinite(error))
        return;
    error /= (double)moved;
    for (size_t i = 0; i < move->n; i++) {
        struct pgsam_change change = move->change[i];
        if (momentum->placed[change.gene])
            loads->offset[change.gene] += ((change.to == top) - (change.from == top)) * error;
    }
}
