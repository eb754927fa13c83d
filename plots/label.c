/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/label.h"

#include <math.h>
#include <string.h>

enum { DIRECTIONS = 16, DISTANCES = 12 };

static bool boxes_meet(const struct plot_label *a, const struct plot_label *b)
{
    return a->low.x < b->high.x && b->low.x < a->high.x && a->low.y < b->high.y &&
           b->low.y < a->high.y;
}

static bool is_inside(const struct plot_label *label, struct plot_spot spot)
{
    return spot.x > label->low.x && spot.x < label->high.x && spot.y > label->low.y &&
           spot.y < label->high.y;
}

static bool leaves_graph(const struct plot_label *label)
{
    return label->low.x < 0.005 || label->high.x > 0.995 || label->low.y < 0.005 ||
           label->high.y > 0.995;
}

/* The box for the step'th distance in a direction (in 16ths of a turn). */
static void move_box(struct plot_label *label, int direction, int step, struct plot_letter letter)
{
    double angle = direction * 2 * 3.14159265358979 / DIRECTIONS;
    double half_width = (double)(strlen(label->text) + 1) * letter.width / 2;
    double half_height = letter.height * 0.7;
    double reach = (1.6 + 1.2 * step) * letter.height;
    double across = cos(angle), up = sin(angle);
    double x = label->spot.x + across * (half_width + reach * 0.7);
    double y = label->spot.y + up * (half_height + reach);
    label->low = (struct plot_spot){x - half_width, y - half_height};
    label->high = (struct plot_spot){x + half_width, y + half_height};
}

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* Where the line from the point meets the box. */
static struct plot_spot line_end(const struct plot_label *label)
{
    return (struct plot_spot){clamp(label->spot.x, label->low.x, label->high.x),
                              clamp(label->spot.y, label->low.y, label->high.y)};
}

/* Whether the label's line passes near a spot that is not its own. */
static bool line_meets(const struct plot_label *label, struct plot_spot spot)
{
    const double near = 0.012;
    struct plot_spot end = line_end(label);
    double dx = end.x - label->spot.x, dy = end.y - label->spot.y;
    double length = dx * dx + dy * dy;
    double x = spot.x - label->spot.x, y = spot.y - label->spot.y;
    if (length <= 0 || x * x + y * y < near * near)
        return false;
    double along = clamp((x * dx + y * dy) / length, 0, 1);
    return hypot(x - along * dx, y - along * dy) < near;
}

static double cost_of(const struct plot_label *label, size_t i, size_t n_labels,
                      const struct plot_spot *point, size_t n_points)
{
    double cost = leaves_graph(&label[i]) ? 1e6 : 0;
    for (size_t j = 0; j < n_labels; j++) {
        if (j == i)
            continue;
        cost += j < i && boxes_meet(&label[i], &label[j]) ? 1e5 : 0;
        cost += j < i && is_inside(&label[j], label[i].spot) ? 1e3 : 0;
        cost += line_meets(&label[i], label[j].spot) ? 100 : 0;
        cost += is_inside(&label[i], label[j].spot) ? 100 : 0;
    }
    for (size_t k = 0; k < n_points; k++) {
        cost += is_inside(&label[i], point[k]) ? 10 : 0;
        cost += line_meets(&label[i], point[k]) ? 0.5 : 0;
    }
    return cost;
}

void plot_labels_place(struct plot_label *label, size_t n_labels, const struct plot_spot *point,
                       size_t n_points, struct plot_letter letter)
{
    for (size_t i = 0; i < n_labels; i++) {
        double least = INFINITY;
        int best = 0;
        for (int option = 0; option < DIRECTIONS * DISTANCES; option++) {
            int step = option / DIRECTIONS;
            move_box(&label[i], option % DIRECTIONS, step, letter);
            double cost = cost_of(label, i, n_labels, point, n_points) + step;
            if (cost < least) {
                least = cost;
                best = option;
            }
        }
        move_box(&label[i], best % DIRECTIONS, best / DIRECTIONS, letter);
    }
}

void plot_labels_write(const struct plot_label *label, size_t n_labels, enum plot_format format,
                       struct text *out)
{
    for (size_t i = 0; i < n_labels; i++) {
        const struct plot_label *at = &label[i];
        struct plot_spot end = line_end(at);
        text_add(out, "set arrow from graph %.4f,%.4f to graph %.4f,%.4f nohead front lw 1\n",
                 at->spot.x, at->spot.y, end.x, end.y);
        text_add(out, "set label ");
        plot_quotef(format, out, "%s", at->text);
        text_add(out, " at graph %.4f,%.4f center front\n", (at->low.x + at->high.x) / 2,
                 (at->low.y + at->high.y) / 2);
    }
}
