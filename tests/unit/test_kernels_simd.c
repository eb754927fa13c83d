/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each instruction set that this CPU has, loop by loop, against plain loops over doubles. */
#include "devices/kernels/simd.h"
#include "tests/check.h"
#include "tests/support/kernel_reference.h"

/* Lengths with and without a rest behind whole vectors; quantised ones are multiples of 32. */
static const size_t lengths[] = {32, 64, 96, 256, 288, 512, 1056};
static const size_t rough_lengths[] = {1, 7, 17, 33, 100, 257};
enum {
    LENGTHS = sizeof lengths / sizeof *lengths,
    ROUGH = sizeof rough_lengths / sizeof *rough_lengths,
    MOST = 1056
};

static bool is_quantised(enum kernels_format format)
{
    return format == KERNELS_Q8_0 || format == KERNELS_Q4_0;
}

/* Activations of a quantised product are rounded to 127 steps of the block's greatest one. */
static double allowed(enum kernels_format format, size_t n)
{
    return is_quantised(format) ? 0.02 * sqrt((double)n) : 2e-6 * (double)n;
}

/* Rounded activations times stored weights. */
static double rounded_dot(enum kernels_format format, const void *weights,
                          const struct block_x8 *blocks, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const struct block_x8 *group = &blocks[i / BLOCK_GROUP_VALUES];
        size_t block = i / BLOCK_VALUES % BLOCK_GROUP;
        sum += reference_weight(format, weights, i) * (double)group->scale[block] *
               group->value[block][i % BLOCK_VALUES];
    }
    return sum;
}

static void check_dot(const struct kernels_simd *simd, enum kernels_format format, size_t n)
{
    float *numbers = reference_numbers(n, n), *x = reference_numbers(n, 5 * n);
    void *weights = calloc(n + 64, 4);
    struct block_x8 *blocks = calloc(n / BLOCK_GROUP_VALUES + 1, sizeof *blocks);
    block_pack(format, numbers, n, weights);
    if (is_quantised(format))
        simd->quantise(x, blocks, n);
    double got = (double)simd->dot[format](weights, is_quantised(format) ? (void *)blocks : x, n);
    double want = reference_dot(format, weights, x, n);
    if (!CHECK(fabs(got - want) <= allowed(format, n)))
        fprintf(stderr, "    %s, %s, %zu: got %g, want %g\n", simd->name,
                kernels_format_name(format), n, got, want);
    if (is_quantised(format)) { /* with activations as they were rounded there is no other error */
        want = rounded_dot(format, weights, blocks, n);
        CHECK(fabs(got - want) <= 1e-5 * sqrt((double)n));
    }
    free(blocks);
    free(weights);
    free(numbers);
    free(x);
}

/* Four rows at once, with something between them. */
static void check_dot_4(const struct kernels_simd *simd, enum kernels_format format, size_t n)
{
    enum { ROWS = 4, BETWEEN = 12 };
    if (!simd->dot_4[format])
        return;
    size_t row_bytes = kernels_format_bytes(format, n + BETWEEN);
    float *numbers = reference_numbers(ROWS * (n + BETWEEN), n), *x = reference_numbers(n, 5 * n);
    char *weights = calloc(ROWS * (n + BETWEEN) + 64, 4);
    float y[ROWS + 1] = {0, 0, 0, 0, 77};
    block_pack(format, numbers, ROWS * (n + BETWEEN), weights);
    simd->dot_4[format](weights, row_bytes, x, n, y);
    for (size_t row = 0; row < ROWS; row++)
        CHECK(fabs((double)y[row] - reference_dot(format, weights + row * row_bytes, x, n)) <=
              allowed(format, n));
    CHECK(y[ROWS] == 77);
    free(weights);
    free(numbers);
    free(x);
}

static void check_unpack(const struct kernels_simd *simd, enum kernels_format format, size_t n)
{
    float *numbers = reference_numbers(n, n), *out = calloc(n + 64, sizeof *out);
    void *weights = calloc(n + 64, 4);
    block_pack(format, numbers, n, weights);
    out[n] = 77;
    simd->unpack[format](weights, out, n);
    for (size_t i = 0; i < n; i++) {
        double want = reference_weight(format, weights, i);
        if (fabs((double)out[i] - want) > 1e-6 * fabs(want) && !CHECK(false))
            break;
    }
    CHECK(out[n] == 77); /* nothing is written behind the end */
    free(weights);
    free(numbers);
    free(out);
}

