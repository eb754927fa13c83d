/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reader of field tables and their description share. */
#ifndef BASE_FIELDS_RANGE_H
#define BASE_FIELDS_RANGE_H

#include "base/fields.h"

/* Whole numbers above 2^53 do not survive a reader that keeps numbers as doubles. */
#define FIELDS_MAX_COUNT 9007199254740992.0

struct fields_range {
    double min, max; /* in file units; infinite where there is no limit */
};
struct fields_range fields_range(const struct field *field);

/* Appends "0 ... 1000 W", "at least 0 W" or "at most 3"; nothing where there is no limit. */
void fields_range_text(const struct field *field, struct text *out);

/* The unit for a sentence: "" where it is 1 or not given. */
const char *fields_unit(const struct field *field);

#endif
