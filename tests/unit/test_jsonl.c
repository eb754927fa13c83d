/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/jsonl.h"
#include "tests/check.h"

static struct error err;

static struct jsonl *open_text(const char *text)
{
    error_clear(&err);
    return jsonl_open_memory("f.jsonl", text, strlen(text), &err);
}

static void test_rows(void)
{
    struct jsonl *lines = open_text(
        "\xEF\xBB\xBF{\"n\": 9007199254740993, \"t\": 1}\r\n \r\n{\"t\": 2.5, \"n\": -1}");
    json_t *object;
    uint64_t n = 0;
    double t = 0;
    CHECK(jsonl_next(lines, &object, &err) == CSV_ROW && jsonl_line(lines) == 1);
    CHECK(jsonl_count(lines, object, "n", &n, &err) && n == 9007199254740993u);
    CHECK(jsonl_number(lines, object, "t", &t, &err) && t == 1);
    CHECK(jsonl_next(lines, &object, &err) == CSV_ROW && jsonl_line(lines) == 3);
    CHECK(jsonl_number(lines, object, "t", &t, &err) && t == 2.5 && err.n_faults == 0);
    CHECK(!jsonl_count(lines, object, "n", &n, &err) && !jsonl_count(lines, object, "t", &n, &err));
    CHECK(!jsonl_number(lines, object, "x", &t, &err));
    CHECK_TEXT(err.fault[0], "f.jsonl:3:1: member 'n' is not a whole number from 0");
    CHECK_TEXT(err.fault[2], "f.jsonl:3:1: member 'x' is not there");
    CHECK(jsonl_next(lines, &object, &err) == CSV_END);
    jsonl_close(lines);
}

static void test_faults(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{\"a\": 1, \"a\": 2}", "f.jsonl:1:12: not valid JSON: duplicate object key near '\"a\"'"},
        {"{} x", "f.jsonl:1:4: not valid JSON: end of file expected near 'x'"},
        {"[1]", "f.jsonl:1:1: each line wants one object: {...}"},
        {"{\"a\": NaN}", "f.jsonl:1:9: not valid JSON: invalid token near 'NaN'"},
        {"{\"a\": 1", "f.jsonl:1:7: not valid JSON: '}' expected near end of file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct jsonl *lines = open_text(cases[i].text);
        json_t *object;
        CHECK(jsonl_next(lines, &object, &err) == CSV_FAILED);
        CHECK_TEXT(err.fault[0], cases[i].want);
        jsonl_close(lines);
    }
    struct jsonl *empty = open_text("");
    json_t *object;
    CHECK(jsonl_next(empty, &object, &err) == CSV_END);
    jsonl_close(empty);
    CHECK(!jsonl_open("/nowhere/f.jsonl", &err));
}

int main(void)
{
    test_rows();
    test_faults();
    return check_result();
}
