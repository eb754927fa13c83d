/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedulers: searchers of plans. Each sees only a struct problem and feeds one unbounded archive
 * of every feasible score that it obtained, so that all of them are judged alike. */
#ifndef SIM_SCHEDULERS_SCHED_H
#define SIM_SCHEDULERS_SCHED_H

#include "analysis/pareto.h"
#include "base/error.h"
#include "base/stream.h"
#include "sim/problem.h"

#define SCHED_EXACT_LIMIT UINT64_C(20000000)
#define SCHED_CHAIN_LIMIT UINT64_C(40000000000) /* of a problem with a chain: minutes */

struct sched_front;

/* What pgsam can do without, to see what it is worth; the others know none of these. */
enum sched_idea {
    SCHED_MOMENTUM = 1 << 0,   /* moves compete by what is expected of them */
    SCHED_LOADS = 1 << 1,      /* underutilisation is foretold by loads of devices */
    SCHED_SURFACE = 1 << 2,    /* chains towards gaps of the archive */
    SCHED_DIRECTIONS = 1 << 3, /* chains along weights of the objectives */
    SCHED_ANNEALING = 1 << 4,  /* worse plans are accepted now and then */
    SCHED_RESTARTS = 1 << 5,   /* chains start from members of the archive */
    SCHED_MEMORY = 1 << 6,     /* no plan is scored twice */
    SCHED_COMPOUND = 1 << 7,   /* moves that change several genes */
    SCHED_DELTA = 1 << 8       /* scores by what changes: the same plans, sooner */
};

struct sched_options {
    uint64_t evaluations; /* the most that may be used; `exact` has exact_limit instead */
    uint64_t seed;
    unsigned without;     /* enum sched_idea, or'ed */
    uint64_t exact_limit; /* assignments that `exact` will enumerate; 0: one of the above */
    void *context;        /* handed to the two functions below, each of which may be NULL */
    void (*note)(void *context, const char *sentence); /* what the user should know beforehand */
    /* Called now and then; false ends the search, which keeps what it has. */
    bool (*progress)(void *context, uint64_t evaluations, uint64_t budget, size_t front);
    /* Called with the front when so many evaluations have been used; watch_at ascends. */
    const uint64_t *watch_at; /* (n_watch) */
    size_t n_watch;
    void (*watch)(void *context, size_t i, const struct sched_front *front);
    size_t device; /* single-DEVICE: which one; sched_run fills it in */
};

/* What a search found. Member i of the archive stands for row archive.id[i] below. */
struct sched_front {
    struct analysis_archive archive; /* feasible and nondominated, sorted by objectives */
    size_t n_genes;
    uint16_t *genes;             /* (capacity, n_genes) assignments, by row */
    struct problem_score *score; /* (capacity) by row */
    uint64_t *tag; /* (capacity) the scheduler's own note on a row; 0 when it enters */
    size_t capacity;
    size_t *vacant; /* (n_vacant) rows free for new members */
    size_t n_vacant;
    uint64_t evaluations; /* used by this search */
    size_t n_watched;     /* calls of watch() */
    bool cut_short;       /* the budget or progress() ended it before it was done */
    uint16_t *nearest;    /* (n_genes) nothing feasible seen: least violating; else NULL */
    struct problem_score nearest_score;
};

struct sched {
    const char *name, *summary;
    /* Adds what it finds to an initialised front. False: err says why there was no search. */
    bool (*run)(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err);
};

/* Runs the scheduler called `name`, single-DEVICE included. An unknown name is a fault that says
 * what exists. The caller frees *front with sched_front_free; it is empty after a fault. */
bool sched_run(struct problem *problem, const char *name, const struct sched_options *options,
               struct sched_front *front, struct error *err);
/* Whether `name` could run on the problem, as told by sched_run. problem may be NULL: then any
 * single-DEVICE will do. */
bool sched_check(const struct problem *problem, const char *name, struct error *err);

/* The scheduler of that name (any "single-..." gives the one of single-DEVICE), or NULL. */
const struct sched *sched_find(const char *name);
/* All names, NULL-ended, in the order of the documentation; the first is "single-DEVICE". */
const char *const *sched_names(void);

