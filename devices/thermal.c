/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/thermal.h"

#include "base/memory.h"
#include "devices/network.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_SLOTS = 256, MOST_CROSSINGS = 100000, ROOT_STEPS = 200 };
/* The cell above the grid's last knot: leakage stays what it is there. */
enum { BEYOND = DEVICE_GRID_KNOTS - 1 };
/* A die changes cells when it is so far past an edge; having changed, it must come back past the
 * edge by as much to change again, so that rounding cannot send it to and fro. */
static const double EDGE_K = 1e-10;

/* Eigenbasis of the network for one combination of leakage cells and voltages:
 * T - T_a = from_modes z, z = to_modes (T - T_a), dz/dt = rate z + source. */
struct basis {
    bool filled;
    int *cell;          /* (n_devices) key */
    double *factor;     /* (n_devices) key */
    double *rate;       /* (n) eigenvalues */
    double *to_modes;   /* (n, n) */
    double *from_modes; /* (n, n) */
    double *input;      /* (n, n_devices) watts at a die to mode sources */
};

struct device_thermal {
    const struct device_platform *platform;
    struct device_network network;
    size_t n, n_devices;
    double ambient_K;
    size_t *die;                      /* (n_devices) node of each die */
    double *rise_K;                   /* (n) temperatures above ambient */
    int *cell;                        /* (n_devices) present leakage cell */
    double *factor;                   /* (n_devices) leakage factor, 0 when switched off */
    struct device_leakage_grid *grid; /* (n_devices) */
    bool runaway;
    struct basis slot[CACHE_SLOTS];
    struct basis *basis; /* of the present cells and factors, NULL when they changed */
    double *mode, *source, *next, *growth; /* (n) work space; growth: e^(rate next_s) - 1 */
    double next_s;                         /* that `next` is after; nan: not worked out */
    gsl_matrix *matrix, *vectors;
    gsl_vector *values;
    gsl_eigen_symmv_workspace *workspace;
};

static void collect_network(struct device_thermal *thermal)
{
    struct error ignored;
    error_clear(&ignored);
    struct tree nowhere = {.mark = {.path = (char[]){""}}};
    /* A platform that was read has been checked: this cannot fail. */
    device_platform_network(thermal->platform, &nowhere, &thermal->network, &ignored);
    size_t node = 0;
    for (size_t d = 0; d < thermal->n_devices; d++) {
        thermal->die[d] = node;
        node += thermal->platform->device[d].thermal.n_nodes;
    }
}

struct device_thermal *device_thermal_create(const struct device_platform *platform)
{
    struct device_thermal *thermal = mem_calloc(1, sizeof *thermal);
    thermal->platform = platform;
    thermal->n_devices = platform->n_devices;
    thermal->ambient_K = platform->ambient_K;
    thermal->die = mem_calloc(platform->n_devices, sizeof *thermal->die);
    collect_network(thermal);
    size_t n = thermal->n = thermal->network.n;
    thermal->rise_K = mem_calloc(n, sizeof(double));
    thermal->cell = mem_calloc(platform->n_devices, sizeof *thermal->cell);
    thermal->factor = mem_calloc(platform->n_devices, sizeof *thermal->factor);
    thermal->grid = mem_calloc(platform->n_devices, sizeof *thermal->grid);
    thermal->mode = mem_calloc(4 * n, sizeof(double));
    thermal->source = thermal->mode + n;
    thermal->next = thermal->source + n;
    thermal->growth = thermal->next + n;
    thermal->matrix = gsl_matrix_alloc(n, n);
    thermal->vectors = gsl_matrix_alloc(n, n);
    thermal->values = gsl_vector_alloc(n);
    thermal->workspace = gsl_eigen_symmv_alloc(n);
    for (size_t d = 0; d < platform->n_devices; d++) {
        device_leakage_grid_init(&thermal->grid[d], &platform->device[d].power.leakage);
        thermal->cell[d] = device_leakage_cell(thermal->ambient_K);
        thermal->factor[d] = 1;
    }
    return thermal;
}

static void basis_free(struct basis *basis)
{
    free(basis->cell);
    free(basis->factor);
    free(basis->rate);
    free(basis->to_modes);
    free(basis->from_modes);
    free(basis->input);
}

