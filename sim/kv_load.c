/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/kv_load.h"

#include "sim/kv.h"

#include <math.h>

/* First fit's holes are about half as long as its segments: between a quarter and all of it over
 * 8 to 512 segments of uniform, exponential and log-normal lengths (tests/law/test_allocators.c).
 * Where all lengths are equal, whatever is given back is filled again. */
static double first_fit_unused(const struct sim_load *load)
{
    bool equal = load->prompt_cv2 <= 0 && load->output_cv2 <= 0;
    return sim_fifty_per_cent_unused(equal ? 0 : 0.5);
}

struct sim_kv_load sim_kv_load_of(const struct sim_system *system, const struct sim_load *load)
{
    double block = (double)system->serving.kv_block_tokens, waste = 0.5 * (block - 1);
    /* Long answers are in the batch for long, as the mean over decode steps counts them. */
    double used = (load->decode_context > 0 ? load->decode_context : load->prompt_mean) + waste;
    double occupied = used;
    switch ((enum sim_kv_allocator)system->serving.kv_allocator) {
    case SIM_KV_PAGED:
        break;
    case SIM_KV_CONTIGUOUS:
        occupied = ceil((double)sim_system_slot_tokens(system) / block) * block;
        break;
    case SIM_KV_BUDDY:
        occupied = fmax(load->rounded_tokens, block);
        break;
    case SIM_KV_FIRST_FIT:
        occupied = (load->whole_tokens + waste) / (1 - first_fit_unused(load));
        break;
    }
    occupied = fmax(occupied, used);
    return (struct sim_kv_load){used, occupied, 1 - used / occupied};
}
