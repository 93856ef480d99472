/* A disk that fails, for the tests in this folder: loaded before the C library (LD_PRELOAD), it counts the calls that
 * write below one folder and makes those from a given number on fail.
 *
 * The test sets it by opening a path that is never there, <root>/.failing-disk/<from>/<until>/<errno>: calls from number
 * <from> on and before <until> fail. Such an open starts the count again, and answers EEXIST if a call failed since the one
 * before, else ENOENT. A full disk (ENOSPC) fails what needs room and takes half of the first write that fails, as disks do;
 * any other error fails syncs, removals and renames as well. Syncs that succeed are not carried out: nothing here cuts the
 * power, and they are what takes time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char CONTROL[] = "/.failing-disk/";
static atomic_long calls, from = LONG_MAX, until = LONG_MAX, failed;
static atomic_int failure = EIO;

static const char *root(void) {
    static const char *found;
    if (!found) found = getenv("FAILING_DISK");
    return found ? found : "/nowhere";
}

static int is_below(const char *path) {
    size_t length = strlen(root());
    return path && !strncmp(path, root(), length) && path[length] == '/';
}

static int is_file_below(int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

/* Whether this call fails; `first` says whether it is the first that does. */
static int fails(int needs_room, int *first) {
    if (atomic_load(&failure) == ENOSPC && !needs_room) return 0;
    long call = atomic_fetch_add(&calls, 1);
    if (call < atomic_load(&from) || call >= atomic_load(&until)) return 0;
    *first = atomic_fetch_add(&failed, 1) == 0;
    errno = atomic_load(&failure);
    return 1;
}

static int is_control(const char *path) {
    long first, last;
    int error;
    if (!is_below(path) || strncmp(path + strlen(root()), CONTROL, sizeof CONTROL - 1)) return 0;
    if (sscanf(path + strlen(root()) + sizeof CONTROL - 1, "%ld/%ld/%d", &first, &last, &error) != 3) return 0;
    errno = atomic_exchange(&failed, 0) ? EEXIST : ENOENT;
    atomic_store(&calls, 0);
    atomic_store(&from, first);
    atomic_store(&until, last);
    atomic_store(&failure, error);
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                             \
    int name(const char *path, int flags, ...) {                               \
        int first;                                                             \
        mode_t mode = 0;                                                       \
        if (flags & (O_CREAT | O_TMPFILE)) {                                   \
            va_list rest;                                                      \
            va_start(rest, flags);                                             \
            mode = va_arg(rest, mode_t);                                       \
            va_end(rest);                                                      \
        }                                                                      \
        if (is_control(path)) return -1;                                       \
        if ((flags & O_CREAT) && is_below(path) && fails(0, &first)) return -1; \
        return REAL(name)(path, flags, mode);                                  \
    }
OPEN(open)
OPEN(open64)

#define WRITE(name, parameters, whole, half)                                   \
    ssize_t name parameters {                                                  \
        int first;                                                             \
        if (is_file_below(file) && fails(1, &first)) {                         \
            if (!first || errno != ENOSPC || count < 2) return -1;             \
            return REAL(name) half;                                            \
        }                                                                      \
        return REAL(name) whole;                                               \
    }
WRITE(write, (int file, const void *bytes, size_t count), (file, bytes, count), (file, bytes, count / 2))
WRITE(pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at),
      (file, bytes, count / 2, at))
WRITE(pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at),
      (file, bytes, count / 2, at))

#define ON_FILE(name, needs_room, parameters, carried_out)                     \
    int name parameters {                                                      \
        int first;                                                             \
        if (is_file_below(file) && fails(needs_room, &first)) return -1;       \
        return carried_out;                                                    \
    }
ON_FILE(ftruncate, 0, (int file, off_t length), REAL(ftruncate)(file, length))
ON_FILE(ftruncate64, 0, (int file, off64_t length), REAL(ftruncate64)(file, length))

#define SYNC(name)                                                             \
    int name(int file) {                                                       \
        int first;                                                             \
        if (!is_file_below(file)) return REAL(name)(file);                     \
        return fails(0, &first) ? -1 : 0;                                      \
    }
SYNC(fsync)
SYNC(fdatasync)

#define ON_PATH(name, needs_room, path, parameters, arguments)                 \
    int name parameters {                                                      \
        int first;                                                             \
        if (is_below(path) && fails(needs_room, &first)) return -1;            \
        return REAL(name) arguments;                                           \
    }
ON_PATH(rename, 0, to, (const char *old, const char *to), (old, to))
ON_PATH(link, 0, to, (const char *old, const char *to), (old, to))
ON_PATH(linkat, 0, to, (int old_at, const char *old, int at, const char *to, int flags), (old_at, old, at, to, flags))
ON_PATH(unlink, 0, path, (const char *path), (path))
ON_PATH(mkdir, 1, path, (const char *path, mode_t mode), (path, mode))
