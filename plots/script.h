/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scripts of all kinds share: terminal, words in quotes, axes. Internal to this folder. */
#ifndef PLOTS_SCRIPT_H
#define PLOTS_SCRIPT_H

#include "plots/plot.h"

/* Places on the page as shares of its width and height; room for the key stays at the right. */
#define PLOT_LEFT 0.085
#define PLOT_RIGHT 0.74
#define PLOT_BOTTOM 0.10
#define PLOT_TOP 0.93

/* Size of a letter as a share of the page. */
struct plot_letter {
    double width, height;
};
struct plot_letter plot_letter(enum plot_format format);

/* Appends the text as a gnuplot string in single quotes, cut at `most` letters; control characters
 * become blanks, and for PLOT_DUMB all but ASCII becomes '?'. Letters that gnuplot's enhanced mode
 * would take as commands need nothing, because every terminal is opened with `noenhanced`. */
void plot_quote(const char *text, size_t most, enum plot_format format, struct text *out);
/* plot_quote of a formatted text, uncut. */
void plot_quotef(enum plot_format format, struct text *out, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

/* Terminal, output, colours, grid and margins. */
void plot_head(const struct plot_options *options, struct text *out);

/* "\302\260C", or "C" where only ASCII may stand. */
const char *plot_celsius(enum plot_format format);

/* The i-th of seven colours for lines and points (Wong 2011, for colour-blind readers), and the
 * point type that goes with it, so that colour never stands alone. */
const char *plot_colour(size_t i);
int plot_point_type(size_t i);

/* Limits of an axis that shows values, with some air around them. */
struct plot_axis {
    double low, high;
    bool log;
};
/* Values that are not finite are left out. Logarithmic when all values are positive and range over
 * a factor of more than `log_factor` (0: never). */
struct plot_axis plot_axis_fit(const double *value, size_t n, double log_factor);
/* Where a value lies between the ends, from 0 to 1. */
double plot_axis_place(const struct plot_axis *axis, double value);
/* Appends range, scale and tics of the axis called "x", "y". */
void plot_axis_write(const struct plot_axis *axis, const char *name, struct text *out);

/* Whether a number can stand on a logarithmic axis that shows what can be measured. */
bool plot_is_positive(double value);
/* Appends a number, or gnuplot's NaN. */
void plot_number(double value, struct text *out);

#endif
