/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PGSAM: Pareto-Guided Simulated Annealing with Momentum. QEIL v2 (arXiv 2602.06057) names the
 * method and its three objectives and publishes no pseudo-code; what follows is our own.
 *
 * Pareto guidance: the archive of everything seen is the memory of the search. Annealing runs in
 * short chains, each from a member whose neighbourhood is little explored and lies beside a gap of
 * the front, in a direction of its own: the more a member excels in an objective, the more its
 * chain weighs it. A chain that has found nothing for the archive for a while ends.
 *
 * Annealing: a chain accepts what is better along its direction, and what is worse by d with
 * probability exp(-d/T). T starts where the mean change seen so far is accepted with probability
 * ACCEPTED and falls geometrically with the share of the budget that is spent.
 *
 * Momentum: each (gene, choice) carries the exponential average of the change that choosing it made
 * to each objective. Along a chain's direction it predicts which of a few candidate moves is worth
 * an evaluation; a random term and a share of unguided moves keep every move possible.
 *
 * Constraints: less violation before any objective; violation is one more component of a direction,
 * the only one while a chain is at an infeasible plan. No plan is scored twice. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"
#include "base/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS = PROBLEM_OBJECTIVES + 1, /* of a change: objectives, violation */
    VIOLATION = PROBLEM_OBJECTIVES,
    RANDOM_STARTS = 16, /* plans drawn before the first chain */
    CONTENDERS = 4,     /* members that compete to start a chain */
    CANDIDATES = 16,    /* moves that compete for an evaluation */
    PATIENCE = 5,       /* moves in a row without a new member that end a chain */
    LONGEST = 24        /* genes that one move may change */
};
static const double ACCEPTED = 0.2; /* of mean deteriorations at first */
static const double COOLING = 0.01; /* last temperature over the first */
static const double COMPOUND = 0.2; /* share of moves that change several genes */
static const double RUN = 0.7;      /* of those, the ones that move a run of neighbours */
static const double STOP = 0.15;    /* ends of such a run, at each gene */
static const double UNGUIDED = 0.1; /* share of moves that ask no momentum */
static const double MOMENTUM = 2;   /* weight of momentum against chance */
static const double MEMORY = 0.9;   /* share of a momentum that a new change leaves */
static const double SPREAD_MEMORY = 0.99;
static const double LEVEL = 0.05; /* bounds how much a direction may prefer one objective */

/* One of a gene's other choices, as a distance from the choice it has. */
struct way {
    size_t gene;
    uint16_t distance;
};

struct move {
    size_t n;
    size_t gene[LONGEST];
    uint16_t choice[LONGEST], before[LONGEST];
    uint64_t hash; /* of the plan that it leads to */
    double merit;
};

struct pgsam {
    struct sched_trial trial;
    const struct problem *problem;
    struct sched_seen seen;
    struct stream stream;
    uint16_t *cursor; /* (n_genes) all plans before it, counting upwards, have been seen */
    bool exhausted;   /* all plans have been seen */
    struct way *way;
    size_t n_ways;
    size_t *first;           /* (n_genes) where its choices start in change */
    double (*change)[PARTS]; /* momentum of each choice of each gene */
    double spread[PARTS];    /* mean size of a change */
    double least[PARTS], range[PARTS];
};

/* A chain and where it stands, which is where the trial stands. */
struct chain {
    double weight[PARTS];
    double spread, temperature;
    struct problem_score score;
    uint64_t hash;
    size_t row; /* in the front, or SCHED_NO_ROW */
    int idle;
};

static bool chance(struct pgsam *pgsam, double probability)
{
    return stream_uniform(&pgsam->stream) < probability;
}

static size_t below(struct pgsam *pgsam, size_t n)
{
    return stream_below(&pgsam->stream, (uint32_t)n);
}

/* ---- Scores ---- */

/* Objectives over the front's range, and violation; together one vector. */
static void components(const struct pgsam *pgsam, const struct problem_score *score, double *part)
{
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        part[o] =
            pgsam->range[o] > 0 ? (score->objective[o] - pgsam->least[o]) / pgsam->range[o] : 0;
    part[VIOLATION] = score->violation;
}

static void measure_front(struct pgsam *pgsam)
{
    const struct analysis_archive *archive = &pgsam->trial.front->archive;
    if (archive->n == 0)
        return;
    analysis_bounds(archive->f, archive->n, archive->m, pgsam->least, pgsam->range);
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        pgsam->range[o] -= pgsam->least[o];
}

