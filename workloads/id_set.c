/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/id_set.h"

#include "base/memory.h"

#include <stdlib.h>

/* Knuth's multiplicative hash (The Art of Computer Programming 3, section 6.4), linear probing. */
static uint64_t *place(const struct id_set *set, uint64_t id)
{
    size_t at = (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (set->n_slots - 1);
    while (set->slot[at] != 0 && set->slot[at] != id)
        at = (at + 1) & (set->n_slots - 1);
    return &set->slot[at];
}

static void widen(struct id_set *set)
{
    enum { FEWEST = 1024 };
    struct id_set wider = {.n_slots = set->n_slots ? 2 * set->n_slots : FEWEST};
    wider.slot = mem_calloc(wider.n_slots, sizeof *wider.slot);
    for (size_t i = 0; i < set->n_slots; i++)
        if (set->slot[i] != 0)
            *place(&wider, set->slot[i]) = set->slot[i];
    free(set->slot);
    set->slot = wider.slot;
    set->n_slots = wider.n_slots;
}

bool id_set_add(struct id_set *set, uint64_t id)
{
    bool before = set->zero;
    if (id == 0) {
        set->zero = true;
        set->n += before ? 0 : 1;
        return !before;
    }
    if (4 * (set->n + 1) > 3 * set->n_slots)
        widen(set);
    uint64_t *slot = place(set, id);
    if (*slot == id)
        return false;
    *slot = id;
    set->n++;
    return true;
}
