/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "plots/plot.h"
#include "plots/script.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Files without a name that stand for gnuplot's three streams: no pipe can fill up. */
struct streams {
    FILE *in, *out, *err;
};

static void close_streams(struct streams *streams)
{
    FILE *const each[] = {streams->in, streams->out, streams->err};
    for (size_t i = 0; i < 3; i++)
        if (each[i])
            fclose(each[i]);
}

static bool open_streams(struct streams *streams, const char *script, size_t n, struct error *err)
{
    *streams = (struct streams){tmpfile(), tmpfile(), tmpfile()};
    bool ok = streams->in && streams->out && streams->err &&
              fwrite(script, 1, n, streams->in) == n && fflush(streams->in) == 0;
    if (!ok) {
        error_machine(err, "cannot make a temporary file: %s", strerror(errno));
        close_streams(streams);
        return false;
    }
    rewind(streams->in);
    return true;
}

static bool spawn(const struct streams *streams, pid_t *child, struct error *err)
{
    char program[] = "gnuplot", defaults[] = "-d";
    char *arguments[] = {program, defaults, NULL}; /* -d: nobody's start-up file */
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(streams->in), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(streams->out), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(streams->err), STDERR_FILENO);
    int why = posix_spawnp(child, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (why == 0)
        return true;
    return error_machine(err,
                         "cannot start gnuplot: %s; install it (apt-get install gnuplot-nox), or "
                         "take the script alone with --script",
                         strerror(why));
}

/* What a stream holds, up to 1 MiB. */
static void take_text(FILE *stream, struct text *out)
{
    char block[4096];
    size_t got;
    rewind(stream);
    while (out->length < 1 << 20 && (got = fread(block, 1, sizeof block, stream)) > 0)
        text_add_bytes(out, block, got);
}

/* gnuplot tells where, then what; what it says last is the reason. */
static void last_line(struct text *text)
{
    while (text->length > 0 && strchr(" \r\n\t", text->bytes[text->length - 1]))
        text->bytes[--text->length] = '\0';
    char *line = text->bytes ? strrchr(text->bytes, '\n') : NULL;
    if (line)
        memmove(text->bytes, line + 1, strlen(line));
}

static bool failed(int status, const struct streams *streams, struct error *err)
{
    struct text said = {0};
    take_text(streams->err, &said);
    last_line(&said);
    if (WIFSIGNALED(status))
        error_machine(err, "gnuplot was stopped by signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        error_machine(err, "cannot start gnuplot; install it (apt-get install gnuplot-nox), or "
                           "take the script alone with --script");
    else
        error_machine(err, "gnuplot failed%s%s", said.length ? ": " : "",
                      said.length ? said.bytes : "");
    text_free(&said);
    return false;
}

/* Runs the script; `out` may be NULL. */
static bool run_gnuplot(const char *script, size_t n, struct text *out, struct error *err)
{
    struct streams streams;
    pid_t child;
    int status = 0;
    if (!open_streams(&streams, script, n, err))
        return false;
    bool ok = spawn(&streams, &child, err);
    if (ok) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!ok)
            failed(status, &streams, err);
        else if (out)
            take_text(streams.out, out);
    }
    close_streams(&streams);
    return ok;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\f' || c == '\r';
}

/* The page without the blanks at the ends of lines and the blank lines around it. */
static void add_trimmed(const char *page, struct text *out)
{
    size_t gap = 0;
    bool begun = false;
    for (const char *line = page; *line;) {
        size_t n = strcspn(line, "\n"), end = n;
        while (end > 0 && is_blank(line[end - 1]))
            end--;
        gap = end > 0 ? gap : gap + 1;
        for (; end > 0 && gap > 0; gap--)
            text_add(out, "%s", begun ? "\n" : "");
        if (end > 0) {
            text_add_bytes(out, line, end);
            text_add(out, "\n");
            begun = true;
        }
        line += n + (line[n] == '\n');
    }
}

bool plot_print(const struct text *script, struct text *out, struct error *err)
{
    struct text page = {0};
    bool ok = run_gnuplot(script->bytes, script->length, &page, err);
    if (ok && page.bytes)
        add_trimmed(page.bytes, out);
    text_free(&page);
    return ok;
}

static bool is_drawn(const char *path, struct error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && info.st_size > 0)
        return true;
    return error_machine(err, "gnuplot wrote no picture");
}

bool plot_draw(const struct text *script, const char *path, struct error *err)
{
    struct file_atomic picture;
    if (!file_atomic_name(&picture, path, err))
        return false;
    struct text whole = {0};
    text_add(&whole, "output = ");
    plot_quote(picture.temporary, strlen(picture.temporary), PLOT_PNG, &whole);
    text_add(&whole, "\n");
    text_add_bytes(&whole, script->bytes, script->length);
    text_add(&whole, "\nset output\n"); /* closes the file, so that all of it is there */
    char *beside = plot_path_with(path, ".gp");
    bool ok = run_gnuplot(whole.bytes, whole.length, NULL, err) &&
              is_drawn(picture.temporary, err) && file_atomic_commit(&picture, err) &&
              file_write(beside, script->bytes, script->length, err);
    file_atomic_abandon(&picture);
    text_free(&whole);
    free(beside);
    return ok;
}