static void learn(struct pgsam *pgsam, const struct move *move, const double *change)
{
    if (move->n != 1)
        return;
    double *momentum = pgsam->change[pgsam->first[move->gene[0]] + move->choice[0]];
    for (size_t p = 0; p < PARTS; p++) {
        if (!isfinite(change[p]))
            continue;
        momentum[p] = MEMORY * momentum[p] + (1 - MEMORY) * change[p];
        /* The first changes set the scale, later ones adjust it. */
        if (pgsam->spread[p] == 0)
            pgsam->spread[p] = fabs(change[p]);
        pgsam->spread[p] = SPREAD_MEMORY * pgsam->spread[p] + (1 - SPREAD_MEMORY) * fabs(change[p]);
    }
}

/* ---- Moves ---- */

static void add_change(struct pgsam *pgsam, const struct chain *chain, struct move *move,
                       struct way way)
{
    uint16_t stands = pgsam->trial.genes[way.gene];
    uint16_t choice =
        (uint16_t)(((size_t)stands + way.distance) % pgsam->problem->gene[way.gene].choices);
    const double *momentum = pgsam->change[pgsam->first[way.gene] + choice];
    for (size_t p = 0; p < PARTS && chain->spread > 0; p++)
        move->merit -= MOMENTUM * chain->weight[p] * momentum[p] / chain->spread;
    move->gene[move->n] = way.gene;
    move->before[move->n] = stands;
    move->choice[move->n++] = choice;
    move->hash ^= sched_seen_key(way.gene, stands) ^ sched_seen_key(way.gene, choice);
}

static bool touches(const struct move *move, size_t gene)
{
    for (size_t i = 0; i < move->n; i++)
        if (move->gene[i] == gene)
            return true;
    return false;
}

/* Any second change beside the first. */
static void add_any(struct pgsam *pgsam, const struct chain *chain, struct move *move)
{
    struct way way = pgsam->way[below(pgsam, pgsam->n_ways)];
    if (!touches(move, way.gene))
        add_change(pgsam, chain, move, way);
}

/* Gives neighbouring genes of the same role the same choice: a run of layers moves together, so
 * that no transfer in between has to be paid for on the way. */
static void add_neighbours(struct pgsam *pgsam, const struct chain *chain, struct move *move)
{
    const struct problem_gene *gene = pgsam->problem->gene;
    uint16_t choice = move->choice[0];
    for (size_t g = move->gene[0] + 1; g < pgsam->problem->n_genes && move->n < LONGEST; g++) {
        if (gene[g].role != gene[g - 1].role || gene[g].choices <= choice)
            return;
        size_t distance = (size_t)choice + gene[g].choices - pgsam->trial.genes[g];
        distance %= gene[g].choices;
        if (distance != 0)
            add_change(pgsam, chain, move, (struct way){g, (uint16_t)distance});
        if (move->n > 1 && chance(pgsam, STOP))
            return;
    }
}

static struct move propose(struct pgsam *pgsam, const struct chain *chain, bool compound)
{
    struct move move = {.hash = chain->hash};
    add_change(pgsam, chain, &move, pgsam->way[below(pgsam, pgsam->n_ways)]);
    if (compound && chance(pgsam, RUN))
        add_neighbours(pgsam, chain, &move);
    else if (compound)
        add_any(pgsam, chain, &move);
    return move;
}

/* Any move by one gene to a plan not seen, when chance finds none. */
static bool find_unseen(struct pgsam *pgsam, const struct chain *chain, struct move *best)
{
    size_t start = below(pgsam, pgsam->n_ways);
    for (size_t i = 0; i < pgsam->n_ways; i++) {
        struct move move = {.hash = chain->hash};
        add_change(pgsam, chain, &move, pgsam->way[(start + i) % pgsam->n_ways]);
        if (sched_seen_has(&pgsam->seen, move.hash))
            continue;
        *best = move;
        return true;
    }
    return false;
}

static bool is_explored(const struct pgsam *pgsam, size_t row)
{
    return row != SCHED_NO_ROW && pgsam->trial.front->tag[row] >= pgsam->n_ways;
}

