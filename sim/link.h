/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Caches on their way from the devices that computed them to those that decode with them. A cache
 * crosses its links one after the other. On a link and in one direction all that are under way
 * share the bandwidth with the lanes that hand over there, max-min; the link's latency comes on
 * top. Inside a pool only the synchronisation takes time. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "base/heap.h"
#include "sim/system.h"

struct sim_engine;
struct sim_worker;

/* Keys and values that go from one device to another. */
struct sim_move {
    size_t from, to;
    double token_B;
};
struct sim_moves {
    struct sim_move *move; /* (n), room for each pair of devices */
    size_t n;
};
/* Which caches go from one placement (n_units) to another. The caller frees .move. */
struct sim_moves sim_moves_find(const struct sim_system *system, const uint8_t *source,
                                const uint8_t *target);

/* A cache on a link. */
struct sim_flow {
    uint32_t slot;
    uint16_t generation; /* of the job: a later one has lost this cache */
    double left_B;
};

/* One direction of a link. */
struct sim_link {
    struct sim_flow *flow; /* (n) */
    size_t n, capacity;
    double flow_Bps; /* that each gets since since_ps */
    int64_t since_ps;
    uint16_t generation; /* of the event at which the first one is through */
};

struct sim_links {
    struct sim_link *link; /* (n_devices, n_devices) */
    size_t n_links, n_flows;
};
void sim_links_init(struct sim_links *links, size_t n_devices);
void sim_links_free(struct sim_links *links);
static inline size_t sim_links_busy(const struct sim_links *links, size_t pair)
{
    return links->link[pair].n;
}

/* A job's cache leaves; the job is ready at once where nothing has to move. `moves` must stay until
 * it is there. */
bool sim_links_send(struct sim_engine *engine, uint32_t slot, const struct sim_moves *moves);
/* The first cache on a link is through. */
bool sim_links_through(struct sim_engine *engine, const struct heap_event *event);
/* A cache has arrived; more of it may have to follow. */
bool sim_links_arrive(struct sim_engine *engine, const struct heap_event *event);
/* A lane started or stopped, or changed its speed: those who share links with it go on at the new
 * rate. NULL: caches may have been lost. */
bool sim_links_refresh(struct sim_engine *engine, const struct sim_worker *worker);

#endif
