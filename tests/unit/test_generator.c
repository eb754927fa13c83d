/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator: its distributions, its independence of the number of requests, and the trace in
 * the catalogue, which it must draw again byte for byte. QEILSIM_UPDATE=1 writes that trace. */
#include "base/file.h"
#include "tests/check.h"
#include "workloads/workload.h"

#include <sys/resource.h>

static bool read_text(const char *text, struct workload *out, struct error *err)
{
    struct tree *tree = tree_parse("w.yaml", text, strlen(text), err);
    bool ok = tree && workload_read(tree, out, err);
    tree_free(tree);
    return ok;
}

static void check_refused(const char *text, const char *want)
{
    struct error err = {0};
    struct workload workload;
    if (!CHECK(!read_text(text, &workload, &err)))
        workload_free(&workload);
    else if (!CHECK(strstr(err.fault[0], want)))
        fprintf(stderr, "    got  \"%s\"\n    want \"%s\"\n", err.fault[0], want);
}

static void test_refused(void)
{
    check_refused("schema: qeilsim/workload/1\n", "w.yaml:1:1: a workload has either 'trace' or "
                                                  "'generator'; here are neither");
    check_refused("trace: {file: a, format: azure}\n"
                  "generator: {requests: 1, rate_per_s: 1, prompt: {median: 1, log_sigma: 0, max: "
                  "1}, output: {median: 1, log_sigma: 0, max: 1}}\n",
                  "here are both");
    check_refused("trace: {file: a, format: azur}\n", "(did you mean 'azure'?)");
    check_refused("trace: {file: a, format: azure, thin: 0}\n", "w.yaml:1:39: ");
    check_refused("trace: {file: a, format: azure, thin: 1.5}\n", "w.yaml:1:39: ");
    check_refused("trace: {file: a, format: azure, stretch: nan}\n", "w.yaml:1:42: ");
    check_refused("trace: {file: a, format: azure, time_unit: ms}\n",
                  "w.yaml:1:44: time_unit is for stamps");
    check_refused("generator: {requests: 0, rate_per_s: 1, prompt: {median: 1, log_sigma: 0, max: "
                  "1}, output: {median: 1, log_sigma: 0, max: 1}}\n",
                  "w.yaml:1:23: ");
    check_refused("generator: {requests: 1, rate_per_s: 1, prompt: {median: 1, log_sigma: 0, max: "
                  "1}, output: {median: 1, log_sigma: 0, min: 9, max: 5}}\n",
                  "max 5 is below min 9");
    check_refused("generator: {requests: 1, prompt: {median: 1, max: 1}, output: {median: 1, max: "
                  "1}}\n",
                  "w.yaml:1:12: missing key 'rate_per_s'; only a closed loop may leave it out");
    check_refused("generator: {requests: 1, session: {calls: 2}, prompt: {median: 1, max: 1}, "
                  "output: {median: 1, max: 1}}\nclosed_loop: {users: 2}\n",
                  "w.yaml:1:35: sessions are told by their own calls");
    check_refused("schema: qeilsim/model/1\ngenerator: {}\n", "not 'qeilsim/workload/1'");
}

static void test_distributions(void)
{
    static const char text[] = "generator: {requests: 20000, rate_per_s: 2, cv: 1.5, seed: 5,\n"
                               "  prompt: {median: 350, log_sigma: 0.8, min: 1, max: 1000000},\n"
                               "  output: {median: 120, log_sigma: 0.5, min: 20, max: 300}}\n";
    struct error err = {0};
    struct workload workload;
    struct workload_statistics got;
    if (!CHECK(read_text(text, &workload, &err)))
        return;
    if (CHECK(workload_statistics(&workload, 1, &got, &err))) {
        /* Four standard errors of 20,000 draws: 1.5/sqrt(n) of the rate; of a median
         * 1.2533 x 0.8/sqrt(n) of its logarithm. */
        CHECK(got.requests == 20000 && got.failed == 0);
        CHECK_NEAR(got.rate_per_s, 2, 0.043);
        CHECK_NEAR(got.cv, 1.5, 0.06);
        CHECK_NEAR((double)got.prompt_p50, 350, 0.03);
        CHECK_NEAR((double)got.output_p50, 120, 0.02);
        /* the mean of a log-normal: median x exp(sigma^2 / 2) */
        CHECK_NEAR(got.prompt_mean, 350 * exp(0.32), 0.03);
        CHECK(got.output_max == 300);
        CHECK(fabs(got.correlation) < 0.03);
    }
    workload_free(&workload);
}