/* Number of assignments of a problem; UINT64_MAX when there are more than fit. */
uint64_t sched_exact_size(const struct problem *problem);

/* The true front of a problem with a chain, of at most UINT64_MAX assignments, into an initialised
 * front: depth first, one layer at a time; what a bound on all three objectives shows to be
 * dominated is left out. Each assignment whose objectives were computed is one evaluation. */
void sched_chain_front(struct problem *problem, const struct sched_options *options,
                       struct sched_front *front);

void sched_front_init(struct sched_front *front, const struct problem *problem);
void sched_front_free(struct sched_front *front);
/* Assignment and score of archive member i. Borrowed; valid until the front changes. */
const uint16_t *sched_front_genes(const struct sched_front *front, size_t i);
const struct problem_score *sched_front_score(const struct sched_front *front, size_t i);
/* Offers a scored assignment. Returns the row that it got, or SCHED_NO_ROW when it did not enter.
 */
#define SCHED_NO_ROW SIZE_MAX
size_t sched_front_offer(struct sched_front *front, const uint16_t *genes,
                         const struct problem_score *score);

/* What the schedulers share: a walk over a problem that keeps to the budget and offers every score
 * to the front. Functions that return bool return false when the search has to end. */
struct sched_trial {
    struct problem *problem;
    const struct sched_options *options;
    struct sched_front *front;
    void *state;
    uint16_t *genes; /* (n_genes) where the state stands, once evaluated */
    uint64_t budget, used;
    size_t row; /* of the last score in the front, or SCHED_NO_ROW */
    bool ended;
};
void sched_trial_open(struct sched_trial *trial, struct problem *problem,
                      const struct sched_options *options, struct sched_front *front);
void sched_trial_close(struct sched_trial *trial);
/* Scores an assignment and stands there. */
bool sched_trial_evaluate(struct sched_trial *trial, const uint16_t *genes,
                          struct problem_score *score);
/* Scores one change; stands where it stood. */
bool sched_trial_delta(struct sched_trial *trial, size_t gene, uint16_t choice,
                       struct problem_score *score);
/* Moves without a score; only after the first evaluation. */
void sched_trial_apply(struct sched_trial *trial, size_t gene, uint16_t choice);
void sched_trial_go(struct sched_trial *trial, const uint16_t *genes);

/* Is the role a placement: do choices name devices? */
bool sched_places(enum problem_role role);
/* Everything on one device, fastest clocks, first in-flight choice; genes whose choices end before
 * `device` take their last one. */
void sched_plain(const struct problem *problem, size_t device, uint16_t *genes);
/* Scores each other choice of the in-flight genes in turn, staying where the trial stands. */
bool sched_trial_flights(struct sched_trial *trial);

/* A set of assignments, held as 64-bit hashes that follow a change of one gene in O(1). */
struct sched_seen {
    uint64_t *hash; /* (capacity, a power of two); 0: empty */
    size_t n, capacity;
};
void sched_seen_free(struct sched_seen *seen);
uint64_t sched_seen_hash(const uint16_t *genes, size_t n_genes);
uint64_t sched_seen_key(size_t gene, uint16_t choice); /* a hash is the exclusive or of its keys */
bool sched_seen_has(const struct sched_seen *seen, uint64_t hash);
bool sched_seen_add(struct sched_seen *seen, uint64_t hash); /* false: was there */
/* Counts an assignment upwards to the next one not in the set; false when there is none. */
bool sched_seen_next(const struct sched_seen *seen, const struct problem *problem, uint16_t *genes);

/* Points that every search of a seed starts from, as many as it likes of them in order from i = 0:
 * the single-device plans, then random ones. */
struct stream sched_start_stream(uint64_t seed);
void sched_start(const struct problem *problem, struct stream *stream, size_t i, uint16_t *genes);

extern const struct sched sched_single, sched_greedy_energy, sched_greedy_latency, sched_greedy_edp,
    sched_greedy_weighted, sched_qeil_v1, sched_exact, sched_pgsam, sched_nsga2, sched_amosa,
    sched_amosa_quotient, sched_pls, sched_beam, sched_random;

#endif
