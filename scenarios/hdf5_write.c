/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/hdf5_file.h"

#include <hdf5_hl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_ROWS = 32768, DEFLATE = 4 };
static const unsigned in_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

/* One attribute: `n` values, or a single one where n is 0. */
struct attribute {
    const char *name;
    hid_t stored, given; /* types in the file and in memory */
    hsize_t n;
    const void *value;
};

static void put_attribute(struct scenario_h5 *file, hid_t object, const struct attribute *attribute)
{
    if (file->failed)
        return;
    hid_t space = attribute->n ? H5Screate_simple(1, &attribute->n, NULL) : H5Screate(H5S_SCALAR);
    hid_t id =
        H5Acreate2(object, attribute->name, attribute->stored, space, H5P_DEFAULT, H5P_DEFAULT);
    if (scenario_h5_keep(file, id, attribute->name))
        scenario_h5_keep(file, H5Awrite(id, attribute->given, attribute->value), attribute->name);
    scenario_h5_drop(id);
    scenario_h5_drop(space);
}

static void put_word(struct scenario_h5 *file, hid_t object, const char *name, const char *text)
{
    hid_t type = scenario_h5_text_type();
    put_attribute(file, object, &(struct attribute){name, type, type, 0, &text});
    scenario_h5_drop(type);
}

void scenario_h5_put_word(struct scenario_h5 *file, const char *group, const char *name,
                          const char *text)
{
    if (file->failed)
        return;
    hid_t object = H5Oopen(file->id, group, H5P_DEFAULT);
    if (scenario_h5_keep(file, object, group))
        put_word(file, object, name, text);
    scenario_h5_drop(object);
}

void scenario_h5_put_count(struct scenario_h5 *file, const char *group, const char *name,
                           int64_t value)
{
    if (file->failed)
        return;
    hid_t object = H5Oopen(file->id, group, H5P_DEFAULT);
    if (scenario_h5_keep(file, object, group))
        put_attribute(file, object,
                      &(struct attribute){name, H5T_STD_I64LE, H5T_NATIVE_INT64, 0, &value});
    scenario_h5_drop(object);
}

static hid_t create_group(struct scenario_h5 *file, const char *group)
{
    if (file->failed)
        return H5I_INVALID_HID;
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(creation, in_order);
    H5Pset_attr_creation_order(creation, in_order);
    H5Pset_obj_track_times(creation, 0);
    hid_t id = H5Gcreate2(file->id, group, H5P_DEFAULT, creation, H5P_DEFAULT);
    scenario_h5_keep(file, id, group);
    scenario_h5_drop(creation);
    return id;
}

void scenario_h5_put_group(struct scenario_h5 *file, const char *group)
{
    scenario_h5_drop(create_group(file, group));
}

/* Codes are stored as flags: an int8 where it can hold them all. */
static bool is_small(const struct column_spec *spec)
{
    size_t n = 0;
    while (spec->names && spec->names[n])
        n++;
    return n <= SCHAR_MAX;
}

static hid_t stored_type(const struct column_spec *spec)
{
    switch (spec->type) {
    case COLUMN_NUMBER:
        return H5Tcopy(H5T_IEEE_F64LE);
    case COLUMN_COUNT:
        return H5Tcopy(H5T_STD_I64LE);
    case COLUMN_CODE:
        return H5Tcopy(is_small(spec) ? H5T_STD_I8LE : H5T_STD_I32LE);
    case COLUMN_TEXT:
        break;
    }
    return scenario_h5_text_type();
}

static hid_t given_type(const struct column_spec *spec)
{
    switch (spec->type) {
    case COLUMN_NUMBER:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case COLUMN_COUNT:
        return H5Tcopy(H5T_NATIVE_INT64);
    case COLUMN_CODE:
        return H5Tcopy(H5T_NATIVE_INT32);
    case COLUMN_TEXT:
        break;
    }
    return scenario_h5_text_type();
}

/* flag_values and flag_meanings, as the CF conventions have them: one word per meaning. */
static void put_flags(struct scenario_h5 *file, hid_t object, const struct column_spec *spec)
{
    struct text meanings = {0};
    hsize_t n = 0;
    for (; spec->names && spec->names[n]; n++)
        text_add(&meanings, "%s%s", n ? " " : "", spec->names[n]);
    int32_t *values = mem_calloc((size_t)n, sizeof *values);
    for (hsize_t i = 0; i < n; i++)
        values[i] = (int32_t)i;
    if (n > 0) {
        hid_t type = stored_type(spec);
        put_attribute(file, object,
                      &(struct attribute){"flag_values", type, H5T_NATIVE_INT32, n, values});
        put_word(file, object, "flag_meanings", meanings.bytes);
        scenario_h5_drop(type);
    }
    free(values);
    text_free(&meanings);
}

