/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Validations to HDF5 and back. */
#include "base/memory.h"
#include "scenarios/store.h"

#include <stdlib.h>

#define TITLE "predicted against measured speed"
#define ROWS "validation"
#define SKIPPED "validation_skipped"
#define DEVICES "validation_devices"

static const char *const phases[] = {"prefill", "decode", "power", "energy", NULL};

#define AT(member) offsetof(struct scenario_validated_row, member)
#define NUMBER(name, unit, text)                                                                   \
    {                                                                                              \
#name, COLUMN_NUMBER, AT(name), unit, text, NULL                                           \
    }
#define TEXT(name, text)                                                                           \
    {                                                                                              \
#name, COLUMN_TEXT, AT(name), "1", text, NULL                                              \
    }

const struct column_spec scenario_validated_columns[] = {
    TEXT(device, "device as the catalogue names it"),
    TEXT(class, "class of the device"),
    TEXT(kind, "cpu, gpu or npu"),
    TEXT(model, "model as the catalogue names it"),
    TEXT(quant, "format of the weights"),
    TEXT(backend, "what ran the model, as measured"),
    {"phase", COLUMN_CODE, AT(phase), "1",
     "what was measured: tokens/s of a phase, W, or J for a token", phases},
    NUMBER(prompt_tokens, "1", "tokens of the prompt"),
    NUMBER(gen_tokens, "1", "tokens that were generated"),
    NUMBER(context_depth, "1", "tokens before the first one"),
    NUMBER(batch, "1", "sequences at a time"),
    NUMBER(measured, "1", "measured: tokens/s, W or J for a token, by phase"),
    NUMBER(predicted, "1", "predicted, in the unit of the measured value"),
    NUMBER(low, "1", "lower end of the prediction's 90 % interval"),
    NUMBER(high, "1", "upper end of the prediction's 90 % interval"),
    NUMBER(error, "1", "(predicted - measured) / measured"),
    {"fitted", COLUMN_COUNT, AT(fitted), "1", "1: the device was fitted to this row", NULL},
    {"borderline", COLUMN_COUNT, AT(borderline), "1",
     "1: within 4 % of a full memory, on either side", NULL},
    TEXT(place, "file and line of the measurement"),
    {.name = NULL},
};

struct skipped_row {
    const char *reason, *example;
    int64_t rows;
};
static const struct column_spec skipped_columns[] = {
    {"reason", COLUMN_TEXT, offsetof(struct skipped_row, reason), "1", "why rows were left out",
     NULL},
    {"rows", COLUMN_COUNT, offsetof(struct skipped_row, rows), "1", "how many", NULL},
    {"example", COLUMN_TEXT, offsetof(struct skipped_row, example), "1", "the first such row",
     NULL},
    {.name = NULL},
};

struct device_row {
    const char *device, *class, *undetermined;
    int64_t class_devices, rows, fitted_rows;
};
static const struct column_spec device_columns[] = {
    {"device", COLUMN_TEXT, offsetof(struct device_row, device), "1",
     "device as the catalogue names it", NULL},
    {"class", COLUMN_TEXT, offsetof(struct device_row, class), "1", "class of the device", NULL},
    {"class_devices", COLUMN_COUNT, offsetof(struct device_row, class_devices), "1",
     "devices that the class was fitted to; 0: its values were chosen by hand", NULL},
    {"rows", COLUMN_COUNT, offsetof(struct device_row, rows), "1", "rows that were predicted",
     NULL},
    {"fitted_rows", COLUMN_COUNT, offsetof(struct device_row, fitted_rows), "1",
     "rows that the device was fitted to", NULL},
    {"undetermined", COLUMN_TEXT, offsetof(struct device_row, undetermined), "1",
     "parameters that those rows tell little of", NULL},
    {.name = NULL},
};

