/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers of recorded traces: the published figures of real ones, the three grammars of Azure's
 * stamps, damaged files, thinning, stretching and sorting. */
#include "base/stamp.h"
#include "tests/check.h"
#include "workloads/workload.h"

#include <unistd.h>

static const char shared[] = SOURCE_DIR "/../shared/traces/";

static struct workload trace_of(char *file, int format)
{
    return (struct workload){.has_trace = true,
                             .trace = {.file = file, .format = format, .thin = 1, .stretch = 1}};
}

/* A file with this content; its name replaces the X of `path`. */
static void write_file(char *path, const char *content)
{
    strcpy(path, "/tmp/qeilsim-trace-XXXXXX");
    int handle = mkstemp(path);
    FILE *file = handle >= 0 ? fdopen(handle, "w") : NULL;
    if (!CHECK(file))
        return;
    fputs(content, file);
    fclose(file);
}

/* Reads all requests; the caller frees the array. NULL with a fault in err. */
static struct workload_request *read_all(const struct workload *workload, uint64_t seed, size_t *n,
                                         size_t *inversions, struct error *err)
{
    struct workload_request *all = calloc(20000, sizeof *all);
    struct workload_source *source = workload_source_open(workload, seed, err);
    bool end = false, ok = source != NULL;
    *n = 0;
    while (ok && (ok = workload_source_next(source, &all[*n], &end, err)) && !end)
        ++*n;
    if (source && inversions)
        *inversions = workload_source_inversions(source);
    workload_source_close(source);
    if (ok)
        return all;
    free(all);
    return NULL;
}

/* Azure 2023, conversation: the figures of shared/TRACES.md, section 2.1, as printed there. */
static void test_azure_2023(void)
{
    char path[512];
    struct error err = {0};
    struct workload_statistics got;
    snprintf(path, sizeof path, "%sazure2023_AzureLLMInferenceTrace_conv.csv", shared);
    struct workload workload = trace_of(path, WORKLOAD_AZURE);
    if (!CHECK(workload_statistics(&workload, 1, &got, &err))) {
        fprintf(stderr, "%s\n", err.fault[0]);
        return;
    }
    CHECK(got.requests == 19366 && got.failed == 0);
    CHECK(got.prompt_sum == 22361870 && got.output_sum == 4088665);
    char text[256];
    snprintf(text, sizeof text, "%.3f s, %.3f /s, %.3f, %.3f", got.span_s, got.rate_per_s, got.cv,
             got.correlation);
    CHECK_TEXT(text, "3501.722 s, 5.530 /s, 1.094, -0.112");
    snprintf(text, sizeof text, "%.1f / %.1f / %llu / %llu / %llu / %llu", got.prompt_mean,
             got.prompt_sd, (unsigned long long)got.prompt_p50, (unsigned long long)got.prompt_p90,
             (unsigned long long)got.prompt_p99, (unsigned long long)got.prompt_max);
    CHECK_TEXT(text, "1154.7 / 1108.8 / 1020 / 2734 / 4142 / 14050");
    snprintf(text, sizeof text, "%.1f / %.1f / %llu / %llu / %llu / %llu", got.output_mean,
             got.output_sd, (unsigned long long)got.output_p50, (unsigned long long)got.output_p90,
             (unsigned long long)got.output_p99, (unsigned long long)got.output_max);
    CHECK_TEXT(text, "211.1 / 162.9 / 129 / 424 / 601 / 1000");
    CHECK(got.peak_1s == 19 && got.peak_10s == 112 && got.peak_60s == 522);
}

/* vidur's file holds the same requests, with seconds that went through doubles: "5.892655" is
 * printed as 5.8926549999999995, which is the same picosecond. */
