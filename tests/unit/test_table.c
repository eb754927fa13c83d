/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/table.h"
#include "tests/check.h"

#include <stddef.h>

struct row {
    double time_s;
    int64_t id;
    int32_t state;
    const char *note;
};

static const char *const states[] = {"done", "failed", NULL};

static const struct column_spec spec[] = {
    {"id", COLUMN_COUNT, offsetof(struct row, id), "1", "identity", NULL},
    {"time", COLUMN_NUMBER, offsetof(struct row, time_s), "s", "time", NULL},
    {"state", COLUMN_CODE, offsetof(struct row, state), "1", "state", states},
    {"note", COLUMN_TEXT, offsetof(struct row, note), "1", "note", NULL},
    {0}};

int main(void)
{
    struct table table;
    char note[] = "a,\"b\"";
    table_init(&table, "rows", spec);
    table_add(&table, &(struct row){0.1, -3, 1, note});
    note[0] = 'X';
    table_add(&table, &(struct row){NAN, 4, 9, NULL});
    for (int i = 0; i < 100; i++)
        table_add(&table, &(struct row){i, i, 0, "n"});
    CHECK(table.n_columns == 4 && table.n_rows == 102);
    CHECK(((double *)table.column[1])[101] == 99 && ((int32_t *)table.column[2])[0] == 1);
    struct row row = {0};
    table_get(&table, 0, &row);
    CHECK(row.time_s == 0.1 && row.id == -3 && row.state == 1);
    CHECK_TEXT(row.note, "a,\"b\"");
    struct text out = {0};
    table_csv(&table, &out);
    static const char want[] = "id,time,state,note\n"
                               "-3,0.10000000000000001,failed,\"a,\"\"b\"\"\"\n4,,,\n0,0,done,n\n";
    CHECK(strncmp(out.bytes, want, sizeof want - 1) == 0);
    text_free(&out);
    table_free(&table);
    CHECK(table.n_rows == 0 && !table.column);
    return check_result();
}
