/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's state, and what its files call of each other: engine.c turns the events,
 * engine_arrivals.c lets requests come, engine_run.c prices, charges and retimes passes,
 * engine_jobs.c does what they mean for requests.
 */
#ifndef SIM_ENGINE_STATE_H
#define SIM_ENGINE_STATE_H

#include "base/heap.h"
#include "sim/batch.h"
#include "sim/cap.h"
#include "sim/engine.h"
#include "sim/latency.h"
#include "sim/link.h"
#include "sim/meter.h"
#include "sim/pipeline.h"
#include "sim/pressure.h"
#include "sim/recovery.h"
#include "sim/sessions.h"
#include "sim/steps.h"

enum { SIM_MOST_LANES = SIM_MOST_STREAMS, SIM_PROGRESS_EVENTS = 8192 };

/* Kinds of events; at one time they come in this order. */
enum sim_event {
    SIM_EVENT_RUN_END, /* one priority for each lane */
    SIM_EVENT_HANDOVER = SIM_MOST_LANES,
    SIM_EVENT_THROUGH, /* a cache is through a link */
    SIM_EVENT_FAULT,
    SIM_EVENT_DETECT, /* the server notices a fault */
    SIM_EVENT_BACK,   /* a failed device works again */
    SIM_EVENT_SWITCH, /* another plan is ready */
    SIM_EVENT_RAMP,   /* a device that came back gets faster */
    SIM_EVENT_AWAKE,  /* the devices that slept are up */
    SIM_EVENT_ARRIVAL,
    SIM_EVENT_BURST, /* the window of a power limit is full */
    SIM_EVENT_POLL,
    SIM_EVENT_SAMPLE
};

/* What a device does in a step. */
struct sim_share {
    struct sim_affine busy_s, flops, bytes, peak_flops;
};

/* A lane at work: a stretch of equal passes, or one pass with prompt rows. */
struct sim_run_state {
    bool active;
    uint8_t stream;      /* the batch in flight whose jobs it works on */
    uint16_t generation; /* of its end event */
    struct sim_steps steps;
    struct sim_pass pass;
    uint64_t told;           /* steps whose tokens were handed out */
    uint64_t reserved;       /* KV blocks taken for the steps not yet told */
    double alone_s;          /* first step without a neighbour on its pools */
    double charged;          /* steps already charged to the meter */
    double *use;             /* (n_devices) share of a step alone that each is busy for */
    struct sim_share *share; /* (n_devices) what each does in a step */
    double *demand_W;        /* (n_devices) power at the clock that plan and governor allow */
    uint16_t *gear;          /* (n_devices) in force */
    int64_t burst_ps;        /* when a power limit asks for a slower gear; INT64_MAX: never */
    double link_J, storage_J, overhead_s, transfer_s, paging_s; /* per step */
};

struct sim_worker {
    struct sim_lane *lane;
    enum sim_lane_role role;
    struct sim_run_state run;
};

struct sim_engine {
    const struct sim_system *system;
    const struct sim_plan *plan;
    struct workload_source *source;
    const struct sim_options *options;
    struct sim_summary *out;
    struct error *err;
    struct heap events;
    struct sim_meter *meter;
    struct sim_batch batch;
    struct sim_worker worker[SIM_MOST_LANES];
    size_t n_workers;
    struct sim_links links;
    struct sim_moves moves; /* of prompts' caches, under the plan in force */
    int64_t now_ps, awake_ps, last_finish_ps, next_sample_ps;
    uint8_t *governed;                    /* (n_devices) P-state that the governor allows */
    const struct workload_format *format; /* of most weights, for DASI */
    struct sim_pressure pressure;
    struct sim_cap cap;
    struct sim_recovery *recovery; /* NULL: nothing changes the plan */
    struct workload_request next;  /* the arrival on the heap */
    bool more;                     /* `next` is valid */
    bool closed;                   /* users wait for their answers */
    bool broken;                   /* the source or a link failed; `err` tells */
    struct sim_sessions sessions;
    size_t n_held;   /* requests read, or asked, whose time has not come */
    bool lanes_meet; /* the two lanes share a pool or a package's power */
    struct sim_values ttft, tpot, e2e;
    struct sim_gaps gaps;
    struct sim_course seen;      /* queue length that each arrival saw */
    uint64_t work_in, work_done; /* tokens, for the saturation test */
    double left_at_last_arrival;
};

/* engine.c */

/* Starts passes on all lanes that rest and have work. */
bool sim_engine_start_lanes(struct sim_engine *engine);
/* The next look of the governor at a device. */
void sim_engine_schedule_poll(struct sim_engine *engine, size_t device);
/* Lanes for the plan in force; none may be at work. */
void sim_engine_set_workers(struct sim_engine *engine);

/* engine_run.c */

/* Begins a pass; false when time would end. */
bool sim_engine_start(struct sim_engine *engine, struct sim_worker *worker,
                      const struct sim_pass *pass);
/* The event at which a run's next step, or its last, ends. */
void sim_engine_schedule_end(struct sim_engine *engine, struct sim_worker *worker);
/* Charges a run up to `progress` steps. */
void sim_engine_charge(struct sim_engine *engine, struct sim_worker *worker, double progress);
/* Charges all lanes up to now and takes a reading. */
void sim_engine_read(struct sim_engine *engine);
/* Adds the run's time so far to the summary. */
void sim_engine_count_time(struct sim_engine *engine, const struct sim_worker *worker);
/* Ends a decoding run at its first step boundary from now on, because something waits for it. */
void sim_engine_cut(struct sim_engine *engine, struct sim_worker *worker);
/* Ends a run at once: its whole steps count, what is under way is lost, and so are the caches of
 * the prompts in it. Returns how many those are. */
uint64_t sim_engine_abort(struct sim_engine *engine, struct sim_worker *worker);
/* After a change of clock, or of a neighbour, the rest of a stretch goes on at the new rate. */
bool sim_engine_retime(struct sim_engine *engine, struct sim_worker *worker);
/* A neighbour on the same pools started or stopped. */
bool sim_engine_retime_others(struct sim_engine *engine, const struct sim_worker *worker);

/* engine_jobs.c */

/* Hands out the tokens of the next `steps` steps of a run to its decoding jobs. */
void sim_engine_tell(struct sim_engine *engine, struct sim_run_state *run, uint64_t steps);
/* Records the gaps between the tokens that a run has told. */
void sim_engine_note_gaps(struct sim_engine *engine, const struct sim_run_state *run);
/* Applies a finished run to its jobs, in order of admission. */
void sim_engine_settle(struct sim_engine *engine, struct sim_run_state *run);
/* A request that never runs; its slot is free again. */
void sim_engine_refuse(struct sim_engine *engine, uint32_t slot, enum sim_status status);

/* engine_arrivals.c */

/* Reads up to the next request that waits for no other, and puts its arrival on the heap. */
bool sim_engine_fetch(struct sim_engine *engine);
/* An arrival event. */
bool sim_engine_arrive(struct sim_engine *engine, uint32_t subject);
/* A request, a call of `session` (0: of none), ended now: who waited for that may come. */
void sim_engine_ended(struct sim_engine *engine, uint64_t session);

#endif
