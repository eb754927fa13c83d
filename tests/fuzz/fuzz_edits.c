/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sound result is changed by the HDF5 library as the bytes say, sealed again and read: members of
 * any type, shape and place, missing ones, links to elsewhere. Three bytes are one change. */
#include "base/file.h"
#include "scenarios/seal.h"
#include "tests/fuzz/use_result.h"
#include "tests/support/small_result.h"

#include <hdf5.h>
#include <string.h>
#include <unistd.h>

enum { MOST_EDITS = 8, MOST_MEMBERS = 200, MOST_BYTES = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The sound file, where its copies go, and the paths of all that it holds. */
static char path[] = "/tmp/qeilsim-edits-XXXXXX";
static char *sound, *member[MOST_MEMBERS];
static size_t n_sound, n_members;

static void leave(void)
{
    unlink(path);
    for (size_t i = 0; i < n_members; i++)
        free(member[i]);
    free(sound);
}

static herr_t note_member(hid_t file, const char *name, const H5L_info_t *info, void *data)
{
    (void)file;
    (void)info;
    (void)data;
    if (n_members < MOST_MEMBERS)
        member[n_members++] = mem_strdup(name);
    return 0;
}

static void begin(void)
{
    struct error err = {0};
    struct scenario_result result = small_result(true, true, 3);
    int made = mkstemp(path);
    if (made < 0 || close(made) != 0 || atexit(leave) != 0 ||
        !scenario_result_write(&result, path, &err) ||
        !file_read(path, MOST_BYTES, &sound, &n_sound, &err))
        abort();
    scenario_result_free(&result);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, note_member, NULL);
    H5Fclose(file);
}

/* No fsync, unlike file_write: these files are for a moment only. */
static void write_file(const char *bytes, size_t n)
{
    FILE *stream = fopen(path, "wb");
    if (!stream || fwrite(bytes, 1, n, stream) != n || fclose(stream) != 0)
        abort();
}

static hid_t type_of(unsigned choice)
{
    hid_t types[] = {H5T_STD_I8BE, H5T_STD_I64LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_STD_U64LE};
    if (choice < 5)
        return H5Tcopy(types[choice]);
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, choice == 5 ? H5T_VARIABLE : choice);
    return choice < 8 ? text : H5Tvlen_create(H5T_STD_I32LE);
}

/* Space for 0 to 5 values, or rows that nobody stored. */
static hid_t space_of(unsigned choice)
{
    hsize_t size[] = {choice % 6, 2};
    if (choice >= 24)
        size[0] = (hsize_t)1 << choice;
    return choice % 7 == 0 ? H5Screate(H5S_SCALAR)
                           : H5Screate_simple(1 + (choice % 5 == 4), size, NULL);
}

static void put(hid_t file, const char *name, unsigned shape, unsigned value)
{
    hid_t type = type_of(shape % 9), space = space_of(shape / 9);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (value == 1)
        H5Pset_external(creation, "/etc/passwd", 0, 1000);
    hid_t id = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    int64_t values[10];
    for (size_t i = 0; i < 10; i++)
        values[i] = (int64_t)value - 100;
    if (id >= 0 && shape % 9 < 5 && H5Sget_simple_extent_npoints(space) <= 10)
        H5Dwrite(id, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(id);
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_attribute(hid_t file, const char *name, unsigned shape)
{
    static const char *const names[] = {"schema", "seed", "name",        "evaluations",
                                        "knee",   "plan", "plan_summary"};
    const char *attribute = names[shape % 7];
    hid_t type = type_of(shape % 9), space = space_of(shape / 9 % 4);
    H5Adelete_by_name(file, name, attribute, H5P_DEFAULT);
    if (shape % 3 > 0)
        H5Aclose(H5Acreate_by_name(file, name, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT,
                                   H5P_DEFAULT));
    H5Sclose(space);
    H5Tclose(type);
}

static void edit(hid_t file, const uint8_t *three)
{
    const char *name = member[three[0] % n_members];
    unsigned shape = three[2];
    if (three[1] < 40) {
        put_attribute(file, three[1] % 2 ? name : "/", shape);
        return;
    }
    if (strcmp(name, "front") != 0 || three[1] < 60)
        H5Ldelete(file, name, H5P_DEFAULT);
    if (three[1] < 60)
        H5Lcreate_soft(shape % 2 ? "/requests" : "/nowhere", file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (three[1] < 70)
        H5Lcreate_external("/etc/passwd", "/", file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (three[1] < 80)
        H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    else if (three[1] > 90)
        put(file, name, shape, three[1] - 90U);
}

static void seal(void)
{
    char *bytes;
    size_t n;
    struct error err = {0};
    if (!file_read(path, MOST_BYTES, &bytes, &n, &err))
        abort();
    bytes = mem_realloc(bytes, n + SCENARIO_SEAL_BYTES, 1);
    scenario_seal_make(bytes, n, bytes + n);
    write_file(bytes, n + SCENARIO_SEAL_BYTES);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (n_members == 0)
        begin();
    write_file(sound, n_sound);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (size_t i = 0; i + 2 < size && i < 3 * MOST_EDITS; i += 3)
        edit(file, data + i);
    H5Fclose(file);
    seal();
    use_result(path);
    return 0;
}
