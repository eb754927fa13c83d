/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What writing and reading of HDF5 share. Internal to the files hdf5*.c. */
#ifndef SCENARIOS_HDF5_FILE_H
#define SCENARIOS_HDF5_FILE_H

#include "scenarios/hdf5.h"

#include <hdf5.h>

struct scenario_h5 {
    hid_t id;
    char *path;  /* of a file that is read, else NULL */
    char *image; /* (image_size) the bytes of a file in memory once it is closed */
    size_t image_size;
    bool failed;
    char why[ERROR_SENTENCE];
};

/* True if the library's answer is no error; else keeps what it says about `what`. */
bool scenario_h5_keep(struct scenario_h5 *file, hid_t answer, const char *what);
/* Keeps a sentence of our own; returns false. */
bool scenario_h5_fail(struct scenario_h5 *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Closes an object of any kind; a negative one is no object. */
void scenario_h5_drop(hid_t id);
/* The type of texts: UTF-8 of variable length, because netCDF loses texts of fixed length. */
hid_t scenario_h5_text_type(void);

#endif
