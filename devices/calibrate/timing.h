/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a piece of work takes: the median of repetitions behind a warm-up. A repetition in which
 * the system took a processor away for another program does not count; where there are too few
 * others, the processor time of the work stands for its time. */
#ifndef DEVICES_CALIBRATE_TIMING_H
#define DEVICES_CALIBRATE_TIMING_H

#include "devices/kernels/kernels.h"

/* False: stop. Asked between repetitions, `what` being what is measured now. */
typedef bool calibrate_go_on(void *context);

/* Work for `call` 0, 1, 2 ...: each call may touch other memory than the one before. */
typedef void calibrate_work(void *context, size_t call);

struct calibrate_effort {
    struct kernels *kernels; /* that work */
    double s;                /* to spend on it behind the warm-up; twice that on a busy machine */
    size_t least, most;      /* repetitions, whatever the time; of work so long that they would take
                                more than ten times `s`, three */
    calibrate_go_on *go_on;
    void *context;
};

/* Rounds in which all work is timed, so that each piece tells of the whole stretch of time. */
enum { CALIBRATE_ROUNDS = 3 };

struct calibrate_timing {
    double median_s;       /* of one call */
    double spread;         /* robust standard deviation of a repetition, over the median */
    double standard_error; /* of the median, over it */
    size_t repetitions;    /* that count */
    bool metered;          /* by processor time: other programs ran all the while */
};

/* Seconds of a clock that only runs forward. */
double calibrate_now_s(void);
/* Short calls are timed together, so that the clock's own time does not count. False: stopped
 * before there were three repetitions. */
bool calibrate_time(calibrate_work *work, void *context, const struct calibrate_effort *effort,
                    struct calibrate_timing *out);

/* The same work, timed in n rounds with other work between them: the median of the rounds. Its
 * standard error counts both how sure each round is and how far they lie apart. No round: all 0. */
struct calibrate_timing calibrate_timing_of(const struct calibrate_timing *round, size_t n);

#endif
