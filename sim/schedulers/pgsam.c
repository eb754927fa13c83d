/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PGSAM: Pareto-Guided Simulated Annealing with Momentum. QEIL v2 (arXiv 2602.06057) names the
 * method and its three objectives and publishes no pseudo-code; what follows is our own.
 *
 * Momentum: each choice of each gene carries what it has been seen to add to every objective, and
 * each pair of neighbours that differ what that adds. Underutilisation is no such sum; it is told
 * by the loads of devices where that foretells it better. A first round of single changes fills
 * this in, and every score corrects it. Of a few moves drawn at random, the one of which momentum
 * expects most is scored; one that it takes for a loss is scored now and then all the same, so that
 * every move stays possible. Kinds of moves are drawn by the share that brought new members of
 * late, now and then by fixed shares.
 *
 * Pareto guidance: annealing runs in short chains, each from a member of the archive of everything
 * seen. Most chains start where little has been tried yet and ask how far a plan lies beyond the
 * surface that the archive spans, which is furthest where it has gaps. The others, rays, follow a
 * direction (weights of the objectives) drawn at random, often close to one objective, from the
 * member that is best along it; they press the ends of the front outwards. A chain ends when it has
 * not gained for a while, and the next restarts from the archive. How many are rays depends on what
 * volume either kind has won per evaluation of late.
 *
 * Annealing: a plan that is worse by d is accepted with probability exp(-d/T). T starts where the
 * mean worsening of the first moves is accepted with probability ACCEPTED and falls geometrically
 * with the share of the budget that is spent.
 *
 * Constraints: less violation before any objective. No plan is scored twice. */
#include "sim/schedulers/pgsam.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RANDOM_STARTS = 16, /* plans drawn before the first chain */
    CANDIDATES = 6,     /* moves that compete for an evaluation */
    CONTENDERS = 4,     /* members that compete to start a chain */
    PATIENCE = 5,       /* moves without gain that end a chain */
    MEASURE_EVERY = 100 /* evaluations */
};
static const double PROBED = 0.1; /* most of the budget that single changes may take at first */
static const double LEAST_SHARE = 0.05; /* of chains that are rays, and of those that are not */
static const double LATELY = 0.05;      /* weight of the last chain in what its kind has won */
static const double SHARPNESS = 2;      /* of a ray: 1 draws all directions alike */
static const double ACCEPTED = 0.1;     /* of mean worsenings at first */
static const double COOLING = 0.01;     /* last temperature over the first */
static const double DOUBTED = 0.55;     /* of moves that momentum takes for losses: scored anyway */
static const double AFRESH = 0.1;       /* of chains after one that found nothing new */
static const double RESOLUTION = 1e-9;  /* less is no gain along a ray */
static const double COVERED = -1;       /* merit of plans that the front is expected to cover */
static const double UNFIT = -10; /* merit of plans that are expected to violate a constraint */

struct pgsam {
    struct sched_trial trial;
    const struct problem *problem;
    unsigned without; /* enum sched_idea */
    struct sched_seen seen;
    struct stream stream, start;
    size_t started; /* how many common starting points have been drawn */
    struct pgsam_moves moves;
    struct pgsam_move candidate[2];
    struct pgsam_momentum momentum;
    struct pgsam_surface surface;
    double temperature; /* at first */
    double won[2];      /* volume an evaluation, of late: by other chains, by rays */
    uint64_t measure_at;
    uint16_t *cursor; /* (n_genes) all plans before it, counting upwards, have been seen */
    bool exhausted;   /* all plans have been seen */
};

/* A chain and where it stands, which is where the trial and the momentum stand. */
struct chain {
    bool ray;
    double weight[PROBLEM_OBJECTIVES]; /* of a ray, sum 1 */
    double temperature;
    struct problem_score score;
    size_t row;  /* in the front, or SCHED_NO_ROW */
    int idle;    /* moves without gain */
    double best; /* of a ray: least weighted sum so far */
    double won;  /* volume */
};

static bool with(const struct pgsam *pgsam, enum sched_idea idea)
{
    return !(pgsam->without & (unsigned)idea);
}

static double spent(const struct pgsam *pgsam)
{
    return (double)pgsam->trial.used / (double)pgsam->trial.budget;
}

