/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/words.h"

#include "base/memory.h"
#include "devices/measurements/quant.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Words that say nothing: who made or sells it, what everybody has, what was not told. */
static const char *const silent[][24] = {
    [MEASURED_NAME_DEVICE] = {"nvidia", "amd", "intel", "geforce", "radeon", "tesla", "generation",
                              "edition", "gpu", "only", "not", "stated", "size", "cores", "hbm2",
                              "hbm2e", "hbm3", "hbm3e", NULL},
    [MEASURED_NAME_MODEL] = {"instruct", "inst", "it", "chat", "base", "hf", "meta", "preview",
                             "text", NULL},
};

/* Words that make another device or model of one, whether or not that one is known. */
static const char *const telling[][40] = {
    [MEASURED_NAME_DEVICE] = {"laptop",  "mobile", "max", "mini",     "pro",  "ti",   "super",
                              "ultra",   "plus",   "d",   "xt",       "xtx",  "gre",  "se",
                              "q",       "cpu",    "npu", "embedded", "nano", "lite", "elite",
                              "s",       "m",      "x",   "e",        "h",    "hx",   "u",
                              "nx",      "pcie",   "sxm", "nvl",      "dual", "twin", "pair",
                              "cluster", NULL},
    [MEASURED_NAME_MODEL] = {"vl",       "vision", "audio",      "omni",  "ocr",   "embedding",
                             "reranker", "tiny",   "nano",       "micro", "mini",  "small",
                             "medium",   "large",  "xl",         "lite",  "moe",   "mamba",
                             "encoder",  "draft",  "multimodal", "flash", "turbo", "air",
                             "next",     "pro",    "max",        "plus",  NULL},
};

static bool listed(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const char *p)
{
    return strspn(p, "0123456789");
}

bool measured_word_tells(enum measured_name_kind kind, const char *word)
{
    return strpbrk(word, "0123456789") || listed(telling[kind], word);
}

/* Where `word` stands, or would stand. */
static size_t place_of(const struct measured_words *words, const char *word)
{
    size_t i = 0;
    while (i < words->n && strcmp(words->word[i], word) < 0)
        i++;
    return i;
}

bool measured_words_have(const struct measured_words *words, const char *word)
{
    size_t i = place_of(words, word);
    return i < words->n && strcmp(words->word[i], word) == 0;
}

/* Takes `word` over. Names have a few words; of a text with more the further ones are left out. */
static void add(struct measured_words *words, char *word)
{
    enum { MOST_WORDS = 64 };
    size_t i = place_of(words, word);
    if (words->n == MOST_WORDS || (i < words->n && strcmp(words->word[i], word) == 0)) {
        free(word);
        return;
    }
    words->word = mem_grow(words->word, &words->room, words->n + 1, sizeof *words->word);
    memmove(words->word + i + 1, words->word + i, (words->n - i) * sizeof *words->word);
    words->word[i] = word;
    words->n++;
}

static void free_words(struct measured_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->word[i]);
    free(words->word);
}

void measured_name_free(struct measured_name *name)
{
    free_words(&name->words);
    free_words(&name->sizes);
    free_words(&name->counts);
    *name = (struct measured_name){0};
}

static size_t run_length(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]))
        n++;
    return n;
}

/* As run_length, but a point between digits belongs to the word: "3.1", "0.5b". */
static size_t decimal_length(const char *p)
{
    size_t n = run_length(p);
    while (n > 0 && is_digit(p[n - 1]) && p[n] == '.' && is_digit(p[n + 1]))
        n += 1 + run_length(p + n + 1);
    return n;
}

static size_t skip_to_word(const char *p)
{
    size_t n = 0;
    while (p[n] && !isalnum((unsigned char)p[n]))
        n++;
    return n;
}

/* The length of "gb" or "gib" when that is the word at `p`, else 0. */
static size_t gigabyte_length(const char *p)
{
    size_t n = run_length(p);
    bool is_unit = (n == 2 && strncmp(p, "gb", 2) == 0) || (n == 3 && strncmp(p, "gib", 3) == 0);
    return is_unit ? n : 0;
}

