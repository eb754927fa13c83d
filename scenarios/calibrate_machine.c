/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_machine.h"

#include "base/memory.h"
#include "base/text.h"
#include "scenarios/calibrate_device.h"
#include "scenarios/calibrate_link.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The devices that were asked for. */
struct choice {
    const struct scenario_found **device; /* (n) */
    size_t n;
};

/* One device's turn in the whole. */
struct turn {
    const struct scenario_calibrate_talk *talk;
    const char *id;
    size_t number, of;
    bool stopped; /* from outside */
};

static bool step(void *context, const char *what, double done, double of)
{
    struct turn *turn = context;
    const struct scenario_calibrate_talk *talk = turn->talk;
    char text[80];
    snprintf(text, sizeof text, "%s: %s", turn->id, what);
    double share = of > 0 ? done / of : 0;
    turn->stopped =
        turn->stopped ||
        (talk->progress && !talk->progress(talk->context, turn->of > 1 ? text : what,
                                           (double)turn->number + share, (double)turn->of));
    return !turn->stopped;
}

static void say(const struct turn *turn, const char *sentence)
{
    char *text = turn->of > 1 ? mem_printf("%s: %s", turn->id, sentence) : mem_strdup(sentence);
    if (turn->talk->note)
        turn->talk->note(turn->talk->context, text);
    free(text);
}

static void note(void *context, const char *sentence)
{
    say(context, sentence);
}

static void choose(struct choice *choice, const struct scenario_found *found)
{
    choice->device = mem_realloc(choice->device, choice->n + 1, sizeof *choice->device);
    choice->device[choice->n++] = found;
}

static bool choose_named(const struct scenario_founds *founds, const char *id,
                         struct choice *choice, struct error *err)
{
    const struct scenario_found *found = scenario_founds_get(founds, id, err);
    if (!found)
        return false;
    if (found->why && !found->again)
        return error_machine(err, "%s cannot be measured: %s", id, found->why);
    for (size_t i = 0; i < choice->n; i++)
        if (choice->device[i] == found)
            return error_set(err, "device '%s' is named twice", id);
    choose(choice, found);
    return true;
}

/* "cpu,opencl:0" */
static bool choose_listed(const struct scenario_founds *founds, const char *list,
                          struct choice *choice, struct error *err)
{
    bool ok = true;
    while (ok) {
        size_t n = strcspn(list, ",");
        char *id = mem_strndup(list, n);
        ok = choose_named(founds, id, choice, err);
        free(id);
        if (!list[n])
            break;
        list += n + 1;
    }
    return ok;
}

static bool choose_all(const struct scenario_calibrate_ask *ask,
                       const struct scenario_founds *founds, struct choice *choice,
                       struct error *err)
{
    if (ask->on && !choose_listed(founds, ask->on, choice, err))
        return false;
    for (size_t i = 0; !ask->on && i < (ask->platform ? founds->n : 1); i++)
        if (!founds->device[i].why)
            choose(choice, &founds->device[i]);
    if (choice->n > 1 && !ask->platform)
        return error_set(err,
                         "a device file holds one device, and %zu are named; a platform holds "
                         "them all",
                         choice->n);
    return true;
}

static void leave_out(struct scenario_machine *out, const struct turn *turn, const char *why)
{
    size_t n = strlen(turn->id);
    if (strncmp(why, turn->id, n) == 0 && strncmp(why + n, ": ", 2) == 0)
        why += n + 2;
    char *sentence = mem_printf("left out: %s", why);
    say(turn, sentence);
    free(sentence);
    out->left_out = mem_realloc(out->left_out, out->n_left_out + 1, sizeof *out->left_out);
    out->left_out[out->n_left_out++] =
        (struct scenario_unmeasured){mem_strdup(turn->id), mem_strdup(why)};
}

/* Devices that are here and that cannot be measured; those that are measured once already are no
 * loss. */
static void leave_out_skipped(const struct scenario_calibrate_ask *ask,
                              const struct scenario_founds *founds, struct scenario_machine *out)
{
    for (size_t i = 0; ask->platform && !ask->on && i < founds->n; i++) {
        const struct scenario_found *one = &founds->device[i];
        const struct turn turn = {.talk = &ask->talk, .id = one->id, .of = founds->n};
        if (one->why && !one->again)
            leave_out(out, &turn, one->why);
    }
}

/* An equal share of the minutes that are left. */
static double minutes_of(const struct scenario_calibrate_ask *ask, const struct turn *turn,
                         double begin_s)
{
    const double least = 1e-3;
    double left = ask->most_minutes - (calibrate_now_s() - begin_s) / 60;
    return ask->most_minutes > 0 ? fmax(least, left / (double)(turn->of - turn->number)) : 0;
}

