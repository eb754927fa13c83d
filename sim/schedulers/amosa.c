/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AMOSA (Bandyopadhyay, Saha, Maulik, Deb, IEEE TEC 12(3), 2008): one annealing chain beside an
 * archive of bounded size, which is what it decides by; all that it scores goes to the front as
 * with any other search. Moves change one gene.
 *
 * A worse plan is accepted with probability 1/(1 + exp(x)), where its dominated amount D meets the
 * temperature T as x = D·T in print, so that acceptance grows as T falls; `amosa` does that.
 * `amosa-quotient` takes x = D/T, as annealing does elsewhere. D depends on the problem: in both,
 * the first and the last temperature are those at which the mean D of the first random pairs is
 * accepted with probability EAGER or RARE. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SOFT_LIMIT = 200, /* members before the archive is clustered */
    HARD_LIMIT = 100, /* and after */
    STARTS = 100,
    CLIMBS = 10, /* changes tried to improve each start */
    TEMPERATURES = 60
};
static const double EAGER = 0.2, RARE = 0.001;

struct member {
    struct problem_score score;
    uint16_t *genes; /* (n_genes) */
};

struct amosa {
    struct sched_trial trial;
    const struct problem *problem;
    struct stream stream;
    bool quotient;
    struct member member[SOFT_LIMIT + 1]; /* (n) */
    size_t n;
    struct problem_score here; /* where the trial stands */
    double temperature;
    double scale[PROBLEM_OBJECTIVES]; /* 1/range over the archive, `here` and the new plan */
};

/* ---- Dominance ---- */

static bool dominates(const struct problem_score *a, const struct problem_score *b)
{
    if (a->violation < b->violation || a->violation > b->violation)
        return a->violation < b->violation;
    return analysis_dominates(a->objective, b->objective, PROBLEM_OBJECTIVES);
}

/* By how much one dominates the other: the product of what differs, in ranges. */
static double amount(const struct amosa *amosa, const struct problem_score *a,
                     const struct problem_score *b)
{
    double product = 1;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        double difference = fabs(a->objective[o] - b->objective[o]) * amosa->scale[o];
        product *= difference > 0 ? difference : 1;
    }
    return product;
}

static void measure(struct amosa *amosa, const struct problem_score *new)
{
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        double least = fmin(amosa->here.objective[o], new->objective[o]);
        double greatest = fmax(amosa->here.objective[o], new->objective[o]);
        for (size_t i = 0; i < amosa->n; i++) {
            least = fmin(least, amosa->member[i].score.objective[o]);
            greatest = fmax(greatest, amosa->member[i].score.objective[o]);
        }
        amosa->scale[o] = greatest > least ? 1 / (greatest - least) : 0;
    }
}

/* ---- Archive ---- */

static void leave(struct amosa *amosa, size_t i)
{
    struct member last = amosa->member[--amosa->n];
    amosa->member[amosa->n] = amosa->member[i];
    amosa->member[i] = last;
}

static double distance(const struct amosa *amosa, size_t i, size_t j)
{
    double sum = 0;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        double difference =
            (amosa->member[i].score.objective[o] - amosa->member[j].score.objective[o]) *
            amosa->scale[o];
        sum += difference * difference;
    }
    return sqrt(sum);
}

/* Joins the two clusters that are nearest to each other (single linkage). */
static void join_nearest(const struct amosa *amosa, size_t *cluster)
{
    double least = INFINITY;
    size_t a = 0, b = 0;
    for (size_t i = 0; i < amosa->n; i++)
        for (size_t j = 0; j < i; j++)
            if (cluster[i] != cluster[j] && distance(amosa, i, j) < least) {
                least = distance(amosa, i, j);
                a = cluster[i];
                b = cluster[j];
            }
    for (size_t i = 0; i < amosa->n; i++)
        cluster[i] = cluster[i] == a ? b : cluster[i];
}

/* Mean distance to the others of its cluster. */
static double eccentricity(const struct amosa *amosa, const size_t *cluster, size_t i)
{
    double sum = 0, others = 0;
    for (size_t j = 0; j < amosa->n; j++)
        if (j != i && cluster[j] == cluster[i]) {
            sum += distance(amosa, i, j);
            others++;
        }
    return others > 0 ? sum / others : 0;
}

