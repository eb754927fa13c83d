/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/share.h"

#include <math.h>

double sim_share_level(const double *demand, size_t n, size_t greedy, double capacity)
{
    size_t open, still = n + greedy;
    double level = INFINITY, left = capacity;
    do { /* the level rises as those below it are served */
        open = still;
        if (open == 0)
            return INFINITY;
        level = left / (double)open;
        left = capacity;
        still = n + greedy;
        for (size_t i = 0; i < n; i++)
            if (demand[i] <= level) {
                left -= demand[i];
                still--;
            }
    } while (still < open);
    return level;
}
