/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/schedulers/pgsam.h"

#include <string.h>

enum { ENERGY, LATENCY, UNDERUTILISATION };
static const float EMPTY = 2;        /* of a cell that the front does not reach */
static const double MOST_GAIN = 0.2; /* a hole is worth no more than a wide gap */

static double mapped(const struct pgsam_surface *surface, const double *objective, int o)
{
    return (objective[o] - surface->least[o]) * surface->scale[o];
}

static size_t cell_of(double place)
{
    double cell = place * (PGSAM_CELLS - 1);
    if (!(cell > 0))
        return 0;
    return cell < PGSAM_CELLS - 1 ? (size_t)cell : PGSAM_CELLS - 1;
}

/* The first cell whose lower end is not below the place. */
static size_t cell_above(double place)
{
    return cell_of(place + (1 - 1e-9) / (PGSAM_CELLS - 1));
}

double pgsam_surface_add(struct pgsam_surface *surface, const double *objective)
{
    float gain = 0;
    float value = (float)mapped(surface, objective, UNDERUTILISATION);
    size_t row = cell_above(mapped(surface, objective, ENERGY));
    size_t start = cell_above(mapped(surface, objective, LATENCY));
    for (; row < PGSAM_CELLS && surface->cell[row][start] > value; row++)
        for (size_t i = start; i < PGSAM_CELLS && surface->cell[row][i] > value; i++) {
            gain += surface->cell[row][i] - value;
            surface->cell[row][i] = value;
        }
    return (double)gain / (PGSAM_CELLS * PGSAM_CELLS);
}

/* Puts all members in place again. */
static void rebuild(struct pgsam_surface *surface, const struct analysis_archive *archive)
{
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++) {
        double range = surface->greatest[o] - surface->least[o];
        surface->scale[o] = range > 0 ? 1 / range : 0;
    }
    for (size_t i = 0; i < PGSAM_CELLS; i++)
        for (size_t j = 0; j < PGSAM_CELLS; j++)
            surface->cell[i][j] = EMPTY;
    for (size_t i = 0; i < archive->n; i++)
        pgsam_surface_add(surface, analysis_archive_point(archive, i));
}

void pgsam_surface_measure(struct pgsam_surface *surface, const struct analysis_archive *archive)
{
    double least[PROBLEM_OBJECTIVES], greatest[PROBLEM_OBJECTIVES];
    if (archive->n == 0)
        return;
    analysis_bounds(archive->f, archive->n, archive->m, least, greatest);
    if (surface->cell[0][0] > 0 &&
        analysis_lexicographic(least, surface->least, PROBLEM_OBJECTIVES) == 0 &&
        analysis_lexicographic(greatest, surface->greatest, PROBLEM_OBJECTIVES) == 0)
        return;
    memcpy(surface->least, least, sizeof least);
    memcpy(surface->greatest, greatest, sizeof greatest);
    rebuild(surface, archive);
}

double pgsam_surface_gain(const struct pgsam_surface *surface, const double *objective)
{
    double place[PROBLEM_OBJECTIVES], outside = 0;
    for (int o = 0; o < PROBLEM_OBJECTIVES; o++) {
        place[o] = mapped(surface, objective, o);
        outside += place[o] < 0 ? -place[o] : 0;
        outside -= place[o] > 1 ? place[o] - 1 : 0;
    }
    float reached = surface->cell[cell_of(place[ENERGY])][cell_of(place[LATENCY])];
    double gain = (double)reached - place[UNDERUTILISATION];
    return (gain < MOST_GAIN ? gain : MOST_GAIN) + outside;
}
