/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the cost tables, the tally and the score share; for scorer.c, tally.c and score*.c alone. */
#ifndef SIM_SCORE_TABLES_H
#define SIM_SCORE_TABLES_H

#include "devices/power.h"
#include "sim/kv_load.h"
#include "sim/score.h"

/* One unit of a class on a device at a P-state. */
struct sim_record {
    double prefill_s, prefill_J;               /* per request; joules of counted work */
    double step_s[SIM_GRID], step_J[SIM_GRID]; /* per decode step of a batch on the grid */
};

struct sim_scorer {
    const struct sim_system *system;
    struct sim_load load;
    struct sim_kv_load kv;
    size_t n_batches;
    uint64_t batch[SIM_BATCHES]; /* choices of the number in flight */
    size_t n_grid;
    double grid[SIM_GRID]; /* batches that are priced: the choices, and where matrix units begin */
    size_t most_pstates;
    double chunks;                       /* prefill passes of a mean prompt */
    double layer_kv_B;                   /* cache of a layer for a token */
    struct sim_record *record;           /* (n_classes, n_devices, most_pstates) */
    double *idle_W;                      /* (n_devices) draw of the idle machine */
    double *base_W;                      /* (n_devices) */
    double *busy_W;                      /* (n_devices, most_pstates) */
    double *leakage_factor;              /* (n_devices, most_pstates) */
    struct device_leakage_grid *leakage; /* (n_devices) */
    double *cap_W; /* (n_devices) own cap, or the package's share; inf: none */
};

struct sim_tally {
    const struct sim_scorer *scorer;
    struct sim_plan plan;
    uint32_t *units;    /* (2, n_classes, n_devices) units by phase, class and device */
    uint32_t *cuts;     /* (2, n_devices, n_devices) neighbouring units on other devices */
    uint32_t *kv_moves; /* (n_devices, n_devices) attention layers prefilled on i, decoded on j */
    uint32_t *used;     /* (n_devices) units in either phase */
    double *weights_B;  /* (n_pools) */
    double *kv_B;       /* (n_pools) per token */
};

static inline struct sim_record *sim_record_at(const struct sim_scorer *scorer, size_t class,
                                               size_t device, size_t pstate)
{
    size_t n = scorer->system->n_devices;
    return &scorer->record[(class * n + device) * scorer->most_pstates + pstate];
}

/* Units of a class by device (n_devices) in one phase. */
static inline uint32_t *sim_units_at(const struct sim_tally *tally, bool decode, size_t class)
{
    const struct sim_system *system = tally->scorer->system;
    return &tally->units[((size_t)decode * system->n_classes + class) * system->n_devices];
}

#endif
