/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/hdf5_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 1 << 26, MOST_NAME = 256, MOST_CHUNK_B = 1 << 26 };
/* What deflate can make of one byte at most, and what an empty dataset may claim. */
enum { INFLATION = 1032, FREE_B = 4096 };

bool scenario_h5_has(const struct scenario_h5 *file, const char *path)
{
    /* Each step of the path must be there before the next may be asked for. */
    char *part = mem_strdup(path);
    bool there = true;
    for (char *slash = strchr(part, '/'); there && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        there = H5Lexists(file->id, part, H5P_DEFAULT) > 0;
        *slash = '/';
    }
    there = there && H5Lexists(file->id, part, H5P_DEFAULT) > 0;
    free(part);
    return there;
}

char **scenario_h5_members(struct scenario_h5 *file, const char *group)
{
    size_t n = 0, capacity = 0;
    char **names = mem_grow(NULL, &capacity, 1, sizeof *names);
    hid_t place = H5Gopen2(file->id, group, H5P_DEFAULT);
    H5G_info_t info = {.nlinks = 0};
    if (scenario_h5_keep(file, place, group))
        scenario_h5_keep(file, H5Gget_info(place, &info), group);
    for (hsize_t i = 0; i < info.nlinks && !file->failed; i++) {
        char name[MOST_NAME];
        ssize_t length = H5Lget_name_by_idx(place, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name,
                                            sizeof name, H5P_DEFAULT);
        if (!scenario_h5_keep(file, length, group) || length >= MOST_NAME)
            break;
        names = mem_grow(names, &capacity, n + 2, sizeof *names);
        names[n++] = mem_strdup(name);
    }
    scenario_h5_drop(place);
    names[n] = NULL;
    return names;
}

/* A copy of a text that the library allocated; an unwritten one is empty. */
static char *take_text(char *text)
{
    char *copy = mem_strdup(text ? text : "");
    H5free_memory(text);
    return copy;
}

static bool is_text(hid_t type)
{
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0;
}

static bool is_single(hid_t space)
{
    return H5Sget_simple_extent_npoints(space) == 1;
}

/* Opens an attribute whose type and size can be read into one value. */
static hid_t open_attribute(struct scenario_h5 *file, const char *group, const char *name,
                            bool (*is_right)(hid_t type))
{
    hid_t id = H5Aopen_by_name(file->id, group, name, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0) {
        scenario_h5_fail(file, "'%s' has no attribute '%s'", group, name);
        return id;
    }
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    bool ok = type >= 0 && space >= 0 && is_right(type) && is_single(space);
    scenario_h5_drop(type);
    scenario_h5_drop(space);
    if (ok)
        return id;
    scenario_h5_drop(id);
    scenario_h5_fail(file, "attribute '%s' of '%s' is of another type", name, group);
    return H5I_INVALID_HID;
}

bool scenario_h5_get_word(struct scenario_h5 *file, const char *group, const char *name,
                          char **text)
{
    hid_t id = open_attribute(file, group, name, is_text);
    if (id < 0)
        return false;
    hid_t type = scenario_h5_text_type();
    char *read = NULL;
    bool ok = scenario_h5_keep(file, H5Aread(id, type, &read), name);
    if (ok)
        *text = take_text(read);
    scenario_h5_drop(type);
    scenario_h5_drop(id);
    return ok;
}

static bool is_integer(hid_t type)
{
    return H5Tget_class(type) == H5T_INTEGER;
}

bool scenario_h5_get_count(struct scenario_h5 *file, const char *group, const char *name,
                           int64_t *value)
{
    hid_t id = open_attribute(file, group, name, is_integer);
    if (id < 0)
        return false;
    bool ok = scenario_h5_keep(file, H5Aread(id, H5T_NATIVE_INT64, value), name);
    scenario_h5_drop(id);
    return ok;
}

static bool suits(enum column_type column, hid_t type)
{
    switch (column) {
    case COLUMN_NUMBER:
        return H5Tget_class(type) == H5T_FLOAT;
    case COLUMN_COUNT:
    case COLUMN_CODE:
        return is_integer(type);
    case COLUMN_TEXT:
        break;
    }
    return is_text(type);
}

/* A file may ask for more than it holds: parts of other files, chunks of any size, rows that were
 * never stored. Ours do none of that, and none of it is read. */
static bool is_stored(hid_t id, hid_t type, hsize_t n)
{
    hid_t creation = H5Dget_create_plist(id);
    H5D_layout_t layout = H5Pget_layout(creation);
    size_t bytes = H5Tget_size(type);
    hsize_t chunk = 1;
    bool ok = bytes > 0 && (layout == H5D_COMPACT || layout == H5D_CONTIGUOUS ||
                            (layout == H5D_CHUNKED && H5Pget_chunk(creation, 1, &chunk) == 1));
    ok = ok && (layout != H5D_CONTIGUOUS || H5Pget_external_count(creation) == 0);
    ok = ok && chunk <= MOST_CHUNK_B / bytes &&
         n <= FREE_B + H5Dget_storage_size(id) / bytes * INFLATION;
    scenario_h5_drop(creation);
    return ok;
}

