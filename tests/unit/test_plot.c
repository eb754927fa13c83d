/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "plots/label.h"
#include "plots/plot.h"
#include "plots/roofline.h"
#include "plots/script.h"
#include "tests/check.h"
#include "tests/support/small_thermal.h"
#include "tests/support/small_validation.h"

#include <sys/stat.h>
#include <unistd.h>

enum { PLANS = 30, TIMES = 50 };

static struct scenario_front_row plan(const char *scheduler, double latency_s, double energy_J)
{
    return (struct scenario_front_row){.scheduler = scheduler,
                                       .latency_s = latency_s,
                                       .energy_J = energy_J,
                                       .underutilisation = 0.4,
                                       .replay_energy_J = NAN,
                                       .replay_e2e_mean_s = NAN,
                                       .mark = "",
                                       .summary = "",
                                       .plan = ""};
}

static void add_fronts(struct scenario_result *result, double factor)
{
    static const char *const names[] = {"pgsam", "single-it's_{x}", "exact"};
    result->n_fronts = 3;
    result->front = mem_calloc(3, sizeof *result->front);
    for (size_t f = 0; f < 3; f++) {
        result->front[f].scheduler = mem_strdup(names[f]);
        table_init(&result->front[f].rows, "front", scenario_front_columns);
    }
    for (int i = 0; i < PLANS; i++) {
        struct scenario_front_row row =
            plan("pgsam", pow(factor, 1 - i / (PLANS - 1.0)), 2 * pow(factor, i / (PLANS - 1.0)));
        if (i % 10 == 3) {
            row.replay_energy_J = row.energy_J * 1.1;
            row.replay_e2e_mean_s = row.latency_s * 1.2;
        }
        if (i == 7)
            row.energy_J = NAN;
        table_add(&result->front[0].rows, &row);
    }
    struct scenario_front_row row = plan("single-it's_{x}", 3, 9);
    table_add(&result->front[1].rows, &row);
    result->front[0].knee = PLANS / 2;
    result->front[0].least_energy = 0;
    result->front[0].least_latency = PLANS - 1;
}

static void add_series(struct scenario_result *result)
{
    static const char *const devices[] = {"gpu", "npu_1"};
    table_init(&result->series, "series", sim_sample_columns);
    for (int t = 1; t <= TIMES; t++)
        for (int d = 0; d < 2; d++) {
            struct sim_sample_row row = {.time_s = t,
                                         .device = devices[d],
                                         .power_W = d == 1 && t < 4 ? (double)NAN : 10 + d + t % 5,
                                         .temperature_C = 40 + t * 0.1,
                                         .running = t % 3,
                                         .waiting = t / 10};
            table_add(&result->series, &row);
        }
    result->has_run = true;
    result->plan_summary = mem_strdup("prefill gpu; decode npu_1");
    result->kv_summary = mem_strdup("9 of 16 tokens");
    result->yaml = mem_strdup("platform:\n  devices:\n  - name: gpu\n    thermal:\n"
                              "      throttle_C: 83\n");
}

static struct scenario_result make_result(double factor)
{
    struct scenario_result result = {.name = mem_strdup("box_{1}^2@home's \xE2\x82\xAC")};
    add_fronts(&result, factor);
    add_series(&result);
    return result;
}

static bool has(const struct text *script, const char *part)
{
    bool found = script->bytes && strstr(script->bytes, part);
    if (!found)
        fprintf(stderr, "    not in the script: %s\n", part);
    return found;
}

static struct text script_of(const struct scenario_result *result, const char *kind,
                             enum plot_format format, const char *output)
{
    struct text script = {0};
    struct error err = {0};
    struct plot_options options = {format, output};
    CHECK(plot_script(result, kind, &options, &script, &err));
    CHECK(err.n_faults == 0);
    return script;
}

static void test_words(void)
{
    struct text out = {0};
    plot_quote("it's _a^{b}@c\n\xC2\xB0", 100, PLOT_SVG, &out);
    CHECK_TEXT(out.bytes, "'it''s _a^{b}@c \xC2\xB0'");
    out.length = 0;
    plot_quote("\xC2\xB0one two three", 8, PLOT_DUMB, &out);
    CHECK_TEXT(out.bytes, "'?one ...'");
    out.length = 0;
    plot_quotef(PLOT_PNG, &out, "%s %d", "n", 7);
    CHECK_TEXT(out.bytes, "'n 7'");
    out.length = 0;
    plot_number(INFINITY, &out);
    CHECK_TEXT(out.bytes, "NaN");
    text_free(&out);
}