static bool is_seen(const struct pgsam *pgsam, uint64_t hash)
{
    return with(pgsam, SCHED_MEMORY) && sched_seen_has(&pgsam->seen, hash);
}

static bool is_seen_plan(const struct pgsam *pgsam, const uint16_t *genes)
{
    return is_seen(pgsam, sched_seen_hash(genes, pgsam->problem->n_genes));
}

/* Notes on its member of the front that a chain found nothing there. */
static void mark_in_vain(struct pgsam *pgsam, const struct chain *chain)
{
    if (chain->row != SCHED_NO_ROW)
        pgsam->trial.front->tag[chain->row]++;
}

/* ---- Worth ---- */

/* Higher is worse. */
static double along(const struct pgsam *pgsam, const struct chain *chain, const double *objective)
{
    const struct pgsam_surface *surface = &pgsam->surface;
    double sum = 0;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        sum += chain->weight[o] * (objective[o] - surface->least[o]) * surface->scale[o];
    return sum;
}

static double merit_of(const struct pgsam *pgsam, const struct chain *chain, const double *part)
{
    if (pgsam->momentum.violated && part[PGSAM_VIOLATION] > RESOLUTION)
        return UNFIT - part[PGSAM_VIOLATION];
    return chain->ray ? -along(pgsam, chain, part) : pgsam_surface_gain(&pgsam->surface, part);
}

/* Does the front cover what is expected, even if that errs by as much as it does of late? */
static bool is_covered(struct pgsam *pgsam, const double *part, double merit)
{
    if (merit < -pgsam->momentum.doubt - RESOLUTION) /* behind the surface: the sooner answer */
        return true;
    double hoped[PROBLEM_OBJECTIVES];
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        double range = pgsam->surface.greatest[o] - pgsam->surface.least[o];
        hoped[o] = part[o] - (pgsam->momentum.doubt + RESOLUTION) * range;
    }
    return analysis_archive_covers(&pgsam->trial.front->archive, hoped);
}

static double worsening(const struct pgsam *pgsam, const struct chain *chain,
                        const struct problem_score *score)
{
    if (!chain->ray)
        return -pgsam_surface_gain(&pgsam->surface, score->objective);
    return along(pgsam, chain, score->objective) - along(pgsam, chain, chain->score.objective);
}

/* ---- Steps ---- */

/* Of some moves to plans not seen the one of most merit; NULL when there was none. */
static const struct pgsam_move *choose(struct pgsam *pgsam, const struct chain *chain,
                                       double *best_merit)
{
    struct pgsam_move *free = &pgsam->candidate[0], *chosen = NULL;
    *best_merit = 0;
    if (pgsam->moves.n_ways == 0)
        return NULL;
    struct pgsam_deal deal = pgsam_deal(&pgsam->moves);
    for (int i = 0; i < CANDIDATES; i++) {
        pgsam_move_draw(&pgsam->moves, deal, pgsam->trial.genes, free);
        pgsam_momentum_predict(&pgsam->momentum, pgsam->trial.genes, free);
        double merit = merit_of(pgsam, chain, free->part);
        if ((chosen && !(merit > *best_merit)) || is_seen(pgsam, free->hash))
            continue;
        if (!chain->ray && merit > COVERED && is_covered(pgsam, free->part, merit))
            merit = COVERED;
        if (chosen && !(merit > *best_merit))
            continue;
        *best_merit = merit;
        chosen = free;
        free = &pgsam->candidate[free == &pgsam->candidate[0]];
        if (!with(pgsam, SCHED_MOMENTUM))
            break;
    }
    return chosen;
}

/* Scores a move; then stands where some of it is made. */
static bool score_move(struct pgsam *pgsam, const struct pgsam_move *move,
                       struct problem_score *score)
{
    struct sched_trial *trial = &pgsam->trial;
    size_t last = move->n - 1;
    if (with(pgsam, SCHED_DELTA)) {
        for (size_t i = 0; i < last; i++)
            sched_trial_apply(trial, move->change[i].gene, move->change[i].to);
        if (!sched_trial_delta(trial, move->change[last].gene, move->change[last].to, score))
            return false;
    } else {
        for (size_t i = 0; i <= last; i++)
            trial->genes[move->change[i].gene] = move->change[i].to;
        if (!sched_trial_evaluate(trial, trial->genes, score))
            return false;
    }
    if (with(pgsam, SCHED_MEMORY))
        sched_seen_add(&pgsam->seen, move->hash);
    return true;
}