/* Leaves HARD_LIMIT members, the middle one of each cluster. */
static void shrink(struct amosa *amosa)
{
    size_t cluster[SOFT_LIMIT + 1], middle[SOFT_LIMIT + 1] = {0};
    double least[SOFT_LIMIT + 1];
    for (size_t i = 0; i < amosa->n; i++)
        cluster[i] = i;
    for (size_t n = amosa->n; n > HARD_LIMIT; n--)
        join_nearest(amosa, cluster);
    for (size_t i = 0; i < amosa->n; i++)
        least[i] = INFINITY;
    for (size_t i = 0; i < amosa->n; i++) {
        double mean = eccentricity(amosa, cluster, i);
        if (mean < least[cluster[i]]) {
            least[cluster[i]] = mean;
            middle[cluster[i]] = i;
        }
    }
    for (size_t i = amosa->n; i-- > 0;)
        if (middle[cluster[i]] != i)
            leave(amosa, i);
}

/* Takes in what the trial stands at, unless a member dominates it or equals it; what it dominates
 * leaves. */
static void enter(struct amosa *amosa)
{
    for (size_t i = amosa->n; i-- > 0;) {
        if (dominates(&amosa->here, &amosa->member[i].score))
            leave(amosa, i);
        else if (dominates(&amosa->member[i].score, &amosa->here) ||
                 analysis_lexicographic(amosa->member[i].score.objective, amosa->here.objective,
                                        PROBLEM_OBJECTIVES) == 0)
            return;
    }
    struct member *member = &amosa->member[amosa->n++];
    member->score = amosa->here;
    memcpy(member->genes, amosa->trial.genes, amosa->problem->n_genes * sizeof *member->genes);
    if (amosa->n > SOFT_LIMIT)
        shrink(amosa);
}

/* ---- Chain ---- */

static bool accepts(struct amosa *amosa, double dominated)
{
    double x = amosa->quotient ? dominated / amosa->temperature : dominated * amosa->temperature;
    return stream_uniform(&amosa->stream) < 1 / (1 + exp(x));
}

/* What the archive says of a plan. */
struct verdict {
    size_t above;      /* members that dominate it */
    double sum, least; /* by how much */
    size_t nearest;    /* the one that does so by least */
};

static struct verdict judge(const struct amosa *amosa, const struct problem_score *new)
{
    struct verdict verdict = {.least = INFINITY};
    for (size_t i = 0; i < amosa->n; i++) {
        if (!dominates(&amosa->member[i].score, new))
            continue;
        double by = amount(amosa, &amosa->member[i].score, new);
        verdict.above++;
        verdict.sum += by;
        if (by < verdict.least) {
            verdict.least = by;
            verdict.nearest = i;
        }
    }
    return verdict;
}

static void go(struct amosa *amosa, const struct member *member)
{
    sched_trial_go(&amosa->trial, member->genes);
    amosa->here = member->score;
}

struct change {
    size_t gene;
    uint16_t choice;
};

static struct change draw_change(struct amosa *amosa)
{
    const struct problem *problem = amosa->problem;
    struct change change;
    do {
        change.gene = stream_below(&amosa->stream, (uint32_t)problem->n_genes);
    } while (problem->gene[change.gene].choices < 2);
    size_t n = problem->gene[change.gene].choices;
    size_t step = 1 + stream_below(&amosa->stream, (uint32_t)n - 1);
    change.choice = (uint16_t)((amosa->trial.genes[change.gene] + step) % n);
    return change;
}

static void make(struct amosa *amosa, struct change change, const struct problem_score *score)
{
    sched_trial_apply(&amosa->trial, change.gene, change.choice);
    amosa->here = *score;
    enter(amosa);
}

/* Mean amount by which `here` and members dominate a plan that is no better than `here`; 0 when
 * none does. */
static double dominated(const struct amosa *amosa, const struct verdict *verdict,
                        const struct problem_score *score)
{
    bool below = dominates(&amosa->here, score);
    double sum = verdict->sum + (below ? amount(amosa, &amosa->here, score) : 0);
    double n = (double)verdict->above + below;
    return n > 0 ? sum / n : 0;
}

/* A better plan is taken, or the member that dominates it by least; another with the chance that
 * what dominates it leaves. */
static bool step(struct amosa *amosa)
{
    struct problem_score score;
    struct change change = draw_change(amosa);
    if (!sched_trial_delta(&amosa->trial, change.gene, change.choice, &score))
        return false;
    measure(amosa, &score);
    struct verdict verdict = judge(amosa, &score);
    if (!dominates(&score, &amosa->here)) {
        double by = dominated(amosa, &verdict, &score);
        if (!(by > 0) || accepts(amosa, by))
            make(amosa, change, &score);
    } else if (verdict.above > 0 &&
               stream_uniform(&amosa->stream) < 1 / (1 + exp(-verdict.least))) {
        go(amosa, &amosa->member[verdict.nearest]);
    } else {
        make(amosa, change, &score);
    }
    return true;
}

