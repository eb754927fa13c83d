/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PGSAM: Pareto-Guided Simulated Annealing with Momentum. QEIL v2 (arXiv 2602.06057) names the
 * method and its three objectives and publishes no pseudo-code; what follows is our own.
 *
 * Pareto guidance: the archive of everything seen is the memory of the search. Annealing runs in
 * short chains, each in a direction (weights of the objectives) and from a member of the archive:
 * - A ray draws its direction at random, often close to one objective, and starts from the member
 *   that is best along it. Rays press the front outwards and find its ends; they are most of the
 *   chains at first.
 * - The other chains fill in: they start from a member whose neighbourhood is little explored and
 *   that lies beside a gap of the front, and press on where that member already excels.
 * A chain ends when it has not improved for a while: a ray along its direction, the others by
 * bringing new members to the archive.
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
    RAY_PATIENCE = 20   /* the same of a ray, without progress along it */
};
static const double RAYS_FIRST = 0.9; /* share of chains that are rays at first */
static const double RAYS_LAST = 0.3;  /* and at last */
static const double SHARPNESS = 2;    /* of a ray: 1 draws all directions alike */
static const double ACCEPTED = 0.2;   /* of mean deteriorations at first */
static const double COOLING = 0.01;   /* last temperature over the first */
static const double COMPOUND = 0.2;   /* share of moves that change several genes */
static const double RUN = 0.7;        /* of those, the ones that move a run of neighbours */
static const double UNGUIDED = 0.2;   /* share of moves that ask no momentum */
static const double MOMENTUM = 2;     /* weight of momentum against chance */
static const double MEMORY = 0.9;     /* share of a momentum that a new change leaves */
static const double SPREAD_MEMORY = 0.99;
static const double LEVEL = 0.05;      /* bounds how much a chain may prefer one objective */
static const double RESOLUTION = 1e-9; /* less is no progress along a ray */

/* One of a gene's other choices, as a distance from the choice it has. */
struct way {
    size_t gene;
    uint16_t distance;
};

/* A run of neighbouring genes that all get one choice, most often a single gene, and perhaps
 * another gene beside it. */
struct move {
    size_t gene, end; /* the run: gene to end - 1 */
    size_t other;     /* n_genes when there is none */
    uint16_t choice, other_choice;
    size_t n, last; /* genes that change; the last of the run that does */
    uint64_t hash;  /* of the plan that it leads to */
    double merit;
};

struct pgsam {
    struct sched_trial trial;
    const struct problem *problem;
    struct sched_seen seen;
    struct stream stream;
    uint16_t *cursor; /* (n_genes) all plans before it, counting upwards, have been seen */
    bool exhausted;   /* all plans have been seen */
    uint16_t *before; /* (n_genes) the plan that a compound move started from */
    struct way *way;
    size_t n_ways;
    size_t *first;           /* (n_genes) where its choices start in change */
    double (*change)[PARTS]; /* momentum of each choice of each gene */
    double spread[PARTS];    /* mean size of a change */
    double least[PROBLEM_OBJECTIVES], scale[PROBLEM_OBJECTIVES]; /* of the front: 1/range */
};

/* A chain and where it stands, which is where the trial stands. */
struct chain {
    bool ray;
    double weight[PARTS]; /* of components, sum 1 */
    double spread, temperature;
    struct problem_score score;
    uint64_t hash;
    size_t row;           /* in the front, or SCHED_NO_ROW */
    double reached, best; /* weighted components, now and at best */
    int idle, patience;   /* moves without progress, and how many of them end it */
};

static bool chance(struct pgsam *pgsam, double probability)
{
    return stream_uniform(&pgsam->stream) < probability;
}

static size_t below(struct pgsam *pgsam, size_t n)
{
    return stream_below(&pgsam->stream, (uint32_t)n);
}

/* Share of the budget. */
static double spent(const struct pgsam *pgsam)
{
    return (double)pgsam->trial.used / (double)pgsam->trial.budget;
}

/* ---- Scores ---- */

