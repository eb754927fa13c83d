/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Combinatorial problems whose fronts are known: placed layers, for which exhaustive enumeration,
 * label setting and branch and bound of other programs agree, and a published knapsack (Kirlik,
 * Sayin, European Journal of Operational Research 232, 2014). The archive and the volume must give
 * the same fronts, from plans that are counted here without any scheduler. */
#include "analysis/hypervolume.h"
#include "analysis/pareto.h"
#include "tests/check.h"
#include "tests/support/layers.h"

/* What an assignment of the first layers costs. */
struct partial {
    double energy, time, busy[LAYERS_DEVICES];
};

static struct partial placed(const struct layers *layers, struct partial p, size_t l, int before,
                             int d)
{
    bool change = before >= 0 && before != d;
    p.energy += layers->energy[l][d] + (change ? layers->change_energy : 0);
    p.time += layers->time[l][d] + (change ? layers->change_time : 0);
    p.busy[d] += layers->time[l][d];
    return p;
}

static void put(struct analysis_archive *archive, const struct partial *p)
{
    double most = fmax(p->busy[0], fmax(p->busy[1], p->busy[2]));
    double f[] = {p->energy, p->time, 3 * most - (p->busy[0] + p->busy[1] + p->busy[2])};
    analysis_archive_insert(archive, f, 0);
}

static void enumerate(const struct layers *layers, struct partial p, size_t l, int before,
                      struct analysis_archive *archive)
{
    if (l == layers->n) {
        put(archive, &p);
        return;
    }
    for (int d = 0; d < LAYERS_DEVICES; d++)
        enumerate(layers, placed(layers, p, l, before, d), l + 1, d, archive);
}

/* A device whose run of layers has ended is not `free` any more. */
static void enumerate_stages(const struct layers *layers, struct partial p, size_t l, int before,
                             unsigned free_devices, struct analysis_archive *archive)
{
    if (l == layers->n) {
        put(archive, &p);
        return;
    }
    for (int d = 0; d < LAYERS_DEVICES; d++)
        if (d == before || free_devices >> d & 1)
            enumerate_stages(layers, placed(layers, p, l, before, d), l + 1, d,
                             free_devices & ~(1U << d), archive);
}

static void check_front(const struct analysis_archive *archive, size_t n, double volume)
{
    double least[3], r[3];
    CHECK(archive->n == n);
    analysis_bounds(archive->f, archive->n, archive->m, least, r);
    for (size_t o = 0; o < archive->m; o++)
        r[o] += 1;
    CHECK(analysis_hypervolume(archive->f, archive->n, archive->m, r, NULL) == volume);
}

static void check_normalised(struct analysis_archive *archive, const double *bounds, double volume)
{
    double least[3], greatest[3];
    analysis_bounds(archive->f, archive->n, 3, least, greatest);
    CHECK(memcmp(least, bounds, sizeof least) == 0);
    CHECK(memcmp(greatest, bounds + 3, sizeof greatest) == 0);
    for (size_t i = 0; i < 3 * archive->n; i++)
        archive->f[i] = (archive->f[i] - least[i % 3]) / (greatest[i % 3] - least[i % 3]);
    CHECK_NEAR(analysis_hypervolume(archive->f, archive->n, 3, (double[]){1.1, 1.1, 1.1}, NULL),
               volume, 1e-8);
}

static void check_layers(void)
{
    static const struct {
        size_t layers, n;
        double bounds[6], volume, normalised;
    } truth[] = {
        {6, 49, {62, 90, 4, 385, 326, 652}, 33354695, 0.954290727},
        {8, 96, {81, 120, 1, 485, 431, 862}, 70994761, 0.933726681},
        {10, 168, {99, 158, 1, 610, 540, 1080}, 138062770, 0.934014610},
        {12, 300, {137, 180, 0, 732, 647, 1294}, 242096206, 0.957731781},
    };
    for (size_t i = 0; i < sizeof truth / sizeof *truth; i++) {
        struct layers layers;
        struct analysis_archive archive;
        layers_open(&layers, truth[i].layers, 1);
        analysis_archive_init(&archive, 3);
        enumerate(&layers, (struct partial){0}, 0, -1, &archive);
        check_front(&archive, truth[i].n, truth[i].volume);
        check_normalised(&archive, truth[i].bounds, truth[i].normalised);
        analysis_archive_free(&archive);
    }
}

