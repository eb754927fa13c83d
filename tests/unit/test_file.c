/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "tests/check.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error err;
static char folder[] = "/tmp/qeilsim-test-XXXXXX";

static void check_joined(char *got, const char *want)
{
    CHECK_TEXT(got, want);
    free(got);
}

static void test_paths(void)
{
    check_joined(file_join("a", "b"), "a/b");
    check_joined(file_join("a/", "b"), "a/b");
    check_joined(file_join("", "b"), "b");
    check_joined(file_beside("x/y.yaml", "t.csv"), "x/t.csv");
    check_joined(file_beside("y.yaml", "t.csv"), "t.csv");
    check_joined(file_beside("x/y.yaml", "/t.csv"), "/t.csv");
    check_joined(file_beside("/y.yaml", "t.csv"), "/t.csv");
}

static size_t count_files(void)
{
    char **names = file_names(folder, "");
    size_t n = 0;
    while (names[n])
        n++;
    file_names_free(names);
    return n;
}

static void test_write(void)
{
    char *path = file_join(folder, "b.yaml"), *bytes;
    size_t n;
    error_clear(&err);
    CHECK(file_write(path, "old", 3, &err) && file_write(path, "new\0x", 5, &err));
    CHECK(file_read(path, 5, &bytes, &n, &err) && n == 5 && memcmp(bytes, "new\0x", 6) == 0);
    free(bytes);
    CHECK(!file_read(path, 4, &bytes, &n, &err) && !bytes);
    CHECK(file_exists(path) && !file_exists(folder));
    struct file_atomic file;
    CHECK(file_atomic_open(&file, path, &err));
    fputs("half", file.stream);
    file_atomic_abandon(&file);
    file_atomic_abandon(&file);
    CHECK(file_read(path, 9, &bytes, &n, &err) && n == 5 && count_files() == 1);
    free(bytes);
    CHECK(file_atomic_name(&file, path, &err) && !file.stream && !file_exists(file.temporary));
    CHECK(file_write(file.temporary, "x", 1, &err) && file_atomic_commit(&file, &err));
    CHECK(file_read(path, 9, &bytes, &n, &err) && n == 1 && count_files() == 1);
    free(bytes);
    free(path);
}

static void check_unwritable(const char *path, const char *want)
{
    struct file_atomic file;
    error_clear(&err);
    CHECK(!file_write(path, "x", 1, &err) && err.kind == ERROR_MACHINE);
    CHECK_TEXT(err.fault[0], want);
    CHECK(!file_atomic_name(&file, path, &err));
    CHECK(!file_atomic_open(&file, path, &err) || !file_atomic_commit(&file, &err));
    file_atomic_abandon(&file);
}

static void test_unwritable(void)
{
    check_unwritable("/nowhere/x.h5", "cannot write '/nowhere/x.h5': No such file or directory");
    check_unwritable("/tmp", "cannot write '/tmp': Is a directory");
    if (access("/dev/full", W_OK) == 0) {
        error_clear(&err);
        CHECK(!file_write("/dev/full", "x", 1, &err));
        CHECK_TEXT(err.fault[0], "cannot write '/dev/full': No space left on device");
    }
    error_clear(&err);
    CHECK(file_write("/dev/null", "x", 1, &err));
    struct stat info;
    CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
}

static void test_names(void)
{
    char *a = file_join(folder, "a.yaml"), *other = file_join(folder, "c.txt");
    char *hidden = file_join(folder, ".d.yaml");
    char *inner = file_join(folder, "in"), *deep = file_join(inner, "deep");
    char *e = file_join(inner, "e.yaml"), *f = file_join(deep, "f.yaml");
    CHECK(mkdir(inner, 0700) == 0 && mkdir(deep, 0700) == 0);
    CHECK(file_write(e, "", 0, &err) && file_write(f, "", 0, &err));
    CHECK(file_write(a, "", 0, &err) && file_write(other, "", 0, &err));
    CHECK(file_write(hidden, "", 0, &err));
    char **names = file_names(folder, ".yaml");
    CHECK(names[0] && names[1] && names[2] && !names[3]);
    CHECK_TEXT(names[0], "a");
    CHECK_TEXT(names[1], "b");
    CHECK_TEXT(names[2], "in/e");
    file_names_free(names);
    names = file_names("/nowhere", ".yaml");
    CHECK(names && !names[0]);
    file_names_free(names);
    unlink(a);
    unlink(other);
    unlink(hidden);
    unlink(f);
    unlink(e);
    rmdir(deep);
    rmdir(inner);
    free(f);
    free(e);
    free(deep);
    free(inner);
    free(a);
    free(other);
    free(hidden);
}

static void test_data_folder(void)
{
    setenv("QEILSIM_DATA", folder, 1);
    char *data = file_data_folder(&err);
    CHECK_TEXT(data, folder);
    free(data);
    error_clear(&err);
    setenv("QEILSIM_DATA", "/nowhere", 1);
    CHECK(!file_data_folder(&err) && err.n_faults == 1);
    CHECK_TEXT(err.fault[0], "the data folder '/nowhere' named by QEILSIM_DATA is not there");
}

int main(void)
{
    if (!mkdtemp(folder))
        return check_skip("no folder for temporary files");
    test_paths();
    test_write();
    test_unwritable();
    test_names();
    test_data_folder();
    char *left = file_join(folder, "b.yaml");
    unlink(left);
    CHECK(rmdir(folder) == 0);
    free(left);
    return check_result();
}
