/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/sessions.h"

#include "base/memory.h"

#include <stdlib.h>

void sim_sessions_free(struct sim_sessions *sessions)
{
    free(sessions->at);
    *sessions = (struct sim_sessions){0};
}

/* Multiplication by 2^64 over the golden ratio spreads names that count up (Knuth, volume 3,
 * section 6.4). */
static size_t home_of(const struct sim_sessions *sessions, uint64_t name)
{
    return (size_t)((name * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (sessions->capacity - 1);
}

/* Where a name stands, or the empty place where it would. */
static size_t place_of(const struct sim_sessions *sessions, uint64_t name)
{
    size_t i = home_of(sessions, name);
    while (sessions->at[i].name != 0 && sessions->at[i].name != name)
        i = (i + 1) & (sessions->capacity - 1);
    return i;
}

struct sim_session *sim_sessions_find(struct sim_sessions *sessions, uint64_t name)
{
    if (sessions->n == 0)
        return NULL;
    struct sim_session *session = &sessions->at[place_of(sessions, name)];
    return session->name != 0 ? session : NULL;
}

static void widen(struct sim_sessions *sessions)
{
    enum { FEWEST = 64 };
    struct sim_sessions old = *sessions;
    sessions->capacity = old.capacity ? 2 * old.capacity : FEWEST;
    sessions->at = mem_calloc(sessions->capacity, sizeof *sessions->at);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.at[i].name != 0)
            sessions->at[place_of(sessions, old.at[i].name)] = old.at[i];
    free(old.at);
}

struct sim_session *sim_sessions_open(struct sim_sessions *sessions, uint64_t name)
{
    if (2 * (sessions->n + 1) > sessions->capacity)
        widen(sessions);
    struct sim_session *session = &sessions->at[place_of(sessions, name)];
    if (session->name == 0) {
        *session = (struct sim_session){.name = name, .first = SIM_NO_SLOT, .last = SIM_NO_SLOT};
        sessions->n++;
    }
    return session;
}

/* Those behind it move up where their way from home leads over the hole. */
void sim_sessions_forget(struct sim_sessions *sessions, struct sim_session *session)
{
    size_t mask = sessions->capacity - 1, hole = (size_t)(session - sessions->at);
    for (size_t i = (hole + 1) & mask; sessions->at[i].name != 0; i = (i + 1) & mask) {
        size_t home = home_of(sessions, sessions->at[i].name);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        sessions->at[hole] = sessions->at[i];
        hole = i;
    }
    sessions->at[hole].name = 0;
    sessions->n--;
}