/* The candidate of most merit among those that lead to new plans. False when there is none. */
static bool choose(struct pgsam *pgsam, const struct chain *chain, struct move *best)
{
    if (pgsam->n_ways == 0)
        return false;
    bool compound = is_explored(pgsam, chain->row) || chance(pgsam, COMPOUND);
    int wanted = chance(pgsam, UNGUIDED) ? 1 : CANDIDATES, found = 0;
    for (int drawn = 0; drawn < 2 * CANDIDATES && found < wanted; drawn++) {
        struct move move = propose(pgsam, chain, compound);
        move.merit += stream_uniform(&pgsam->stream);
        if (sched_seen_has(&pgsam->seen, move.hash))
            continue;
        if (found++ == 0 || move.merit > best->merit)
            *best = move;
    }
    if (found > 0)
        return true;
    if (!is_explored(pgsam, chain->row) && find_unseen(pgsam, chain, best))
        return true;
    if (chain->row != SCHED_NO_ROW)
        pgsam->trial.front->tag[chain->row] = pgsam->n_ways;
    return false;
}

/* Scores a move, standing where all but its last change are made. */
static bool score_move(struct pgsam *pgsam, const struct move *move, struct problem_score *score)
{
    for (size_t i = 0; i + 1 < move->n; i++)
        sched_trial_apply(&pgsam->trial, move->gene[i], move->choice[i]);
    size_t last = move->n - 1;
    if (!sched_trial_delta(&pgsam->trial, move->gene[last], move->choice[last], score))
        return false;
    sched_seen_add(&pgsam->seen, move->hash);
    return true;
}

/* ---- Chains ---- */

/* A direction that presses on where the member already excels. */
static void aim(struct pgsam *pgsam, struct chain *chain)
{
    double part[PARTS], sum = 0;
    components(pgsam, &chain->score, part);
    bool feasible = chain->score.violation == 0;
    for (size_t p = 0; p < PARTS; p++) {
        if ((p == VIOLATION) == feasible)
            chain->weight[p] = 0;
        else if (p == VIOLATION)
            chain->weight[p] = 1;
        else
            chain->weight[p] = (0.1 + stream_uniform(&pgsam->stream)) / (LEVEL + part[p]);
        sum += chain->weight[p];
    }
    chain->spread = 0;
    for (size_t p = 0; p < PARTS; p++) {
        chain->weight[p] /= sum;
        chain->spread += chain->weight[p] * pgsam->spread[p];
    }
    double spent = (double)pgsam->trial.used / (double)pgsam->trial.budget;
    chain->temperature = chain->spread / -log(ACCEPTED) * pow(COOLING, spent);
}

static bool accepts(struct pgsam *pgsam, const struct chain *chain,
                    const struct problem_score *score, const double *change)
{
    bool feasible = chain->score.violation == 0;
    if (feasible != (score->violation == 0))
        return !feasible;
    double worse = 0;
    for (size_t p = 0; p < PARTS; p++)
        worse += chain->weight[p] > 0 ? chain->weight[p] * change[p] : 0;
    if (worse <= 0)
        return true;
    return chain->temperature > 0 && chance(pgsam, exp(-worse / chain->temperature));
}

static void make(struct pgsam *pgsam, struct chain *chain, const struct move *move,
                 const struct problem_score *score)
{
    size_t last = move->n - 1;
    sched_trial_apply(&pgsam->trial, move->gene[last], move->choice[last]);
    chain->score = *score;
    chain->hash = move->hash;
    chain->row = pgsam->trial.row;
}

static void take_back(struct pgsam *pgsam, const struct move *move)
{
    for (size_t i = 0; i + 1 < move->n; i++)
        sched_trial_apply(&pgsam->trial, move->gene[i], move->before[i]);
}

/* Makes one move; false when the chain, or the search, is over. */
static bool step(struct pgsam *pgsam, struct chain *chain)
{
    struct move move;
    struct problem_score score;
    double before[PARTS], change[PARTS];
    if (!choose(pgsam, chain, &move) || !score_move(pgsam, &move, &score))
        return false;
    /* A member that the new plan drove out is marked in vain, for the chain then leaves it: what
     * dominates is accepted. */
    if (chain->row != SCHED_NO_ROW && move.n == 1)
        pgsam->trial.front->tag[chain->row]++;
    components(pgsam, &chain->score, before);
    components(pgsam, &score, change);
    for (size_t p = 0; p < PARTS; p++)
        change[p] -= before[p];
    learn(pgsam, &move, change);
    chain->idle = pgsam->trial.row == SCHED_NO_ROW ? chain->idle + 1 : 0;
    bool crossed = (chain->score.violation == 0) != (score.violation == 0);
    if (accepts(pgsam, chain, &score, change)) {
        make(pgsam, chain, &move, &score);
        return !crossed && chain->idle < PATIENCE;
    }
    take_back(pgsam, &move);
    return chain->idle < PATIENCE;
}

