/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/plot.h"

#include "base/memory.h"
#include "plots/kinds.h"

#include <stdlib.h>
#include <string.h>

typedef bool kind_function(const struct scenario_result *result, const struct plot_options *options,
                           struct text *out, struct error *err);

static const char *const kinds[] = {"front",     "timeline", "roofline",  "validation", "thermal",
                                    "bandwidth", "compute",  "residuals", NULL};
static kind_function *const functions[] = {plot_front,      plot_timeline, plot_rooflines,
                                           plot_validation, plot_thermal,  plot_bandwidth,
                                           plot_compute,    plot_residuals};

static const struct {
    const char *ending;
    enum plot_format format;
} endings[] = {{".png", PLOT_PNG}, {".svg", PLOT_SVG}, {".pdf", PLOT_PDF}};

const char *const *plot_kinds(void)
{
    return kinds;
}

/* Where the ending of the path's last part starts; its end when it has none. */
static const char *ending_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot : name + strlen(name);
}

char *plot_path_with(const char *path, const char *ending)
{
    return mem_printf("%.*s%s", (int)(ending_of(path) - path), path, ending);
}

bool plot_format_of(const char *path, enum plot_format *out, struct error *err)
{
    const char *ending = ending_of(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcmp(ending, endings[i].ending) == 0) {
            *out = endings[i].format;
            return true;
        }
    return error_set(err,
                     "'%s' is no picture that can be drawn: its name must end in .png, .svg "
                     "or .pdf",
                     text_clip(path).bytes);
}

bool plot_script(const struct scenario_result *result, const char *kind,
                 const struct plot_options *options, struct text *out, struct error *err)
{
    for (size_t i = 0; kinds[i]; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return functions[i](result, options, out, err);
    char *hint = text_hint(kind, kinds);
    struct text known = {0};
    for (size_t i = 0; kinds[i]; i++)
        text_add(&known, "%s%s", i ? ", " : "", kinds[i]);
    error_set(err, "unknown picture '%s'%s; there are: %s", text_clip(kind).bytes, hint,
              known.bytes);
    text_free(&known);
    free(hint);
    return false;
}