static void test_both_formats_agree(void)
{
    char azure_path[512], vidur_path[512];
    struct error err = {0};
    size_t n_azure = 0, n_vidur = 0;
    snprintf(azure_path, sizeof azure_path, "%sazure2023_AzureLLMInferenceTrace_conv.csv", shared);
    snprintf(vidur_path, sizeof vidur_path, "%svidur_splitwise_conv.csv", shared);
    struct workload from_azure = trace_of(azure_path, WORKLOAD_AZURE);
    struct workload from_vidur = trace_of(vidur_path, WORKLOAD_VIDUR);
    struct workload_request *azure = read_all(&from_azure, 1, &n_azure, NULL, &err);
    struct workload_request *vidur = read_all(&from_vidur, 1, &n_vidur, NULL, &err);
    size_t different = 0;
    if (CHECK(azure && vidur && n_azure == n_vidur)) {
        for (size_t i = 0; i < n_azure; i++)
            if (memcmp(&azure[i], &vidur[i], sizeof *azure) != 0)
                different++;
        CHECK(different == 0);
    }
    free(azure);
    free(vidur);
}

static int64_t ps_between(const char *from, const char *to)
{
    struct stamp a, b;
    int64_t ps = -1;
    if (CHECK(stamp_read_clock(from, &a)) && CHECK(stamp_read_clock(to, &b)))
        CHECK(stamp_since(a, b, &ps));
    return ps;
}

static void test_clock_grammars(void)
{
    /* space and 7 digits; space, optional 6 digits and a zone; T, milliseconds and Z */
    CHECK(ps_between("2023-11-16 18:15:46.6805900", "2023-11-16 18:15:50.9951690") ==
          INT64_C(4314579000000));
    CHECK(ps_between("2024-05-12 00:00:00+00:00", "2024-05-12 00:00:00.001163+00:00") ==
          1163000000);
    CHECK(ps_between("2024-10-15T12:00:00.269Z", "2024-10-15T12:00:01Z") == INT64_C(731000000000));
    CHECK(ps_between("2024-02-28 23:59:59", "2024-02-29 00:00:00.000000000001") ==
          INT64_C(1000000000001));
    CHECK(ps_between("2023-12-31 23:59:59", "2024-01-01 00:00:00") == STAMP_PS_PER_S);
    CHECK(ps_between("2024-03-01 01:30:00+02:00", "2024-02-29 23:30:00Z") == 0);
    CHECK(ps_between("2024-02-29 20:00:00-03:30", "2024-02-29 23:30:00Z") == 0);
    CHECK(ps_between("1999-12-31 00:00:00", "2000-03-01 00:00:00") == 61 * 86400 * STAMP_PS_PER_S);
    struct stamp epoch;
    CHECK(stamp_read_clock("1970-01-01 00:00:00", &epoch) && epoch.s == 0 && epoch.ps == 0);
    CHECK(stamp_read_clock("2023-11-16 18:15:46", &epoch) && epoch.s == 1700158546);
}

static void test_clock_refused(void)
{
    static const char *const bad[] = {
        "",
        "2023-11-16",
        "2023-11-16 18:15",
        "2023-11-31 18:15:46",
        "2023-02-29 18:15:46",
        "1900-02-29 18:15:46",
        "2023-13-01 18:15:46",
        "2023-00-01 18:15:46",
        "2023-11-00 18:15:46",
        "2023-11-16 24:00:00",
        "2023-11-16 18:60:00",
        "2023-11-16 18:15:60",
        "2023-11-16 18:15:46.",
        "2023-11-16 18:15:46.1234567890123",
        "2023-11-16 18:15:46 ",
        " 2023-11-16 18:15:46",
        "2023-11-16_18:15:46",
        "2023-11-16 18:15:46+0000",
        "2023-11-16 18:15:46+24:00",
        "2023-11-16 18:15:46ZZ",
        "23-11-16 18:15:46",
        "0000-11-16 18:15:46",
        "2023-11-16 18:15:4x",
        "2023-1-16 18:15:46",
        "+023-11-16 18:15:46",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct stamp stamp;
        if (!CHECK(!stamp_read_clock(bad[i], &stamp)))
            fprintf(stderr, "    accepted '%s'\n", bad[i]);
    }
}

