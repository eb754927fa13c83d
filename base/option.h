/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table of options per subcommand, on top of getopt_long: it parses, checks ranges, prints the
 * help, the completion words and the man page's section. A table ends with a NULL name. */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

enum option_type {
    OPTION_FLAG,   /* bool */
    OPTION_COUNT,  /* uint64_t within [min, max] */
    OPTION_NUMBER, /* double within [min, max] */
    OPTION_TEXT,   /* const char *, borrowed from argv */
    OPTION_WORD,   /* const char *, one of .words */
    OPTION_TEXTS   /* struct option_texts: may be given several times */
};

struct option_texts {
    const char **text; /* (n) borrowed from argv */
    size_t n, capacity;
};

/* Ordered as a row is read. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct option {
    char letter; /* 0: no short form */
    const char *name;
    enum option_type type;
    const char *argument; /* as shown in the help: "N", "FILE"; NULL for flags */
    const char *help;     /* one line; the preset is told here */
    void *value;          /* holds the preset before parsing */
    double min, max;      /* both 0: no limit */
    /* NULL-ended: all that an OPTION_WORD may be; of other types, what the shell suggests. */
    const char *const *words;
};

struct option_usage {
    const char *command;   /* "run" */
    const char *arguments; /* "SCENARIO" */
    const char *summary;   /* one line */
    const char *details;   /* further lines, may be NULL */
    size_t min_arguments, max_arguments;
    /* Appends what the operand of this number (from 0) may be, a word a line, OPTION_FILE_WORD
     * where it may be a file. NULL: all operands are files. */
    void (*operand_words)(size_t operand, struct text *out);
};

/* Stands for any file among the words that complete a line. */
#define OPTION_FILE_WORD "@file"

/* Parses argv[1..argc-1]; *first gets the index of the first operand (operands are moved to the
 * end, GNU fashion). False: err names what is wrong and what would be right. */
bool option_parse(int argc, char **argv, const struct option *table,
                  const struct option_usage *usage, int *first, struct error *err);
void option_help(const struct option *table, const struct option_usage *usage, struct text *out);
/* The words that can follow on this command's line, one a line: the values of an option that waits
 * for one, else options and operands. `typed` (NULL-ended) lies between command and cursor. */
void option_words(const struct option *table, const struct option_usage *usage,
                  const char *const *typed, struct text *out);
/* This command's section of the man page, in roff. */
void option_roff(const struct option *table, const struct option_usage *usage, struct text *out);
void option_texts_free(struct option_texts *texts);

#endif
