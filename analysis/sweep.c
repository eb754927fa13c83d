/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/sweep.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

/* A set of slots, as a tree of words: bit b of word w of a level tells whether word 64 w + b of the
 * level below has any bit. Finding a neighbour takes a word or two a level, and 64 to the power of
 * LEVELS slots are enough for any memory. */
enum { LEVELS = 7, WORD = 64 };

struct slots {
    uint64_t *level[LEVELS]; /* level[0] holds the slots */
    size_t words[LEVELS];
    size_t n_levels;
};

static struct slots slots_open(size_t n)
{
    struct slots slots = {.n_levels = 0};
    do {
        n = (n + WORD - 1) / WORD;
        slots.words[slots.n_levels] = n;
        slots.level[slots.n_levels++] = mem_calloc(n, sizeof(uint64_t));
    } while (n > 1);
    return slots;
}

static void slots_close(struct slots *slots)
{
    for (size_t l = 0; l < slots->n_levels; l++)
        free(slots->level[l]);
}

static void slots_put(struct slots *slots, size_t slot)
{
    for (size_t l = 0; l < slots->n_levels; l++, slot /= WORD)
        slots->level[l][slot / WORD] |= UINT64_C(1) << slot % WORD;
}

static void slots_drop(struct slots *slots, size_t slot)
{
    for (size_t l = 0; l < slots->n_levels; l++, slot /= WORD) {
        slots->level[l][slot / WORD] &= ~(UINT64_C(1) << slot % WORD);
        if (slots->level[l][slot / WORD] != 0)
            return;
    }
}

/* The slot of level 0 that `slot` of level l stands for: its last one, or its first. */
static size_t last_of(const struct slots *slots, size_t l, size_t slot)
{
    while (l-- > 0)
        slot = slot * WORD + WORD - 1 - (size_t)__builtin_clzll(slots->level[l][slot]);
    return slot;
}

static size_t first_of(const struct slots *slots, size_t l, size_t slot)
{
    while (l-- > 0)
        slot = slot * WORD + (size_t)__builtin_ctzll(slots->level[l][slot]);
    return slot;
}

/* The greatest slot at or below the one given, or SIZE_MAX. */
static size_t slots_before(const struct slots *slots, size_t slot)
{
    for (size_t l = 0; l < slots->n_levels; l++) {
        size_t at = slot / WORD;
        uint64_t word = slots->level[l][at] << (WORD - 1 - slot % WORD);
        if (word != 0)
            return last_of(slots, l, slot - (size_t)__builtin_clzll(word));
        if (at == 0)
            break;
        slot = at - 1;
    }
    return SIZE_MAX;
}

/* The least slot above the one given, or SIZE_MAX. */
static size_t slots_after(const struct slots *slots, size_t slot)
{
    for (size_t l = 0; l < slots->n_levels; l++) {
        size_t at = ++slot / WORD;
        if (at >= slots->words[l])
            break;
        uint64_t word = slots->level[l][at] >> slot % WORD;
        if (word != 0)
            return first_of(slots, l, slot + (size_t)__builtin_ctzll(word));
        slot = at;
    }
    return SIZE_MAX;
}

static int by_x(const void *a, const void *b)
{
    const struct sweep_point *p = a, *q = b;
    return (p->x > q->x) - (p->x < q->x);
}

static int by_z(const void *a, const void *b)
{
    const struct sweep_point *p = a, *q = b;
    return (p->z > q->z) - (p->z < q->z);
}

void sweep_sort(struct sweep_point *point, size_t n)
{
    qsort(point, n, sizeof *point, by_z);
}

/* A staircase whose possible steps are known beforehand: step[slot] is one while the slot is set.
 * Slots rise with x. */
struct front {
    struct staircase_step *step;
    struct slots slots;
    double right, top;
};

/* Gives each point the slot of its x; equal x share one. */
static struct front front_open(struct sweep_point *point, size_t n, const double r[3])
{
    struct front front = {mem_calloc(n, sizeof *front.step), slots_open(n), r[0], r[1]};
    qsort(point, n, sizeof *point, by_x);
    for (size_t i = 0; i < n; i++) {
        point[i].slot = i > 0 && point[i - 1].x >= point[i].x ? point[i - 1].slot : i;
        front.step[point[i].slot].x = point[i].x;
    }
    return front;
}

static void front_close(struct front *front)
{
    free(front->step);
    slots_close(&front->slots);
}

/* Adds a point to the staircase; by how much its area grows. */
static double front_gain(struct front *front, size_t slot, double y)
{
    struct staircase_step *step = front->step;
    double from = step[slot].x, height = front->top, gain = 0;
    size_t left = slots_before(&front->slots, slot);
    if (left != SIZE_MAX && step[left].y <= y)
        return 0;
    if (left != SIZE_MAX)
        height = step[left].y;
    size_t next = slots_after(&front->slots, slot);
    for (; next != SIZE_MAX && step[next].y >= y; next = slots_after(&front->slots, next)) {
        gain += (step[next].x - from) * (height - y);
        from = step[next].x;
        height = step[next].y;
        slots_drop(&front->slots, next);
    }
    slots_put(&front->slots, slot);
    step[slot].y = y;
    return gain + ((next != SIZE_MAX ? step[next].x : front->right) - from) * (height - y);
}

double sweep_volume(struct sweep_point *point, size_t n, const double r[3])
{
    struct front front = front_open(point, n, r);
    double area = 0, volume = 0;
    sweep_sort(point, n);
    for (size_t i = 0; i < n; i++) {
        area += front_gain(&front, point[i].slot, point[i].y);
        double next = i + 1 < n ? point[i + 1].z : r[2];
        if (next > point[i].z)
            volume += area * (next - point[i].z);
    }
    front_close(&front);
    return volume;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

double sweep_contribution(struct sweep *sweep, const struct sweep_point *p, size_t skip)
{
    const double *r = sweep->r;
    double area = (r[0] - p->x) * (r[1] - p->y), z = p->z, volume = 0;
    sweep->work.n = 0;
    for (size_t i = 0; i < sweep->n; i++) {
        const struct sweep_point *q = &sweep->point[i];
        if (i == skip)
            continue;
        if (q->z > z) {
            volume += area * (q->z - z);
            z = q->z;
        }
        if (q->x <= p->x && q->y <= p->y)
            return volume;
        area -= staircase_gain(&sweep->work, larger(q->x, p->x), larger(q->y, p->y), r);
    }
    return volume + area * (r[2] - z);
}
