/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "tests/check.h"

static const char *const modes[] = {"fast", "slow", NULL};

static struct {
    bool help, json;
    uint64_t seed;
    double load;
    const char *output, *mode;
    struct option_texts set;
} got;

static const struct option table[] = {
    {'s', "seed", OPTION_COUNT, "N", "master seed (preset 1)", &got.seed, 0, 0, NULL},
    {0, "load", OPTION_NUMBER, "SHARE", "share of the peak", &got.load, 0, 1, NULL},
    {'o', "output", OPTION_TEXT, "FILE", "where results go", &got.output, 0, 0, NULL},
    {0, "mode", OPTION_WORD, "WORD", "fast or slow", &got.mode, 0, 0, modes},
    {0, "set", OPTION_TEXTS, "PATH=VALUE", "change a value", &got.set, 0, 0, NULL},
    {0, "json", OPTION_FLAG, NULL, "write JSON", &got.json, 0, 0, NULL},
    {'h', "help", OPTION_FLAG, NULL, "show this help", &got.help, 0, 0, NULL},
    {0}};

static const struct option_usage usage = {.command = "run",
                                          .arguments = "SCENARIO",
                                          .summary = "Replays a workload.",
                                          .details = ".dotted\nExample: -s 1",
                                          .min_arguments = 1,
                                          .max_arguments = 1};

static struct error err;
static int first;

/* Words are separated by single blanks. */
static bool parse(const char *line)
{
    static char words[400];
    static char *argv[40];
    int argc = 0;
    snprintf(words, sizeof words, "run %s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    option_texts_free(&got.set);
    memset(&got, 0, sizeof got);
    error_clear(&err);
    bool ok = option_parse(argc, argv, table, &usage, &first, &err);
    if (ok && first < argc)
        CHECK_TEXT(argv[first], "x.yaml");
    return ok;
}

static void test_good(void)
{
    CHECK(parse("x.yaml -s 7 --load=0.5 --set a=1 --mode slow --set b=2 -oout.h5 --json"));
    CHECK(got.seed == 7 && got.load == 0.5 && got.json && !got.help);
    CHECK_TEXT(got.mode, "slow");
    CHECK_TEXT(got.output, "out.h5");
    CHECK(got.set.n == 2);
    CHECK_TEXT(got.set.text[1], "b=2");
    CHECK(parse("--seed 18446744073709551615 -- x.yaml") && got.seed == UINT64_MAX);
    CHECK(parse("--help") && got.help);
    CHECK(parse("x.yaml"));
}

static void test_bad(void)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"", "run needs SCENARIO; see 'qeilsim run --help'"},
        {"x.yaml y", "run takes only SCENARIO: 'y' is one too many; see 'qeilsim run --help'"},
        {"--seed=-3 x.yaml", "--seed: '-3' is not a whole number from 0"},
        {"-s -3 x.yaml", "--seed: '-3' is not a whole number from 0"},
        {"--load 1.5 x.yaml", "--load: 1.5 is outside 0 ... 1"},
        {"--load 10ms x.yaml", "--load: '10ms' is not a number"},
        {"--mode sow x.yaml", "--mode: 'sow' is none of fast, slow (did you mean 'slow'?)"},
        {"--sede 3 x.yaml",
         "unknown option '--sede' (did you mean '--seed'?); see 'qeilsim run --help'"},
        {"--xyzzy=3 x.yaml", "unknown option '--xyzzy'; see 'qeilsim run --help'"},
        {"--se 3 x.yaml", "option '--se' fits several; see 'qeilsim run --help'"},
        {"-q x.yaml", "unknown option '-q'; see 'qeilsim run --help'"},
        {"x.yaml --seed", "--seed wants a value: --seed N"},
        {"x.yaml -o", "--output wants a value: --output FILE"},
        {"--json=3 x.yaml", "--json takes no value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(!parse(cases[i].line));
        CHECK(err.n_faults == 1 && err.kind == ERROR_INPUT);
        CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", cases[i].want);
    }
    CHECK(!parse("--seed x --load y z") && err.n_faults == 2);
}

static void test_pages(void)
{
    struct text out = {0};
    option_help(table, &usage, &out);
    CHECK_TEXT(out.bytes, "Usage: qeilsim run [OPTION...] SCENARIO\n\nReplays a workload.\n\n"
                          "Options:\n"
                          "  -s, --seed N          master seed (preset 1)\n"
                          "      --load SHARE      share of the peak\n"
                          "  -o, --output FILE     where results go\n"
                          "      --mode WORD       fast or slow\n"
                          "      --set PATH=VALUE  change a value\n"
                          "      --json            write JSON\n"
                          "  -h, --help            show this help\n"
                          "\n.dotted\nExample: -s 1\n");
    text_free(&out);
    option_roff(table, &usage, &out);
    CHECK(strstr(out.bytes, ".SS qeilsim run [OPTION...] SCENARIO\nReplays") != NULL);
    CHECK(strstr(out.bytes, ".TP\n\\fB\\-s\\fR, \\fB\\-\\-seed\\fR \\fIN\\fR\nmaster seed") !=
          NULL);
    CHECK(strstr(out.bytes, ".nf\n\\&.dotted\nExample: \\-s 1\n.fi\n") != NULL);
    text_free(&out);
}

static void operand_words(size_t operand, struct text *out)
{
    text_add(out, "operand%zu\n", operand);
}

static void test_words(void)
{
#define OPTIONS "--seed\n--load\n--output\n--mode\n--set\n--json\n--help\n"
    static const struct {
        const char *typed[5], *want;
    } cases[] = {{{NULL}, OPTIONS "operand0\n"},
                 {{"--json", "x", NULL}, OPTIONS "operand1\n"},
                 {{"--seed", "3", "x", "y", NULL}, OPTIONS "operand2\n"},
                 {{"-s", "3", NULL}, OPTIONS "operand0\n"},
                 {{"--mode=fast", "-s", "3", "--mode", NULL}, "fast\nslow\n"},
                 {{"x", "-o", NULL}, OPTION_FILE_WORD "\n"},
                 {{"--load", NULL}, ""}};
    struct option_usage with_words = usage;
    with_words.operand_words = operand_words;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text out = {0};
        option_words(table, &with_words, cases[i].typed, &out);
        CHECK_TEXT(out.bytes ? out.bytes : "", cases[i].want);
        text_free(&out);
    }
    struct text out = {0};
    option_words(table, &usage, cases[0].typed, &out);
    CHECK_TEXT(out.bytes, OPTIONS OPTION_FILE_WORD "\n");
    text_free(&out);
    option_words(table, &usage, cases[1].typed, &out);
    CHECK_TEXT(out.bytes, OPTIONS);
    text_free(&out);
}

int main(void)
{
    test_good();
    test_bad();
    test_pages();
    test_words();
    option_texts_free(&got.set);
    return check_result();
}