void device_thermal_destroy(struct device_thermal *thermal)
{
    if (!thermal)
        return;
    for (size_t d = 0; d < thermal->n_devices; d++)
        device_leakage_grid_free(&thermal->grid[d]);
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        basis_free(&thermal->slot[i]);
    device_network_free(&thermal->network);
    free(thermal->die);
    free(thermal->rise_K);
    free(thermal->cell);
    free(thermal->factor);
    free(thermal->grid);
    free(thermal->mode);
    gsl_matrix_free(thermal->matrix);
    gsl_matrix_free(thermal->vectors);
    gsl_vector_free(thermal->values);
    gsl_eigen_symmv_free(thermal->workspace);
    free(thermal);
}

size_t device_thermal_nodes(const struct device_thermal *thermal)
{
    return thermal->n;
}

double device_thermal_node_K(const struct device_thermal *thermal, size_t node)
{
    return thermal->ambient_K + thermal->rise_K[node];
}

double device_thermal_die_K(const struct device_thermal *thermal, size_t device)
{
    return device_thermal_node_K(thermal, thermal->die[device]);
}

double device_thermal_leakage_W(const struct device_thermal *thermal, size_t device)
{
    double temperature_K = device_thermal_die_K(thermal, device);
    return thermal->factor[device] * device_leakage_on_grid(&thermal->grid[device], temperature_K);
}

bool device_thermal_runaway(const struct device_thermal *thermal)
{
    return thermal->runaway;
}

void device_thermal_set(struct device_thermal *thermal, size_t device, bool powered,
                        double leakage_factor)
{
    double factor = powered ? leakage_factor : 0;
    if (thermal->factor[device] == factor)
        return;
    thermal->factor[device] = factor;
    thermal->basis = NULL;
}

static int cell_of(double temperature_K)
{
    double last_K = DEVICE_GRID_FIRST_K + BEYOND * DEVICE_GRID_STEP_K;
    return temperature_K > last_K ? BEYOND : device_leakage_cell(temperature_K);
}

void device_thermal_set_temperatures(struct device_thermal *thermal, const double *node_K)
{
    for (size_t i = 0; i < thermal->n; i++)
        thermal->rise_K[i] = node_K[i] - thermal->ambient_K;
    for (size_t d = 0; d < thermal->n_devices; d++)
        thermal->cell[d] = cell_of(device_thermal_die_K(thermal, d));
    thermal->basis = NULL;
}

/* Leakage in the present cell is factor (at_ambient + slope rise). */
static double slope_WpK(const struct device_thermal *thermal, size_t d)
{
    const double *knot = thermal->grid[d].knot_W + thermal->cell[d];
    if (thermal->cell[d] == BEYOND)
        return 0;
    return thermal->factor[d] * (knot[1] - knot[0]) / DEVICE_GRID_STEP_K;
}

static double low_rise_K(const struct device_thermal *thermal, size_t d)
{
    return DEVICE_GRID_FIRST_K + thermal->cell[d] * DEVICE_GRID_STEP_K - thermal->ambient_K;
}

static double at_ambient_W(const struct device_thermal *thermal, size_t d)
{
    double knot_W = thermal->factor[d] * thermal->grid[d].knot_W[thermal->cell[d]];
    return knot_W - slope_WpK(thermal, d) * low_rise_K(thermal, d);
}

/* Conductance matrix: row sums are the conductances to ambient. */
static void laplacian(const struct device_thermal *thermal, gsl_matrix *out)
{
    const struct device_network *network = &thermal->network;
    for (size_t i = 0; i < thermal->n; i++) {
        double sum = network->ambient_WpK[i];
        for (size_t j = 0; j < thermal->n; j++) {
            double g = device_network_coupling(network, i, j);
            gsl_matrix_set(out, i, j, -g);
            sum += g;
        }
        gsl_matrix_set(out, i, i, sum);
    }
}

static void basis_allocate(struct basis *basis, size_t n, size_t n_devices)
{
    if (basis->cell)
        return;
    basis->cell = mem_calloc(n_devices, sizeof *basis->cell);
    basis->factor = mem_calloc(n_devices, sizeof *basis->factor);
    basis->rate = mem_calloc(n, sizeof *basis->rate);
    basis->to_modes = mem_calloc(n * n, sizeof *basis->to_modes);
    basis->from_modes = mem_calloc(n * n, sizeof *basis->from_modes);
    basis->input = mem_calloc(n * n_devices, sizeof *basis->input);
}

