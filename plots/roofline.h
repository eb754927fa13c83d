/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a model's operators lie under the rooflines of a machine's devices, by the same time model
 * that plans are scored with, at nominal clocks. Internal to this folder. */
#ifndef PLOTS_ROOFLINE_H
#define PLOTS_ROOFLINE_H

#include "plots/plot.h"

/* What is joined to one point: the operators of all layers that are of a sort. */
enum roofline_group {
    ROOFLINE_PROJECTIONS, /* q, k, v and what follows attention */
    ROOFLINE_ATTENTION,
    ROOFLINE_FFN,
    ROOFLINE_HEAD,
    ROOFLINE_PASS, /* the whole pass, with all that multiplies nothing */
    ROOFLINE_GROUPS
};

struct roofline_point {
    double intensity; /* FLOP/byte; nan where the group does not occur */
    double FLOPps;    /* as the time model has it, overheads and all */
};

struct roofline_device {
    size_t index, alike;                 /* in the platform; how many others are drawn by it */
    double slope_Bps;                    /* what streams from its memory reach */
    double matrix_FLOPps, vector_FLOPps; /* ceilings for the format of most weights */
    const char *peak;                    /* name of that peak; borrowed */
    bool fits;                           /* the weights fit into its pool */
    struct roofline_point prefill[ROOFLINE_GROUPS], decode[ROOFLINE_GROUPS];
};

/* Prefill has no point for the LM head: it sees one row there, as in decoding alone. */
void roofline_compute(const struct plot_roofline *what, size_t device, struct roofline_device *out);

#endif