static void test_paths(void)
{
    struct error err = {0};
    enum plot_format format;
    char *path = plot_path_with("a.b/front.png", ".gp");
    CHECK_TEXT(path, "a.b/front.gp");
    free(path);
    path = plot_path_with("a.b/front", "-x.png");
    CHECK_TEXT(path, "a.b/front-x.png");
    free(path);
    CHECK(plot_format_of("x.svg", &format, &err) && format == PLOT_SVG);
    CHECK(plot_format_of("x.pdf", &format, &err) && format == PLOT_PDF);
    CHECK(!plot_format_of("dir.png/x", &format, &err));
    CHECK_TEXT(err.fault[0], "'dir.png/x' is no picture that can be drawn: its name must end in "
                             ".png, .svg or .pdf");
}

static void test_axes(void)
{
    static const double one[] = {5}, wide[] = {1, NAN, 100}, zero[] = {0, 100};
    struct plot_axis axis = plot_axis_fit(one, 1, 10);
    CHECK(axis.low < 5 && axis.high > 5 && !axis.log);
    axis = plot_axis_fit(wide, 3, 10);
    CHECK(axis.log && axis.low < 1 && axis.high > 100);
    CHECK_NEAR(plot_axis_place(&axis, 10), 0.5, 1e-9);
    struct text out = {0};
    plot_axis_write(&axis, "x", &out);
    CHECK(has(&out, "set logscale x\nset xtics (1, 2, 5, 10, 20, 50, 100)\n"));
    text_free(&out);
    axis = plot_axis_fit(zero, 2, 10);
    CHECK(!axis.log && axis.low == 0);
    axis = plot_axis_fit(NULL, 0, 10);
    CHECK(axis.low < axis.high);
}

static void test_labels(void)
{
    char text[] = "least latency (12.3 J, 4.56 s)";
    struct plot_label label[3];
    struct plot_spot point[40];
    for (int i = 0; i < 40; i++)
        point[i] = (struct plot_spot){0.05 + i * 0.02, 0.9 - i * 0.02};
    for (int i = 0; i < 3; i++)
        label[i] = (struct plot_label){.text = text, .spot = point[18 + i]};
    plot_labels_place(label, 3, point, 40, (struct plot_letter){0.009, 0.03});
    for (int i = 0; i < 3; i++) {
        CHECK(label[i].low.x > 0 && label[i].high.x < 1);
        CHECK(label[i].low.y > 0 && label[i].high.y < 1);
        for (int k = 0; k < i; k++)
            CHECK(label[i].high.x <= label[k].low.x || label[k].high.x <= label[i].low.x ||
                  label[i].high.y <= label[k].low.y || label[k].high.y <= label[i].low.y);
        for (int k = 0; k < 40; k++)
            CHECK(point[k].x < label[i].low.x || point[k].x > label[i].high.x ||
                  point[k].y < label[i].low.y || point[k].y > label[i].high.y);
    }
}

static void test_front(const struct scenario_result *result, const struct scenario_result *wide)
{
    struct text script = script_of(result, "front", PLOT_PNG, "it's.png");
    CHECK(has(&script, "set terminal pngcairo noenhanced size 1200,800 font 'DejaVu Sans,12'\n"));
    CHECK(has(&script, "if (!exists('output')) output = 'it''s.png'\nset output output\n"));
    CHECK(has(&script, "set title 'box_{1}^2@home''s \xE2\x82\xAC: energy against latency of "
                       "pgsam''s plans'\n"));
    CHECK(has(&script, "set xlabel 'latency of a request (s)'\n"));
    CHECK(has(&script, "set ylabel 'energy per request (J/request)'\n"));
    CHECK(has(&script, "set cblabel 'underutilisation (idle share)'\n"));
    CHECK(has(&script, "set palette defined (0 '#440154'"));
    CHECK(has(&script, "title 'pgsam, 30 plans'"));
    CHECK(has(&script, "title 'single-it''s_{x}'"));
    CHECK(has(&script, "set label 'knee ("));
    CHECK(has(&script, "set label 'least energy ("));
    CHECK(has(&script, "set label 'least latency ("));
    CHECK(has(&script, "title 'replayed event by event'"));
    CHECK(!strstr(script.bytes, "nan") && !strstr(script.bytes, "exact"));
    CHECK(!strstr(script.bytes, "logscale"));
    text_free(&script);
    script = script_of(wide, "front", PLOT_SVG, NULL);
    CHECK(has(&script, "set terminal svg noenhanced"));
    CHECK(has(&script, "set logscale x\nset xtics (1, 2, 5, 10, 20, 50, 100)\n"));
    CHECK(has(&script, "set logscale y\n"));
    CHECK(!strstr(script.bytes, "set output"));
    text_free(&script);
}

