/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machine this is, as far as it decides where threads run and how fast: cores, caches, limits
 * of the control group, clocks. What is not known is 0 or NULL: containers may hide all of it. */
#ifndef DEVICES_KERNELS_PLACES_H
#define DEVICES_KERNELS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

struct places_cache {
    unsigned level;
    double bytes;  /* of one */
    size_t caches; /* that the cores in use have together */
};

enum { PLACES_CACHES = 4 };

struct places {
    char *model;        /* "AMD Ryzen 9 7950X 16-Core Processor" */
    char *kernel;       /* "Linux 6.1.0" */
    char *governor;     /* of the clocks: "performance" */
    char *mode;         /* of the power profile: "balanced" */
    size_t cores, cpus; /* that this process may use */
    size_t kinds;       /* of cores: 2 where there are big and small ones */
    size_t fast_cores;  /* of the fastest kind */
    double quota_cpus;  /* limit of the control group; 0: none */
    double memory_B;    /* of the machine, or the control group's limit */
    double free_B;      /* that can be had now, also below the control group's limit */
    double clock_Hz;    /* highest, as the system tells */
    bool steady_clock;  /* the time stamp counter does not change with the clock (x86) */
    char *clock;        /* that the system tells the time by: "tsc" */
    struct places_cache cache[PLACES_CACHES]; /* (n_caches) smallest first */
    size_t n_caches;
    void *topology; /* hwloc's */
    void **cpu;   /* (cpus) hwloc's sets of one CPU: fast cores first, their second threads last */
    void *before; /* CPUs that the thread which opened this was bound to then */
};

/* Reads /proc and /sys below `root` ("" is the real one); the topology is the real one's. Freed
 * with places_close. */
struct places *places_open(const char *root);
void places_close(struct places *places);
/* Threads that are worth starting: one a core, no more than the quota. */
size_t places_threads(const struct places *places);
/* How many to try after so many, at most `most`: twice as many, but first one on each fast core, on
 * each core, and all. Above `most`: there is no more to try. */
size_t places_next_threads(const struct places *places, size_t threads, size_t most);
/* Makes the calling thread stay on the CPU of this number. */
void places_stay(const struct places *places, size_t number);
/* Lets it run again where the one that opened this did. */
void places_leave(const struct places *places);

#endif
