/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/score_working.h"

#include <math.h>

/* What a device draws whatever it is asked to do, its leakage apart. */
static double resting_W(const struct sim_working *w, size_t d)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    return sim_powered(w, d) ? scorer->base_W[d]
                             : scorer->system->platform->device[d].power.sleep_W;
}

/* Leakage over that at the nominal voltage: 0 when it is off. */
static double leakage_factor(const struct sim_working *w, size_t d)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    if (!sim_powered(w, d))
        return 0;
    /* What no unit runs on idles at its slowest clock. */
    size_t pstate = w->pstate[w->phase.step_s[d] > 0 ? 1 : 0][d];
    if (w->tally->used[d] == 0)
        pstate = device_pstates(&scorer->system->platform->device[d]) - 1;
    return scorer->leakage_factor[d * scorer->most_pstates + pstate];
}

static double leakage_W(const struct sim_scorer *scorer, size_t d, double factor,
                        double temperature_K)
{
    return factor > 0 ? factor * device_leakage_on_grid(&scorer->leakage[d], temperature_K) : 0;
}

void sim_find_heat(struct sim_working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    const struct sim_system *system = scorer->system;
    size_t n = system->n_devices;
    double rest_W[SIM_MOST_DEVICES], factor[SIM_MOST_DEVICES], work_W[SIM_MOST_DEVICES];
    for (size_t d = 0; d < n; d++) {
        w->die_K[d] = system->platform->ambient_K;
        rest_W[d] = resting_W(w, d);
        factor[d] = leakage_factor(w, d);
        work_W[d] = w->throughput_per_s * w->dynamic_J[d];
    }
    double change_K = INFINITY;
    for (int i = 0; i < 30 && change_K > 0.01; i++) {
        change_K = 0;
        for (size_t d = 0; d < n; d++)
            w->mean_W[d] = rest_W[d] + leakage_W(scorer, d, factor[d], w->die_K[d]) + work_W[d];
        for (size_t d = 0; d < n; d++) {
            double rise_K = 0;
            for (size_t j = 0; j < n; j++)
                rise_K += system->resistance_KpW[d * n + j] * w->mean_W[j];
            double temperature_K = system->platform->ambient_K + rise_K;
            change_K = fmax(change_K, fabs(temperature_K - w->die_K[d]));
            w->die_K[d] = fmin(temperature_K, 600);
        }
    }
    w->runaway = change_K > 1;
    for (size_t d = 0; d < n; d++) {
        if (w->tally->used[d] == 0)
            continue;
        double idle_W = scorer->base_W[d] + leakage_W(scorer, d, factor[d], w->die_K[d]);
        w->peak_W[0][d] += w->peak_W[0][d] > 0 ? idle_W : 0;
        w->peak_W[1][d] += w->peak_W[1][d] > 0 ? idle_W : 0;
        double peak_W = fmax(w->peak_W[0][d], w->peak_W[1][d]);
        w->die_K[d] += system->die_KpW[d] * fmax(0, peak_W - w->mean_W[d]);
    }
}
