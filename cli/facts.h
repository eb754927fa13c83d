/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line about each entry of the catalogue: what tells it from its neighbours. */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include "base/tree.h"
#include "cli/grid.h"

/* How the entries of a kind are told. */
struct facts {
    const char *kind;  /* "device" */
    const char *align; /* of the columns; the first is the name */
    const char *const *heads;
    /* Adds all cells but the name's; an absent fact is "-". */
    void (*add)(const struct tree *entry, struct grid *grid);
};

/* NULL for a kind without files. */
const struct facts *facts_of(const char *kind);

/* Reads an entry without its sources, which are half of it. NULL when it is faulty: of that it is
 * told when it is used. The caller frees the result with tree_free. */
struct tree *facts_read(const char *folder, const char *name);

/* Whether each of the words (NULL-ended) is part of the entry's name, kind, class, title or
 * aliases, whatever the letters' case. */
bool facts_match(const char *name, const struct tree *entry, char *const *words);

#endif