static void test_decimals(void)
{
    static const struct {
        const char *text;
        int shift;
        int64_t s, ps;
    } good[] = {
        {"0", 0, 0, 0},
        {"4.314579", 0, 4, INT64_C(314579000000)},
        {"5.8926549999999995", 0, 5, INT64_C(892655000000)},
        {"20.658352999999998", 0, 20, INT64_C(658353000000)},
        {"0.0000000000004", 0, 0, 0},
        {"0.0000000000005", 0, 0, 1},
        {"1.9999999999999", 0, 2, 0},
        {"2e-06", 0, 0, 2000000},
        {"1.5e+3", 0, 1500, 0},
        {"19440110.0", 0, 19440110, 0},
        {"1234.5", 3, 1, INT64_C(234500000000)},
        {"7", 9, 0, 7000},
        {"00012", 0, 12, 0},
        {"0e9999", 0, 0, 0},
    };
    static const char *const bad[] = {"",    ".",       ".5",   "5.",  "-1",   "+1",
                                      " 1",  "1 ",      "nan",  "inf", "0x10", "1e",
                                      "1e+", "1e99999", "1e15", "1,5", "1.5.2"};
    struct stamp got;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!CHECK(stamp_read_decimal(good[i].text, good[i].shift, &got) && got.s == good[i].s &&
                   got.ps == good[i].ps))
            fprintf(stderr, "    '%s'\n", good[i].text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!CHECK(!stamp_read_decimal(bad[i], 0, &got)))
            fprintf(stderr, "    accepted '%s'\n", bad[i]);
}

/* Every fault: what stands in the file, and the place and the words of the message. */
static void test_damaged_files(void)
{
#define AZURE_HEADER "TIMESTAMP,ContextTokens,GeneratedTokens\n"
#define VIDUR_HEADER "arrived_at,num_prefill_tokens,num_decode_tokens\n"
    static const struct {
        int format;
        const char *content, *place, *words;
    } files[] = {
        {WORKLOAD_AZURE, AZURE_HEADER, ":1:1: ", "the trace has no requests"},
        {WORKLOAD_AZURE, "", ":1:", ""},
        {WORKLOAD_AZURE, "TIMESTAMP,ContextTokens\n", ":1:", "GeneratedTokens"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,374\n", ":2:", ""},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,374,44,5\n", ":2:", ""},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15,374,44\n",
         ":2:1: ", "column 'TIMESTAMP': '2023-11-16 18:15' is not a time like 2023-11-16"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,x,44\n", ":2:21: ", "ContextTokens"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,-3,44\n", ":2:21: ", "ContextTokens"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,12.5,44\n", ":2:21: ", "ContextTokens"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,0,44\n",
         ":2:21: ", "column 'ContextTokens': 0 tokens"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,374,2147483649\n",
         ":2:25: ", "column 'GeneratedTokens': 2147483649 tokens"},
        {WORKLOAD_AZURE,
         AZURE_HEADER "2023-11-16 18:15:46.5,1,1\n2023-11-16 18:15:46.4999999,1,1\n",
         ":3:1: ", "`sort: true`"},
        {WORKLOAD_AZURE, AZURE_HEADER "2023-11-16 18:15:46,1,1\n2024-11-16 18:15:46,1,1\n",
         ":3:1: ", "106 days"},
        {WORKLOAD_VIDUR, VIDUR_HEADER, ":1:1: ", "the trace has no requests"},
        {WORKLOAD_VIDUR, VIDUR_HEADER "1.5,1,1\n1.4,1,1\n", ":3:1: ", "`sort: true`"},
        {WORKLOAD_VIDUR, VIDUR_HEADER "-1,1,1\n", ":2:1: ", "column 'arrived_at': '-1'"},
        {WORKLOAD_VIDUR, VIDUR_HEADER "nan,1,1\n", ":2:1: ", "column 'arrived_at': 'nan'"},
        {WORKLOAD_VIDUR, AZURE_HEADER "2023-11-16 18:15:46,1,1\n", ":1:", "arrived_at"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];
        struct error err = {0};
        size_t n;
        write_file(path, files[i].content);
        struct workload workload = trace_of(path, files[i].format);
        struct workload_request *all = read_all(&workload, 1, &n, NULL, &err);
        CHECK(!all);
        free(all);
        bool said =
            err.n_faults == 1 && strncmp(err.fault[0], path, strlen(path)) == 0 &&
            strncmp(err.fault[0] + strlen(path), files[i].place, strlen(files[i].place)) == 0 &&
            strstr(err.fault[0], files[i].words);
        if (!CHECK(said))
            fprintf(stderr, "    got \"%s\"\n    want \"%s...%s\"\n", err.fault[0], files[i].place,
                    files[i].words);
        remove(path);
    }
}