/* Distance of member i to its nearest neighbour on the front. Members are sorted by the first
 * objective, so that those farther off in it alone need no look. */
static double gap(const struct pgsam *pgsam, size_t i)
{
    const struct analysis_archive *archive = &pgsam->trial.front->archive;
    const double *f = analysis_archive_point(archive, i);
    double nearest = PROBLEM_OBJECTIVES;
    for (int side = -1; side <= 1; side += 2) {
        for (size_t j = i + (size_t)side; j < archive->n; j += (size_t)side) {
            const double *g = analysis_archive_point(archive, j);
            double distance = 0;
            for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
                distance += pgsam->range[o] > 0 ? fabs(f[o] - g[o]) / pgsam->range[o] : 0;
            nearest = fmin(nearest, distance);
            if (pgsam->range[0] > 0 && fabs(f[0] - g[0]) / pgsam->range[0] >= nearest)
                break;
        }
    }
    return nearest;
}

/* The most promising of a few members: beside a wide gap, and with much left to explore. */
static size_t pick_member(struct pgsam *pgsam)
{
    const struct sched_front *front = pgsam->trial.front;
    size_t best = 0;
    double best_merit = -1;
    for (int i = 0; i < CONTENDERS; i++) {
        size_t member = below(pgsam, front->archive.n), row = front->archive.id[member];
        double left =
            is_explored(pgsam, row) ? 0 : 1 - (double)front->tag[row] / (double)pgsam->n_ways;
        double merit = left > 0 ? sqrt(gap(pgsam, member)) * left : 0;
        if (merit > best_merit) {
            best = member;
            best_merit = merit;
        }
    }
    return best;
}

/* Scores a plan that has not been seen and stands there. */
static bool visit(struct pgsam *pgsam, struct chain *chain, const uint16_t *genes)
{
    if (!sched_trial_evaluate(&pgsam->trial, genes, &chain->score))
        return false;
    chain->hash = sched_seen_hash(pgsam->trial.genes, pgsam->problem->n_genes);
    chain->row = pgsam->trial.row;
    sched_seen_add(&pgsam->seen, chain->hash);
    return true;
}

static bool is_seen(const struct pgsam *pgsam, const uint16_t *genes)
{
    return sched_seen_has(&pgsam->seen, sched_seen_hash(genes, pgsam->problem->n_genes));
}

/* The next plan in counting order that has not been seen. False when there is none. */
static bool count_to_unseen(struct pgsam *pgsam)
{
    while (is_seen(pgsam, pgsam->cursor)) {
        size_t g = 0, n = pgsam->problem->n_genes;
        while (g < n && ++pgsam->cursor[g] == pgsam->problem->gene[g].choices)
            pgsam->cursor[g++] = 0;
        if (g == n) {
            pgsam->exhausted = true;
            return false;
        }
    }
    return true;
}

/* A random plan. Runs of one choice are as likely as single genes: stay is the chance that a gene
 * does as the one before it. */
static void draw(struct pgsam *pgsam, uint16_t *genes)
{
    const struct problem_gene *gene = pgsam->problem->gene;
    double stay = stream_uniform(&pgsam->stream);
    for (size_t g = 0; g < pgsam->problem->n_genes; g++) {
        bool alike = g > 0 && gene[g].role == gene[g - 1].role && genes[g - 1] < gene[g].choices;
        if (alike && chance(pgsam, stay))
            genes[g] = genes[g - 1];
        else
            genes[g] = (uint16_t)below(pgsam, gene[g].choices);
    }
}

/* Any plan that has not been seen: where nearly all have been, the next by counting. */
static bool start_afresh(struct pgsam *pgsam, struct chain *chain)
{
    uint16_t *genes = mem_calloc(pgsam->problem->n_genes, sizeof *genes);
    bool found = false;
    for (int i = 0; i < 4 * CANDIDATES && !found; i++) {
        draw(pgsam, genes);
        found = !is_seen(pgsam, genes);
    }
    bool visited = found ? visit(pgsam, chain, genes)
                         : count_to_unseen(pgsam) && visit(pgsam, chain, pgsam->cursor);
    free(genes);
    return visited;
}

