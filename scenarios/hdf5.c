/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/hdf5.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/hdf5_file.h"
#include "scenarios/seal.h"

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

/* Memory of a file that is built. It is kept when the library closes the file: only then are the
 * bytes those of a closed file (what H5Fget_file_image gives before fails its own checksum). */
static void *image_malloc(size_t n, H5FD_file_image_op_t operation, void *data)
{
    (void)operation;
    (void)data;
    return mem_calloc(n, 1);
}

static void *image_copy(void *to, const void *from, size_t n, H5FD_file_image_op_t operation,
                        void *data)
{
    (void)operation;
    (void)data;
    return memcpy(to, from, n);
}

static void *image_realloc(void *old, size_t n, H5FD_file_image_op_t operation, void *data)
{
    struct scenario_h5 *file = data;
    (void)operation;
    file->image_size = n;
    return mem_realloc(old, n, 1);
}

static herr_t image_free(void *bytes, H5FD_file_image_op_t operation, void *data)
{
    struct scenario_h5 *file = data;
    if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE)
        file->image = bytes;
    else
        free(bytes);
    return 0;
}

static void *same_data(void *data)
{
    return data;
}

static herr_t keep_data(void *data)
{
    (void)data;
    return 0;
}

static hid_t memory_access(struct scenario_h5 *file)
{
    H5FD_file_image_callbacks_t calls = {image_malloc, image_copy, image_realloc, image_free,
                                         same_data,    keep_data,  file};
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, MEMORY_STEP, 0);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_file_image_callbacks(access, &calls);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110);
    return access;
}

/* In memory and written at once when whole: a full disk is then an ordinary error, while the
 * library would try again at exit. */
struct scenario_h5 *scenario_h5_create(void)
{
    struct scenario_h5 *file = new_file(NULL);
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    hid_t access = memory_access(file);
    H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_obj_track_times(creation, 0);
    file->id = H5Fcreate("result", H5F_ACC_TRUNC, creation, access);
    scenario_h5_keep(file, file->id, "creating the file");
    scenario_h5_drop(access);
    scenario_h5_drop(creation);
    return file;
}

static void close_file(struct scenario_h5 *file)
{
    if (file->id >= 0)
        scenario_h5_keep(file, H5Fclose(file->id), "closing the file");
    file->id = H5I_INVALID_HID;
}

void scenario_h5_close(struct scenario_h5 *file)
{
    if (!file)
        return;
    close_file(file);
    free(file->image);
    free(file->path);
    free(file);
}

/* Where the file ends, as its superblock (version 2 or 3, addresses of 8 bytes) says; the memory
 * reaches farther. */
static uint64_t end_of_file(const struct scenario_h5 *file)
{
    enum { VERSION = 8, ADDRESS_BYTES = 9, END = 28, LEAST = 48 };
    const unsigned char *image = (const unsigned char *)file->image;
    uint64_t end = 0;
    if (!image || file->image_size < LEAST || image[VERSION] < 2 || image[ADDRESS_BYTES] != 8)
        return 0;
    for (int i = 7; i >= 0; i--)
        end = end << 8 | image[END + i];
    return end <= file->image_size ? end : 0;
}

bool scenario_h5_save(struct scenario_h5 *file, const char *path, struct error *err)
{
    close_file(file);
    uint64_t n = end_of_file(file);
    if (n == 0)
        scenario_h5_fail(file, "the library gave no file");
    if (file->failed)
        return error_machine(err, "cannot write '%s': %s", path, file->why);
    file->image = mem_realloc(file->image, (size_t)n + SCENARIO_SEAL_BYTES, 1);
    scenario_seal_make(file->image, (size_t)n, file->image + n);
    return file_write(path, file->image, (size_t)n + SCENARIO_SEAL_BYTES, err);
}

struct scenario_h5 *scenario_h5_open(const char *path, struct error *err)
{
    if (!file_exists(path)) {
        error_set(err, "%s: is not there or cannot be read", path);
        return NULL;
    }
    if (!scenario_seal_check(path, err))
        return NULL;
    struct scenario_h5 *file = new_file(path);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5PLset_loading_state(0); /* a file may not ask for somebody's code to be loaded */
    H5Pset_file_locking(access, true, true); /* some network disks have no locks */
    file->id = H5Fopen(path, H5F_ACC_RDONLY, access);
    scenario_h5_drop(access);
    if (file->id >= 0)
        return file;
    error_set(err, "%s: not a qeilsim result (the HDF5 library cannot open it)", path);
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