/* ---- Start ---- */

/* A start, improved by changes that dominate. */
static bool climb(struct amosa *amosa)
{
    struct problem_score score;
    for (int i = 0; i < CLIMBS; i++) {
        struct change change = draw_change(amosa);
        if (!sched_trial_delta(&amosa->trial, change.gene, change.choice, &score))
            return false;
        if (dominates(&score, &amosa->here)) {
            sched_trial_apply(&amosa->trial, change.gene, change.choice);
            amosa->here = score;
        }
    }
    enter(amosa);
    return true;
}

static bool sow(struct amosa *amosa, uint64_t seed, bool *any)
{
    struct stream stream = sched_start_stream(seed);
    uint16_t *genes = mem_calloc(amosa->problem->n_genes, sizeof *genes);
    uint64_t most = amosa->trial.budget / 5;
    bool more = true;
    *any = sched_exact_size(amosa->problem) > 1;
    for (size_t i = 0; i < STARTS && more && (i == 0 || amosa->trial.used < most); i++) {
        sched_start(amosa->problem, &stream, i, genes);
        more = sched_trial_evaluate(&amosa->trial, genes, &amosa->here) && *any && climb(amosa);
    }
    free(genes);
    return more;
}

/* The mean amount by which one start dominates another, in the archive's ranges. */
static bool sample(struct amosa *amosa, double *mean)
{
    enum { SAMPLES = 50 };
    struct problem_score score;
    double sum = 0, n = 0;
    for (int i = 0; i < SAMPLES; i++) {
        go(amosa, &amosa->member[stream_below(&amosa->stream, (uint32_t)amosa->n)]);
        struct change change = draw_change(amosa);
        if (!sched_trial_delta(&amosa->trial, change.gene, change.choice, &score))
            return false;
        measure(amosa, &score);
        struct verdict verdict = judge(amosa, &score);
        sum += verdict.sum;
        n += (double)verdict.above;
    }
    *mean = n > 0 ? sum / n : 1;
    return true;
}

/* Where the mean amount is accepted with the given probability. */
static double temperature_at(const struct amosa *amosa, double mean, double probability)
{
    double x = log(1 / probability - 1);
    return amosa->quotient ? mean / x : x / mean;
}

static void anneal(struct amosa *amosa)
{
    double mean;
    if (!sample(amosa, &mean))
        return;
    double first = temperature_at(amosa, mean, amosa->quotient ? EAGER : RARE);
    double last = temperature_at(amosa, mean, amosa->quotient ? RARE : EAGER);
    uint64_t used = amosa->trial.used, left = amosa->trial.budget - used;
    go(amosa, &amosa->member[stream_below(&amosa->stream, (uint32_t)amosa->n)]);
    do {
        uint64_t turn = (amosa->trial.used - used) * TEMPERATURES / (left + 1);
        amosa->temperature = first * pow(last / first, (double)turn / (TEMPERATURES - 1));
    } while (step(amosa));
}

static void search(struct problem *problem, const struct sched_options *options,
                   struct sched_front *front, bool quotient)
{
    bool any;
    struct amosa *amosa = mem_calloc(1, sizeof *amosa);
    amosa->problem = problem;
    amosa->quotient = quotient;
    amosa->stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0);
    for (size_t i = 0; i <= SOFT_LIMIT; i++)
        amosa->member[i].genes = mem_calloc(problem->n_genes, sizeof(uint16_t));
    sched_trial_open(&amosa->trial, problem, options, front);
    if (sow(amosa, options->seed, &any) && any)
        anneal(amosa);
    sched_trial_close(&amosa->trial);
    for (size_t i = 0; i <= SOFT_LIMIT; i++)
        free(amosa->member[i].genes);
    free(amosa);
}

static bool run_product(struct problem *problem, const struct sched_options *options,
                        struct sched_front *front, struct error *err)
{
    (void)err;
    search(problem, options, front, false);
    return true;
}

static bool run_quotient(struct problem *problem, const struct sched_options *options,
                         struct sched_front *front, struct error *err)
{
    (void)err;
    search(problem, options, front, true);
    return true;
}

const struct sched sched_amosa = {
    "amosa", "AMOSA, one annealing chain beside an archive; amount times temperature", run_product};
const struct sched sched_amosa_quotient = {
    "amosa-quotient", "AMOSA with the amount over the temperature", run_quotient};
