/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zobrist hashing ("A new hashing method with application for game playing", 1970) over an open
 * table. Two assignments with one hash are taken for one: at a million assignments the odds of a
 * single such pair are 3e-8, and it costs the search one candidate. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>

void sched_seen_free(struct sched_seen *seen)
{
    free(seen->hash);
    *seen = (struct sched_seen){0};
}

/* The mixing steps of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) turn a pair into random bits. */
uint64_t sched_seen_key(size_t gene, uint16_t choice)
{
    uint64_t z = (((uint64_t)gene << 16 | choice) + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t sched_seen_hash(const uint16_t *genes, size_t n_genes)
{
    uint64_t hash = 0;
    for (size_t g = 0; g < n_genes; g++)
        hash ^= sched_seen_key(g, genes[g]);
    return hash;
}

/* Where the hash stands or would stand. Only this function knows that 0 means empty. */
static size_t slot_of(const struct sched_seen *seen, uint64_t *hash)
{
    size_t mask = seen->capacity - 1;
    if (*hash == 0)
        *hash = 1;
    size_t slot = (size_t)(*hash >> 17) & mask;
    while (seen->hash[slot] != 0 && seen->hash[slot] != *hash)
        slot = (slot + 1) & mask;
    return slot;
}

bool sched_seen_has(const struct sched_seen *seen, uint64_t hash)
{
    return seen->capacity > 0 && seen->hash[slot_of(seen, &hash)] != 0;
}

static void grow(struct sched_seen *seen)
{
    struct sched_seen larger = {.n = seen->n, .capacity = seen->capacity ? seen->capacity * 2 : 64};
    larger.hash = mem_calloc(larger.capacity, sizeof *larger.hash);
    for (size_t i = 0; i < seen->capacity; i++) {
        uint64_t hash = seen->hash[i];
        if (hash != 0)
            larger.hash[slot_of(&larger, &hash)] = hash;
    }
    free(seen->hash);
    *seen = larger;
}

bool sched_seen_add(struct sched_seen *seen, uint64_t hash)
{
    if (2 * (seen->n + 1) > seen->capacity)
        grow(seen);
    size_t slot = slot_of(seen, &hash);
    if (seen->hash[slot] != 0)
        return false;
    seen->hash[slot] = hash;
    seen->n++;
    return true;
}

bool sched_seen_next(const struct sched_seen *seen, const struct problem *problem, uint16_t *genes)
{
    while (sched_seen_has(seen, sched_seen_hash(genes, problem->n_genes))) {
        size_t g = 0;
        while (g < problem->n_genes && ++genes[g] == problem->gene[g].choices)
            genes[g++] = 0;
        if (g == problem->n_genes)
            return false;
    }
    return true;
}