/* Stands at a member of the front; before there is one, at the least violating plan. */
static void stand(struct pgsam *pgsam, struct chain *chain)
{
    const struct sched_front *front = pgsam->trial.front;
    if (front->archive.n == 0) {
        sched_trial_go(&pgsam->trial, front->nearest);
        chain->score = front->nearest_score;
        chain->row = SCHED_NO_ROW;
    } else {
        size_t member = pick_member(pgsam);
        sched_trial_go(&pgsam->trial, sched_front_genes(front, member));
        chain->score = *sched_front_score(front, member);
        chain->row = front->archive.id[member];
    }
    chain->hash = sched_seen_hash(pgsam->trial.genes, pgsam->problem->n_genes);
}

/* A single-device plan with each number in flight: a device may keep up with many at once and not
 * with one at a time. */
static bool sow_device(struct pgsam *pgsam, size_t device, uint16_t *genes)
{
    const struct problem *problem = pgsam->problem;
    struct chain chain;
    size_t g = 0;
    while (g < problem->n_genes && problem->gene[g].role != PROBLEM_INFLIGHT)
        g++;
    uint16_t choices = g < problem->n_genes ? problem->gene[g].choices : 1;
    sched_plain(problem, device, genes);
    for (uint16_t choice = 0; choice < choices; choice++) {
        if (g < problem->n_genes)
            genes[g] = choice;
        if (!is_seen(pgsam, genes) && !visit(pgsam, &chain, genes))
            return false;
    }
    return true;
}

/* The single-device plans, then some random ones: they span the first ranges. */
static bool sow(struct pgsam *pgsam)
{
    struct chain chain;
    bool more = true;
    uint16_t *genes = mem_calloc(pgsam->problem->n_genes, sizeof *genes);
    for (size_t device = 0; device < pgsam->problem->n_devices && more; device++)
        more = sow_device(pgsam, device, genes);
    for (int i = 0; i < RANDOM_STARTS && more; i++)
        more = start_afresh(pgsam, &chain);
    free(genes);
    return more;
}

static void search(struct pgsam *pgsam)
{
    bool barren = !sow(pgsam);
    while (!pgsam->trial.ended && !pgsam->exhausted) {
        struct chain chain = {.idle = 0};
        uint64_t used = pgsam->trial.used;
        bool infeasible = pgsam->trial.front->archive.n == 0;
        measure_front(pgsam);
        /* The least violating plan may sit in a hole: every other chain starts elsewhere. */
        if (barren || (infeasible && chance(pgsam, 0.5))) {
            if (!start_afresh(pgsam, &chain))
                continue;
        } else {
            stand(pgsam, &chain);
        }
        aim(pgsam, &chain);
        while (step(pgsam, &chain)) {
        }
        barren = pgsam->trial.used == used;
    }
}

static void open(struct pgsam *pgsam, struct problem *problem)
{
    size_t n_choices = 0;
    pgsam->problem = problem;
    pgsam->first = mem_calloc(problem->n_genes, sizeof *pgsam->first);
    pgsam->cursor = mem_calloc(problem->n_genes, sizeof *pgsam->cursor);
    for (size_t g = 0; g < problem->n_genes; g++) {
        pgsam->first[g] = n_choices;
        n_choices += problem->gene[g].choices;
    }
    pgsam->change = mem_calloc(n_choices, sizeof *pgsam->change);
    pgsam->way = mem_calloc(n_choices, sizeof *pgsam->way);
    for (size_t g = 0; g < problem->n_genes; g++)
        for (uint16_t d = 1; d < problem->gene[g].choices; d++)
            pgsam->way[pgsam->n_ways++] = (struct way){g, d};
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    (void)err;
    struct pgsam pgsam = {.stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0)};
    open(&pgsam, problem);
    sched_trial_open(&pgsam.trial, problem, options, front);
    search(&pgsam);
    sched_trial_close(&pgsam.trial);
    sched_seen_free(&pgsam.seen);
    free(pgsam.first);
    free(pgsam.cursor);
    free(pgsam.change);
    free(pgsam.way);
    return true;
}

const struct sched sched_pgsam = {
    "pgsam", "Pareto-guided simulated annealing with momentum: a front in a few thousand plans",
    run};