/* Sixteen outputs, with something between them, and one to 13 rows: weights of all sizes, so that
 * no sum may be cut off at 16 bits. */
static void check_panel(const struct kernels_simd *simd, enum kernels_format format, size_t n)
{
    enum { MOST_ROWS = 13, BETWEEN = 32, WIDTH = SIMD_PANEL + 3 };
    if (!simd->pack[format])
        return;
    size_t groups = (n + BLOCK_GROUP_VALUES - 1) / BLOCK_GROUP_VALUES;
    size_t row_bytes = kernels_format_bytes(format, n + BETWEEN);
    float *numbers = reference_numbers(SIMD_PANEL * (n + BETWEEN), n);
    float *x = reference_numbers(MOST_ROWS * n, 5 * n), y[MOST_ROWS * WIDTH];
    char *weights = calloc(SIMD_PANEL * (n + BETWEEN) + 64, 4);
    struct block_x8 *blocks = calloc(MOST_ROWS * groups, sizeof *blocks);
    struct simd_panel panel = {.n = n,
                               .value = calloc(n, SIMD_PANEL),
                               .scale = calloc(n / BLOCK_VALUES * SIMD_PANEL, sizeof(float)),
                               .wide = format == KERNELS_Q8_0};
    block_pack(format, numbers, SIMD_PANEL * (n + BETWEEN), weights);
    for (size_t row = 0; row < MOST_ROWS; row++)
        simd->quantise(x + row * n, blocks + row * groups, n);
    simd->pack[format](weights, row_bytes, n, &panel);
    for (size_t rows = 1; rows <= MOST_ROWS; rows++) {
        struct simd_rows what = {blocks, rows, groups, WIDTH};
        for (size_t i = 0; i < MOST_ROWS * WIDTH; i++)
            y[i] = 77;
        simd->multiply(&panel, &what, y);
        for (size_t i = 0; i < MOST_ROWS * WIDTH; i++) {
            size_t row = i / WIDTH, out = i % WIDTH;
            double want = 77;
            if (row < rows && out < SIMD_PANEL)
                want = rounded_dot(format, weights + out * row_bytes, blocks + row * groups, n);
            if (fabs((double)y[i] - want) > 1e-5 * sqrt((double)n) && !CHECK(false))
                break;
        }
    }
    CHECK(true);
    free(panel.value);
    free(panel.scale);
    free(blocks);
    free(weights);
    free(x);
    free(numbers);
}

static void check_quantise(const struct kernels_simd *simd, size_t n)
{
    float *x = reference_numbers(n, 3 * n);
    struct block_x8 *blocks = calloc(n / BLOCK_GROUP_VALUES + 1, sizeof *blocks);
    memset(x, 0, BLOCK_VALUES * sizeof *x); /* a block of zeros divides by nothing */
    simd->quantise(x, blocks, n);
    for (size_t b = 0; b < n / BLOCK_VALUES; b++) {
        const struct block_x8 *group = &blocks[b / BLOCK_GROUP];
        size_t at = b % BLOCK_GROUP;
        double sum = 0, worst = 0;
        for (size_t i = 0; i < BLOCK_VALUES; i++) {
            sum += group->value[at][i];
            worst = fmax(worst, fabs((double)group->scale[at] * group->value[at][i] -
                                     (double)x[b * BLOCK_VALUES + i]));
        }
        CHECK(worst <= 0.501 * (double)group->scale[at]);
        CHECK((double)group->minus_8[at] == -8 * sum);
    }
    free(blocks);
    free(x);
}

static void check_halves(const struct kernels_simd *simd, size_t n)
{
    enum { ROWS = 5 };
    float *x = reference_numbers(ROWS * n, n), *to = reference_numbers(n, 1);
    uint16_t *half = calloc(ROWS * n + 64, sizeof *half);
    const float weight[ROWS] = {0.5f, -1, 0, 2, 0.25f};
    simd->halve(x, half, ROWS * n);
    simd->add_halves(to, weight, half, ROWS, n);
    for (size_t i = 0; i < n; i++) {
        double want = reference_number(1 + i);
        for (size_t j = 0; j < ROWS; j++) {
            double stored = reference_weight(KERNELS_F16, half, j * n + i);
            CHECK(fabs(stored - (double)x[j * n + i]) <= 0.00049 * fabs(stored) + 3e-8);
            want += (double)weight[j] * stored;
        }
        CHECK(fabs((double)to[i] - want) <= 1e-6);
    }
    free(half);
    free(to);
    free(x);
}