/* With x = C^(1/2) rise the system matrix is symmetric, so its eigenbasis is orthogonal. */
static void basis_fill(struct device_thermal *thermal, struct basis *basis)
{
    size_t n = thermal->n, n_devices = thermal->n_devices;
    const double *capacity = thermal->network.capacity_JpK;
    basis_allocate(basis, n, n_devices);
    gsl_matrix *a = thermal->matrix;
    laplacian(thermal, a);
    for (size_t d = 0; d < n_devices; d++) {
        double *diagonal = gsl_matrix_ptr(a, thermal->die[d], thermal->die[d]);
        *diagonal -= slope_WpK(thermal, d);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            *gsl_matrix_ptr(a, i, j) /= -sqrt(capacity[i] * capacity[j]);
    gsl_eigen_symmv(a, thermal->values, thermal->vectors, thermal->workspace);
    for (size_t m = 0; m < n; m++) {
        basis->rate[m] = gsl_vector_get(thermal->values, m);
        for (size_t i = 0; i < n; i++) {
            double q = gsl_matrix_get(thermal->vectors, i, m);
            basis->to_modes[m * n + i] = q * sqrt(capacity[i]);
            basis->from_modes[i * n + m] = q / sqrt(capacity[i]);
        }
        for (size_t d = 0; d < n_devices; d++)
            basis->input[m * n_devices + d] = basis->from_modes[thermal->die[d] * n + m];
    }
    memcpy(basis->cell, thermal->cell, n_devices * sizeof *basis->cell);
    memcpy(basis->factor, thermal->factor, n_devices * sizeof *basis->factor);
    basis->filled = true;
}

static bool basis_matches(const struct device_thermal *thermal, const struct basis *basis)
{
    if (!basis->filled)
        return false;
    for (size_t d = 0; d < thermal->n_devices; d++)
        if (basis->cell[d] != thermal->cell[d] || basis->factor[d] != thermal->factor[d])
            return false;
    return true;
}

static size_t slot_of(const struct device_thermal *thermal)
{
    uint64_t hash = 1469598103934665603U; /* FNV-1a */
    for (size_t d = 0; d < thermal->n_devices; d++) {
        uint64_t bits;
        memcpy(&bits, &thermal->factor[d], sizeof bits);
        hash = (hash ^ (uint64_t)thermal->cell[d]) * 1099511628211U;
        hash = (hash ^ (bits ^ (bits >> 32))) * 1099511628211U;
    }
    return (size_t)((hash ^ (hash >> 32)) % CACHE_SLOTS);
}

static const struct basis *basis_now(struct device_thermal *thermal)
{
    if (!thermal->basis) {
        thermal->basis = &thermal->slot[slot_of(thermal)];
        if (!basis_matches(thermal, thermal->basis))
            basis_fill(thermal, thermal->basis);
    }
    return thermal->basis;
}

/* (e^x - 1)/x and (e^x - 1 - x)/x^2, smooth through 0; growth = e^x - 1. */
static double phi1(double x, double growth)
{
    return fabs(x) < 1e-8 ? 1 + x / 2 : growth / x;
}

static double phi2(double x, double growth)
{
    if (fabs(x) < 1e-3)
        return 0.5 + x * (1.0 / 6 + x * (1.0 / 24 + x / 120));
    return (growth - x) / (x * x);
}

/* Modes and their sources at the start of a step. */
static void start_modes(struct device_thermal *thermal, const struct basis *basis,
                        const double *power_W)
{
    size_t n = thermal->n, n_devices = thermal->n_devices;
    thermal->next_s = NAN;
    for (size_t m = 0; m < n; m++) {
        double mode = 0, source = 0;
        for (size_t i = 0; i < n; i++)
            mode += basis->to_modes[m * n + i] * thermal->rise_K[i];
        for (size_t d = 0; d < n_devices; d++)
            source += basis->input[m * n_devices + d] * (power_W[d] + at_ambient_W(thermal, d));
        thermal->mode[m] = mode;
        thermal->source[m] = basis->rate[m] * mode + source; /* dz/dt at the start */
    }
}

/* All devices ask for the same times. */
static void modes_at(struct device_thermal *thermal, const struct basis *basis, double dt_s)
{
    if (thermal->next_s == dt_s)
        return;
    thermal->next_s = dt_s;
    for (size_t m = 0; m < thermal->n; m++) {
        double x = basis->rate[m] * dt_s;
        thermal->growth[m] = expm1(x);
        thermal->next[m] =
            thermal->mode[m] + thermal->source[m] * dt_s * phi1(x, thermal->growth[m]);
    }
}

static double rise_from(const struct device_thermal *thermal, const struct basis *basis,
                        size_t node, const double *mode)
{
    double rise = 0;
    for (size_t m = 0; m < thermal->n; m++)
        rise += basis->from_modes[node * thermal->n + m] * mode[m];
    return rise;
}

/* A die that never leaks has no cells to leave. */
static bool leakless(const struct device_thermal *thermal, size_t d)
{
    return thermal->factor[d] == 0 || thermal->grid[d].knot_W[BEYOND] == 0;
}

/* How far a die at this height above its cell's lower edge is out of the cell; < 0 inside. */
static double out_of_cell_K(const struct device_thermal *thermal, size_t d, double above_K)
{
    double below = thermal->cell[d] > 0 ? -above_K : -INFINITY;
    double over = thermal->cell[d] < BEYOND ? above_K - DEVICE_GRID_STEP_K : -INFINITY;
    return fmax(below, over);
}

/* The same after t seconds. In a cell that runs away the temperature may be past all numbers by
 * then: infinitely far. */
static double excess_K(struct device_thermal *thermal, const struct basis *basis, size_t d,
                       double t_s)
{
    if (t_s > 0)
        modes_at(thermal, basis, t_s);
    double rise =
        rise_from(thermal, basis, thermal->die[d], t_s > 0 ? thermal->next : thermal->mode);
    return isfinite(rise) ? out_of_cell_K(thermal, d, rise - low_rise_K(thermal, d)) : INFINITY;
}

/* A stretch of time, and how far out of its cell a die is at both ends. */
struct stretch {
    double from_s, to_s, from_K, to_K;
};

/* Whether a look at both ends is enough to tell if the die leaves its cell in between: its speed
 * keeps its sign, or its path cannot bend far enough. */
static bool ends_tell(const struct device_thermal *thermal, const struct basis *basis, size_t d,
                      const struct stretch *stretch)
{
    double speed = 0, bend = 0, length_s = stretch->to_s - stretch->from_s;
    for (size_t m = 0; m < thermal->n; m++) {
        double rate = basis->rate[m];
        double part = basis->from_modes[thermal->die[d] * thermal->n + m] * thermal->source[m] *
                      exp(rate * stretch->from_s);
        speed += part;
        bend += fabs(part * rate) * (rate > 0 ? exp(rate * length_s) : 1);
    }
    /* Between two points a path departs from its chord by at most length^2/8 times its bend. */
    double depart_K = bend * length_s * length_s / 8;
    return fabs(speed) > bend * length_s || depart_K <= 0.5 * EDGE_K ||
           fmax(stretch->from_K, stretch->to_K) + depart_K <= EDGE_K;
}

/* Narrows *stretch, at whose beginning the die is inside, to one in which it leaves its cell for
 * the first time; false when it stays. */
static bool find_exit(struct device_thermal *thermal, const struct basis *basis, size_t d,
                      struct stretch *stretch, int depth)
{
    if (depth == 0 || ends_tell(thermal, basis, d, stretch))
        return stretch->to_K > EDGE_K;
    struct stretch first = *stretch, second = *stretch;
    first.to_s = second.from_s = 0.5 * (stretch->from_s + stretch->to_s);
    first.to_K = second.from_K = excess_K(thermal, basis, d, first.to_s);
    bool out = find_exit(thermal, basis, d, &first, depth - 1);
    *stretch = out ? first : second;
    return out || find_exit(thermal, basis, d, stretch, depth - 1);
}

/* When the die is just out, by EDGE_K to 2 EDGE_K (regula falsi, Illinois, aimed between). */
static double crossing_s(struct device_thermal *thermal, const struct basis *basis, size_t d,
                         const struct stretch *stretch)
{
    const double aim_K = 1.5 * EDGE_K;
    double low = stretch->from_s, high = stretch->to_s;
    double below = stretch->from_K - aim_K, above = stretch->to_K - aim_K;
    if (stretch->from_K > EDGE_K)
        return low;
    for (int i = 0, side = 0; i < ROOT_STEPS && above > 0.5 * EDGE_K; i++) {
        double middle = low + (high - low) * below / (below - above);
        if (!(middle > low && middle < high) || i % 8 == 7)
            middle = 0.5 * (low + high);
        double miss = excess_K(thermal, basis, d, middle) - aim_K;
        if (fabs(miss) <= 0.5 * EDGE_K)
            return middle;
        bool over = miss > 0;
        *(over ? &high : &low) = middle;
        *(over ? &above : &below) = miss;
        /* The end that stays a second time counts half. */
        *(over ? &below : &above) *= side == (over ? 1 : -1) ? 0.5 : 1;
        side = over ? 1 : -1;
    }
    return high;
}

/* How long the present cells hold: dt, or less when a die leaves its cell before. */
static double inside_s(struct device_thermal *thermal, const struct basis *basis, double dt_s,
                       bool *leaves)
{
    for (size_t d = 0; d < thermal->n_devices; d++) {
        if (leakless(thermal, d))
            continue;
        struct stretch stretch = {0, dt_s, excess_K(thermal, basis, d, 0),
                                  excess_K(thermal, basis, d, dt_s)};
        if (!find_exit(thermal, basis, d, &stretch, 60))
            continue;
        dt_s = crossing_s(thermal, basis, d, &stretch);
        *leaves = true;
    }
    return dt_s;
}

/* Adds the leaked joules of a step inside one cell, after modes_at its end: factor (a dt + slope
 * integral of rise). */
static void add_leakage(const struct device_thermal *thermal, const struct basis *basis,
                        double dt_s, double *leakage_J)
{
    for (size_t d = 0; d < thermal->n_devices; d++) {
        if (thermal->factor[d] == 0)
            continue;
        double integral = 0;
        for (size_t m = 0; m < thermal->n; m++) {
            double x = basis->rate[m] * dt_s;
            integral += basis->from_modes[thermal->die[d] * thermal->n + m] *
                        (thermal->mode[m] * dt_s +
                         thermal->source[m] * dt_s * dt_s * phi2(x, thermal->growth[m]));
        }
        leakage_J[d] += at_ambient_W(thermal, d) * dt_s + slope_WpK(thermal, d) * integral;
    }
}

static void finish_substep(struct device_thermal *thermal, const struct basis *basis, double dt_s,
                           double *leakage_J, double *peak_K)
{
    modes_at(thermal, basis, dt_s);
    add_leakage(thermal, basis, dt_s, leakage_J);
    for (size_t i = 0; i < thermal->n; i++)
        thermal->rise_K[i] = rise_from(thermal, basis, i, thermal->next);
    for (size_t d = 0; d < thermal->n_devices; d++)
        peak_K[d] = fmax(peak_K[d], device_thermal_die_K(thermal, d));
}

/* Moves each die that is past an edge of its cell one cell on. */
static void change_cells(struct device_thermal *thermal)
{
    for (size_t d = 0; d < thermal->n_devices; d++) {
        double above = thermal->rise_K[thermal->die[d]] - low_rise_K(thermal, d);
        if (leakless(thermal, d) || out_of_cell_K(thermal, d, above) <= EDGE_K)
            continue;
        thermal->cell[d] += above > 0 ? 1 : -1;
        thermal->runaway = thermal->runaway || thermal->cell[d] == BEYOND;
        thermal->basis = NULL;
    }
}

/* The cells of dies that were set or that do not leak: those never end a step. */
static void refresh_cells(struct device_thermal *thermal)
{
    for (size_t d = 0; d < thermal->n_devices; d++) {
        double above = thermal->rise_K[thermal->die[d]] - low_rise_K(thermal, d);
        if (out_of_cell_K(thermal, d, above) <= EDGE_K)
            continue;
        thermal->cell[d] = cell_of(device_thermal_die_K(thermal, d));
        thermal->basis = NULL;
    }
}

void device_thermal_step(struct device_thermal *thermal, double dt_s, const double *power_W,
                         double *leakage_J, double *peak_K)
{
    refresh_cells(thermal);
    for (int i = 0; dt_s > 0; i++) {
        const struct basis *basis = basis_now(thermal);
        bool leaves = false;
        start_modes(thermal, basis, power_W);
        double step_s = i < MOST_CROSSINGS ? inside_s(thermal, basis, dt_s, &leaves) : dt_s;
        finish_substep(thermal, basis, step_s, leakage_J, peak_K);
        dt_s -= step_s;
        if (leaves)
            change_cells(thermal);
    }
}

/* One Newton step of the steady state: (L - slopes) rise = power + leakage at ambient. Leakage is
 * convex, so from below Newton climbs to the lower fixed point and never passes it. */
static bool newton_step(struct device_thermal *thermal, const double *power_W, gsl_vector *rise)
{
    size_t n = thermal->n;
    double *load = thermal->source;
    memset(load, 0, n * sizeof *load);
    laplacian(thermal, thermal->matrix);
    for (size_t d = 0; d < thermal->n_devices; d++) {
        *gsl_matrix_ptr(thermal->matrix, thermal->die[d], thermal->die[d]) -= slope_WpK(thermal, d);
        load[thermal->die[d]] += power_W[d] + at_ambient_W(thermal, d);
    }
    gsl_eigen_symmv(thermal->matrix, thermal->values, thermal->vectors, thermal->workspace);
    gsl_vector_set_zero(rise);
    for (size_t m = 0; m < n; m++) {
        double value = gsl_vector_get(thermal->values, m), share = 0;
        if (value <= 0)
            return false; /* a slope exceeds what its node can carry off */
        for (size_t i = 0; i < n; i++)
            share += gsl_matrix_get(thermal->vectors, i, m) * load[i] / value;
        for (size_t i = 0; i < n; i++)
            *gsl_vector_ptr(rise, i) += gsl_matrix_get(thermal->vectors, i, m) * share;
    }
    return true;
}

bool device_thermal_steady(struct device_thermal *thermal, const double *power_W)
{
    gsl_vector *rise = gsl_vector_calloc(thermal->n);
    bool ok = true, settled = false;
    for (size_t d = 0; d < thermal->n_devices; d++)
        thermal->cell[d] = device_leakage_cell(thermal->ambient_K);
    for (int i = 0; i < 200 && ok && !settled; i++) {
        ok = newton_step(thermal, power_W, rise);
        settled = true;
        for (size_t d = 0; d < thermal->n_devices && ok; d++) {
            double temperature_K = thermal->ambient_K + gsl_vector_get(rise, thermal->die[d]);
            int cell = device_leakage_cell(temperature_K);
            ok = cell < DEVICE_GRID_KNOTS - 2;
            settled = settled && abs(cell - thermal->cell[d]) <= (i > 100 ? 1 : 0);
            thermal->cell[d] = cell;
        }
    }
    thermal->runaway = !ok;
    thermal->basis = NULL;
    for (size_t i = 0; i < thermal->n && ok; i++)
        thermal->rise_K[i] = gsl_vector_get(rise, i);
    gsl_vector_free(rise);
    return ok;
}

void device_thermal_resistances(const struct device_thermal *thermal, double *resistance_KpW,
                                double *die_KpW)
{
    size_t n = thermal->n, n_devices = thermal->n_devices;
    gsl_matrix *conductance = gsl_matrix_alloc(n, n);
    gsl_vector *watt = gsl_vector_alloc(n), *rise = gsl_vector_alloc(n);
    laplacian(thermal, conductance);
    gsl_linalg_cholesky_decomp1(conductance);
    for (size_t j = 0; j < n_devices; j++) {
        gsl_vector_set_basis(watt, thermal->die[j]);
        gsl_linalg_cholesky_solve(conductance, watt, rise);
        for (size_t d = 0; d < n_devices; d++)
            resistance_KpW[d * n_devices + j] = gsl_vector_get(rise, thermal->die[d]);
    }
    for (size_t d = 0; d < n_devices; d++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += device_network_coupling(&thermal->network, thermal->die[d], j);
        die_KpW[d] = sum > 0 ? 1 / sum : 0;
    }
    gsl_matrix_free(conductance);
    gsl_vector_free(watt);
    gsl_vector_free(rise);
}
