/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distinct 64-bit ids, in the order of a few bytes each. Internal to this folder. */
#ifndef WORKLOADS_ID_SET_H
#define WORKLOADS_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as zeros; freed with free(slot). */
struct id_set {
    uint64_t *slot; /* (n_slots) 0: empty; a power of two, at most three quarters full */
    size_t n_slots, n;
    bool zero; /* the id 0 is in it */
};

/* False when it was there before. */
bool id_set_add(struct id_set *set, uint64_t id);

#endif
