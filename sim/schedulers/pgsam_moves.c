/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/schedulers/pgsam.h"

#include <stdlib.h>
#include <string.h>

/* Shares of the kinds of moves before anything is known of them. */
static const double SHARE[PGSAM_KINDS] = {
    [PGSAM_LONE] = 0.25, [PGSAM_RUN] = 0.15, [PGSAM_EXCHANGE] = 0.15, [PGSAM_SEVERAL] = 0.45};
static const double KNOWN = 0.8;   /* of kinds drawn: by what they have won instead */
static const double LATELY = 0.02; /* weight of the last move in what its kind has won */
static const double BY_ROLE = 0.5; /* of changes: all roles are as likely, be their genes few */
static const double ANOTHER = 0.4; /* of several genes: that one more follows the second */

uint32_t pgsam_below(struct stream *stream, size_t n)
{
    return (uint32_t)((uint64_t)stream_u32(stream) * n >> 32);
}

bool pgsam_chance(struct stream *stream, double probability)
{
    return (double)stream_u32(stream) * 0x1p-32 < probability;
}

/* The next word: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), which each set of candidates seeds
 * anew from the stream. */
static uint64_t next(struct pgsam_moves *moves)
{
    uint64_t z = moves->word += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t next_below(struct pgsam_moves *moves, size_t n)
{
    return (size_t)((next(moves) >> 32) * n >> 32);
}

static double next_fraction(struct pgsam_moves *moves)
{
    return (double)(next(moves) >> 32) * 0x1p-32;
}

/* Adds a change unless the gene has that choice or is changed already. */
static void add(const uint16_t *genes, struct pgsam_move *move, size_t gene, uint16_t to)
{
    if (move->n == PGSAM_CHANGES || genes[gene] == to)
        return;
    for (size_t i = 0; i < move->n; i++)
        if (move->change[i].gene == gene)
            return;
    move->change[move->n++] = (struct pgsam_change){(uint32_t)gene, genes[gene], to};
}

static void add_way(const struct pgsam_moves *moves, const uint16_t *genes, struct pgsam_way way,
                    struct pgsam_move *move)
{
    size_t choice = genes[way.gene] + (size_t)way.distance;
    size_t n = moves->problem->gene[way.gene].choices;
    add(genes, move, way.gene, (uint16_t)(choice < n ? choice : choice - n));
}

static void add_any(struct pgsam_moves *moves, const uint16_t *genes, struct pgsam_move *move)
{
    size_t start = 0, end = moves->n_ways;
    if (moves->n_groups > 1 && next_fraction(moves) < BY_ROLE) {
        size_t group = next_below(moves, moves->n_groups);
        start = moves->group[group];
        end = moves->group[group + 1];
    }
    add_way(moves, genes, moves->way[start + next_below(moves, end - start)], move);
}

/* Gives the neighbours behind the changed gene its choice. Runs of all lengths are likely. */
static void add_run(struct pgsam_moves *moves, const uint16_t *genes, struct pgsam_move *move)
{
    const struct problem_gene *gene = moves->problem->gene;
    size_t first = move->change[0].gene;
    uint16_t to = move->change[0].to;
    double u = next_fraction(moves), go_on = 1 - u * u;
    for (size_t g = first + 1; g < moves->problem->n_genes; g++) {
        if (gene[g].role != gene[first].role || gene[g].choices <= to ||
            next_fraction(moves) >= go_on)
            return;
        add(genes, move, g, to);
    }
}

/* Gives some gene that has the choice which the changed gene gets the one that it had. */
static void add_exchange(struct pgsam_moves *moves, const uint16_t *genes, struct pgsam_move *move)
{
    enum { TRIES = 8 };
    struct pgsam_change change = move->change[0];
    for (int i = 0; i < TRIES && move->n == 1; i++) {
        size_t g = next_below(moves, moves->problem->n_genes);
        if (genes[g] == change.to && moves->problem->gene[g].choices > change.from)
            add(genes, move, g, change.from);
    }
}

void pgsam_move_along(const struct pgsam_moves *moves, const uint16_t *genes, struct pgsam_way way,
                      struct pgsam_move *move)
{
    move->n = 0;
    move->kind = PGSAM_LONE;
    add_way(moves, genes, way, move);
}

/* A kind by given weights. */
static enum pgsam_kind pick_kind(double fraction, const double *weight)
{
    double sum = 0;
    for (int kind = 0; kind < PGSAM_KINDS; kind++)
        sum += weight[kind];
    fraction *= sum;
    for (int kind = 0; kind + 1 < PGSAM_KINDS; kind++)
        if ((fraction -= weight[kind]) < 0)
            return (enum pgsam_kind)kind;
    return PGSAM_KINDS - 1;
}

struct pgsam_deal pgsam_deal(struct pgsam_moves *moves)
{
    moves->word = (uint64_t)stream_u32(moves->stream) << 32 | stream_u32(moves->stream);
    struct pgsam_deal deal = {.kind = PGSAM_LONE};
    if (moves->lone)
        return deal;
    bool known = next_fraction(moves) < KNOWN && !moves->even;
    deal.kind = pick_kind(next_fraction(moves), known ? moves->won : SHARE);
    deal.others = deal.kind == PGSAM_SEVERAL;
    while (deal.others > 0 && deal.others + 1 < PGSAM_CHANGES && next_fraction(moves) < ANOTHER)
        deal.others++;
    return deal;
}

void pgsam_deal_learn(struct pgsam_moves *moves, enum pgsam_kind kind, bool entered)
{
    moves->won[kind] += LATELY * (entered - moves->won[kind]);
}

void pgsam_move_draw(struct pgsam_moves *moves, struct pgsam_deal deal, const uint16_t *genes,
                     struct pgsam_move *move)
{
    move->n = 0;
    move->kind = deal.kind;
    add_any(moves, genes, move);
    if (deal.kind == PGSAM_RUN)
        add_run(moves, genes, move);
    else if (deal.kind == PGSAM_EXCHANGE)
        add_exchange(moves, genes, move);
    for (size_t i = 0; i < deal.others; i++)
        add_any(moves, genes, move);
}

/* Ways whose genes stand together and have one role are a group. */
static void group_ways(struct pgsam_moves *moves)
{
    const struct problem_gene *gene = moves->problem->gene;
    moves->group = mem_calloc(moves->n_ways + 1, sizeof *moves->group);
    for (size_t w = 0; w < moves->n_ways; w++)
        if (w == 0 || gene[moves->way[w].gene].role != gene[moves->way[w - 1].gene].role)
            moves->group[moves->n_groups++] = w;
    moves->group[moves->n_groups] = moves->n_ways;
}

void pgsam_moves_open(struct pgsam_moves *moves, const struct problem *problem,
                      struct stream *stream)
{
    size_t n_choices = 0;
    for (size_t g = 0; g < problem->n_genes; g++)
        n_choices += problem->gene[g].choices;
    *moves = (struct pgsam_moves){
        .problem = problem, .stream = stream, .way = mem_calloc(n_choices, sizeof *moves->way)};
    for (size_t g = 0; g < problem->n_genes; g++)
        for (uint16_t d = 1; d < problem->gene[g].choices; d++)
            moves->way[moves->n_ways++] = (struct pgsam_way){(uint32_t)g, d};
    group_ways(moves);
    memcpy(moves->won, SHARE, sizeof SHARE);
}

void pgsam_moves_close(struct pgsam_moves *moves)
{
    free(moves->way);
    free(moves->group);
}