static void test_timeline(const struct scenario_result *result)
{
    struct text script = script_of(result, "timeline", PLOT_PDF, "a.pdf");
    CHECK(has(&script, "set terminal pdfcairo noenhanced"));
    CHECK(has(&script, "set ylabel 'power (W)'\n"));
    CHECK(has(&script, "set ylabel 'temperature (\xC2\xB0"
                       "C)'\n"));
    CHECK(has(&script, "set ylabel 'requests'\n"));
    CHECK(has(&script, "set xlabel 'time (s)'\n"));
    CHECK(has(&script, "title 'gpu throttles: 83 \xC2\xB0"
                       "C'"));
    CHECK(has(&script, "title 'npu_1'"));
    CHECK(has(&script, "\n0 1 0 40.1 11 40.1 0\n")); /* the first period; no power known: none */
    CHECK(has(&script, "\n50 2 5 45 10 45 11\nEND\n"));
    text_free(&script);
}

/* The tiny machine: its roofs stand in its files, and no operator lies above them. */
static void test_roofline(void)
{
    struct error err = {0};
    struct scenario scenario;
    if (!CHECK(scenario_load(SOURCE_DIR "/tests/support/tiny.yaml", NULL, 0, &scenario, &err)))
        return;
    struct plot_roofline what = {&scenario.platform, &scenario.model, 64, 2, 100};
    for (size_t d = 0; d < scenario.platform.n_devices; d++) {
        struct roofline_device at;
        roofline_compute(&what, d, &at);
        for (size_t g = 0; g < 2 * ROOFLINE_GROUPS; g++) {
            struct roofline_point point =
                g < ROOFLINE_GROUPS ? at.decode[g] : at.prefill[g - ROOFLINE_GROUPS];
            double roof =
                fmin(point.intensity * at.slope_Bps, fmax(at.matrix_FLOPps, at.vector_FLOPps));
            CHECK(isnan(point.intensity) || (point.FLOPps > 0 && point.FLOPps <= roof * 1.0001));
        }
        CHECK(at.fits && isnan(at.prefill[ROOFLINE_HEAD].intensity));
        CHECK(at.prefill[ROOFLINE_FFN].intensity > at.decode[ROOFLINE_FFN].intensity);
    }
    struct plot_options options = {PLOT_SVG, "a.svg"};
    struct text script = {0};
    plot_roofline(&what, &options, &script);
    CHECK(has(&script, "set title 'Rooflines of tiny-box with tiny-model in F16'\n"));
    CHECK(has(&script, "set xlabel 'arithmetic intensity (FLOP/byte)'\n"));
    CHECK(has(&script, "set ylabel 'attainable and achieved rate (TFLOP/s)'\n"));
    CHECK(has(&script, "set logscale x\n") && has(&script, "set logscale y\n"));
    CHECK(has(&script, "title '  2 rows at context 100'") && has(&script, "title '  64 rows'"));
    CHECK(has(&script, " # whole pass\nEND\n"));
    text_free(&script);
    scenario_free(&scenario);
}

/* A panel for each log that was used, a line where one was divided, missing readings as NaN. */
static void test_thermal(void)
{
    struct scenario_thermal thermal = small_thermal();
    struct scenario_result result = {.thermal = &thermal};
    struct text script = script_of(&result, "thermal", PLOT_SVG, "a.svg");
    CHECK(has(&script, "temperatures: 2 of 2 logs"));
    CHECK(has(&script, "set title '1.5 K: a, it''s a box'"));
    CHECK(has(&script, "set title '0.5 K (fitted): b, it''s a box'"));
    CHECK(has(&script, "$log0 << END\n0 20 20.5\n2 NaN 21.5\n4 22 22.5\n"));
    CHECK(has(&script, "$log1 << END\n0 20 20.5\n") && !has(&script, "$log2"));
    CHECK(has(&script, "set arrow from 6, graph 0 to 6, graph 1"));
    CHECK(has(&script, "set xrange [0:14]\nset xtics 0,5\n"));
    text_free(&script);
    scenario_thermal_free(&thermal);
}

