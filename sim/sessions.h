/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which sessions have a call under way, and which calls wait for its end. A session is forgotten
 * with the end of its last call. */
#ifndef SIM_SESSIONS_H
#define SIM_SESSIONS_H

#include <stddef.h>
#include <stdint.h>

#define SIM_NO_SLOT UINT32_MAX

struct sim_session {
    uint64_t name;        /* never 0 */
    uint32_t open;        /* calls that came, or have a time to come, and did not end */
    uint32_t first, last; /* calls held, as slots of the batch, or SIM_NO_SLOT */
};

struct sim_sessions {
    struct sim_session *at; /* (capacity) open addressing; name 0: empty */
    size_t n, capacity;     /* capacity: a power of two */
};

void sim_sessions_free(struct sim_sessions *sessions);
/* NULL: none of its calls is under way. Borrowed until the next call. */
struct sim_session *sim_sessions_find(struct sim_sessions *sessions, uint64_t name);
/* Likewise, but begins a session that is not there. */
struct sim_session *sim_sessions_open(struct sim_sessions *sessions, uint64_t name);
void sim_sessions_forget(struct sim_sessions *sessions, struct sim_session *session);

#endif
