/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the tree share among themselves. */
#ifndef BASE_TREE_PLAIN_H
#define BASE_TREE_PLAIN_H

#include "base/tree.h"

enum { TREE_BYTES = 1 << 20, TREE_DEPTH = 64, TREE_NODES = 200000, TREE_KEY_BYTES = 200 };

/* True if the text means itself when written without quotes (an empty text does: no value). Every
 * number and truth value is plain; a node that is not plain is kept as quoted, so that writing
 * and reading again changes nothing. */
bool tree_is_plain(const char *text);

/* A node of any kind; the mark is copied. */
struct tree *tree_new(enum tree_kind kind, const char *path, size_t line, size_t column);

#endif
