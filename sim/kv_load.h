/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The allocators in closed form: what a decoding request takes of the KV cache on average. */
#ifndef SIM_KV_LOAD_H
#define SIM_KV_LOAD_H

#include "sim/system.h"

struct sim_kv_load {
    double used_tokens;     /* whole blocks that hold tokens */
    double occupied_tokens; /* that nobody else can have; used/(1 - fragmentation) */
    double fragmentation;
};

struct sim_kv_load sim_kv_load_of(const struct sim_system *system, const struct sim_load *load);

#endif
