/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/link.h"

#include "base/memory.h"
#include "sim/contend.h"
#include "sim/engine_state.h"

#include <math.h>
#include <stdlib.h>

struct sim_moves sim_moves_find(const struct sim_system *system, const uint8_t *source,
                                const uint8_t *target)
{
    size_t n = system->n_devices;
    struct sim_moves moves = {mem_calloc(n * n, sizeof *moves.move), 0};
    for (size_t u = 0; u < system->n_units; u++) {
        size_t from = source[u], to = target[u], i = 0;
        double kv_B = system->class[system->class_of[u]].kv_bytes_per_token;
        if (from == to || kv_B <= 0)
            continue;
        while (i < moves.n && (moves.move[i].from != from || moves.move[i].to != to))
            i++;
        moves.n += i == moves.n;
        moves.move[i].from = from;
        moves.move[i].to = to;
        moves.move[i].token_B += kv_B;
    }
    return moves;
}

void sim_links_init(struct sim_links *links, size_t n_devices)
{
    *links = (struct sim_links){.n_links = n_devices * n_devices};
    links->link = mem_calloc(links->n_links, sizeof *links->link);
}

void sim_links_free(struct sim_links *links)
{
    for (size_t i = 0; i < links->n_links; i++)
        free(links->link[i].flow);
    free(links->link);
    *links = (struct sim_links){0};
}

/* What the flows of a link moved since the last look. */
static void advance(struct sim_engine *engine, struct sim_link *link)
{
    double seconds = (double)(engine->now_ps - link->since_ps) * 1e-12;
    for (size_t i = 0; i < link->n; i++)
        link->flow[i].left_B = fmax(0, link->flow[i].left_B - link->flow_Bps * seconds);
    link->since_ps = engine->now_ps;
}

static void take_off(struct sim_engine *engine, struct sim_link *link, size_t i)
{
    for (link->n--; i < link->n; i++)
        link->flow[i] = link->flow[i + 1];
    engine->links.n_flows--;
}

/* Flows whose job has lost the cache. */
static void sweep(struct sim_engine *engine, struct sim_link *link)
{
    for (size_t i = link->n; i-- > 0;) {
        const struct sim_job *job = &engine->batch.job[link->flow[i].slot];
        if (job->generation != link->flow[i].generation || job->state != SIM_JOB_HANDOVER)
            take_off(engine, link, i);
    }
}

/* From now on at the rate of the present neighbours. */
static void set_rate(struct sim_engine *engine, size_t pair)
{
    struct sim_link *link = &engine->links.link[pair];
    double least_B = INFINITY;
    link->generation++;
    if (link->n == 0)
        return;
    link->flow_Bps = sim_contend_flow_Bps(engine, pair, link->n);
    for (size_t i = 0; i < link->n; i++)
        least_B = fmin(least_B, link->flow[i].left_B);
    int64_t through_ps = engine->now_ps + (int64_t)llround(least_B / link->flow_Bps * 1e12);
    heap_push(&engine->events, through_ps, SIM_EVENT_THROUGH, SIM_EVENT_THROUGH, (uint32_t)pair,
              link->generation);
}

/* The number of flows has changed: so has what lanes get that hand over there. */
static bool slow_lanes(struct sim_engine *engine, size_t pair)
{
    for (size_t i = 0; i < engine->n_workers; i++) {
        struct sim_worker *worker = &engine->worker[i];
        if (worker->run.active && sim_lane_cut_B(worker->lane, &worker->run.pass, pair) > 0 &&
            !sim_engine_retime(engine, worker))
            return false;
    }
    return true;
}

static bool refresh(struct sim_engine *engine, size_t pair)
{
    struct sim_link *link = &engine->links.link[pair];
    advance(engine, link);
    size_t before = link->n;
    sweep(engine, link);
    set_rate(engine, pair);
    return link->n == before || slow_lanes(engine, pair);
}