static void take_back(struct pgsam *pgsam, const struct pgsam_move *move)
{
    for (size_t i = 0; i < move->n; i++)
        sched_trial_apply(&pgsam->trial, move->change[i].gene, move->change[i].from);
}

static void make(struct pgsam *pgsam, struct chain *chain, const struct pgsam_move *move,
                 const struct problem_score *score, size_t row)
{
    for (size_t i = 0; i < move->n; i++)
        sched_trial_apply(&pgsam->trial, move->change[i].gene, move->change[i].to);
    chain->score = *score;
    chain->row = row;
    pgsam_momentum_follow(&pgsam->momentum, move, score);
}

static bool accepts(struct pgsam *pgsam, const struct chain *chain,
                    const struct problem_score *score, double worse, bool entered)
{
    if (score->violation < chain->score.violation || score->violation > chain->score.violation)
        return score->violation < chain->score.violation;
    if ((entered && !chain->ray) || worse <= 0)
        return true;
    return chain->temperature > 0 && pgsam_chance(&pgsam->stream, exp(-worse / chain->temperature));
}

/* Goes on from the scored plan or from where the move began; false when the chain is over. */
static bool settle(struct pgsam *pgsam, struct chain *chain, const struct pgsam_move *move,
                   const struct problem_score *score)
{
    size_t row = pgsam->trial.row;
    bool entered = row != SCHED_NO_ROW;
    if (entered)
        chain->won += pgsam_surface_add(&pgsam->surface, score->objective);
    else
        mark_in_vain(pgsam, chain);
    pgsam_deal_learn(&pgsam->moves, move->kind, entered);
    take_back(pgsam, move);
    pgsam_momentum_learn(&pgsam->momentum, pgsam->trial.genes, move, score, pgsam->surface.scale);
    double worse = worsening(pgsam, chain, score);
    bool accepted = accepts(pgsam, chain, score, worse, entered);
    if (accepted)
        make(pgsam, chain, move, score, row);
    double reached = chain->ray ? along(pgsam, chain, score->objective) : 0;
    bool gained = chain->ray ? accepted && reached < chain->best - RESOLUTION : entered;
    chain->best = gained ? reached : chain->best;
    chain->idle = gained ? 0 : chain->idle + 1;
    return chain->idle < PATIENCE;
}

/* Makes one move; false when the chain, or the search, is over. */
static bool step(struct pgsam *pgsam, struct chain *chain)
{
    struct problem_score score;
    double merit;
    const struct pgsam_move *move = choose(pgsam, chain, &merit);
    if (!move)
        return false;
    bool loss = !chain->ray && merit < -pgsam->momentum.doubt && with(pgsam, SCHED_MOMENTUM);
    if (loss && !pgsam_chance(&pgsam->stream, DOUBTED)) {
        mark_in_vain(pgsam, chain);
        return ++chain->idle < PATIENCE;
    }
    return score_move(pgsam, move, &score) && settle(pgsam, chain, move, &score);
}

/* ---- Chains ---- */

static void measure(struct pgsam *pgsam)
{
    if (pgsam->trial.used < pgsam->measure_at)
        return;
    pgsam_surface_measure(&pgsam->surface, &pgsam->trial.front->archive);
    pgsam->measure_at = pgsam->trial.used + MEASURE_EVERY;
}

/* Scores a plan that has not been seen and stands there. */
static bool visit(struct pgsam *pgsam, struct chain *chain, const uint16_t *genes)
{
    if (!sched_trial_evaluate(&pgsam->trial, genes, &chain->score))
        return false;
    chain->row = pgsam->trial.row;
    sched_seen_add(&pgsam->seen, sched_seen_hash(pgsam->trial.genes, pgsam->problem->n_genes));
    pgsam_momentum_note(&pgsam->momentum, pgsam->trial.genes, &chain->score);
    pgsam_momentum_stand(&pgsam->momentum, pgsam->trial.genes, &chain->score);
    return true;
}