static bool requests(const struct workload *workload, struct workload_request *out, size_t n)
{
    struct error err = {0};
    struct workload_source *source = workload_source_open(workload, 1, &err);
    bool end = false, ok = source != NULL;
    for (size_t i = 0; i < n && ok; i++)
        ok = workload_source_next(source, &out[i], &end, &err) && !end;
    ok = ok && workload_source_next(source, &out[n], &end, &err) && end;
    workload_source_close(source);
    return CHECK(ok);
}

/* The first requests do not depend on how many follow, nor lengths on rates. */
static void test_prefix(void)
{
    enum { FEW = 50, MANY = 80 };
    struct workload few = {
        .has_generator = true,
        .generator = {.requests = FEW,
                      .rate_per_s = 1,
                      .cv = 2,
                      .seed = 9,
                      .prompt = {.median = 100, .log_sigma = 1, .min = 1, .max = 5000},
                      .output = {.median = 50, .log_sigma = 1, .min = 1, .max = 5000}}};
    struct workload many = few, faster = few;
    many.generator.requests = MANY;
    faster.generator.rate_per_s = 4;
    struct workload_request a[FEW + 1], b[MANY + 1], c[FEW + 1];
    if (!requests(&few, a, FEW) || !requests(&many, b, MANY) || !requests(&faster, c, FEW))
        return;
    for (size_t i = 0; i < FEW; i++) {
        CHECK(a[i].id == i && a[i].arrival_ps == b[i].arrival_ps);
        CHECK(a[i].prompt_tokens == b[i].prompt_tokens && a[i].output_tokens == b[i].output_tokens);
        CHECK(a[i].prompt_tokens == c[i].prompt_tokens && a[i].output_tokens == c[i].output_tokens);
        CHECK_NEAR((double)a[i].arrival_ps, 4 * (double)c[i].arrival_ps, 1e-6);
    }
    CHECK(a[0].arrival_ps == 0);
}

/* Exponential lengths rounded up are geometric: mean 1 / (1 - 2^(-1/median)). */
static void test_exponential(void)
{
    static const char text[] = "generator: {requests: 20000, rate_per_s: 2, seed: 5,\n"
                               "  prompt: {law: exponential, median: 30, max: 1000000},\n"
                               "  output: {law: exponential, median: 2, max: 1000000}}\n";
    struct error err = {0};
    struct workload workload;
    struct workload_statistics got;
    if (!CHECK(read_text(text, &workload, &err)))
        return;
    if (CHECK(workload_statistics(&workload, 1, &got, &err))) {
        double prompt = 1 / (1 - exp2(-1.0 / 30)), output = 1 / (1 - exp2(-0.5));
        CHECK_NEAR(got.prompt_mean, prompt, 4 / sqrt(20000));
        CHECK_NEAR(got.output_mean, output, 4 / sqrt(20000));
        CHECK_NEAR(got.output_sd, sqrt(output * (output - 1)), 0.06);
    }
    workload_free(&workload);
}

static void test_fixed_beat(void)
{
    struct workload beat = {
        .has_generator = true,
        .generator = {.requests = 4,
                      .rate_per_s = 0.5,
                      .cv = 0,
                      .seed = 9,
                      .prompt = {.median = 100, .log_sigma = 0, .min = 1, .max = 5000},
                      .output = {.median = 50, .log_sigma = 0, .min = 1, .max = 40}}};
    struct workload_request got[5];
    if (!requests(&beat, got, 4))
        return;
    CHECK(got[3].arrival_ps == INT64_C(6000000000000));
    CHECK(got[3].prompt_tokens == 100 && got[3].output_tokens == 40);
}

/* As a trace in Azure's format. */
static bool write_azure(const struct workload *workload, char **text, size_t *n, struct error *err)
{
    struct workload_written written;
    FILE *stream = open_memstream(text, n);
    bool ok = workload_write(workload, 1, WORKLOAD_AZURE, stream, &written, err);
    fclose(stream);
    return ok;
}