/* Whether a member lies in this very file. */
static bool is_own(hid_t group, const char *name)
{
    H5L_info_t info;
    return H5Lget_info(group, name, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_HARD;
}

/* A column's dataset, with its number of rows, or -1 rows for a single value. */
struct opened {
    hid_t id;
    int64_t n_rows;
};

static bool open_column(struct scenario_h5 *file, hid_t group, const struct column_spec *spec,
                        struct opened *out)
{
    *out = (struct opened){H5I_INVALID_HID, 0};
    if (is_own(group, spec->name))
        out->id = H5Dopen2(group, spec->name, H5P_DEFAULT);
    if (out->id < 0)
        return scenario_h5_fail(file, "column '%s' is missing", spec->name);
    hid_t type = H5Dget_type(out->id), space = H5Dget_space(out->id);
    bool ok = type >= 0 && space >= 0 && suits(spec->type, type);
    int rank = ok ? H5Sget_simple_extent_ndims(space) : -1;
    hsize_t n = 0;
    if (rank == 1)
        H5Sget_simple_extent_dims(space, &n, NULL);
    ok = ok && (rank == 1 || (rank == 0 && is_single(space))) && n <= MOST_ROWS &&
         is_stored(out->id, type, n);
    out->n_rows = rank == 1 ? (int64_t)n : -1;
    scenario_h5_drop(type);
    scenario_h5_drop(space);
    if (ok)
        return true;
    scenario_h5_drop(out->id);
    return scenario_h5_fail(file, "column '%s' is of another type", spec->name);
}

/* Fills `out` (room for all rows) with texts, owned by the caller. */
static bool read_texts(struct scenario_h5 *file, const struct opened *column, char **out, size_t n)
{
    hid_t type = scenario_h5_text_type();
    bool ok = scenario_h5_keep(file, H5Dread(column->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out),
                               "a text");
    for (size_t i = 0; i < n; i++)
        out[i] = take_text(out[i]);
    scenario_h5_drop(type);
    return ok;
}

/* Codes stand for names. */
static bool check_codes(struct scenario_h5 *file, const struct column_spec *spec,
                        const int32_t *code, size_t n)
{
    int32_t names = 0;
    while (spec->names && spec->names[names])
        names++;
    for (size_t i = 0; i < n; i++)
        if (code[i] < 0 || code[i] >= names)
            return scenario_h5_fail(file, "column '%s' holds a code without a name", spec->name);
    return true;
}

static bool read_values(struct scenario_h5 *file, const struct opened *column,
                        const struct column_spec *spec, void *out)
{
    size_t n = column->n_rows < 0 ? 1 : (size_t)column->n_rows;
    if (n == 0)
        return true;
    if (spec->type == COLUMN_TEXT)
        return read_texts(file, column, out, n);
    hid_t given = spec->type == COLUMN_NUMBER  ? H5T_NATIVE_DOUBLE
                  : spec->type == COLUMN_COUNT ? H5T_NATIVE_INT64
                                               : H5T_NATIVE_INT32;
    herr_t answer = H5Dread(column->id, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    return scenario_h5_keep(file, answer, "a column") &&
           (spec->type != COLUMN_CODE || check_codes(file, spec, out, n));
}

bool scenario_h5_get_text(struct scenario_h5 *file, const char *path, char **text)
{
    struct column_spec spec = {.name = path, .type = COLUMN_TEXT};
    struct opened column;
    if (!open_column(file, file->id, &spec, &column))
        return false;
    char *read = NULL;
    bool ok = column.n_rows < 0 && read_values(file, &column, &spec, &read);
    scenario_h5_drop(column.id);
    if (ok)
        *text = read;
    else
        free(read);
    return ok || scenario_h5_fail(file, "'%s' is no single text", path);
}

static size_t cell_size(enum column_type type)
{
    return type == COLUMN_CODE ? sizeof(int32_t) : sizeof(int64_t);
}
_Static_assert(sizeof(double) == sizeof(int64_t) && sizeof(char *) <= sizeof(int64_t),
               "a cell is not larger than it should be");

static bool read_column(struct scenario_h5 *file, hid_t group, size_t c, struct table *out)
{
    const struct column_spec *spec = &out->spec[c];
    struct opened column;
    if (!open_column(file, group, spec, &column))
        return false;
    bool ok = column.n_rows >= 0 && (c == 0 || (size_t)column.n_rows == out->n_rows);
    if (ok) {
        out->n_rows = out->capacity = (size_t)column.n_rows;
        out->column[c] = mem_calloc(out->n_rows, cell_size(spec->type));
        ok = read_values(file, &column, spec, out->column[c]);
    } else {
        scenario_h5_fail(file, "column '%s' has another number of rows", spec->name);
    }
    scenario_h5_drop(column.id);
    return ok;
}

/* A table whose columns are not all there cannot go to table_free. */
static void free_columns(struct table *table, size_t n)
{
    table->n_columns = n;
    table_free(table);
}

bool scenario_h5_get_table(struct scenario_h5 *file, const char *group, const char *name,
                           const struct column_spec *spec, struct table *out)
{
    hid_t place = H5Gopen2(file->id, group, H5P_DEFAULT);
    if (place < 0)
        return scenario_h5_fail(file, "group '%s' is missing", group);
    table_init(out, name, spec);
    size_t c = 0;
    while (c < out->n_columns && read_column(file, place, c, out))
        c++;
    bool ok = c == out->n_columns;
    if (!ok)
        free_columns(out, out->column[c] ? c + 1 : c);
    scenario_h5_drop(place);
    return ok;
}

bool scenario_h5_get_row(struct scenario_h5 *file, const char *group,
                         const struct column_spec *spec, void *row)
{
    hid_t place = H5Gopen2(file->id, group, H5P_DEFAULT);
    if (place < 0)
        return scenario_h5_fail(file, "group '%s' is missing", group);
    bool ok = true;
    for (; spec->name && ok; spec++) {
        struct opened column;
        if (!(ok = open_column(file, place, spec, &column)))
            break;
        ok = column.n_rows < 0 && read_values(file, &column, spec, (char *)row + spec->offset);
        scenario_h5_drop(column.id);
    }
    scenario_h5_drop(place);
    return ok || scenario_h5_fail(file, "group '%s' holds no single values", group);
}