/* Any plan that has not been seen: where nearly all have been, the next by counting. */
static bool start_afresh(struct pgsam *pgsam, struct chain *chain)
{
    enum { DRAWS = 64 };
    uint16_t *genes = mem_calloc(pgsam->problem->n_genes, sizeof *genes);
    bool found = false;
    for (int i = 0; i < DRAWS && !found; i++) {
        sched_start(pgsam->problem, &pgsam->start, pgsam->started++, genes);
        found = !is_seen_plan(pgsam, genes);
    }
    if (!found)
        pgsam->exhausted = !sched_seen_next(&pgsam->seen, pgsam->problem, pgsam->cursor);
    bool visited = !pgsam->exhausted && visit(pgsam, chain, found ? genes : pgsam->cursor);
    free(genes);
    return visited;
}

/* The less explored of a few members. */
static size_t pick_member(struct pgsam *pgsam)
{
    const struct sched_front *front = pgsam->trial.front;
    size_t best = pgsam_below(&pgsam->stream, front->archive.n);
    for (int i = 1; i < CONTENDERS; i++) {
        size_t member = pgsam_below(&pgsam->stream, front->archive.n);
        if (front->tag[front->archive.id[member]] < front->tag[front->archive.id[best]])
            best = member;
    }
    return best;
}

/* Draws a direction; the member that is best along it. */
static size_t aim(struct pgsam *pgsam, struct chain *chain)
{
    double weight[PROBLEM_OBJECTIVES], sum = 0;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        chain->weight[o] = 1e-3 + pow(-log(1 - stream_uniform(&pgsam->stream)), SHARPNESS);
        sum += chain->weight[o];
    }
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        chain->weight[o] /= sum;
        weight[o] = chain->weight[o] * pgsam->surface.scale[o];
    }
    return analysis_archive_least(&pgsam->trial.front->archive, weight);
}

static bool draws_ray(struct pgsam *pgsam)
{
    double won = pgsam->won[0] + pgsam->won[1], even = 0.5;
    double share = LEAST_SHARE + (1 - 2 * LEAST_SHARE) * (won > 0 ? pgsam->won[1] / won : even);
    bool drawn = pgsam_chance(&pgsam->stream, share);
    return with(pgsam, SCHED_SURFACE) ? drawn && with(pgsam, SCHED_DIRECTIONS) : true;
}

/* Stands at a member of the front; before there is one, at the least violating plan. */
static void restart(struct pgsam *pgsam, struct chain *chain)
{
    const struct sched_front *front = pgsam->trial.front;
    if (front->archive.n == 0) {
        sched_trial_go(&pgsam->trial, front->nearest);
        chain->score = front->nearest_score;
        chain->row = SCHED_NO_ROW;
    } else {
        size_t member = chain->ray ? aim(pgsam, chain) : pick_member(pgsam);
        sched_trial_go(&pgsam->trial, sched_front_genes(front, member));
        chain->score = *sched_front_score(front, member);
        chain->row = front->archive.id[member];
    }
    pgsam_momentum_stand(&pgsam->momentum, pgsam->trial.genes, &chain->score);
}

/* ---- The first round ---- */

/* The single-device plans with each other number in flight: the front never falls behind what one
 * device does alone. */
static bool sow_flights(struct pgsam *pgsam, struct chain *chain, uint16_t *genes)
{
    for (size_t d = 0; d < pgsam->problem->n_devices; d++)
        for (size_t g = 0; g < pgsam->problem->n_genes; g++) {
            const struct problem_gene *gene = &pgsam->problem->gene[g];
            for (uint16_t c = 1; gene->role == PROBLEM_INFLIGHT && c < gene->choices; c++) {
                sched_plain(pgsam->problem, d, genes);
                genes[g] = c;
                if (!is_seen_plan(pgsam, genes) && !visit(pgsam, chain, genes))
                    return false;
            }
        }
    return true;
}

