/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/quant.h"

#include "base/memory.h"
#include "devices/measurements/measured.h"
#include "workloads/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What other engines and publishers call a storage, and the file type nearest in bits per weight;
 * a '*' at the end stands for anything. The dynamic recipes (XL) have the bits of the plain ones
 * to about a tenth. Four-bit integers in groups are Q4_0's 4.5 bits per weight, or 4.25. */
static const struct {
    const char *word, *quant;
} others[] = {
    {"q2_k_l", "Q2_K"},    {"q2_k_xl", "Q2_K"},  {"q3_k_xl", "Q3_K_L"},   {"q4_k_l", "Q4_K_M"},
    {"q4_k_xl", "Q4_K_M"}, {"q5_k_l", "Q5_K_M"}, {"q5_k_xl", "Q5_K_M"},   {"q6_k_l", "Q6_K"},
    {"q6_k_xl", "Q6_K"},   {"q8_k_xl", "Q8_0"},  {"q3_k", "Q3_K_M"},      {"q4_k", "Q4_K_M"},
    {"q5_k", "Q5_K_M"},    {"q2", "Q2_K"},       {"q3", "Q3_K_M"},        {"q4", "Q4_K_M"},
    {"q5", "Q5_K_M"},      {"q6", "Q6_K"},       {"q8", "Q8_0"},          {"q4f16*", "Q4_0"},
    {"q4f32*", "Q4_0"},    {"w4*", "Q4_0"},      {"w8*", "Q8_0"},         {"int4*", "Q4_0"},
    {"int8*", "Q8_0"},     {"fp8*", "Q8_0"},     {"gptq_int8", "Q8_0"},   {"gptq*", "Q4_0"},
    {"awq*", "Q4_0"},      {"nf4", "Q4_0"},      {"4bit", "Q4_0"},        {"4_bit", "Q4_0"},
    {"8bit", "Q8_0"},      {"8_bit", "Q8_0"},    {"mxfp4*", "MXFP4_MOE"}, {"fp16", "F16"},
    {"float16", "F16"},    {"fp32", "F32"},      {"float32", "F32"},      {"bfloat16", "BF16"},
};

/* Storage words that are no pattern; those that others start with stand behind them. */
static const char *const storage_words[] = {
    "mxfp4_moe", "mxfp4", "nvfp4", "bf16",  "fp16",  "fp32", "fp8",   "fp4",   "f16",    "f32",
    "int8",      "int4",  "gptq",  "awq",   "nf4",   "gguf", "ggml",  "ud",    "i1",     "imat",
    "mlx",       "exl2",  "4bit",  "4-bit", "4_bit", "8bit", "8-bit", "8_bit", "imatrix"};

char *measured_lower(const char *text)
{
    char *lower = mem_strdup(text);
    for (char *p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return lower;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0;
}

static size_t digits(const char *p)
{
    return strspn(p, "0123456789");
}

/* "_k", "_0", "-xl": a part of a storage word behind its first. A dash joins letters only: the
 * digits behind it would be a size. */
static size_t part_length(const char *p)
{
    static const char *const parts[] = {"k",  "s", "m", "l", "xl", "xs", "xxs",
                                        "nl", "0", "1", "2", "4",  "8"};
    if (*p != '_' && *p != '-')
        return 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = strlen(parts[i]) + 1;
        if (strncmp(p + 1, parts[i], n - 1) != 0 || is_word(p[n]))
            continue;
        bool is_size = *p == '-' || (p[n] == '.' && digits(p + n + 1) > 0);
        if (digits(parts[i]) == 0 || !is_size)
            return n;
    }
    return 0;
}

/* q4_k_m, iq2_xs, tq1_0, q4f16_1 */
static size_t block_length(const char *p)
{
    size_t n = (*p == 'i' || *p == 't') && p[1] == 'q' ? 1 : 0, part;
    if (p[n] != 'q' || digits(p + n + 1) != 1)
        return 0;
    n += 2;
    if (strncmp(p + n, "f16", 3) == 0 || strncmp(p + n, "f32", 3) == 0)
        n += 3;
    while ((part = part_length(p + n)) > 0)
        n += part;
    return n;
}

/* w4, w8a8, g128 */
static size_t integer_length(const char *p)
{
    size_t n = digits(p + 1);
    if (*p == 'g')
        return n >= 2 ? n + 1 : 0;
    if (*p != 'w' || n == 0)
        return 0;
    size_t a = p[n + 1] == 'a' ? digits(p + n + 2) : 0;
    return a > 0 ? n + a + 2 : n + 1;
}

size_t measured_quant_length(const char *p)
{
    size_t n = block_length(p);
    if (n == 0)
        n = *p ? integer_length(p) : 0;
    for (size_t i = 0; n == 0 && i < sizeof storage_words / sizeof *storage_words; i++) {
        size_t length = strlen(storage_words[i]);
        if (strncmp(p, storage_words[i], length) == 0 && !is_word(p[length]))
            n = length;
    }
    return is_word(p[n]) ? 0 : n;
}

static bool matches(const char *word, const char *pattern)
{
    size_t n = strlen(pattern);
    if (pattern[n - 1] == '*')
        return strncmp(word, pattern, n - 1) == 0;
    return strcmp(word, pattern) == 0;
}

/* `word`: lower case, parts joined by '_'. */
static const char *find_word(const char *word)
{
    const char *const *known = workload_quants();
    for (; *known; known++)
        if (strcasecmp(word, *known) == 0)
            return *known;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (matches(word, others[i].word))
            return others[i].quant;
    return NULL;
}

/* Remarks in parentheses and what the dynamic and the matrix-guided recipes put in front are left
 * out, but for one: files of gpt-oss that are called F16 hold all but the experts so. */
static const char *find_text(const char *text, size_t n)
{
    char *whole = mem_strndup(text, n), *word = measured_lower(whole);
    bool rest_float = strstr(word, "(file named f16)") != NULL;
    word[strcspn(word, "(")] = '\0';
    for (size_t i = strlen(word); i > 0 && word[i - 1] == ' '; i--)
        word[i - 1] = '\0';
    for (char *p = word; *p; p++)
        if (*p == '-' || *p == ' ')
            *p = '_';
    bool prefixed = strncmp(word, "ud_", 3) == 0 || strncmp(word, "i1_", 3) == 0;
    const char *found = find_word(prefixed ? word + 3 : word);
    if (found && rest_float && strcmp(found, "MXFP4_MOE") == 0)
        found = "MXFP4_F16";
    free(whole);
    free(word);
    return found;
}

static const char *find_in_model(const char *model)
{
    char *lower = measured_lower(model);
    const char *found = NULL;
    for (size_t i = 0; lower[i] && !found; i++) {
        if (i > 0 && is_word(lower[i - 1]))
            continue;
        size_t n = measured_quant_length(lower + i);
        if (n > 0)
            found = find_text(lower + i, n);
    }
    free(lower);
    return found;
}

const char *measured_quant(const char *quant, const char *model)
{
    return *quant ? find_text(quant, strlen(quant)) : find_in_model(model);
}
