/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables and texts in HDF5 files that h5py, pandas, xarray and netCDF tools open: one dataset per
 * column with units and long_name, the row number as dimension scale. Nothing but what is put goes
 * into a file: no times, no host, so that equal content gives equal bytes.
 *
 * The first call that fails is kept; the calls after it do nothing, and the last one
 * (scenario_h5_save, or the reader's own answer) tells of it. Objects are named by their path
 * ("front/pgsam"). Internal to this folder. */
#ifndef SCENARIOS_HDF5_H
#define SCENARIOS_HDF5_H

#include "base/error.h"
#include "base/table.h"

struct scenario_h5;

/* A file that is built in memory. The caller owns the result and frees it with scenario_h5_close.
 */
struct scenario_h5 *scenario_h5_create(void);
void scenario_h5_close(struct scenario_h5 *file);

void scenario_h5_put_group(struct scenario_h5 *file, const char *group);
/* Attributes of a group; "/" is the file itself. */
void scenario_h5_put_word(struct scenario_h5 *file, const char *group, const char *name,
                          const char *text);
void scenario_h5_put_count(struct scenario_h5 *file, const char *group, const char *name,
                           int64_t value);
/* One text as a dataset. */
void scenario_h5_put_text(struct scenario_h5 *file, const char *path, const char *long_name,
                          const char *text);
/* A group with a dataset for each column, and `point` that numbers the rows. */
void scenario_h5_put_table(struct scenario_h5 *file, const char *group, const struct table *table);
/* A group with a single value for each column; no texts. */
void scenario_h5_put_row(struct scenario_h5 *file, const char *group,
                         const struct column_spec *spec, const void *row);
/* Writes the file under a temporary name and renames it. */
bool scenario_h5_save(struct scenario_h5 *file, const char *path, struct error *err);

/* Opens for reading. The caller owns the result and frees it with scenario_h5_close. */
struct scenario_h5 *scenario_h5_open(const char *path, struct error *err);
const char *scenario_h5_path(const struct scenario_h5 *file); /* borrowed */
bool scenario_h5_has(const struct scenario_h5 *file, const char *path);
/* Names of a group's members in the order in which they were put; a NULL-ended list, freed with
 * file_names_free. */
char **scenario_h5_members(struct scenario_h5 *file, const char *group);
/* Each of these: false when it is not there as it should be; nothing is put out then. */
bool scenario_h5_get_word(struct scenario_h5 *file, const char *group, const char *name,
                          char **text);
bool scenario_h5_get_count(struct scenario_h5 *file, const char *group, const char *name,
                           int64_t *value);
bool scenario_h5_get_text(struct scenario_h5 *file, const char *path, char **text);
bool scenario_h5_get_table(struct scenario_h5 *file, const char *group, const char *name,
                           const struct column_spec *spec, struct table *out);
bool scenario_h5_get_row(struct scenario_h5 *file, const char *group,
                         const struct column_spec *spec, void *row);
/* What was first found wrong, as a fault; returns false. */
bool scenario_h5_fault(const struct scenario_h5 *file, struct error *err);

#endif