static void test_too_late(void)
{
    struct workload slow = {
        .has_generator = true,
        .generator = {.requests = 20,
                      .rate_per_s = 1e-6,
                      .cv = 0,
                      .seed = 9,
                      .prompt = {.median = 100, .log_sigma = 0, .min = 1, .max = 5000},
                      .output = {.median = 50, .log_sigma = 0, .min = 1, .max = 40}}};
    struct error err = {0};
    char *text = NULL;
    size_t n = 0;
    CHECK(!write_azure(&slow, &text, &n, &err));
    CHECK(strstr(err.fault[0], "more than 106 days after the first"));
    free(text);
}

static long peak_KiB(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Requests pass through: thirty times as many take no more memory. */
static void test_constant_memory(void)
{
    enum { MOST_KIB = 4096 };
    struct workload workload = {.has_generator = true,
                                .generator = {.requests = 20000,
                                              .rate_per_s = 2,
                                              .cv = 1,
                                              .seed = 9,
                                              .prompt = {100, 0.5, 1, 5000, WORKLOAD_LOGNORMAL},
                                              .output = {50, 0.5, 1, 500, WORKLOAD_LOGNORMAL}}};
    struct error err = {0};
    struct workload_statistics got;
    struct workload_written written;
    FILE *nowhere = fopen("/dev/null", "w");
    CHECK(workload_statistics(&workload, 1, &got, &err));
    CHECK(workload_write(&workload, 1, WORKLOAD_AZURE, nowhere, &written, &err));
    long before = peak_KiB();
    workload.generator.requests = 600000;
    CHECK(workload_statistics(&workload, 1, &got, &err) && got.requests == 600000);
    CHECK(workload_write(&workload, 1, WORKLOAD_VIDUR, nowhere, &written, &err));
    CHECK(written.requests == 600000 && peak_KiB() - before < MOST_KIB);
    fclose(nowhere);
}

static bool read_small(struct workload *out, struct error *err)
{
    struct tree *tree =
        tree_read(SOURCE_DIR "/workloads/traces/office-chat-small.generator.yaml", err);
    bool ok = tree && fields_check_schema(tree, "workload", err) && workload_read(tree, out, err);
    tree_free(tree);
    return ok;
}

static void test_catalogue_trace(void)
{
    static const char path[] = SOURCE_DIR "/workloads/traces/office-chat-small.csv";
    struct error err = {0};
    struct workload workload;
    char *stored = NULL, *text = NULL;
    size_t n = 0, length = 0;
    if (!CHECK(read_small(&workload, &err)))
        return;
    CHECK(write_azure(&workload, &text, &length, &err));
    if (getenv("QEILSIM_UPDATE"))
        CHECK(file_write(path, text, length, &err));
    if (CHECK(file_read(path, 1 << 20, &stored, &n, &err)))
        CHECK(n == length && memcmp(stored, text, n) == 0);
    free(stored);
    free(text);
    workload_free(&workload);
}

/* What its README says: 200 requests, about 20 minutes, 0.17 a second. */
static void test_catalogue_statistics(void)
{
    struct error err = {0};
    struct workload workload;
    struct workload_statistics got;
    /* a bare name is found in the data folder of the build */
    if (!CHECK(read_text("trace: {file: office-chat-small.csv, format: azure}\n", &workload, &err)))
        return;
    if (CHECK(workload_statistics(&workload, 1, &got, &err))) {
        CHECK(got.requests == 200 && got.failed == 0);
        CHECK_NEAR(got.span_s, 1200, 0.2);
        CHECK_NEAR(got.rate_per_s, 0.17, 0.2);
        CHECK_NEAR(got.cv, 1.5, 0.2);
        CHECK_NEAR((double)got.prompt_p50, 350, 0.2);
        CHECK_NEAR((double)got.output_p50, 120, 0.2);
    } else {
        fprintf(stderr, "%s\n", err.fault[0]);
    }
    workload_free(&workload);
}

int main(void)
{
    test_refused();
    test_distributions();
    test_prefix();
    test_exponential();
    test_fixed_beat();
    test_too_late();
    test_constant_memory();
    test_catalogue_trace();
    test_catalogue_statistics();
    return check_result();
}
