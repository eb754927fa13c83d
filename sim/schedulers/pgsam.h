/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of PGSAM share; the method is told in pgsam.c. */
#ifndef SIM_SCHEDULERS_PGSAM_H
#define SIM_SCHEDULERS_PGSAM_H

#include "sim/schedulers/sched.h"

enum {
    PGSAM_PARTS = PROBLEM_OBJECTIVES + 1, /* of a score: objectives, violation */
    PGSAM_VIOLATION = PROBLEM_OBJECTIVES,
    PGSAM_CHANGES = 64, /* most genes that a move changes */
    PGSAM_CELLS = 48    /* of the surface, along energy and latency each */
};

/* ---- Moves ---- */

enum pgsam_kind {
    PGSAM_LONE,     /* one gene */
    PGSAM_RUN,      /* a run of neighbours to one choice: layers that move together pay for no
                       transfer in between on the way */
    PGSAM_EXCHANGE, /* two genes swap their choices: loads stay about the same */
    PGSAM_SEVERAL,  /* genes that have nothing to do with each other */
    PGSAM_KINDS
};

/* One of a gene's other choices, as a distance from the choice that it has. */
struct pgsam_way {
    uint32_t gene;
    uint16_t distance;
};

struct pgsam_change {
    uint32_t gene;
    uint16_t from, to;
};

/* A change of one or more genes, each once, and the score that momentum expects of it. */
struct pgsam_move {
    enum pgsam_kind kind;
    size_t n;
    struct pgsam_change change[PGSAM_CHANGES];
    uint64_t hash; /* of the plan that it leads to */
    int cuts;      /* by how many more neighbours differ */
    double part[PGSAM_PARTS];
    double added; /* underutilisation, were it a sum of gains */
    double sum;   /* of all loads */
};

struct pgsam_moves {
    const struct problem *problem;
    struct stream *stream;
    uint64_t word;         /* of the sequence that candidates are drawn from */
    struct pgsam_way *way; /* (n_ways) */
    size_t n_ways;
    size_t *group, n_groups; /* (n_groups + 1) where those of neighbouring genes of a role start */
    double won[PGSAM_KINDS]; /* share of moves that brought a member, of late */
    bool lone;               /* moves change one gene only */
    bool even;               /* what kinds have won does not count */
};
void pgsam_moves_open(struct pgsam_moves *moves, const struct problem *problem,
                      struct stream *stream);
void pgsam_moves_close(struct pgsam_moves *moves);
uint32_t pgsam_below(struct stream *stream, size_t n); /* 0 ... n - 1 */
bool pgsam_chance(struct stream *stream, double probability);
/* Into *move (its changes only) the change of one gene by a way. */
void pgsam_move_along(const struct pgsam_moves *moves, const uint16_t *genes, struct pgsam_way way,
                      struct pgsam_move *move);
/* What the moves of a set have in common. */
struct pgsam_deal {
    enum pgsam_kind kind;
    size_t others; /* genes beside the first that change, wherever they are */
};
struct pgsam_deal pgsam_deal(struct pgsam_moves *moves);
/* Notes whether a move of a kind brought a member. */
void pgsam_deal_learn(struct pgsam_moves *moves, enum pgsam_kind kind, bool entered);
/* Any move of the set from `genes`; there must be a way. */
void pgsam_move_draw(struct pgsam_moves *moves, struct pgsam_deal deal, const uint16_t *genes,
                     struct pgsam_move *move);

/* ---- Momentum ---- */

/* What a choice of a gene has been seen to add to each part of a score. */
struct pgsam_gain {
    double part[PGSAM_PARTS];
    uint64_t key; /* in a plan's hash */
};

/* How underutilisation u follows from the devices' loads: u = n * largest - sum, or
 * u = 1 - sum / (n * largest), or in no such way: then gains add up. */
enum pgsam_link { PGSAM_IDLE, PGSAM_SHARE, PGSAM_ADDED };
enum { PGSAM_LINKS = PGSAM_ADDED };

/* Loads as one link explains what was seen. */
struct pgsam_loads {
    double *offset; /* (n_genes) a gene's load less its gain in latency */
    /* Where the search stands; kept up only for the link in use. */
    double *load; /* (n_devices) */
    double slack; /* largest load that underutilisation tells, less the largest known */
};

