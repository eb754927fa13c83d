/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thermal validations to HDF5 and back. */
#include "scenarios/store.h"
#include "scenarios/thermal.h"

#include <stddef.h>

#define TITLE "predicted against measured temperatures"
#define LOGS "thermal_logs"
#define READINGS "thermal_readings"

#define COLUMN(row, name, type, unit, text)                                                        \
    {                                                                                              \
#name, type, offsetof(struct row, name), unit, text, NULL                                  \
    }
#define L_TEXT(name, text) COLUMN(scenario_thermal_log, name, COLUMN_TEXT, "1", text)
#define L_COUNT(name, text) COLUMN(scenario_thermal_log, name, COLUMN_COUNT, "1", text)
#define L_NUMBER(name, unit, text) COLUMN(scenario_thermal_log, name, COLUMN_NUMBER, unit, text)
#define R_TEXT(name, text) COLUMN(scenario_thermal_reading, name, COLUMN_TEXT, "1", text)
#define R_NUMBER(name, unit, text) COLUMN(scenario_thermal_reading, name, COLUMN_NUMBER, unit, text)

const struct column_spec scenario_thermal_log_columns[] = {
    L_TEXT(log, "name of the log"),
    L_TEXT(device, "device as the log names it"),
    L_TEXT(place, "file and line of its first row, or of what is wrong with it"),
    L_TEXT(power, "measured, or proxy: load x clock x voltage^2"),
    L_TEXT(skipped, "why the log was not used"),
    L_COUNT(order, "nodes of the network"),
    L_COUNT(identified, "time constants that the log tells"),
    L_NUMBER(time_constant_1_s, "s", "slowest time constant"),
    L_NUMBER(time_constant_2_s, "s", "second time constant"),
    L_NUMBER(time_constant_3_s, "s", "third time constant"),
    L_NUMBER(error_1, "1", "relative standard error of the slowest time constant"),
    L_NUMBER(error_2, "1", "relative standard error of the second time constant"),
    L_NUMBER(error_3, "1", "relative standard error of the third time constant"),
    L_COUNT(identified_1, "1: the log tells the slowest time constant"),
    L_COUNT(identified_2, "1: the log tells the second time constant"),
    L_COUNT(identified_3, "1: the log tells the third time constant"),
    L_NUMBER(rmse_fit_K, "K", "root mean square error of the readings that were fitted to"),
    L_NUMBER(rmse_K, "K", "root mean square error of the readings behind them"),
    L_NUMBER(ambient_C, "degC", "ambient temperature, fitted"),
    L_NUMBER(fan_pK, "1/K", "growth of the cooling with temperature; 0: no fan"),
    L_NUMBER(gain, "1", "watts at the die for each watt, or for a proxy of 1"),
    L_NUMBER(offset_W, "W", "watts at the die without input"),
    L_COUNT(readings, "rows of the log"),
    L_COUNT(fitted, "rows that were fitted to"),
    L_COUNT(gaps, "steps of more than ten usual ones"),
    L_COUNT(repeated, "rows that a later one at the same time replaced"),
    {.name = NULL},
};

const struct column_spec scenario_thermal_reading_columns[] = {
    R_TEXT(log, "name of the log"),
    R_TEXT(device, "device as the log names it"),
    R_NUMBER(time_s, "s", "time since the log's first row"),
    R_NUMBER(input, "1", "watts, or the proxy from 0 to 1, since the row before"),
    R_NUMBER(measured_C, "degC", "measured temperature"),
    R_NUMBER(predicted_C, "degC", "temperature of the die by the network and its input alone"),
    COLUMN(scenario_thermal_reading, fitted, COLUMN_COUNT, "1", "1: fitted to"),
    {.name = NULL},
};

void scenario_thermal_put_tables(struct scenario_h5 *file, const struct scenario_thermal *thermal)
{
    scenario_h5_put_table(file, LOGS, &thermal->logs);
    scenario_h5_put_table(file, READINGS, &thermal->readings);
}

bool scenario_thermal_write(const struct scenario_thermal *thermal, const char *path,
                            struct error *err)
{
    struct scenario_h5 *file = scenario_h5_create();
    scenario_store_head(file, TITLE);
    scenario_thermal_put_tables(file, thermal);
    bool ok = scenario_h5_save(file, path, err);
    scenario_h5_close(file);
    return ok;
}

bool scenario_thermal_stored(const struct scenario_h5 *file)
{
    return scenario_h5_has(file, LOGS);
}

bool scenario_thermal_get(struct scenario_h5 *file, struct scenario_thermal *out)
{
    *out = (struct scenario_thermal){.yaml = NULL};
    return scenario_h5_get_table(file, LOGS, LOGS, scenario_thermal_log_columns, &out->logs) &&
           scenario_h5_get_table(file, READINGS, READINGS, scenario_thermal_reading_columns,
                                 &out->readings);
}
