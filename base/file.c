/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool cannot_write(struct error *err, const char *path, int number)
{
    return error_machine(err, "cannot write '%s': %s", path, strerror(number));
}

/* The folder part of a path, "." where there is none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strdup(".");
    return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

/* A pipe, a terminal or /dev/null must be written in place: a rename would replace it by a file. */
static bool is_special(const char *path)
{
    struct stat info;
    return strncmp(path, "/dev/", 5) == 0 ||
           (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void forget(struct file_atomic *file)
{
    free(file->path);
    free(file->temporary);
    *file = (struct file_atomic){0};
}

static bool open_stream(struct file_atomic *file, struct error *err)
{
    const char *name = file->temporary ? file->temporary : file->path;
    int fd = is_folder(file->path)
                 ? (errno = EISDIR, -1)
                 : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)0666);
    file->stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file->stream)
        return true;
    cannot_write(err, file->path, errno);
    if (fd >= 0)
        close(fd);
    file_atomic_abandon(file);
    return false;
}

bool file_atomic_open(struct file_atomic *file, const char *path, struct error *err)
{
    *file = (struct file_atomic){.path = mem_strdup(path)};
    if (!is_special(path))
        file->temporary = mem_printf("%s.tmp.%ld", path, (long)getpid());
    return open_stream(file, err);
}

bool file_atomic_name(struct file_atomic *file, const char *path, struct error *err)
{
    *file = (struct file_atomic){0};
    if (is_special(path))
        return error_machine(err, "cannot write '%s': it is no regular file", path);
    if (!file_atomic_open(file, path, err))
        return false;
    /* Opened only to learn whether it can be. */
    fclose(file->stream);
    file->stream = NULL;
    unlink(file->temporary);
    return true;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

/* Pipes and terminals cannot be synced, and need not be. */
static bool close_stream(struct file_atomic *file)
{
    if (!file->stream)
        return sync_path(file->temporary, O_RDONLY);
    bool ok = fflush(file->stream) == 0 && !ferror(file->stream);
    if (ok && file->temporary)
        ok = fsync(fileno(file->stream)) == 0;
    int why = errno;
    if (fclose(file->stream) != 0 && ok) {
        ok = false;
        why = errno;
    }
    file->stream = NULL;
    errno = why;
    return ok;
}

bool file_atomic_commit(struct file_atomic *file, struct error *err)
{
    bool ok = close_stream(file) && (!file->temporary || rename(file->temporary, file->path) == 0);
    if (!ok) {
        cannot_write(err, file->path, errno);
        file_atomic_abandon(file);
        return false;
    }
    if (file->temporary) {
        /* The new name may be lost in a power cut if this fails, but the file is whole. */
        char *folder = folder_of(file->path);
        sync_path(folder, O_RDONLY | O_DIRECTORY);
        free(folder);
    }
    forget(file);
    return true;
}

void file_atomic_abandon(struct file_atomic *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    forget(file);
}

bool file_write(const char *path, const char *bytes, size_t n, struct error *err)
{
    struct file_atomic file;
    if (!file_atomic_open(&file, path, err))
        return false;
    /* What goes wrong here stays in the stream's error flag until the commit. */
    if (n > 0)
        fwrite(bytes, 1, n, file.stream);
    return file_atomic_commit(&file, err);
}

static bool read_all(FILE *stream, const char *path, size_t max_bytes, struct text *out,
                     struct error *err)
{
    char block[16384];
    size_t got;
    text_add_bytes(out, "", 0);
    while ((got = fread(block, 1, sizeof block, stream)) > 0) {
        if (got > max_bytes - out->length)
            return error_at(err, path, 1, 1, "the file is too large: at most %zu bytes are read",
                            max_bytes);
        text_add_bytes(out, block, got);
    }
    if (ferror(stream))
        return error_at(err, path, 1, 1, "cannot be read: %s", strerror(errno));
    return true;
}

bool file_read(const char *path, size_t max_bytes, char **bytes, size_t *n, struct error *err)
{
    *bytes = NULL;
    *n = 0;
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return error_at(err, path, 1, 1, "cannot be read: %s", strerror(errno));
    struct text content = {0};
    bool ok = read_all(stream, path, max_bytes, &content, err);
    fclose(stream);
    if (!ok) {
        text_free(&content);
        return false;
    }
    *bytes = content.bytes;
    *n = content.length;
    return true;
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, R_OK) == 0;
}

char *file_beside(const char *beside, const char *name)
{
    if (*name == '/' || !strchr(beside, '/'))
        return mem_strdup(name);
    char *folder = folder_of(beside);
    char *path = file_join(folder, name);
    free(folder);
    return path;
}

char *file_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool ends = length > 0 && folder[length - 1] == '/';
    return mem_printf("%s%s%s", folder, ends || length == 0 ? "" : "/", name);
}

/* The running program's path, or NULL. */
static char *program_path(void)
{
    size_t room = 256;
    char *path = NULL;
    for (;;) {
        path = mem_realloc(path, room, 1);
        ssize_t length = readlink("/proc/self/exe", path, room);
        if (length < 0)
            break;
        if ((size_t)length < room) {
            path[length] = '\0';
            return path;
        }
        room *= 2;
    }
    free(path);
    return NULL;
}

char *file_data_folder(struct error *err)
{
    const char *given = getenv("QEILSIM_DATA");
    if (given && *given) {
        if (is_folder(given))
            return mem_strdup(given);
        error_set(err, "the data folder '%s' named by QEILSIM_DATA is not there", given);
        return NULL;
    }
    char *program = program_path();
    char *data = program ? file_beside(program, "../share/qeilsim") : NULL;
    free(program);
    if (data && is_folder(data))
        return data;
    error_machine(err, "the data folder is not there%s%s%s: set QEILSIM_DATA to share/qeilsim",
                  data ? " ('" : "", data ? data : "", data ? "')" : "");
    free(data);
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How long the name is without the suffix, 0 when it does not end with it or is hidden. */
static size_t stem_length(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    if (*name == '.' || length <= tail || strcmp(name + length - tail, suffix) != 0)
        return 0;
    return length - tail;
}

struct name_list {
    char **name;
    size_t n, capacity;
};

/* Of a folder and, as "inner/name", of the folders in it. */
static void add_names(const char *folder, const char *inner, const char *suffix,
                      struct name_list *list)
{
    DIR *open_folder = opendir(folder);
    const struct dirent *entry;
    while (open_folder && (entry = readdir(open_folder)) != NULL) {
        char *path = file_join(folder, entry->d_name);
        size_t stem = stem_length(entry->d_name, suffix);
        if (stem > 0) {
            list->name = mem_grow(list->name, &list->capacity, list->n + 2, sizeof *list->name);
            list->name[list->n++] = mem_printf("%s%s%.*s", inner ? inner : "", inner ? "/" : "",
                                               (int)stem, entry->d_name);
        } else if (!inner && *entry->d_name != '.' && is_folder(path)) {
            add_names(path, entry->d_name, suffix, list);
        }
        free(path);
    }
    if (open_folder)
        closedir(open_folder);
}

char **file_names(const char *folder, const char *suffix)
{
    struct name_list list = {0};
    list.name = mem_grow(NULL, &list.capacity, 1, sizeof *list.name);
    add_names(folder, NULL, suffix, &list);
    qsort(list.name, list.n, sizeof *list.name, compare_names);
    list.name[list.n] = NULL;
    return list.name;
}

void file_names_free(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}