static void test_validation(void)
{
    struct scenario_validation validation = small_validation(28);
    struct scenario_result result = {.validation = &validation};
    ((double *)validation.rows.column[11])[0] = 0; /* cannot be drawn: no rate */
    struct text script = script_of(&result, "validation", PLOT_SVG, "a.svg");
    CHECK(has(&script, "set label 1 'Predicted against measured speed: 27 rows of 1 device'"));
    /* 11 and 13 rows that were not fitted to, of ratios 0.9 to 1.5 */
    CHECK(has(&script, "set title 'decode: n = 13, median error 30.0 %'\n"));
    CHECK(has(&script, "set title 'prefill: n = 11, median error 20.0 %'\n"));
    CHECK(has(&script, "set xlabel 'measured (tokens/s)'\nset ylabel 'predicted (tokens/s)'\n"));
    CHECK(has(&script, "set logscale x\n") && has(&script, "set logscale y\n"));
    CHECK(has(&script, "$decode3 << END\n15 15 12 18 # 'rows.csv:2: box, tiny Q4_0'\n"));
    CHECK(has(&script, "title 'cpu'") && has(&script, "title 'npu, fitted to'"));
    CHECK(has(&script, "1.1*x") && has(&script, "0.9*x") && has(&script, "'90 % interval'"));
    CHECK(!strstr(script.bytes, "\n0 ") && !strstr(script.bytes, "nan"));
    text_free(&script);
    scenario_validation_free(&validation);

    validation = small_validation(2); /* all fitted to: the error is no prediction's */
    ((int64_t *)validation.rows.column[16])[0] = 1;
    validation.fitted_rows = 2;
    script = script_of(&result, "validation", PLOT_PNG, NULL);
    CHECK(has(&script, "set title 'decode: n = 2 (fitted to), median error 5.0 %'\n"));
    text_free(&script);
    scenario_validation_free(&validation);

    validation = small_validation(3); /* of one phase */
    script = script_of(&result, "validation", PLOT_PNG, NULL);
    CHECK(has(&script, "set title 'decode: n = 2, ") && !strstr(script.bytes, "prefill"));
    text_free(&script);
    scenario_validation_free(&validation);

    validation = small_validation(3); /* an interval over decades is cut off, not shown whole */
    ((double *)validation.rows.column[13])[0] = 1e-12;
    ((double *)validation.rows.column[14])[0] = 1e15;
    script = script_of(&result, "validation", PLOT_PNG, NULL);
    CHECK(has(&script, "\n10 9 0.") && !strstr(script.bytes, "e+") && !strstr(script.bytes, "e-"));
    text_free(&script);
    scenario_validation_free(&validation);

    validation = small_validation(1200); /* a crowd: no intervals */
    script = script_of(&result, "validation", PLOT_PDF, NULL);
    CHECK(has(&script, "ps 0.6") && !strstr(script.bytes, "vectors"));
    text_free(&script);
    scenario_validation_free(&validation);
}

static void test_refusals(void)
{
    struct scenario_result empty = {0};
    struct plot_options options = {PLOT_PNG, NULL};
    struct text script = {0};
    struct error err = {0};
    CHECK(!plot_script(&empty, "frnt", &options, &script, &err));
    CHECK_TEXT(err.fault[0],
               "unknown picture 'frnt' (did you mean 'front'?); there are: front, timeline, "
               "roofline, validation, thermal, bandwidth, compute, residuals");
    CHECK(!plot_script(&empty, "front", &options, &script, &err));
    CHECK(!plot_script(&empty, "timeline", &options, &script, &err));
    CHECK(!plot_script(&empty, "roofline", &options, &script, &err));
    CHECK(!plot_script(&empty, "validation", &options, &script, &err));
    struct scenario_validation validation = small_validation(0);
    struct scenario_result no_rows = {.validation = &validation};
    CHECK(!plot_script(&no_rows, "validation", &options, &script, &err));
    CHECK(!plot_script(&no_rows, "front", &options, &script, &err));
    CHECK(err.n_faults == 7 && !script.bytes);
    CHECK_TEXT(err.fault[4], "the result holds no validation: make one with 'qeilsim validate "
                             "--measured FILE -o FILE.h5'");
    CHECK_TEXT(err.fault[5], err.fault[4]);
    scenario_validation_free(&validation);
}

