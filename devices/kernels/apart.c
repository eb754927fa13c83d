/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/apart.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void apart_tell(int out, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(out, text, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}

/* What crashes here shall end this process at once and in silence: no handler of its parent's, no
 * core file, no message between the parent's own. It does not outlive the parent. */
static void stand_apart(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGINT, SIGTERM};
    const struct rlimit none = {0, 0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    int nowhere = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && nowhere >= 0; fd++)
        dup2(nowhere, fd);
}

/* False: out of time. */
static bool listen_until(int in, double until_s, struct text *told)
{
    char bytes[4096];
    for (;;) {
        double left_s = until_s - now_s();
        struct pollfd ready = {.fd = in, .events = POLLIN};
        if (left_s <= 0)
            return false;
        if (poll(&ready, 1, (int)(1e3 * left_s) + 1) <= 0)
            continue;
        ssize_t n = read(in, bytes, sizeof bytes);
        if (n == 0)
            return true;
        if (n > 0)
            text_add_bytes(told, bytes, (size_t)n);
        else if (errno != EINTR)
            return true;
    }
}

/* False: it still runs then. */
static bool wait_until(pid_t process, double until_s, int *status)
{
    const struct timespec nap = {0, 1000000};
    for (;;) {
        pid_t ended = waitpid(process, status, WNOHANG);
        if (ended == process || (ended < 0 && errno != EINTR))
            return true;
        if (now_s() > until_s)
            return false;
        nanosleep(&nap, NULL);
    }
}

static char *follow(pid_t process, int in, double most_s, struct text *told)
{
    double until_s = now_s() + most_s;
    int status = 0;
    if (!listen_until(in, until_s, told) || !wait_until(process, until_s, &status)) {
        kill(process, SIGKILL);
        waitpid(process, &status, 0);
        return mem_printf("did not answer within %g s", most_s);
    }
    if (WIFSIGNALED(status))
        return mem_printf("ended with signal %d", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return mem_printf("ended with status %d", WEXITSTATUS(status));
    return NULL;
}

char *apart_run(apart_work *work, void *context, double most_s, struct text *told)
{
    int ends[2];
    if (pipe(ends) != 0)
        return mem_printf("could not be started: %s", strerror(errno));
    pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        stand_apart();
        work(context, ends[1]);
        _exit(0);
    }
    int fault = errno;
    close(ends[1]);
    char *how = process < 0 ? mem_printf("could not be started: %s", strerror(fault))
                            : follow(process, ends[0], most_s, told);
    close(ends[0]);
    return how;
}
