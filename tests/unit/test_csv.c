/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"
#include "base/text.h"
#include "tests/check.h"

#include <time.h>

static struct error err;

static struct csv *open_bytes(const char *bytes, size_t n)
{
    error_clear(&err);
    return csv_open_memory("f.csv", bytes, n, &err);
}

static void test_rows(void)
{
    static const char bytes[] = "\xEF\xBB\xBF"
                                "a,\"b \"\"q\"\"\",c\r\n1,\"x,\"\"y\",\r\n\r\n"
                                "2.5,,\"\"";
    struct csv *csv = open_bytes(bytes, sizeof bytes - 1);
    if (!CHECK(csv != NULL))
        return;
    CHECK(csv_columns(csv) == 3);
    CHECK_TEXT(csv_column_name(csv, 1), "b \"q\"");
    size_t a = 9, column;
    CHECK(csv_need(csv, "a", &a, &err) && a == 0 && !csv_find(csv, "d", &column));
    CHECK(csv_next(csv, &err) == CSV_ROW && csv_line(csv) == 2);
    uint64_t count = 0;
    double number = 0;
    CHECK(csv_count(csv, a, &count, &err) && count == 1);
    CHECK_TEXT(csv_text(csv, 1), "x,\"y");
    CHECK_TEXT(csv_text(csv, 2), "");
    CHECK(csv_next(csv, &err) == CSV_ROW && csv_line(csv) == 4);
    CHECK(csv_number(csv, a, &number, &err) && number == 2.5);
    CHECK(!csv_count(csv, a, &count, &err) && !csv_number(csv, 1, &number, &err));
    CHECK_TEXT(err.fault[0], "f.csv:4:1: column 'a': '2.5' is not a whole number from 0");
    CHECK_TEXT(err.fault[1], "f.csv:4:5: column 'b \"q\"': the cell is empty, a number is wanted");
    CHECK(!csv_need(csv, "d", &column, &err));
    CHECK_TEXT(err.fault[2], "f.csv:1:1: column 'd' is not there; the columns are: a, b \"q\", c");
    CHECK(csv_next(csv, &err) == CSV_END);
    csv_close(csv);
}

static void test_faults(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *want;
    } cases[] = {
        {"", 0, "f.csv:1:1: the file is empty"},
        {"\n\n", 2, "f.csv:1:1: the file is empty"},
        {"a,a\n", 4, "f.csv:1:3: column 'a' is named twice"},
        {"a,\"b\n", 5, "f.csv:1:3: this quote is not closed in its line"},
        {"a,b\n1\n", 6, "f.csv:2:1: the row has 1 cells, the header 2"},
        {"a,b\n1,2,3", 9, "f.csv:2:1: the row has 3 cells, the header 2"},
        {"a,b\n1,\0\n", 8, "f.csv:2:3: not text: byte 0x00"},
        {"a,b\n\"1\"2,3\n", 11, "f.csv:2:4: text after a closing quote"},
        {"a,b\n1,\"", 7, "f.csv:2:3: this quote is not closed in its line"},
        {"a,b\n1,\"\"\"", 9, "f.csv:2:3: this quote is not closed in its line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv *csv = open_bytes(cases[i].bytes, cases[i].n);
        CHECK(!csv || csv_next(csv, &err) == CSV_FAILED);
        CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", cases[i].want);
        csv_close(csv);
    }
    error_clear(&err);
    CHECK(!csv_open("/nowhere/f.csv", &err) && !csv_open("/tmp", &err));
    CHECK_TEXT(err.fault[0], "/nowhere/f.csv:1:1: cannot be read: No such file or directory");
    CHECK_TEXT(err.fault[1], "/tmp:1:1: cannot be read: Is a directory");
}

/* A limit far above what is needed, so that a busy machine passes; the rate is printed. */
static void test_speed(void)
{
    enum { ROWS = 300000 };
    struct text big = {0};
    text_add(&big, "t,a,b\n");
    for (size_t i = 0; i < ROWS; i++)
        text_add(&big, "%zu.25,%zu,%zu\n", i, i % 4096, i % 500);
    clock_t start = clock();
    struct csv *csv = open_bytes(big.bytes, big.length);
    double sum = 0, t;
    uint64_t a, b, rows = 0;
    while (csv_next(csv, &err) == CSV_ROW) {
        CHECK(csv_number(csv, 0, &t, &err) && csv_count(csv, 1, &a, &err) &&
              csv_count(csv, 2, &b, &err));
        sum += t + (double)(a + b);
        rows++;
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("%.2g rows/s\n", (double)rows / seconds);
    CHECK(rows == ROWS && sum > 0 && seconds < 3);
    csv_close(csv);
    text_free(&big);
}

int main(void)
{
    test_rows();
    test_faults();
    test_speed();
    return check_result();
}