/* Scores each single change of one plan, for momentum, and calibrates the temperature. */
static bool probe(struct pgsam *pgsam, struct chain *chain)
{
    struct pgsam_move move;
    struct problem_score score;
    double sum = 0, n = 0;
    chain->ray = false;
    measure(pgsam);
    restart(pgsam, chain);
    for (size_t w = 0; w < pgsam->moves.n_ways && spent(pgsam) < PROBED; w++) {
        pgsam_move_along(&pgsam->moves, pgsam->trial.genes, pgsam->moves.way[w], &move);
        pgsam_momentum_predict(&pgsam->momentum, pgsam->trial.genes, &move);
        if (is_seen(pgsam, move.hash))
            continue;
        if (!score_move(pgsam, &move, &score))
            return false;
        take_back(pgsam, &move);
        sum += fmax(0, worsening(pgsam, chain, &score));
        n++;
        pgsam_momentum_learn(&pgsam->momentum, pgsam->trial.genes, &move, &score,
                             pgsam->surface.scale);
    }
    pgsam->temperature = n > 0 ? sum / n / -log(ACCEPTED) : 0;
    return true;
}

static bool sow(struct pgsam *pgsam)
{
    struct chain chain = {.row = SCHED_NO_ROW};
    uint16_t *genes = mem_calloc(pgsam->problem->n_genes, sizeof *genes);
    bool more = true;
    for (size_t i = 0; i < pgsam->problem->n_devices + RANDOM_STARTS && more; i++)
        more = start_afresh(pgsam, &chain);
    more = more && sow_flights(pgsam, &chain, genes);
    free(genes);
    return more && probe(pgsam, &chain);
}

static void search(struct pgsam *pgsam)
{
    struct chain chain = {.row = SCHED_NO_ROW};
    bool barren = !sow(pgsam);
    while (!pgsam->trial.ended && !pgsam->exhausted) {
        uint64_t used = pgsam->trial.used;
        bool infeasible = pgsam->trial.front->archive.n == 0;
        measure(pgsam);
        chain.ray = !infeasible && draws_ray(pgsam);
        chain.idle = 0;
        chain.temperature =
            with(pgsam, SCHED_ANNEALING) ? pgsam->temperature * pow(COOLING, spent(pgsam)) : 0;
        /* The least violating plan may sit in a hole: every other chain starts elsewhere. */
        double elsewhere = infeasible ? 0.5 : barren ? AFRESH : 0;
        if (elsewhere > 0 && pgsam_chance(&pgsam->stream, elsewhere)) {
            chain.ray = false;
            if (!start_afresh(pgsam, &chain))
                continue;
        } else if (with(pgsam, SCHED_RESTARTS)) {
            restart(pgsam, &chain);
        } else if (chain.ray) {
            aim(pgsam, &chain);
        }
        chain.best = chain.ray ? along(pgsam, &chain, chain.score.objective) : 0;
        chain.won = 0;
        while (step(pgsam, &chain)) {
        }
        barren = pgsam->trial.used == used;
        double cost = barren ? 1 : (double)(pgsam->trial.used - used);
        pgsam->won[chain.ray] += LATELY * (chain.won / cost - pgsam->won[chain.ray]);
    }
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    (void)err;
    struct pgsam pgsam = {.problem = problem,
                          .without = options->without,
                          .stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0),
                          .start = sched_start_stream(options->seed),
                          .cursor = mem_calloc(problem->n_genes, sizeof *pgsam.cursor)};
    pgsam_moves_open(&pgsam.moves, problem, &pgsam.stream);
    pgsam.moves.lone = !with(&pgsam, SCHED_COMPOUND);
    pgsam.moves.even = !with(&pgsam, SCHED_MOMENTUM);
    pgsam_momentum_open(&pgsam.momentum, problem, with(&pgsam, SCHED_LOADS));
    sched_trial_open(&pgsam.trial, problem, options, front);
    search(&pgsam);
    sched_trial_close(&pgsam.trial);
    sched_seen_free(&pgsam.seen);
    pgsam_momentum_close(&pgsam.momentum);
    pgsam_moves_close(&pgsam.moves);
    free(pgsam.cursor);
    return true;
}

const struct sched sched_pgsam = {
    "pgsam", "Pareto-guided simulated annealing with momentum: a front in a few thousand plans",
    run};