/* Columns by name in any order, further ones ignored; CR-LF, no newline at the end; ties keep the
 * order of the file; a failed request stays. */
static void test_tolerated(void)
{
    char path[64];
    struct error err = {0};
    size_t n = 0;
    write_file(path, "NumImages,GeneratedTokens,TIMESTAMP,ContextTokens\r\n"
                     "0,491,2024-10-15T12:00:00.269Z,770\r\n"
                     "1,0,2024-10-15T12:00:00.269Z,5\r\n"
                     "0,7,2024-10-15T12:00:01.269Z,6");
    struct workload workload = trace_of(path, WORKLOAD_AZURE);
    struct workload_request *all = read_all(&workload, 1, &n, NULL, &err);
    if (CHECK(all && n == 3)) {
        CHECK(all[0].prompt_tokens == 770 && all[0].output_tokens == 491 && all[0].line == 2);
        CHECK(all[1].arrival_ps == 0 && all[1].output_tokens == 0 && all[1].id == 1);
        CHECK(all[2].arrival_ps == STAMP_PS_PER_S && all[2].line == 4);
    }
    free(all);
    workload.trace.drop_failed = true;
    workload.trace.limit = 2;
    all = read_all(&workload, 1, &n, NULL, &err);
    CHECK(all && n == 2 && all[0].id == 0 && all[1].id == 2);
    free(all);
    workload.trace.limit = 1;
    all = read_all(&workload, 1, &n, NULL, &err);
    CHECK(all && n == 1);
    free(all);
    remove(path);
}

static void test_sort(void)
{
    char path[64];
    struct error err = {0};
    size_t n = 0, inversions = 0;
    write_file(path, VIDUR_HEADER "5,1,1\n3,2,1\n3,3,1\n9,4,1\n1.5,5,1\n");
    struct workload workload = trace_of(path, WORKLOAD_VIDUR);
    workload.trace.sort = true;
    struct workload_request *all = read_all(&workload, 1, &n, &inversions, &err);
    static const uint64_t order[] = {4, 1, 2, 0, 3};
    if (CHECK(all && n == 5)) {
        for (size_t i = 0; i < 5; i++)
            CHECK(all[i].id == order[i] && all[i].prompt_tokens == order[i] + 1);
        CHECK(all[0].arrival_ps == 0 && all[4].arrival_ps == INT64_C(7500000000000));
        CHECK(inversions == 2);
    }
    free(all);
    char empty[64];
    write_file(empty, VIDUR_HEADER);
    workload.trace.file = empty;
    CHECK(!read_all(&workload, 1, &n, NULL, &err));
    CHECK(strstr(err.fault[0], "the trace has no requests"));
    remove(empty);
    workload.trace.file = path;
    workload.trace.time_unit = WORKLOAD_MS;
    all = read_all(&workload, 1, &n, NULL, &err);
    CHECK(all && n == 5 && all[4].arrival_ps == INT64_C(7500000000));
    free(all);
    remove(path);
}

