/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/places.h"

#include "base/memory.h"
#include "devices/kernels/places_system.h"

#include <hwloc.h>
#include <hwloc/cpukinds.h>
#include <math.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

static void add_cpu(struct places *places, hwloc_const_cpuset_t core, unsigned which)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    int cpu = -1;
    for (unsigned i = 0; i <= which; i++)
        cpu = hwloc_bitmap_next(core, cpu);
    if (cpu < 0) {
        hwloc_bitmap_free(set);
        return;
    }
    hwloc_bitmap_set(set, (unsigned)cpu);
    places->cpu = mem_realloc(places->cpu, places->cpus + 1, sizeof *places->cpu);
    places->cpu[places->cpus++] = set;
    places->cores += which == 0;
}

/* CPUs that this process may run on: a cpuset of its group, or an affinity that it was given. */
static hwloc_bitmap_t allowed(hwloc_topology_t topology)
{
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    if (hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_PROCESS) != 0 ||
        hwloc_bitmap_iszero(bound))
        hwloc_bitmap_fill(bound);
    hwloc_bitmap_and(bound, bound, hwloc_topology_get_allowed_cpuset(topology));
    return bound;
}

/* The kind of a core, the slowest 0: hwloc orders them so. Of some cores the system may not tell.
 */
static int kind_of(hwloc_topology_t topology, hwloc_obj_t core)
{
    int kind = hwloc_cpukinds_get_by_cpuset(topology, core->cpuset, 0);
    return kind < 0 ? 0 : kind;
}

/* First threads of cores before second ones; the kinds of cores from fast to slow. */
static void list_cpus(struct places *places, hwloc_topology_t topology)
{
    enum { MOST_THREADS = 8 };
    hwloc_bitmap_t may = allowed(topology), set = hwloc_bitmap_alloc();
    int kinds = hwloc_cpukinds_get_nr(topology, 0);
    int cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    hwloc_obj_type_t type = cores > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
    places->kinds = kinds > 1 ? (size_t)kinds : 1;
    for (unsigned which = 0; which < MOST_THREADS; which++)
        for (int kind = (int)places->kinds - 1; kind >= 0; kind--)
            for (int i = 0; i < hwloc_get_nbobjs_by_type(topology, type); i++) {
                hwloc_obj_t core = hwloc_get_obj_by_type(topology, type, (unsigned)i);
                if (kinds > 1 && kind_of(topology, core) != kind)
                    continue;
                hwloc_bitmap_and(set, core->cpuset, may);
                if (hwloc_bitmap_weight(set) <= (int)which)
                    continue;
                add_cpu(places, set, which);
                places->fast_cores += which == 0 && kind == (int)places->kinds - 1;
            }
    hwloc_bitmap_free(may);
    hwloc_bitmap_free(set);
}

/* Those of the CPUs that may be used; where they differ in size, the first one's counts. */
static void list_caches(struct places *places, hwloc_topology_t topology)
{
    static const hwloc_obj_type_t types[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                             HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE};
    hwloc_bitmap_t may = allowed(topology);
    for (unsigned level = 0; level < PLACES_CACHES; level++) {
        struct places_cache found = {.level = level + 1};
        for (int i = hwloc_get_nbobjs_by_type(topology, types[level]) - 1; i >= 0; i--) {
            hwloc_obj_t cache = hwloc_get_obj_by_type(topology, types[level], (unsigned)i);
            if (!hwloc_bitmap_intersects(cache->cpuset, may))
                continue;
            found.bytes = (double)cache->attr->cache.size;
            found.caches++;
        }
        if (found.bytes > 0)
            places->cache[places->n_caches++] = found;
    }
    hwloc_bitmap_free(may);
}

static void read_topology(struct places *places)
{
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return;
    if (hwloc_topology_load(topology) != 0) {
        hwloc_topology_destroy(topology);
        return;
    }
    places->topology = topology;
    places->before = hwloc_bitmap_alloc();
    if (hwloc_get_cpubind(topology, places->before, HWLOC_CPUBIND_THREAD) != 0)
        hwloc_bitmap_zero(places->before);
    list_cpus(places, topology);
    list_caches(places, topology);
}

struct places *places_open(const char *root)
{
    struct places *places = mem_calloc(1, sizeof *places);
    struct utsname name;
    read_topology(places);
    places_read_system(places, root);
    if (uname(&name) == 0)
        places->kernel = mem_printf("%s %s", name.sysname, name.release);
    if (places->cpus == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        places->fast_cores = places->cores = places->cpus = online > 0 ? (size_t)online : 1;
    }
    return places;
}

void places_close(struct places *places)
{
    if (!places)
        return;
    for (size_t i = 0; places->cpu && i < places->cpus; i++)
        hwloc_bitmap_free(places->cpu[i]);
    hwloc_bitmap_free(places->before);
    if (places->topology)
        hwloc_topology_destroy(places->topology);
    free(places->cpu);
    free(places->model);
    free(places->kernel);
    free(places->governor);
    free(places->mode);
    free(places->clock);
    free(places);
}

size_t places_threads(const struct places *places)
{
    double threads = (double)places->cores;
    if (places->quota_cpus > 0)
        threads = fmin(threads, floor(places->quota_cpus));
    return threads < 1 ? 1 : (size_t)threads;
}

size_t places_next_threads(const struct places *places, size_t threads, size_t most)
{
    const size_t stops[] = {places->fast_cores, places->cores, most};
    size_t next = 2 * threads;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (threads < stops[i] && stops[i] < next)
            next = stops[i];
    return next <= most ? next : most + 1;
}

/* A CPU that may not be had is no fault: the thread then runs anywhere. */
void places_stay(const struct places *places, size_t number)
{
    if (places->topology && places->cpu && number < places->cpus)
        hwloc_set_cpubind(places->topology, places->cpu[number], HWLOC_CPUBIND_THREAD);
}

void places_leave(const struct places *places)
{
    if (places->topology && !hwloc_bitmap_iszero(places->before))
        hwloc_set_cpubind(places->topology, places->before, HWLOC_CPUBIND_THREAD);
}
