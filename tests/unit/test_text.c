/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/check.h"

static void test_numbers(void)
{
    static const struct {
        const char *text;
        bool ok;
        double value;
    } cases[] = {
        {"1", true, 1},         {"-2.5", true, -2.5},   {"+3", true, 3},     {".5", true, 0.5},
        {"5.", true, 5},        {"1e3", true, 1000},    {"1E-2", true, .01}, {"", false, 0},
        {" 1", false, 0},       {"1 ", false, 0},       {"0x10", false, 0},  {"nan", false, 0},
        {"inf", false, 0},      {"1e", false, 0},       {"1e+", false, 0},   {"12abc", false, 0},
        {"204.8 MB", false, 0}, {".", false, 0},        {"-", false, 0},     {"1e999", false, 0},
        {"1.2.3", false, 0},    {"infinity", false, 0}, {"1,5", false, 0},   {"1e-400", true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = 0;
        if (!CHECK(text_number(cases[i].text, &value) == cases[i].ok))
            fprintf(stderr, "    for '%s'\n", cases[i].text);
        CHECK(value == cases[i].value);
    }
}

static void test_counts(void)
{
    uint64_t value = 7;
    CHECK(text_count("0", &value) && value == 0);
    CHECK(text_count("18446744073709551615", &value) && value == UINT64_MAX);
    static const char *const bad[] = {"", "-3", "+3", "1.0", "1e3", "18446744073709551616", "3 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!text_count(bad[i], &value));
}

static void test_nearest(void)
{
    static const char *const words[] = {"bandwidth_GBps", "capacity_GiB", "gpu", NULL};
    CHECK(text_distance("abc", "abc") == 0);
    CHECK(text_distance("abc", "acb") == 1);
    CHECK(text_distance("", "abc") == 3);
    CHECK(text_distance("kitten", "sitting") == 3);
    CHECK_TEXT(text_nearest("bandwith_GBps", words), "bandwidth_GBps");
    CHECK_TEXT(text_nearest("npu", words), "gpu");
    CHECK(text_nearest("colour", words) == NULL);
    CHECK(text_nearest("", words) == NULL);
    char *hint = text_hint("gup", words);
    CHECK_TEXT(hint, " (did you mean 'gpu'?)");
    free(hint);
}

static void test_buffer(void)
{
    struct text text = {0};
    for (int i = 0; i < 1000; i++)
        text_add(&text, "%d,", i);
    CHECK(text.length == 3890 && strlen(text.bytes) == text.length);
    text_add(&text, "%500s", "x");
    CHECK(text.length == 4390 && text.bytes[4389] == 'x');
    text_free(&text);
    CHECK(text.bytes == NULL);
    CHECK_TEXT(text_clip("short").bytes, "short");
    char long_text[200];
    memset(long_text, 'a', sizeof long_text);
    long_text[199] = '\0';
    memcpy(long_text + 59, "\xC3\xA4", 2);
    CHECK(strlen(text_clip(long_text).bytes) == 62);
}

static void test_errors(void)
{
    struct error err;
    error_clear(&err);
    CHECK(!error_at(&err, "a.yaml", 3, 7, "no %s", "\x1b[31m\n"));
    CHECK_TEXT(err.fault[0], "a.yaml:3:7: no ?[31m?");
    char *wide = mem_calloc(2001, 1);
    for (size_t i = 0; i < 1000; i++)
        memcpy(wide + 2 * i, "\xC3\xA4", 2);
    error_set(&err, "%s", wide);
    error_set(&err, "x%s", wide);
    for (size_t i = 1; i < 3; i++) {
        size_t length = strlen(err.fault[i]);
        CHECK(length < ERROR_SENTENCE && strcmp(err.fault[i] + length - 3, "...") == 0);
        CHECK((unsigned char)err.fault[i][length - 4] == 0xA4);
    }
    for (int i = 0; i < 30; i++)
        error_set(&err, "again");
    CHECK(err.n_faults == ERROR_FAULTS && err.n_suppressed == 13 && err.kind == ERROR_INPUT);
    error_machine(&err, "disk full");
    CHECK(err.kind == ERROR_MACHINE);
    free(wide);
}

int main(void)
{
    test_numbers();
    test_counts();
    test_nearest();
    test_buffer();
    test_errors();
    return check_result();
}
