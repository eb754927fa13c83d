/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/hdf5.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/hdf5_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_STEP = 1 << 20 }; /* by which a file in memory grows */

/* Called for each entry of the library's list of errors, the most telling one first. */
static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *out)
{
    const char **sentence = out;
    if (n == 0 && entry->desc)
        *sentence = entry->desc;
    return 0;
}

bool scenario_h5_fail(struct scenario_h5 *file, const char *format, ...)
{
    if (file->failed)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(file->why, sizeof file->why, format, arguments);
    va_end(arguments);
    file->failed = true;
    return false;
}

bool scenario_h5_keep(struct scenario_h5 *file, hid_t answer, const char *what)
{
    if (answer >= 0)
        return !file->failed;
    const char *sentence = "no reason given";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &sentence);
    return scenario_h5_fail(file, "%s: %s", what, sentence);
}

void scenario_h5_drop(hid_t id)
{
    if (id >= 0)
        H5Idec_ref(id);
}

hid_t scenario_h5_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* A library that prints nothing: its errors become ours. */
static struct scenario_h5 *new_file(const char *path)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    struct scenario_h5 *file = mem_calloc(1, sizeof *file);
    file->id = H5I_INVALID_HID;
    file->path = path ? mem_strdup(path) : NULL;
    return file;
}

struct scenario_h5 *scenario_h5_create(void)
{
    struct scenario_h5 *file = new_file(NULL);
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* The file is written at once when it is whole: a full disk is then an ordinary error. */
    H5Pset_fapl_core(access, MEMORY_STEP, 0);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110);
    H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_obj_track_times(creation, 0);
    file->id = H5Fcreate("result", H5F_ACC_TRUNC, creation, access);
    scenario_h5_keep(file, file->id, "creating the file");
    scenario_h5_drop(access);
    scenario_h5_drop(creation);
    return file;
}

void scenario_h5_close(struct scenario_h5 *file)
{
    if (!file)
        return;
    if (file->id >= 0)
        H5Fclose(file->id);
    free(file->path);
    free(file);
}

bool scenario_h5_save(struct scenario_h5 *file, const char *path, struct error *err)
{
    char *bytes = NULL;
    ssize_t size = 0;
    if (!file->failed)
        scenario_h5_keep(file, H5Fflush(file->id, H5F_SCOPE_GLOBAL), "flushing");
    if (!file->failed)
        scenario_h5_keep(file, size = H5Fget_file_image(file->id, NULL, 0), "its size");
    if (!file->failed) {
        bytes = mem_calloc((size_t)size, 1);
        scenario_h5_keep(file, H5Fget_file_image(file->id, bytes, (size_t)size), "its bytes");
    }
    bool ok = file->failed ? error_machine(err, "cannot write '%s': %s", path, file->why)
                           : file_write(path, bytes, (size_t)size, err);
    free(bytes);
    return ok;
}

struct scenario_h5 *scenario_h5_open(const char *path, struct error *err)
{
    if (!file_exists(path)) {
        error_set(err, "%s: is not there or cannot be read", path);
        return NULL;
    }
    struct scenario_h5 *file = new_file(path);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, true, true); /* some network disks have no locks */
    file->id = H5Fopen(path, H5F_ACC_RDONLY, access);
    scenario_h5_drop(access);
    if (file->id >= 0)
        return file;
    error_set(err, "%s: not a qeilsim result (not an HDF5 file)", path);
    scenario_h5_close(file);
    return NULL;
}

const char *scenario_h5_path(const struct scenario_h5 *file)
{
    return file->path;
}

bool scenario_h5_fault(const struct scenario_h5 *file, struct error *err)
{
    return error_set(err, "%s: not a qeilsim result (%s)", file->path,
                     file->failed ? file->why : "its content is unknown");
}
