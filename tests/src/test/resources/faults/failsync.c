/*
 * Preloaded into a node: while the file $FAILSYNC_WHEN exists, fsync and fdatasync of files whose path contains
 * $FAILSYNC_PATH give EIO; with $FAILSYNC_DELAY they take so many milliseconds longer instead. One line each time goes to
 * the file $FAILSYNC_WHEN.done.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int meant(int fd) {
  const char *when = getenv("FAILSYNC_WHEN");
  const char *part = getenv("FAILSYNC_PATH");
  char link[64], path[4096], done[4096];
  ssize_t length;
  int evidence;
  if (!when || !part || access(when, F_OK) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!strstr(path, part)) return 0;
  snprintf(done, sizeof done, "%s.done", when);
  evidence = open(done, O_CREAT | O_WRONLY | O_APPEND, 0644);
  if (evidence >= 0) {
    if (write(evidence, path, length) < 0 || write(evidence, "\n", 1) < 0) length = 0;
    close(evidence);
  }
  return 1;
}

static int fails(int fd) {
  const char *delay = getenv("FAILSYNC_DELAY");
  if (!meant(fd)) return 0;
  if (!delay) return 1;
  usleep(1000 * (useconds_t)atoi(delay));
  return 0;
}

#define FAILING(name)                                                \
  int name(int fd) {                                                 \
    static int (*real)(int);                                         \
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, #name);         \
    if (fails(fd)) {                                                 \
      errno = EIO;                                                   \
      return -1;                                                     \
    }                                                                \
    return real(fd);                                                 \
  }

FAILING(fsync)
FAILING(fdatasync)
