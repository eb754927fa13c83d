/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of results: a gnuplot script with its data inside, drawn from a result only, so that
 * users restyle it without us; and the drawing itself by gnuplot. */
#ifndef PLOTS_PLOT_H
#define PLOTS_PLOT_H

#include "scenarios/result.h"

/* Plain text for a terminal (PLOT_DUMB) holds ASCII only. */
enum plot_format { PLOT_PNG, PLOT_SVG, PLOT_PDF, PLOT_DUMB };

struct plot_options {
    enum plot_format format;
    const char *output; /* file that the script draws when run by hand; NULL: standard output */
};

/* Kinds of pictures, NULL-ended: "front", "timeline", "roofline", "validation", "thermal",
 * "bandwidth", "compute", "residuals". */
const char *const *plot_kinds(void);

/* The format that a file's ending asks for: .png, .svg or .pdf. */
bool plot_format_of(const char *path, enum plot_format *out, struct error *err);
/* The path with another ending ("a/front.png", ".gp" gives "a/front.gp"). Freed with free(). */
char *plot_path_with(const char *path, const char *ending);

/* Appends the script. False: the kind is not known or the result has nothing to draw for it. */
bool plot_script(const struct scenario_result *result, const char *kind,
                 const struct plot_options *options, struct text *out, struct error *err);

/* A machine's rooflines with a model's operators under them; plot_script draws it for a result's
 * own machine and model with PLOT_ROWS, PLOT_BATCH and PLOT_CONTEXT. */
struct plot_roofline {
    const struct device_platform *platform;
    const struct workload_model *model;
    uint64_t rows; /* of the prompt that prefill is shown for; at least 1 */
    uint64_t batch,
        context; /* sequences that decode together, and tokens before each; batch >= 1 */
};
enum { PLOT_ROWS = 512, PLOT_BATCH = 1, PLOT_CONTEXT = 1024 };
void plot_roofline(const struct plot_roofline *what, const struct plot_options *options,
                   struct text *out);

/* Runs gnuplot; the picture appears under `path` only when it is whole, and the script is kept
 * beside it as NAME.gp. */
bool plot_draw(const struct text *script, const char *path, struct error *err);
/* Runs gnuplot on a script made for PLOT_DUMB; appends what it prints. */
bool plot_print(const struct text *script, struct text *out, struct error *err);

#endif