/* With one seed a thinner selection is part of a thicker one; other seeds choose otherwise. */
static void test_thinning(void)
{
    char path[512];
    struct error err = {0};
    size_t n_all = 0, n_thin = 0, n_thick = 0, n_other = 0, inside = 0, same = 0;
    snprintf(path, sizeof path, "%sazure2023_AzureLLMInferenceTrace_conv.csv", shared);
    struct workload workload = trace_of(path, WORKLOAD_AZURE);
    struct workload_request *all = read_all(&workload, 7, &n_all, NULL, &err);
    workload.trace.thin = 0.3;
    struct workload_request *thin = read_all(&workload, 7, &n_thin, NULL, &err);
    struct workload_request *other = read_all(&workload, 8, &n_other, NULL, &err);
    workload.trace.thin = 0.6;
    struct workload_request *thick = read_all(&workload, 7, &n_thick, NULL, &err);
    if (CHECK(all && thin && thick && other)) {
        for (size_t i = 0, j = 0; i < n_thin; i++) {
            while (j < n_thick && thick[j].id < thin[i].id)
                j++;
            inside += j < n_thick && thick[j].id == thin[i].id ? 1 : 0;
            CHECK(memcmp(&thin[i], &all[thin[i].id], sizeof *thin) == 0);
        }
        for (size_t i = 0, j = 0; i < n_thin; i++) {
            while (j < n_other && other[j].id < thin[i].id)
                j++;
            same += j < n_other && other[j].id == thin[i].id ? 1 : 0;
        }
        CHECK(inside == n_thin);
        /* five standard deviations of a binomial count: 5 sqrt(n p (1 - p)) */
        CHECK(fabs((double)n_thin - 0.3 * 19366) < 319);
        CHECK(fabs((double)n_thick - 0.6 * 19366) < 341);
        CHECK(fabs((double)same - 0.09 * 19366) < 200);
    }
    free(all);
    free(thin);
    free(thick);
    free(other);
}

static void test_stretch(void)
{
    char path[64];
    struct error err = {0};
    size_t n = 0;
    write_file(path, VIDUR_HEADER "1,1,1\n2,1,1\n5.000000000001,1,1\n");
    struct workload workload = trace_of(path, WORKLOAD_VIDUR);
    workload.trace.stretch = 2.5;
    struct workload_request *all = read_all(&workload, 1, &n, NULL, &err);
    if (CHECK(all && n == 3)) {
        CHECK(all[0].arrival_ps == 0 && all[1].arrival_ps == INT64_C(2500000000000));
        CHECK(all[2].arrival_ps == INT64_C(10000000000003));
    }
    free(all);
    workload.trace.stretch = 3e6;
    CHECK(!read_all(&workload, 1, &n, NULL, &err));
    CHECK(strstr(err.fault[0], ":4:1: ") && strstr(err.fault[0], "106 days"));
    err = (struct error){0};
    workload.trace.stretch = 1;
    workload.trace.thin = 1e-9;
    CHECK(!read_all(&workload, 1, &n, NULL, &err));
    CHECK(strstr(err.fault[0], "no request of the trace is left"));
    remove(path);
}

/* Few requests, and lengths beyond what is counted one by one. */
static void test_statistics_corners(void)
{
    char path[64];
    struct error err = {0};
    struct workload_statistics got;
    write_file(path, VIDUR_HEADER "3,2000000000,0\n");
    struct workload workload = trace_of(path, WORKLOAD_VIDUR);
    if (CHECK(workload_statistics(&workload, 1, &got, &err))) {
        CHECK(got.requests == 1 && got.failed == 1 && got.prompt_p99 == 2000000000);
        CHECK(got.span_s == 0 && got.rate_per_s == 0 && got.cv == 0 && got.correlation == 0);
        CHECK(got.prompt_sd == 0 && got.peak_60s == 1);
    }
    remove(path);
    write_file(path, VIDUR_HEADER "0,2000000000,10\n0.5,4,20\n1,6,30\n1,1000000000,40\n");
    workload = trace_of(path, WORKLOAD_VIDUR);
    if (CHECK(workload_statistics(&workload, 1, &got, &err))) {
        CHECK(got.prompt_p50 == 500000003 && got.prompt_max == 2000000000);
        CHECK(got.output_p50 == 25 && got.output_p90 == 37); /* 37.0 */
        CHECK(got.peak_1s == 3 && got.peak_10s == 4);        /* a window does not hold its end */
        CHECK(got.rate_per_s == 3);
    }
    remove(path);
}