static void check_element(const struct kernels_simd *simd, size_t n)
{
    float *x = reference_numbers(n, n), *up = reference_numbers(n, 9 * n);
    float *y = calloc(n + 64, sizeof *y);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] *= 20;
        squares += (double)x[i] * (double)x[i];
        sum += i > 0 ? exp((double)x[i] - 20) : 0; /* the first one is left out below */
    }
    CHECK_NEAR((double)simd->squares(x, n), squares, 1e-5);
    for (int with = 0; with < 2; with++) {
        simd->swiglu(x, with ? up : NULL, y, n);
        for (size_t i = 0; i < n; i++) {
            double want = (double)x[i] / (1 + exp(-(double)x[i])) * (with ? (double)up[i] : 1);
            CHECK(fabs((double)y[i] - want) <= 3e-6 * fabs(want) + 1e-12);
        }
    }
    x[0] = -200;
    double got = (double)simd->exps(x, 20, n);
    CHECK(x[0] == 0);
    CHECK(fabs(got - sum) <= 1e-5 * sum + 1e-12);
    for (size_t i = 1; i < n; i++)
        CHECK_NEAR((double)x[i], exp((double)reference_number(n + i) * 20 - 20), 4e-6);
    free(x);
    free(up);
    free(y);
}

/* Near what it takes for nothing, in whole vectors and behind them. */
static void check_least(const struct kernels_simd *simd)
{
    float x[35];
    for (size_t i = 0; i < 35; i++)
        x[i] = i % 2 ? -86.9f : -87.1f;
    CHECK_NEAR((double)simd->exps(x, 0, 35), 17 * exp((double)-86.9f), 4e-6);
    for (size_t i = 0; i < 35; i++)
        CHECK((x[i] > 0) == (i % 2 == 1));
}

static void check_set(const struct kernels_simd *simd)
{
    for (size_t l = 0; l < LENGTHS; l++) {
        for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++) {
            check_dot(simd, f, lengths[l]);
            check_unpack(simd, f, lengths[l]);
            check_panel(simd, f, lengths[l]);
        }
        check_quantise(simd, lengths[l]);
    }
    for (size_t l = 0; l < ROUGH; l++) {
        for (enum kernels_format f = 0; f < KERNELS_Q8_0; f++) {
            check_dot(simd, f, rough_lengths[l]);
            check_dot_4(simd, f, rough_lengths[l]);
            check_unpack(simd, f, rough_lengths[l]);
        }
        check_halves(simd, rough_lengths[l]);
        check_element(simd, rough_lengths[l]);
    }
    check_least(simd);
    CHECK(simd->flops(1000) > 0 && simd->int_ops(1000) > 0);
    printf("%s\n", simd->name);
}

/* Values that a format cannot hold as they are: rounded halves, infinities, subnormals. */
static void check_numbers(void)
{
    CHECK(block_to_half(1) == 0x3c00 && block_to_half(-2) == 0xc000);
    CHECK(block_to_half(65504) == 0x7bff && block_to_half(65520) == 0x7c00);
    CHECK(block_to_half(1 + 1.0f / 2048) == 0x3c00); /* a tie goes to the even one */
    CHECK(block_to_half(1 + 3.0f / 2048) == 0x3c02);
    CHECK(block_to_half(5.9604645e-8f) == 1 && block_from_half(1) == 5.9604645e-8f);
    CHECK(isinf(block_from_half(0x7c00)) && isnan(block_from_half(0x7e00)));
    CHECK(block_to_bfloat(1) == 0x3f80 && block_from_bfloat(0xbf80) == -1);
    for (uint32_t bits = 0; bits < 0x7c00; bits++)
        if (block_to_half(block_from_half((uint16_t)bits)) != bits && !CHECK(false))
            break;
}

int main(void)
{
    check_numbers();
    for (const struct kernels_simd *const *set = kernels_simd_all(); *set; set++)
        check_set(*set);
    return check_result();
}
