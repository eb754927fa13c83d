/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Origins of what a user lays over a catalogue entry: the entry's own source no longer speaks of
 * such a value. Internal to this folder. */
#ifndef SCENARIOS_GIVEN_H
#define SCENARIOS_GIVEN_H

#include "base/tree.h"

/* Notes in base's `sources` that every value in `over` (laid over `base`) was given there. A base
 * without sources is left as it is. */
void scenario_note_given(struct tree *base, const struct tree *over);
/* The same for one value, set by "path=value". */
void scenario_note_set(struct tree *root, const char *assignment);

#endif