static void describe(struct scenario_h5 *file, hid_t object, const struct column_spec *spec)
{
    static const double missing = NAN;
    put_word(file, object, "units", spec->unit);
    put_word(file, object, "long_name", spec->long_name);
    if (spec->type == COLUMN_NUMBER)
        put_attribute(
            file, object,
            &(struct attribute){"_FillValue", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, &missing});
    if (spec->type == COLUMN_CODE)
        put_flags(file, object, spec);
}

static hid_t creation_list(const struct column_spec *spec, hsize_t n_rows)
{
    static const double missing = NAN;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_attr_creation_order(creation, in_order);
    H5Pset_obj_track_times(creation, 0);
    if (spec->type == COLUMN_NUMBER)
        H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &missing);
    if (n_rows == 0) /* chunks must not be larger than what is there */
        return creation;
    hsize_t chunk = n_rows < CHUNK_ROWS ? n_rows : CHUNK_ROWS;
    H5Pset_chunk(creation, 1, &chunk);
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, DEFLATE);
    return creation;
}

/* Values of one column: n_rows of them, or a single one without a dimension. */
struct values {
    bool single;
    hsize_t n_rows;
    const void *value;
};

static hid_t put_values(struct scenario_h5 *file, hid_t group, const struct column_spec *spec,
                        const struct values *values)
{
    if (file->failed)
        return H5I_INVALID_HID;
    hid_t stored = stored_type(spec), given = given_type(spec);
    hid_t space =
        values->single ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &values->n_rows, NULL);
    hid_t creation = creation_list(spec, values->n_rows);
    hid_t id = H5Dcreate2(group, spec->name, stored, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (scenario_h5_keep(file, id, spec->name)) {
        describe(file, id, spec);
        if (values->single || values->n_rows > 0)
            scenario_h5_keep(file,
                             H5Dwrite(id, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values->value),
                             spec->name);
    }
    scenario_h5_drop(creation);
    scenario_h5_drop(space);
    scenario_h5_drop(given);
    scenario_h5_drop(stored);
    return id;
}

/* The row numbers, which every column has as its dimension. */
static hid_t put_scale(struct scenario_h5 *file, hid_t group, size_t n_rows)
{
    static const struct column_spec point = {
        .name = "point", .type = COLUMN_COUNT, .unit = "1", .long_name = "row number"};
    int64_t *number = mem_calloc(n_rows, sizeof *number);
    for (size_t r = 0; r < n_rows; r++)
        number[r] = (int64_t)r;
    hid_t scale =
        put_values(file, group, &point, &(struct values){.n_rows = n_rows, .value = number});
    if (!file->failed)
        scenario_h5_keep(file, H5DSset_scale(scale, "point"), "point");
    free(number);
    return scale;
}

void scenario_h5_put_table(struct scenario_h5 *file, const char *group, const struct table *table)
{
    hid_t place = create_group(file, group);
    hid_t scale = put_scale(file, place, table->n_rows);
    for (size_t c = 0; c < table->n_columns && !file->failed; c++) {
        hid_t id = put_values(file, place, &table->spec[c],
                              &(struct values){.n_rows = table->n_rows, .value = table->column[c]});
        if (!file->failed)
            scenario_h5_keep(file, H5DSattach_scale(id, scale, 0), table->spec[c].name);
        scenario_h5_drop(id);
    }
    scenario_h5_drop(scale);
    scenario_h5_drop(place);
}

void scenario_h5_put_row(struct scenario_h5 *file, const char *group,
                         const struct column_spec *spec, const void *row)
{
    hid_t place = create_group(file, group);
    for (; spec->name && !file->failed; spec++) {
        struct values values = {.single = true, .value = (const char *)row + spec->offset};
        scenario_h5_drop(put_values(file, place, spec, &values));
    }
    scenario_h5_drop(place);
}

void scenario_h5_put_text(struct scenario_h5 *file, const char *path, const char *long_name,
                          const char *text)
{
    struct column_spec spec = {
        .name = path, .type = COLUMN_TEXT, .unit = "1", .long_name = long_name};
    struct values values = {.single = true, .value = &text};
    scenario_h5_drop(put_values(file, file->id, &spec, &values));
}
