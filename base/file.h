/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files: atomic writing (temporary name in the same folder, fsync, rename), paths, and where the
 * program's data lie. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"

#include <stdio.h>

/* A file that appears under its name only when it is whole. */
struct file_atomic {
    char *path, *temporary;
    FILE *stream; /* NULL when opened by name only */
};

/* Opens for writing. False: err says why (exit 1), nothing is left behind. */
bool file_atomic_open(struct file_atomic *file, const char *path, struct error *err);
/* Only chooses the temporary name, for libraries that open it themselves; checks that the folder
 * can be written. */
bool file_atomic_name(struct file_atomic *file, const char *path, struct error *err);
/* Closes, fsyncs, renames. After it (whatever it returns) the struct is empty. */
bool file_atomic_commit(struct file_atomic *file, struct error *err);
/* Removes the temporary. Safe on an empty struct. */
void file_atomic_abandon(struct file_atomic *file);

/* Writes whole content atomically. */
bool file_write(const char *path, const char *bytes, size_t n, struct error *err);
/* Reads a whole file of at most max_bytes; *bytes ends with a zero byte and is freed by free(). */
bool file_read(const char *path, size_t max_bytes, char **bytes, size_t *n, struct error *err);

bool file_exists(const char *path); /* a regular file that can be read */
/* `name` as seen from the folder of `beside` (unchanged if absolute). Freed with free(). */
char *file_beside(const char *beside, const char *name);
char *file_join(const char *folder, const char *name);

/* The data folder: $QEILSIM_DATA, else ../share/qeilsim beside the running program. Freed with
 * free(); NULL with a fault when it is not there. */
char *file_data_folder(struct error *err);

/* Names (without `suffix`) of the files in a folder and, as "inner/name", in the folders in it,
 * sorted; a NULL-ended list. Freed with file_names_free. An absent folder gives an empty list. */
char **file_names(const char *folder, const char *suffix);
void file_names_free(char **names);

#endif
