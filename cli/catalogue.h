/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of files in the catalogue, as `list` and `show` name them. */
#ifndef CLI_CATALOGUE_H
#define CLI_CATALOGUE_H

#include "base/error.h"

/* "device", "platform", "model", "workload", "scenario", NULL-ended. */
extern const char *const catalogue_kinds[];

/* Names of all kinds in one NULL-ended list, for "did you mean". Freed with file_names_free. */
char **catalogue_all_names(struct error *err);
/* Names of the traces in $QEILSIM_TRACES and the data folder, sorted within each, NULL-ended.
 * Freed with file_names_free. */
char **catalogue_traces(struct error *err);
bool catalogue_has(char *const *names, const char *name);

/* What a file says that it is, as an index of catalogue_kinds; false with a fault. */
bool catalogue_kind_of_file(const char *path, size_t *kind, struct error *err);
/* Whether a file begins as HDF5 files do. */
bool catalogue_is_result(const char *path);

#endif