/* Objectives over the front's range, and violation; together one vector. */
static void components(const struct pgsam *pgsam, const struct problem_score *score, double *part)
{
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        part[o] = (score->objective[o] - pgsam->least[o]) * pgsam->scale[o];
    part[VIOLATION] = score->violation;
}

static void measure_front(struct pgsam *pgsam)
{
    const struct analysis_archive *archive = &pgsam->trial.front->archive;
    double greatest[PROBLEM_OBJECTIVES];
    if (archive->n == 0)
        return;
    analysis_bounds(archive->f, archive->n, archive->m, pgsam->least, greatest);
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        double range = greatest[o] - pgsam->least[o];
        pgsam->scale[o] = range > 0 ? 1 / range : 0;
    }
}

static void learn(struct pgsam *pgsam, const struct move *move, const double *change)
{
    if (move->n != 1)
        return;
    double *momentum = pgsam->change[pgsam->first[move->last] + move->choice];
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

static uint16_t choice_of(const struct pgsam *pgsam, struct way way)
{
    size_t choice = (size_t)pgsam->trial.genes[way.gene] + way.distance;
    return (uint16_t)(choice % pgsam->problem->gene[way.gene].choices);
}

/* Accounts for one gene's change. */
static void add_change(const struct pgsam *pgsam, const struct chain *chain, struct move *move,
                       size_t gene, uint16_t choice)
{
    uint16_t stands = pgsam->trial.genes[gene];
    if (stands == choice)
        return;
    const double *momentum = pgsam->change[pgsam->first[gene] + choice];
    for (size_t p = 0; p < PARTS && chain->spread > 0; p++)
        move->merit -= MOMENTUM * chain->weight[p] * momentum[p] / chain->spread;
    move->hash ^= sched_seen_key(gene, stands) ^ sched_seen_key(gene, choice);
    move->n++;
}

static struct move single(const struct pgsam *pgsam, const struct chain *chain, struct way way)
{
    struct move move = {.gene = way.gene,
                        .end = way.gene + 1,
                        .other = pgsam->problem->n_genes,
                        .choice = choice_of(pgsam, way),
                        .last = way.gene,
                        .hash = chain->hash};
    add_change(pgsam, chain, &move, move.gene, move.choice);
    return move;
}

/* Any second change beside the first. */
static void add_any(struct pgsam *pgsam, const struct chain *chain, struct move *move)
{
    struct way way = pgsam->way[below(pgsam, pgsam->n_ways)];
    if (way.gene == move->gene)
        return;
    move->other = way.gene;
    move->other_choice = choice_of(pgsam, way);
    add_change(pgsam, chain, move, move->other, move->other_choice);
}

/* Gives neighbouring genes of the same role the same choice: a run of layers moves together, so
 * that no transfer in between has to be paid for on the way. Runs of all lengths are likely. */
static void extend(struct pgsam *pgsam, const struct chain *chain, struct move *move)
{
    const struct problem_gene *gene = pgsam->problem->gene;
    double go_on = 1 - pow(stream_uniform(&pgsam->stream), 2);
    for (size_t g = move->end; g < pgsam->problem->n_genes && chance(pgsam, go_on); g++) {
        if (gene[g].role != gene[move->gene].role || gene[g].choices <= move->choice)
            return;
        if (pgsam->trial.genes[g] != move->choice)
            move->last = g;
        add_change(pgsam, chain, move, g, move->choice);
        move->end = g + 1;
    }
}

static struct move propose(struct pgsam *pgsam, const struct chain *chain, bool compound)
{
    struct move move = single(pgsam, chain, pgsam->way[below(pgsam, pgsam->n_ways)]);
    if (compound && chance(pgsam, RUN))
        extend(pgsam, chain, &move);
    else if (compound)
        add_any(pgsam, chain, &move);
    return move;
}

/* Any move by one gene to a plan not seen, when chance finds none. */
static bool find_unseen(struct pgsam *pgsam, const struct chain *chain, struct move *best)
{
    size_t start = below(pgsam, pgsam->n_ways);
    for (size_t i = 0; i < pgsam->n_ways; i++) {
        struct move move = single(pgsam, chain, pgsam->way[(start + i) % pgsam->n_ways]);
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
    struct sched_trial *trial = &pgsam->trial;
    bool pair = move->other < pgsam->problem->n_genes;
    if (move->n > 1)
        memcpy(pgsam->before, trial->genes, pgsam->problem->n_genes * sizeof *pgsam->before);
    for (size_t g = move->gene; g < move->end; g++)
        if (pair || g != move->last)
            sched_trial_apply(trial, g, move->choice);
    size_t last = pair ? move->other : move->last;
    if (!sched_trial_delta(trial, last, pair ? move->other_choice : move->choice, score))
        return false;
    sched_seen_add(&pgsam->seen, move->hash);
    return true;
}

static void make(struct pgsam *pgsam, struct chain *chain, const struct move *move,
                 const struct problem_score *score)
{
    if (move->other < pgsam->problem->n_genes)
        sched_trial_apply(&pgsam->trial, move->other, move->other_choice);
    else
        sched_trial_apply(&pgsam->trial, move->last, move->choice);
    chain->score = *score;
    chain->hash = move->hash;
    chain->row = pgsam->trial.row;
}

static void take_back(struct pgsam *pgsam, const struct move *move)
{
    if (move->n > 1)
        sched_trial_go(&pgsam->trial, pgsam->before);
}

/* ---- Chains ---- */

static double along(const struct chain *chain, const double *part)
{
    double sum = 0;
    for (size_t p = 0; p < PARTS; p++)
        sum += chain->weight[p] > 0 ? chain->weight[p] * part[p] : 0;
    return sum;
}

/* Makes the weights sum up to one, and sets what depends on them. */
static void set_out(struct pgsam *pgsam, struct chain *chain)
{
    double part[PARTS], sum = 0;
    components(pgsam, &chain->score, part);
    for (size_t p = 0; p < PARTS; p++)
        sum += chain->weight[p];
    chain->spread = 0;
    for (size_t p = 0; p < PARTS; p++) {
        chain->weight[p] /= sum;
        chain->spread += chain->weight[p] * pgsam->spread[p];
    }
    chain->temperature = chain->spread / -log(ACCEPTED) * pow(COOLING, spent(pgsam));
    chain->reached = chain->best = along(chain, part);
}

/* A direction that presses on where the plan already excels. */
static void aim(struct pgsam *pgsam, struct chain *chain)
{
    double part[PARTS];
    components(pgsam, &chain->score, part);
    bool feasible = chain->score.violation == 0;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        chain->weight[o] =
            feasible ? (0.1 + stream_uniform(&pgsam->stream)) / (LEVEL + part[o]) : 0;
    chain->weight[VIOLATION] = !feasible;
    chain->patience = PATIENCE;
}

/* A direction of its own, whatever lies there; some are nearly those of one objective. */
static void aim_ray(struct pgsam *pgsam, struct chain *chain)
{
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        chain->weight[o] = 1e-3 + pow(-log(1 - stream_uniform(&pgsam->stream)), SHARPNESS);
    chain->weight[VIOLATION] = 0;
    chain->patience = RAY_PATIENCE;
    chain->ray = true;
}

static bool accepts(struct pgsam *pgsam, const struct chain *chain,
                    const struct problem_score *score, const double *change)
{
    bool feasible = chain->score.violation == 0;
    if (feasible != (score->violation == 0))
        return !feasible;
    double worse = along(chain, change);
    if (worse <= 0)
        return true;
    return chain->temperature > 0 && chance(pgsam, exp(-worse / chain->temperature));
}

/* Goes to the scored plan or back to where the move began; false when the chain is over. */
static bool settle(struct pgsam *pgsam, struct chain *chain, const struct move *move,
                   const struct problem_score *score, const double *change)
{
    bool entered = pgsam->trial.row != SCHED_NO_ROW, crossed = false;
    if (accepts(pgsam, chain, score, change)) {
        crossed = (chain->score.violation == 0) != (score->violation == 0);
        chain->reached += along(chain, change);
        make(pgsam, chain, move, score);
    } else {
        take_back(pgsam, move);
    }
    bool gained = chain->ray ? chain->reached < chain->best - RESOLUTION : entered;
    chain->best = fmin(chain->best, chain->reached);
    chain->idle = gained ? 0 : chain->idle + 1;
    return !crossed && chain->idle < chain->patience;
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
    return settle(pgsam, chain, &move, &score, change);
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
        double merit =
            left > 0 ? sqrt(analysis_archive_gap(&front->archive, member, pgsam->scale)) * left : 0;
        if (merit > best_merit) {
            best = member;
            best_merit = merit;
        }
    }
    return best;
}

/* The member that is best along the chain's direction. */
static size_t pick_along(const struct pgsam *pgsam, const struct chain *chain)
{
    double weight[PROBLEM_OBJECTIVES];
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        weight[o] = chain->weight[o] * pgsam->scale[o];
    return analysis_archive_least(&pgsam->trial.front->archive, weight);
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

/* Any plan that has not been seen: where nearly all have been, the next by counting. */
static bool start_afresh(struct pgsam *pgsam, struct chain *chain)
{
    uint16_t *genes = mem_calloc(pgsam->problem->n_genes, sizeof *genes);
    bool found = false;
    for (int i = 0; i < 4 * CANDIDATES && !found; i++) {
        sched_draw(pgsam->problem, &pgsam->stream, genes);
        found = !is_seen(pgsam, genes);
    }
    if (!found)
        pgsam->exhausted = !sched_seen_next(&pgsam->seen, pgsam->problem, pgsam->cursor);
    bool visited = !pgsam->exhausted && visit(pgsam, chain, found ? genes : pgsam->cursor);
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
        chain->ray = chance(pgsam, RAYS_FIRST + (RAYS_LAST - RAYS_FIRST) * spent(pgsam));
        if (chain->ray)
            aim_ray(pgsam, chain);
        size_t member = chain->ray ? pick_along(pgsam, chain) : pick_member(pgsam);
        sched_trial_go(&pgsam->trial, sched_front_genes(front, member));
        chain->score = *sched_front_score(front, member);
        chain->row = front->archive.id[member];
    }
    chain->hash = sched_seen_hash(pgsam->trial.genes, pgsam->problem->n_genes);
}

/* A single-device plan with each number in flight, so that the front never falls behind what one
 * device does alone. */
static bool sow_device(struct pgsam *pgsam, size_t device, uint16_t *genes)
{
    struct chain chain;
    sched_plain(pgsam->problem, device, genes);
    if (!is_seen(pgsam, genes) && !visit(pgsam, &chain, genes))
        return false;
    for (size_t g = 0; g < pgsam->problem->n_genes; g++) {
        const struct problem_gene *gene = &pgsam->problem->gene[g];
        for (uint16_t c = 1; gene->role == PROBLEM_INFLIGHT && c < gene->choices; c++) {
            genes[g] = c;
            if (!is_seen(pgsam, genes) && !visit(pgsam, &chain, genes))
                return false;
        }
        genes[g] = gene->role == PROBLEM_INFLIGHT ? 0 : genes[g];
    }
    return true;
}

/* The single-device plans, then some random ones: they span the first ranges. */
static bool sow(struct pgsam *pgsam)
{
    struct chain chain;
    size_t device = 0;
    bool more = true;
    uint16_t *genes = mem_calloc(pgsam->problem->n_genes, sizeof *genes);
    do {
        more = sow_device(pgsam, device, genes);
    } while (more && ++device < pgsam->problem->n_devices);
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
        if (!chain.ray)
            aim(pgsam, &chain);
        set_out(pgsam, &chain);
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
    pgsam->before = mem_calloc(problem->n_genes, sizeof *pgsam->before);
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
    free(pgsam.before);
    free(pgsam.change);
    free(pgsam.way);
    return true;
}

const struct sched sched_pgsam = {
    "pgsam", "Pareto-guided simulated annealing with momentum: a front in a few thousand plans",
    run};
