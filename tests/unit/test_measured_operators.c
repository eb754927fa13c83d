/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders of operator times. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/measurements/measured.h"
#include "tests/check.h"

#include <unistd.h>

static struct error err;
static char folder[] = "/tmp/qeilsim-operators-XXXXXX";
static const char *const names[] = {"dense.csv", "attention.csv", "per_sequence.csv"};

/* Files that are NULL are not there. */
static bool read_files(const char *const files[3], struct measured_operators *out)
{
    for (size_t i = 0; i < 3; i++) {
        char *path = file_join(folder, names[i]);
        unlink(path);
        CHECK(!files[i] || file_write(path, files[i], strlen(files[i]), &err));
        free(path);
    }
    error_clear(&err);
    return measured_operators_read(folder, out, &err);
}

static void test_read(void)
{
    static const char *const files[3] = {
        "layer,tokens,time_us\nqkv_proj,16,12.5\no_proj,1,3\n",
        "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n512,1024,8,4096,250\n",
        "layer,sequences,time_us\nlm_head,4,700\n"};
    struct measured_operators read;
    if (CHECK(read_files(files, &read) && read.n == 4)) {
        const struct measured_operator *op = read.op;
        CHECK(op[0].kind == MEASURED_DENSE && op[0].rows == 16 && op[0].line == 2);
        CHECK_TEXT(op[0].layer, "qkv_proj");
        CHECK_NEAR(op[0].time_s, 12.5e-6, 1e-12);
        CHECK(op[1].line == 3 && op[1].prefill_chunk == 0);
        CHECK(op[2].kind == MEASURED_ATTENTION && op[2].rows == 520);
        CHECK(op[2].prefill_chunk == 512 && op[2].kv_prefill == 1024);
        CHECK(op[2].n_decode == 8 && op[2].kv_decode == 4096);
        CHECK_TEXT(op[2].layer, "");
        CHECK(op[3].kind == MEASURED_PER_SEQUENCE && op[3].rows == 4);
        CHECK_TEXT(op[3].layer, "lm_head");
    }
    measured_operators_free(&read);
    static const char *const one[3] = {NULL, NULL, "layer,sequences,time_us\nlm_head,4,700\n"};
    CHECK(read_files(one, &read) && read.n == 1);
    measured_operators_free(&read);
}

static void check_fault(const char *const files[3], const char *file, const char *want)
{
    struct measured_operators read;
    char *whole = mem_printf("%s%s%s%s", folder, *file ? "/" : "", file, want);
    CHECK(!read_files(files, &read));
    CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", whole);
    measured_operators_free(&read);
    free(whole);
}

static void test_faults(void)
{
    check_fault((const char *const[3]){NULL, NULL, NULL}, "",
                ":1:1: holds none of dense.csv, attention.csv and per_sequence.csv");
    check_fault((const char *const[3]){"layer,tokens,time_us\n", NULL, NULL}, "",
                ":1:1: its files have no rows");
    check_fault((const char *const[3]){"layer,time_us\na,1\n", NULL, NULL}, "dense.csv",
                ":1:1: column 'tokens' is not there; the columns are: layer, time_us");
    check_fault((const char *const[3]){"layer,tokens,time_us\na,1.5,1\n", NULL, NULL}, "dense.csv",
                ":2:3: column 'tokens': '1.5' is not a whole number from 0");
    check_fault((const char *const[3]){"layer,tokens,time_us\na,0,1\n", NULL, NULL}, "dense.csv",
                ":2:3: column 'tokens': '0' is not a number from 1");
    check_fault((const char *const[3]){"layer,tokens,time_us\na,1,0\n", NULL, NULL}, "dense.csv",
                ":2:5: column 'time_us': '0' is not a time above 0");
    check_fault((const char *const[3]){"layer,tokens,time_us\n,1,1\n", NULL, NULL}, "dense.csv",
                ":2:1: column 'layer': the cell is empty, a layer's name is wanted");
    check_fault(
        (const char *const[3]){
            NULL, "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,9,0,9,1\n", NULL},
        "attention.csv",
        ":2:1: column 'prefill_chunk': '0' is not a number from 1, and n_decode is 0 too");
}

static void test_faults_together(void)
{
    static const char *const files[3] = {"layer,tokens,time_us\na,x,y\na,1,-1\n", NULL,
                                         "layer,sequences\n"};
    struct measured_operators read;
    CHECK(!read_files(files, &read) && err.n_faults == 4);
    measured_operators_free(&read);
}

int main(void)
{
    if (!mkdtemp(folder))
        return check_skip("no folder for temporary files");
    test_read();
    test_faults();
    test_faults_together();
    for (size_t i = 0; i < 3; i++) {
        char *path = file_join(folder, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(folder);
    return check_result();
}
