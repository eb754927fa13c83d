/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stages.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* C(n, k) * factor; UINT64_MAX when it does not fit. */
static uint64_t choose_times(size_t n, size_t k, uint64_t factor)
{
    uint64_t ways = 1;
    if (k > n)
        return 0;
    for (size_t i = 1; i <= k; i++) {
        if (ways > UINT64_MAX / (n - k + i))
            return UINT64_MAX;
        ways = ways * (n - k + i) / i; /* C(n - k + i, i): whole at each step */
    }
    return ways > UINT64_MAX / factor ? UINT64_MAX : ways * factor;
}

uint64_t sim_stages_count(size_t items, size_t devices)
{
    uint64_t count = 0, orders = 1;
    for (size_t k = 1; items > 0 && k <= devices && k <= items; k++) {
        if (orders > UINT64_MAX / (devices - k + 1))
            return UINT64_MAX;
        orders *= devices - k + 1;
        uint64_t ways = choose_times(items - 1, k - 1, orders);
        if (ways > UINT64_MAX - count)
            return UINT64_MAX;
        count += ways;
    }
    return count;
}

struct listing {
    size_t items, devices;
    uint8_t *out;  /* where the next one goes */
    uint8_t *item; /* (items) the one under way */
    uint8_t *used; /* (devices) */
};

/* Goes on from an item on which no stage stands yet. */
static void list_from(struct listing *listing, size_t first)
{
    for (size_t d = 0; d < listing->devices; d++) {
        if (listing->used[d])
            continue;
        listing->used[d] = 1;
        for (size_t end = first + 1; end < listing->items; end++) {
            memset(listing->item + first, (int)d, end - first);
            list_from(listing, end);
        }
        memset(listing->item + first, (int)d, listing->items - first);
        memcpy(listing->out, listing->item, listing->items);
        listing->out += listing->items;
        listing->used[d] = 0;
    }
}

uint8_t *sim_stages_list(size_t items, size_t devices, size_t count)
{
    assert(devices <= UINT8_MAX && count == sim_stages_count(items, devices));
    uint8_t *list = mem_calloc(count, items);
    struct listing listing = {items, devices, list, mem_calloc(items, 1), mem_calloc(devices, 1)};
    if (items > 0)
        list_from(&listing, 0);
    free(listing.item);
    free(listing.used);
    return list;
}
