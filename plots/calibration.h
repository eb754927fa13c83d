/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pictures of a calibration share: a panel for each device, one key for all. Internal to
 * this folder. */
#ifndef PLOTS_CALIBRATION_H
#define PLOTS_CALIBRATION_H

#include "devices/device.h"
#include "plots/script.h"
#include "scenarios/calibrate_store.h"

enum { CALIBRATION_PANELS = 6 };

struct calibration_page {
    const struct plot_options *options;
    struct text *out;
    const struct scenario_kept_device *device[CALIBRATION_PANELS]; /* (n) */
    size_t n, there; /* drawn; devices that have what the picture shows */
    size_t columns;
    double names; /* share of the page's width for the names at the left of a panel */
};

/* Whether a kernel is one that a picture shows. */
typedef bool calibration_shows(const struct scenario_kernel_row *row);

/* Finds the devices with such kernels and begins the script. False: there is none, and `what`
 * ("streams") is named in the fault. */
bool calibration_page_open(struct calibration_page *page, const struct scenario_result *result,
                           calibration_shows *shows, const char *what, struct error *err);
bool calibration_is_dumb(const struct calibration_page *page);
/* `set multiplot`, and what each panel's axes are called. */
void calibration_page_begin(const struct calibration_page *page, const char *x_label,
                            const char *y_label);
/* Margins and title of a device's panel. */
void calibration_page_panel(const struct calibration_page *page, size_t device);
/* An empty plot over the whole page with the title of all panels, whose key follows as
 * `, keyentry ...`. */
void calibration_page_key(const struct calibration_page *page, const char *title);
/* Ends the line of keys and the page. */
void calibration_page_end(const struct calibration_page *page);

/* Fills *row with the next kernel from `*at` on that is shown; false: no more. */
bool calibration_next(const struct table *kernels, calibration_shows *shows, size_t *at,
                      struct scenario_kernel_row *row);

/* The fitted device; false where its file cannot be read. Freed with calibration_fitted_free. */
struct calibration_fitted {
    struct tree *tree;
    struct device device;
};
bool calibration_fitted_read(const struct scenario_kept_device *kept,
                             struct calibration_fitted *out);
void calibration_fitted_free(struct calibration_fitted *fitted);

#endif