/* "24gb" and "24 gb": the length, or 0. A blank or a dash may stand between. */
static size_t size_length(const char *p)
{
    size_t n = digits(p);
    if (n == 0)
        return 0;
    if (p[n] == ' ' || p[n] == '-')
        n++;
    size_t unit = gigabyte_length(p + n);
    return unit > 0 ? n + unit : 0;
}

/* "16" of "16-core", "13th": `n` is the word's length. */
static bool is_count(const char *p, size_t n)
{
    size_t number = digits(p);
    if (number == 0)
        return false;
    if (number < n)
        return n == number + 2 && strncmp(p + number, "th", 2) == 0;
    p += n + (p[n] == ' ' || p[n] == '-');
    return strncmp(p, "core", 4) == 0 || strncmp(p, "thread", 6) == 0;
}

static void add_device_word(struct measured_name *out, const char *p, size_t n, bool count)
{
    char *word = mem_strndup(p, n);
    if (count)
        add(&out->counts, mem_strdup(word));
    if (listed(silent[MEASURED_NAME_DEVICE], word))
        free(word);
    else
        add(&out->words, word);
}

static void read_device(const char *p, struct measured_name *out)
{
    const char *clock = p + strcspn(p, "@");
    for (p += skip_to_word(p); *p; p += skip_to_word(p)) {
        size_t n = size_length(p);
        if (n > 0) {
            add(&out->sizes, mem_printf("%.*sgb", (int)digits(p), p));
        } else {
            n = run_length(p);
            add_device_word(out, p, n, p > clock || is_count(p, n));
        }
        p += n;
    }
}

/* "2407" (year and month) or "0528" (month and day): a release of the same architecture. */
static bool is_date(const char *word)
{
    if (digits(word) != 4 || word[4])
        return false;
    int high = (word[0] - '0') * 10 + word[1] - '0', low = (word[2] - '0') * 10 + word[3] - '0';
    bool month_first = high >= 1 && high <= 12 && low >= 1 && low <= 31;
    return month_first || (high >= 23 && high <= 39 && low >= 1 && low <= 12);
}

static void add_model_word(struct measured_name *out, const char *p, size_t n)
{
    char *word = mem_strndup(p, n);
    if (listed(silent[MEASURED_NAME_MODEL], word) || is_date(word))
        free(word);
    else
        add(&out->words, word);
}

/* "llama3.1" is two words, "v0.3" and "a3b" are one. */
static void read_model(const char *p, struct measured_name *out)
{
    for (p += skip_to_word(p); *p; p += skip_to_word(p)) {
        size_t n = measured_quant_length(p);
        if (n == 0) {
            n = decimal_length(p);
            size_t letters = 0;
            while (letters < n && isalpha((unsigned char)p[letters]))
                letters++;
            if (letters >= 2 && letters < n) {
                add_model_word(out, p, letters);
                add_model_word(out, p + letters, n - letters);
            } else {
                add_model_word(out, p, n);
            }
        }
        p += n;
    }
}

/* A remark, which is no part of the name. */
static void blank_moe(char *text)
{
    char *remark = strstr(text, "(moe)");
    if (remark)
        memset(remark, ' ', strlen("(moe)"));
}

/* The part of a model's name behind who published it: "meta-llama/Llama-2-7b-hf". */
static char *own_part(char *text)
{
    char *slash = strrchr(text, '/');
    return slash && !memchr(text, ' ', (size_t)(slash - text)) ? slash + 1 : text;
}

struct measured_name measured_name_read(enum measured_name_kind kind, const char *text)
{
    struct measured_name name = {0};
    char *lower = measured_lower(text);
    if (kind == MEASURED_NAME_DEVICE) {
        read_device(lower, &name);
    } else {
        blank_moe(lower);
        read_model(own_part(lower), &name);
    }
    free(lower);
    return name;
}
