/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_notes.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void scenario_calibrate_note(const struct scenario_calibrate_talk *talk, const char *format,
                             double value)
{
    char sentence[256];
    if (!talk->note)
        return;
    snprintf(sentence, sizeof sentence, format, value);
    talk->note(talk->context, sentence);
}

void scenario_calibrate_say(const struct scenario_calibrate_talk *talk, const char *what,
                            const char *why)
{
    char *sentence = mem_printf("%s %s", what, why);
    if (talk->note)
        talk->note(talk->context, sentence);
    free(sentence);
}

/* Loud machines are named; a guest of a virtual one sees nothing of its neighbours but this. */
void scenario_calibrate_troubles(const struct scenario_calibrate_ask *ask,
                                 const struct scenario_calibration *out, double hottest_K)
{
    const struct scenario_calibrate_talk *talk = &ask->talk;
    const struct places *places = out->places;
    if (calibrate_metered(&out->samples) > 0.05)
        scenario_calibrate_note(
            talk,
            "other programs ran beside %.0f %% of the measurements, which count by their "
            "processor time: better measure again when nothing else runs",
            100 * calibrate_metered(&out->samples));
    if (out->noise > 0.05)
        scenario_calibrate_note(
            talk,
            "repetitions scatter by %.0f %%: the machine does other work; the errors are "
            "widened",
            100 * out->noise);
    if (out->pace.slowdown > 0.1)
        scenario_calibrate_note(
            talk,
            "the same work took %.0f %% longer at the end than at the start: heat, a limit of "
            "power or a neighbour slows the machine; the errors are widened",
            100 * out->pace.slowdown);
    else if (out->pace.drift > 0.1)
        scenario_calibrate_note(
            talk, "the same work differed by %.0f %% over the measurements; the errors are widened",
            100 * out->pace.drift);
    if (ask->most_K > 0 && isnan(hottest_K))
        scenario_calibrate_note(
            talk, "no sensor tells a temperature here, so that %.0f C cannot be kept to",
            ask->most_K - 273.15);
    if (out->found.kind != DEVICE_CPU)
        return;
    if (places->quota_cpus > 0)
        scenario_calibrate_note(
            talk, "the control group may use %.3g CPUs: the device is that part of the machine",
            places->quota_cpus);
    if (places->kinds > 1)
        scenario_calibrate_note(
            talk,
            "there are %.0f kinds of cores; the fast ones do most of the work, and the device "
            "is all of them together",
            (double)places->kinds);
}

void scenario_calibrate_heated(const struct scenario_calibrate_ask *ask,
                               const struct scenario_heat *heat)
{
    if (heat->why)
        scenario_calibrate_say(&ask->talk, "heat is not measured:", heat->why);
    if (isfinite(heat->throttle.die_K))
        scenario_calibrate_note(&ask->talk,
                                heat->throttle.clock
                                    ? "the clock fell under load, from %.0f C of the die on"
                                    : "the load slowed down, from %.0f C of the die on",
                                heat->throttle.die_K - 273.15);
}
