/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points in time as traces write them, read in integers: 100 ns in 1.7e9 s need 54 bits, one more
 * than a double has. */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#define STAMP_PS_PER_S INT64_C(1000000000000)

struct stamp {
    int64_t s;  /* since 1970, or since whatever zero the trace has */
    int64_t ps; /* [0, 1e12) */
};

/* "2023-11-16 18:15:46.6805900": date, blank or T, time, up to 12 decimals, then nothing, Z or an
 * offset such as +00:00. */
bool stamp_read_clock(const char *text, struct stamp *out);
/* "4.314579" in units of 10^-shift seconds, an exponent allowed. Rounded to the picosecond. */
bool stamp_read_decimal(const char *text, int shift, struct stamp *out);

/* Negative, 0 or positive as a is earlier than, at or later than b. */
int stamp_compare(struct stamp a, struct stamp b);
/* b - a in picoseconds; false where 63 bits cannot hold it (106 days). b must not be before a. */
bool stamp_since(struct stamp a, struct stamp b, int64_t *ps);

#endif
