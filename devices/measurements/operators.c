/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/measured.h"

#include "base/csv.h"
#include "base/file.h"
#include "base/memory.h"
#include "devices/measurements/store.h"

#include <stdlib.h>
#include <unistd.h>

enum { MOST_COUNTS = 4 };

/* What a file's columns are, in the order of enum measured_operator_kind. */
static const struct layout {
    const char *file;
    bool has_layer;
    struct {
        const char *column;
        size_t offset;
        bool is_rows; /* counts into `rows` */
    } count[MOST_COUNTS];
} layouts[] = {
    [MEASURED_DENSE] = {"dense.csv",
                        true,
                        {{"tokens", offsetof(struct measured_operator, rows), false}}},
    [MEASURED_ATTENTION] = {"attention.csv",
                            false,
                            {{"prefill_chunk", offsetof(struct measured_operator, prefill_chunk),
                              true},
                             {"kv_prefill", offsetof(struct measured_operator, kv_prefill), false},
                             {"n_decode", offsetof(struct measured_operator, n_decode), true},
                             {"kv_decode", offsetof(struct measured_operator, kv_decode), false}}},
    [MEASURED_PER_SEQUENCE] = {"per_sequence.csv",
                               true,
                               {{"sequences", offsetof(struct measured_operator, rows), false}}},
};

enum { N_LAYOUTS = sizeof layouts / sizeof *layouts };

struct reader {
    struct csv *csv;
    const struct layout *layout;
    size_t layer, time, count[MOST_COUNTS]; /* columns */
    size_t room;                            /* of the operators */
};

static bool find_columns(struct reader *reader, struct error *err)
{
    const struct layout *layout = reader->layout;
    bool ok = csv_need(reader->csv, "time_us", &reader->time, err);
    if (layout->has_layer)
        ok = csv_need(reader->csv, "layer", &reader->layer, err) && ok;
    for (size_t i = 0; i < MOST_COUNTS && layout->count[i].column; i++)
        ok = csv_need(reader->csv, layout->count[i].column, &reader->count[i], err) && ok;
    return ok;
}

static bool read_counts(const struct reader *reader, struct measured_operator *op,
                        struct error *err)
{
    const struct layout *layout = reader->layout;
    bool ok = true;
    for (size_t i = 0; i < MOST_COUNTS && layout->count[i].column; i++) {
        uint64_t count = 0;
        ok = csv_count(reader->csv, reader->count[i], &count, err) && ok;
        void *member = (char *)op + layout->count[i].offset;
        *(double *)member = (double)count;
        if (layout->count[i].is_rows)
            op->rows += (double)count;
    }
    if (!ok || op->rows > 0)
        return ok;
    const char *wanted =
        layout->count[0].is_rows ? "a number from 1, and n_decode is 0 too" : "a number from 1";
    return csv_cell_error(reader->csv, reader->count[0], wanted, err);
}

static bool read_time(const struct reader *reader, struct measured_operator *op, struct error *err)
{
    double time_us;
    if (!csv_number(reader->csv, reader->time, &time_us, err))
        return false;
    op->time_s = time_us * 1e-6;
    return op->time_s > 0 || csv_cell_error(reader->csv, reader->time, "a time above 0", err);
}

static bool read_operator(struct reader *reader, struct measured_operators *out, struct error *err)
{
    struct measured_operator op = {.kind = (enum measured_operator_kind)(reader->layout - layouts),
                                   .layer = "",
                                   .line = csv_line(reader->csv)};
    bool ok = read_counts(reader, &op, err);
    ok = read_time(reader, &op, err) && ok;
    if (reader->layout->has_layer) {
        const char *layer = csv_text(reader->csv, reader->layer);
        if (!*layer)
            ok = csv_cell_error(reader->csv, reader->layer, "a layer's name", err);
        op.layer = measured_store_text(out->store, layer);
    }
    if (!ok)
        return false;
    out->op = mem_grow(out->op, &reader->room, out->n + 1, sizeof *out->op);
    out->op[out->n++] = op;
    return true;
}

static bool read_file(struct reader *reader, const char *path, struct measured_operators *out,
                      struct error *err)
{
    reader->csv = csv_open(path, err);
    if (!reader->csv)
        return false;
    bool ok = find_columns(reader, err), complete = ok;
    enum csv_status status = CSV_END;
    while (complete && (status = csv_next(reader->csv, err)) == CSV_ROW)
        ok = read_operator(reader, out, err) && ok;
    csv_close(reader->csv);
    return ok && status == CSV_END;
}

bool measured_operators_read(const char *folder, struct measured_operators *out, struct error *err)
{
    *out = (struct measured_operators){.store = measured_store_new()};
    struct reader reader = {0};
    bool ok = true, any = false;
    for (size_t i = 0; i < N_LAYOUTS; i++) {
        char *path = file_join(folder, layouts[i].file);
        reader.layout = &layouts[i];
        if (access(path, F_OK) == 0) {
            any = true;
            ok = read_file(&reader, path, out, err) && ok;
        }
        free(path);
    }
    if (!any)
        return error_at(err, folder, 1, 1,
                        "holds none of dense.csv, attention.csv and per_sequence.csv");
    if (ok && out->n == 0)
        return error_at(err, folder, 1, 1, "its files have no rows");
    return ok;
}

void measured_operators_free(struct measured_operators *operators)
{
    free(operators->op);
    measured_store_free(operators->store);
    *operators = (struct measured_operators){0};
}