static void put_skipped(struct scenario_h5 *file, const struct scenario_validation *validation)
{
    struct table table;
    table_init(&table, SKIPPED, skipped_columns);
    for (size_t i = 0; i < validation->n_skipped; i++) {
        const struct scenario_skipped *skipped = &validation->skipped[i];
        struct skipped_row row = {skipped->reason, skipped->example, (int64_t)skipped->rows};
        table_add(&table, &row);
    }
    scenario_h5_put_table(file, SKIPPED, &table);
    table_free(&table);
}

static void put_devices(struct scenario_h5 *file, const struct scenario_validation *validation)
{
    struct table table;
    table_init(&table, DEVICES, device_columns);
    for (size_t i = 0; i < validation->n_devices; i++) {
        const struct scenario_validated_device *device = &validation->device[i];
        struct device_row row = {.device = device->name,
                                 .class = device->class,
                                 .undetermined = device->undetermined,
                                 .class_devices = (int64_t)device->class_devices,
                                 .rows = (int64_t)device->rows,
                                 .fitted_rows = (int64_t)device->fitted_rows};
        table_add(&table, &row);
    }
    scenario_h5_put_table(file, DEVICES, &table);
    table_free(&table);
}

bool scenario_validation_write(const struct scenario_validation *validation, const char *path,
                               struct error *err)
{
    struct scenario_h5 *file = scenario_h5_create();
    scenario_store_head(file, TITLE);
    scenario_h5_put_table(file, ROWS, &validation->rows);
    put_skipped(file, validation);
    put_devices(file, validation);
    bool ok = scenario_h5_save(file, path, err);
    scenario_h5_close(file);
    return ok;
}

bool scenario_validation_stored(const struct scenario_h5 *file)
{
    return scenario_h5_has(file, ROWS);
}

static bool get_rows(struct scenario_h5 *file, struct scenario_validation *out)
{
    if (!scenario_h5_get_table(file, ROWS, ROWS, scenario_validated_columns, &out->rows))
        return false;
    struct scenario_validated_row row;
    for (size_t r = 0; r < out->rows.n_rows; r++) {
        table_get(&out->rows, r, &row);
        out->fitted_rows += row.fitted != 0;
    }
    return true;
}

static size_t count(int64_t stored)
{
    return stored > 0 ? (size_t)stored : 0;
}

static bool get_skipped(struct scenario_h5 *file, struct scenario_validation *out)
{
    struct table table;
    if (!scenario_h5_get_table(file, SKIPPED, SKIPPED, skipped_columns, &table))
        return false;
    out->skipped = mem_calloc(table.n_rows, sizeof *out->skipped);
    out->n_skipped = table.n_rows;
    for (size_t r = 0; r < table.n_rows; r++) {
        struct skipped_row row;
        table_get(&table, r, &row);
        out->skipped[r] = (struct scenario_skipped){mem_strdup(row.reason), count(row.rows),
                                                    mem_strdup(row.example)};
        out->skipped_rows += out->skipped[r].rows;
    }
    table_free(&table);
    return true;
}

static bool get_devices(struct scenario_h5 *file, struct scenario_validation *out)
{
    struct table table;
    if (!scenario_h5_get_table(file, DEVICES, DEVICES, device_columns, &table))
        return false;
    out->device = mem_calloc(table.n_rows, sizeof *out->device);
    out->n_devices = table.n_rows;
    for (size_t r = 0; r < table.n_rows; r++) {
        struct device_row row;
        table_get(&table, r, &row);
        out->device[r] =
            (struct scenario_validated_device){.name = mem_strdup(row.device),
                                               .class = mem_strdup(row.class),
                                               .class_devices = count(row.class_devices),
                                               .rows = count(row.rows),
                                               .fitted_rows = count(row.fitted_rows),
                                               .undetermined = mem_strdup(row.undetermined)};
    }
    table_free(&table);
    return true;
}

bool scenario_validation_get(struct scenario_h5 *file, struct scenario_validation *out)
{
    *out = (struct scenario_validation){0};
    return get_rows(file, out) && get_skipped(file, out) && get_devices(file, out);
}