static void check_stages(size_t n, size_t members, double volume)
{
    struct layers layers;
    struct analysis_archive archive;
    layers_open(&layers, n, 1);
    analysis_archive_init(&archive, 3);
    enumerate_stages(&layers, (struct partial){0}, 0, -1, 7, &archive);
    check_front(&archive, members, volume);
    analysis_archive_free(&archive);
}

/* All ways of `at` one layer on. */
static void follow(const struct layers *layers, const struct analysis_archive *at, size_t l,
                   struct analysis_archive *next)
{
    for (int d = 0; d < LAYERS_DEVICES; d++) {
        analysis_archive_init(&next[d], 2);
        for (int from = 0; from < LAYERS_DEVICES; from++) {
            for (size_t i = 0; i < at[from].n; i++) {
                const double *f = analysis_archive_point(&at[from], i);
                struct partial p = placed(layers, (struct partial){f[0], f[1], {0}}, l, from, d);
                analysis_archive_insert(&next[d], (double[]){p.energy, p.time}, 0);
            }
        }
    }
}

/* Energy and latency alone are a shortest path with two costs: of all ways to a device at a layer
 * only the nondominated ones are followed. */
static void check_projection(size_t n, size_t members, double volume)
{
    struct layers layers;
    struct analysis_archive at[LAYERS_DEVICES], next[LAYERS_DEVICES], all;
    layers_open(&layers, n, 1);
    analysis_archive_init(&all, 2);
    for (int d = 0; d < LAYERS_DEVICES; d++) {
        analysis_archive_init(&at[d], 2);
        analysis_archive_insert(&at[d], (double[]){layers.energy[0][d], layers.time[0][d]}, 0);
    }
    for (size_t l = 1; l < n; l++) {
        follow(&layers, at, l, next);
        for (int d = 0; d < LAYERS_DEVICES; d++)
            analysis_archive_free(&at[d]);
        memcpy(at, next, sizeof at);
    }
    for (int d = 0; d < LAYERS_DEVICES; d++) {
        for (size_t i = 0; i < at[d].n; i++)
            analysis_archive_insert(&all, analysis_archive_point(&at[d], i), 0);
        analysis_archive_free(&at[d]);
    }
    check_front(&all, members, volume);
    analysis_archive_free(&all);
}

/* Ten things of three values; the first instance of its size. */
static void check_knapsack(void)
{
    static const double value[3][10] = {{566, 611, 506, 180, 817, 184, 585, 423, 26, 317},
                                        {62, 84, 977, 979, 874, 54, 269, 93, 881, 563},
                                        {664, 982, 962, 140, 224, 215, 12, 869, 332, 537}};
    static const int weight[10] = {557, 898, 148, 63, 78, 964, 246, 662, 386, 272};
    static const double front[7 * 3] = {-3394, -3817, -3408, -3042, -4627, -3189, -2997,
                                        -3539, -3509, -2854, -4636, -3076, -2854, -3570,
                                        -3714, -2706, -3857, -3304, -2518, -3866, -3191};
    struct analysis_archive archive;
    analysis_archive_init(&archive, 3);
    for (unsigned chosen = 0; chosen < 1U << 10; chosen++) {
        double f[3] = {0, 0, 0};
        int heavy = 0;
        for (size_t i = 0; i < 10; i++) {
            heavy += chosen >> i & 1 ? weight[i] : 0;
            for (size_t o = 0; o < 3; o++)
                f[o] -= chosen >> i & 1 ? value[o][i] : 0;
        }
        if (heavy <= 2137)
            analysis_archive_insert(&archive, f, chosen);
    }
    CHECK(archive.n == 7 && memcmp(archive.f, front, sizeof front) == 0);
    CHECK(analysis_hypervolume(archive.f, archive.n, 3, (double[]){0, 0, 0}, NULL) == 55268435681);
    analysis_archive_free(&archive);
}

int main(void)
{
    check_layers();
    check_stages(12, 78, 210110043);
    check_stages(24, 246, 1499888224);
    check_stages(32, 397, 3370018838);
    check_projection(6, 23, 56138);
    check_projection(14, 105, 274363);
    check_projection(32, 369, 1296307);
    check_knapsack();
    return check_result();
}
