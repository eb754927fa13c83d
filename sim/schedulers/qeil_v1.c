/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QEIL's first version as its paper tells it: prefill goes as one block to the compute-rich device,
 * decode as one block to the bandwidth-efficient one, and a thermal guard passes over devices that
 * would get too hot. The paper names no rule for "rich" and "efficient"; here they are the device
 * that gives the least latency and the one that costs the least energy. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>

enum { ENERGY = 0, LATENCY = 1 };

struct blocks {
    struct sched_trial trial;
    size_t prefill, decode; /* devices */
    uint16_t *genes;        /* (n_genes) */
};

static bool evaluate(struct blocks *blocks, struct problem_score *score)
{
    const struct problem *problem = blocks->trial.problem;
    sched_plain(problem, blocks->decode, blocks->genes);
    for (size_t g = 0; g < problem->n_genes; g++) {
        size_t last = problem->gene[g].choices - 1u;
        if (problem->gene[g].role == PROBLEM_PREFILL)
            blocks->genes[g] = (uint16_t)(blocks->prefill < last ? blocks->prefill : last);
    }
    return sched_trial_evaluate(&blocks->trial, blocks->genes, score);
}

/* Feasible before infeasible, cool before guarded, then the objective. */
static bool better(const struct problem_score *a, const struct problem_score *b, int objective)
{
    if (a->violation != b->violation)
        return a->violation < b->violation;
    if ((a->guard > 1) != (b->guard > 1))
        return b->guard > 1;
    return a->objective[objective] < b->objective[objective];
}

/* Tries the devices for what `move` selects, the other block staying where it is. */
struct block_choice {
    bool prefill, decode;
    int objective;
};

static bool choose(struct blocks *blocks, struct block_choice move)
{
    struct problem_score best, score;
    size_t chosen = 0, device = 0;
    do {
        blocks->prefill = move.prefill ? device : blocks->prefill;
        blocks->decode = move.decode ? device : blocks->decode;
        if (!evaluate(blocks, &score))
            return false;
        if (device == 0 || better(&score, &best, move.objective)) {
            best = score;
            chosen = device;
        }
    } while (++device < blocks->trial.problem->n_devices);
    blocks->prefill = move.prefill ? chosen : blocks->prefill;
    blocks->decode = move.decode ? chosen : blocks->decode;
    return true;
}

static bool search(struct blocks *blocks)
{
    struct problem_score score;
    return choose(blocks, (struct block_choice){true, true, ENERGY}) &&
           choose(blocks, (struct block_choice){true, false, LATENCY}) &&
           choose(blocks, (struct block_choice){false, true, ENERGY}) && evaluate(blocks, &score) &&
           sched_trial_flights(&blocks->trial);
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    (void)err;
    struct blocks blocks = {.genes = mem_calloc(problem->n_genes, sizeof *blocks.genes)};
    sched_trial_open(&blocks.trial, problem, options, front);
    search(&blocks);
    sched_trial_close(&blocks.trial);
    free(blocks.genes);
    return true;
}

const struct sched sched_qeil_v1 = {
    "qeil-v1", "prefill to the compute-rich device, decode to the bandwidth-efficient one", run};