static void measure(const struct scenario_calibrate_ask *ask, struct turn *turn,
                    const struct scenario_found *found, struct scenario_machine *out,
                    struct error *err)
{
    struct scenario_calibrate_ask own = *ask;
    struct error fault = {0};
    own.talk = (struct scenario_calibrate_talk){step, note, turn};
    out->device = mem_realloc(out->device, out->n + 1, sizeof *out->device);
    if (scenario_calibrate(&own, found, &out->device[out->n], &fault)) {
        out->n++;
        return;
    }
    scenario_calibration_free(&out->device[out->n]);
    if (turn->of > 1)
        leave_out(out, turn, fault.fault[0]);
    *err = fault;
}

/* A pool without a size is none. */
static void lacks_memory(const struct turn *turn, struct scenario_machine *out, struct error *err)
{
    static const char why[] = "nothing tells how much memory it has, which a platform needs";
    leave_out(out, turn, why);
    error_clear(err);
    error_machine(err, "%s: %s", turn->id, why);
}

/* The file of what is there. */
static bool write_file(const struct scenario_calibrate_ask *ask, struct scenario_machine *out,
                       struct error *err)
{
    free(out->link);
    free(out->yaml);
    out->n_links = scenario_machine_links(out, &out->link);
    for (size_t i = 0; ask->platform && i < out->n; i++) {
        free(out->device[i].fit.name);
        out->device[i].fit.name = scenario_machine_device_name(out, i);
    }
    out->yaml = ask->platform ? scenario_machine_yaml(out, ask->ambient_K, err)
                              : mem_strdup(out->device[0].fit.yaml);
    return out->yaml != NULL;
}

static void keep_so_far(const struct scenario_calibrate_ask *ask, struct scenario_machine *out)
{
    struct error unused = {0};
    if (ask->keep && ask->platform && out->n > 0 && write_file(ask, out, &unused))
        ask->keep(ask->keep_context, out->yaml);
}

static void measure_all(const struct scenario_calibrate_ask *ask, const struct choice *choice,
                        struct scenario_machine *out, struct error *err)
{
    struct scenario_calibrate_ask own = *ask;
    struct turn turn = {.talk = &ask->talk, .of = choice->n};
    double begin_s = calibrate_now_s();
    for (; turn.number < choice->n; turn.number++) {
        turn.id = choice->device[turn.number]->id;
        own.most_minutes = minutes_of(ask, &turn, begin_s);
        keep_so_far(ask, out);
        if (turn.stopped)
            leave_out(out, &turn, "stopped before it was measured");
        else if (ask->platform && choice->device[turn.number]->memory_B <= 0)
            lacks_memory(&turn, out, err);
        else
            measure(&own, &turn, choice->device[turn.number], out, err);
    }
}

/* Devices of two memories that no copies join work apart only. */
static void note_unlinked(const struct scenario_calibrate_ask *ask,
                          const struct scenario_machine *machine)
{
    size_t apart = 0, shared = 0;
    for (size_t i = 0; i < machine->n; i++)
        *(machine->device[i].found.shares_memory ? &shared : &apart) += 1;
    size_t wanted = apart * shared + apart * (apart - 1) / 2;
    if (machine->n_links < wanted && ask->talk.note)
        ask->talk.note(ask->talk.context,
                       "copies between the memories were not all measured: no link joins some of "
                       "the devices, and no plan uses them together");
}

bool scenario_calibrate_machine(const struct scenario_calibrate_ask *ask,
                                struct scenario_machine *out, struct error *err)
{
    bool all = ask->on ? strcmp(ask->on, "cpu") != 0 : ask->platform;
    struct places *places = places_open("");
    struct scenario_founds founds;
    struct choice choice = {0};
    scenario_founds_find(places, all, &founds);
    places_close(places);
    *out = (struct scenario_machine){0};
    bool ok = choose_all(ask, &founds, &choice, err) && choice.n > 0;
    if (ok) {
        struct error fault = {0};
        out->name = mem_strdup(scenario_calibrated_name(ask, choice.device[0]));
        leave_out_skipped(ask, &founds, out);
        measure_all(ask, &choice, out, &fault);
        ok = out->n > 0;
        if (!ok)
            *err = fault;
    }
    ok = ok && out->device && write_file(ask, out, err);
    if (ok)
        note_unlinked(ask, out);
    free(choice.device);
    scenario_founds_free(&founds);
    return ok;
}

void scenario_machine_free(struct scenario_machine *machine)
{
    for (size_t i = 0; i < machine->n; i++)
        scenario_calibration_free(&machine->device[i]);
    for (size_t i = 0; i < machine->n_left_out; i++) {
        free(machine->left_out[i].id);
        free(machine->left_out[i].why);
    }
    free(machine->device);
    free(machine->left_out);
    free(machine->link);
    free(machine->name);
    free(machine->yaml);
    *machine = (struct scenario_machine){0};
}
