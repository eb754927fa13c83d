/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A catalogue entry as a table: each value with where it comes from. */
#ifndef CLI_REPORT_TREE_H
#define CLI_REPORT_TREE_H

#include "base/tree.h"

/* One line per scalar, with its path; `sources` maps are told beside the values they speak of. */
void report_tree(const struct tree *tree);

#endif
