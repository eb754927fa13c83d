/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/samples.h"

bool calibrate_measure(struct calibrate_session *session, struct calibrate_sample *sample)
{
    static bool (*const measure[CALIBRATE_KINDS])(struct calibrate_session *,
                                                  struct calibrate_sample *) = {
        [CALIBRATE_STREAM] = calibrate_stream,    [CALIBRATE_PEAK] = calibrate_peak,
        [CALIBRATE_LAUNCH] = calibrate_launch,    [CALIBRATE_PAGES] = calibrate_pages,
        [CALIBRATE_PRODUCT] = calibrate_product,  [CALIBRATE_DECODE] = calibrate_attention,
        [CALIBRATE_PROMPT] = calibrate_attention, [CALIBRATE_ELEMENT] = calibrate_element,
        [CALIBRATE_COPY] = calibrate_copy,
    };
    return measure[sample->kind](session, sample);
}

void calibrate_session_end(struct calibrate_session *session)
{
    calibrate_memory_free(&session->weights);
}
