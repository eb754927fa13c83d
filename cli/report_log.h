/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A replayed log of requests as a table on standard output. */
#ifndef CLI_REPORT_LOG_H
#define CLI_REPORT_LOG_H

#include "scenarios/log.h"

/* Where it comes from, then measured and replayed times beside each other. */
void report_log(const struct scenario_log *log, const char *path);

#endif