static void test_search_path(void)
{
    struct error err = {0};
    char file[] = "nowhere-to-be-found.csv", yaml[] = "/tmp/w.yaml";
    struct workload_trace_spec spec = {.file = file, .folder_of = yaml, .line = 3, .column = 9};
    setenv("QEILSIM_TRACES", "/tmp/no-such-folder", 1);
    CHECK(!workload_trace_path(&spec, &err));
    CHECK(strstr(err.fault[0], "/tmp/w.yaml:3:9: trace 'nowhere-to-be-found.csv' is not there"));
    CHECK(strstr(err.fault[0], "/tmp/no-such-folder/nowhere"));
    CHECK(strstr(err.fault[0], "https://github.com/Azure/AzurePublicDataset"));
    spec.format = WORKLOAD_VIDUR;
    err = (struct error){0};
    CHECK(!workload_trace_path(&spec, &err));
    CHECK(strstr(err.fault[0], "https://github.com/microsoft/vidur"));
    setenv("QEILSIM_TRACES", SOURCE_DIR "/workloads/traces", 1);
    char small[] = "office-chat-small.csv";
    spec.file = small;
    char *path = workload_trace_path(&spec, &err);
    CHECK_TEXT(path, SOURCE_DIR "/workloads/traces/office-chat-small.csv");
    free(path);
    unsetenv("QEILSIM_TRACES");
    char beside[] = SOURCE_DIR "/workloads/traces/office-chat-small.generator.yaml";
    spec.folder_of = beside;
    path = workload_trace_path(&spec, &err);
    CHECK_TEXT(path, SOURCE_DIR "/workloads/traces/office-chat-small.csv");
    free(path);
}

/* The loader notes which file names the trace. */
static void test_folder_of(void)
{
    static const char text[] = "schema: qeilsim/workload/1\ntrace:\n  file: a.csv\n"
                               "  format: vidur\n  thin: 0.5\n";
    struct error err = {0};
    struct workload workload;
    struct tree *tree = tree_parse("/tmp/here.yaml", text, sizeof text - 1, &err);
    if (CHECK(tree && workload_read(tree, &workload, &err))) {
        CHECK_TEXT(workload.trace.folder_of, "/tmp/here.yaml");
        CHECK(workload.trace.line == 3 && workload.trace.column == 9);
        CHECK(workload.trace.format == WORKLOAD_VIDUR && workload.trace.thin == 0.5);
        CHECK(workload.trace.stretch == 1 && !workload.trace.sort && workload.has_trace);
        workload_free(&workload);
    }
    tree_free(tree);
}

int main(void)
{
    char probe[512];
    test_clock_grammars();
    test_clock_refused();
    test_decimals();
    test_damaged_files();
    test_tolerated();
    test_sort();
    test_stretch();
    test_statistics_corners();
    test_search_path();
    test_folder_of();
    snprintf(probe, sizeof probe, "%sazure2023_AzureLLMInferenceTrace_conv.csv", shared);
    if (access(probe, R_OK) != 0) {
        int failed = check_result();
        return failed ? failed : check_skip("shared/traces is not beside the sources");
    }
    test_azure_2023();
    test_both_formats_agree();
    test_thinning();
    return check_result();
}
