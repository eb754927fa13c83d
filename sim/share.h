/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Max-min fairness by water-filling: who asks for less than an equal part gets it all, the others
 * share what that leaves alike. */
#ifndef SIM_SHARE_H
#define SIM_SHARE_H

#include <stddef.h>

/* The level: demand i of n gets min(demand[i], level) of the capacity, and each of `greedy` others,
 * who take all that there is, gets the level. Infinite when there is enough for all. */
double sim_share_level(const double *demand, size_t n, size_t greedy, double capacity);

#endif
