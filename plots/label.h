/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names for points of a picture, placed where they cover neither each other nor, if possible, other
 * points. All places are shares of the graph's width and height. Internal to this folder. */
#ifndef PLOTS_LABEL_H
#define PLOTS_LABEL_H

#include "base/text.h"
#include "plots/script.h"

struct plot_spot {
    double x, y;
};

struct plot_label {
    char *text;                 /* owned by whoever made it */
    struct plot_spot spot;      /* of the point that it names */
    struct plot_spot low, high; /* its box, filled by plot_labels_place */
};

/* The letter's size is a share of the graph here. */
void plot_labels_place(struct plot_label *label, size_t n_labels, const struct plot_spot *point,
                       size_t n_points, struct plot_letter letter);
/* Appends the labels, each with a thin line to its point. */
void plot_labels_write(const struct plot_label *label, size_t n_labels, enum plot_format format,
                       struct text *out);

#endif
