/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as a result. */
#include "tests/fuzz/use_result.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The library reads files only, and by their names: this one is written anew each time. */
static char path[] = "/tmp/qeilsim-fuzz-XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

static int own_file(void)
{
    static int file = -1;
    if (file < 0) {
        file = mkstemp(path);
        if (file < 0 || atexit(remove_file) != 0)
            abort();
    }
    return file;
}

static void write_all(int file, const uint8_t *data, size_t size)
{
    if (ftruncate(file, 0) != 0)
        abort();
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(file, data + done, size - done, (off_t)done);
        if (n <= 0)
            abort();
        done += (size_t)n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    write_all(own_file(), data, size);
    use_result(path);
    return 0;
}