struct pgsam_momentum {
    const struct problem *problem;
    size_t n_devices;        /* whose loads are followed; 0: none are */
    size_t *first;           /* (n_genes) where its choices start in gain */
    bool *linked;            /* (n_genes + 1) of the role of the gene before */
    bool *placed;            /* (n_genes) a placement */
    struct pgsam_gain *gain; /* of each choice of each gene */
    double cut[PGSAM_PARTS]; /* gain of each pair of neighbours that differ */
    struct pgsam_loads loads[PGSAM_LINKS];
    double error[PGSAM_LINKS + 1]; /* mean error of what each link foretold, of late */
    int link;                      /* enum pgsam_link: the one of least error */
    double doubt;                  /* mean largest error of what was foretold, in ranges */
    bool violated;                 /* some plan was infeasible */
    /* Where the search stands. */
    double part[PGSAM_PARTS];
    int cuts;
    uint64_t hash;
    double *scratch; /* (n_devices) */
};

/* with_loads: underutilisation may be told by loads. */
void pgsam_momentum_open(struct pgsam_momentum *momentum, const struct problem *problem,
                         bool with_loads);
void pgsam_momentum_close(struct pgsam_momentum *momentum);
/* The search stands at a plan now. */
void pgsam_momentum_stand(struct pgsam_momentum *momentum, const uint16_t *genes,
                          const struct problem_score *score);
/* It has made a predicted move. */
void pgsam_momentum_follow(struct pgsam_momentum *momentum, const struct pgsam_move *move,
                           const struct problem_score *score);
/* Fills in hash, cuts and parts of a move from where the search stands; `genes` are changed on the
 * way and restored. */
void pgsam_momentum_predict(const struct pgsam_momentum *momentum, uint16_t *genes,
                            struct pgsam_move *move);
/* Learns from the score of a predicted move from `genes`, which are changed on the way and
 * restored. scale: 1/range of the front's objectives. */
void pgsam_momentum_learn(struct pgsam_momentum *momentum, uint16_t *genes,
                          const struct pgsam_move *move, const struct problem_score *score,
                          const double *scale);
/* Notes the score of any plan. */
void pgsam_momentum_note(struct pgsam_momentum *momentum, const uint16_t *genes,
                         const struct problem_score *score);
int pgsam_count_cuts(const struct pgsam_momentum *momentum, const uint16_t *genes);

/* Loads of one link: sums up those of a plan, */
void pgsam_loads_stand(struct pgsam_momentum *momentum, int link, const uint16_t *genes);
/* moves some of them elsewhere, */
void pgsam_loads_follow(struct pgsam_momentum *momentum, int link, const struct pgsam_move *move);
/* tells underutilisation from a move's loads and their sum, foretells it after a move, and learns
 * from a plan's score and from a move's. */
double pgsam_loads_tell(const struct pgsam_momentum *momentum, int link, const double *load,
                        double sum);
double pgsam_loads_predict(const struct pgsam_momentum *momentum, int link,
                           const struct pgsam_move *move);
void pgsam_loads_learn(struct pgsam_momentum *momentum, int link, const uint16_t *genes,
                       const struct problem_score *score);
void pgsam_loads_learn_move(struct pgsam_momentum *momentum, int link,
                            const struct pgsam_move *move, const struct problem_score *score);

/* ---- Surface ---- */

/* The least underutilisation that the front reaches at each energy and latency, all mapped to the
 * front's ranges. */
struct pgsam_surface {
    double least[PROBLEM_OBJECTIVES], greatest[PROBLEM_OBJECTIVES]; /* of the front */
    double scale[PROBLEM_OBJECTIVES];                               /* 1/range */
    float cell[PGSAM_CELLS][PGSAM_CELLS];
};
/* Takes the front's ranges anew. */
void pgsam_surface_measure(struct pgsam_surface *surface, const struct analysis_archive *archive);
/* Returns the volume, in the front's ranges, by which the surface sinks, about. */
double pgsam_surface_add(struct pgsam_surface *surface, const double *objective);
/* How far an objective vector lies beyond the front (> 0) or behind it (< 0), about. */
double pgsam_surface_gain(const struct pgsam_surface *surface, const double *objective);

#endif