bool sim_links_refresh(struct sim_engine *engine, const struct sim_worker *worker)
{
    for (size_t pair = 0; engine->links.n_flows > 0 && pair < engine->links.n_links; pair++)
        if (engine->links.link[pair].n > 0 &&
            (!worker || sim_lane_cut_B(worker->lane, &worker->run.pass, pair) > 0) &&
            !refresh(engine, pair))
            return false;
    return true;
}

static bool put_on(struct sim_engine *engine, size_t pair, const struct sim_flow *flow)
{
    struct sim_link *link = &engine->links.link[pair];
    advance(engine, link);
    sweep(engine, link);
    link->flow = mem_grow(link->flow, &link->capacity, link->n + 1, sizeof *link->flow);
    link->flow[link->n++] = *flow;
    engine->links.n_flows++;
    set_rate(engine, pair);
    return slow_lanes(engine, pair);
}

static void schedule_arrival(struct sim_engine *engine, uint32_t slot, double latency_s)
{
    heap_push(&engine->events, engine->now_ps + (int64_t)llround(latency_s * 1e12),
              SIM_EVENT_HANDOVER, SIM_EVENT_HANDOVER, slot, engine->batch.job[slot].generation);
}

/* Sends what comes next of a job's cache; when all is there the job may decode. */
static bool send_next(struct sim_engine *engine, uint32_t slot)
{
    const struct sim_system *system = engine->system;
    struct sim_job *job = &engine->batch.job[slot];
    for (; job->move < job->moves->n; job->move++) {
        const struct sim_move *move = &job->moves->move[job->move];
        size_t pair = move->from * system->n_devices + move->to;
        const struct device_route *route = &system->route[pair];
        double bytes = move->token_B * (double)job->computed;
        job->state = SIM_JOB_HANDOVER;
        job->sent_ps = engine->now_ps;
        sim_meter_add_link_J(engine->meter, bytes * route->byte_J);
        if (isfinite(route->bandwidth_Bps))
            return put_on(engine, pair, &(struct sim_flow){slot, job->generation, bytes});
        if (route->latency_s > 0) {
            schedule_arrival(engine, slot, route->latency_s);
            return true;
        }
    }
    job->state = SIM_JOB_READY;
    /* Decoding that goes on elsewhere lets it in. */
    sim_engine_cut(engine, sim_pipeline_decoder(engine, job->stream));
    return true;
}

bool sim_links_send(struct sim_engine *engine, uint32_t slot, const struct sim_moves *moves)
{
    struct sim_job *job = &engine->batch.job[slot];
    job->moves = moves;
    job->move = 0;
    return send_next(engine, slot);
}

bool sim_links_through(struct sim_engine *engine, const struct heap_event *event)
{
    struct sim_link *link = &engine->links.link[event->subject];
    size_t first = 0;
    if (event->generation != link->generation || link->n == 0)
        return true;
    advance(engine, link);
    for (size_t i = 1; i < link->n; i++)
        if (link->flow[i].left_B < link->flow[first].left_B)
            first = i;
    struct sim_flow flow = link->flow[first];
    const struct sim_job *job = &engine->batch.job[flow.slot];
    if (job->generation == flow.generation && job->state == SIM_JOB_HANDOVER)
        schedule_arrival(engine, flow.slot, engine->system->route[event->subject].latency_s);
    take_off(engine, link, first);
    sweep(engine, link);
    set_rate(engine, event->subject);
    return slow_lanes(engine, event->subject);
}

bool sim_links_arrive(struct sim_engine *engine, const struct heap_event *event)
{
    struct sim_job *job = &engine->batch.job[event->subject];
    if (job->generation != event->generation || job->state != SIM_JOB_HANDOVER)
        return true;
    engine->out->time.transfer_s += (double)(engine->now_ps - job->sent_ps) * 1e-12;
    job->move++;
    return send_next(engine, event->subject);
}