static void test_terminal(const struct scenario_result *result)
{
    static const char *const kinds[] = {"front", "timeline", "validation"};
    static const char *const axes[] = {"latency of a request (s)", "time (s)",
                                       "measured, upwards predicted (tokens/s)"};
    static const char *const keys[] = {"o pgsam, 30 plans", "gpu throttles: 83 C", "g gpu"};
    struct scenario_validation validation = small_validation(28);
    struct scenario_result of_rows = {.validation = &validation};
    for (size_t i = 0; i < 3; i++) {
        struct text script = script_of(i < 2 ? result : &of_rows, kinds[i], PLOT_DUMB, NULL);
        struct text page = {0};
        struct error err = {0};
        CHECK(plot_print(&script, &page, &err));
        CHECK_TEXT(err.fault[0], "");
        CHECK(has(&page, axes[i]) && has(&page, keys[i]));
        for (size_t c = 0; c < page.length; c++)
            CHECK(page.bytes[c] == '\n' || (page.bytes[c] >= ' ' && page.bytes[c] <= '~'));
        text_free(&script);
        text_free(&page);
    }
    scenario_validation_free(&validation);
}

static void draw_twice(const struct text *script, const char *path)
{
    char *first = NULL, *second = NULL;
    size_t n = 0, m = 0;
    struct error err = {0};
    CHECK(plot_draw(script, path, &err) && file_read(path, 1 << 22, &first, &n, &err));
    CHECK(plot_draw(script, path, &err) && file_read(path, 1 << 22, &second, &m, &err));
    CHECK_TEXT(err.fault[0], "");
    CHECK(n > 1000 && n == m && memcmp(first, second, n) == 0);
    free(first);
    free(second);
}

static void test_drawing(const struct scenario_result *result)
{
    char folder[] = "/tmp/qeilsim-test-XXXXXX";
    struct error err = {0};
    if (!CHECK(mkdtemp(folder)))
        return;
    char *picture = mem_printf("%s/it's.svg", folder), *beside = plot_path_with(picture, ".gp");
    struct text script = script_of(result, "front", PLOT_SVG, "it's.svg");
    draw_twice(&script, picture);
    CHECK(file_exists(beside));
    CHECK(unlink(picture) == 0 && unlink(beside) == 0);
    struct text wrong = {0};
    text_add(&wrong, "set terminal svg\nplot nonsense\n");
    CHECK(!plot_draw(&wrong, picture, &err));
    CHECK(err.kind == ERROR_MACHINE && strstr(err.fault[0], "gnuplot failed: "));
    CHECK(rmdir(folder) == 0); /* nothing was left */
    text_free(&wrong);
    text_free(&script);
    free(beside);
    free(picture);
}

static void test_absent_gnuplot(void)
{
    struct text script = {0}, page = {0};
    struct error err = {0};
    char *path = mem_strdup(getenv("PATH"));
    text_add(&script, "print 1\n");
    setenv("PATH", "/nonexistent", 1);
    CHECK(!plot_print(&script, &page, &err));
    CHECK_TEXT(err.fault[0], "cannot start gnuplot: No such file or directory; install it (apt-get "
                             "install gnuplot-nox), or take the script alone with --script");
    CHECK(err.kind == ERROR_MACHINE);
    setenv("PATH", path, 1);
    free(path);
    text_free(&script);
    text_free(&page);
}

int main(void)
{
    struct scenario_result result = make_result(4), wide = make_result(100);
    test_words();
    test_paths();
    test_axes();
    test_labels();
    test_front(&result, &wide);
    test_timeline(&result);
    test_roofline();
    test_validation();
    test_thermal();
    test_refusals();
    test_terminal(&result);
    test_drawing(&result);
    test_absent_gnuplot();
    scenario_result_free(&result);
    scenario_result_free(&wide);
    return check_result();
}
