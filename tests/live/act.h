// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
	DEADLINE_MS = 30000,
	FOREVER = 100000,
};

/* One act. run gets its words, NULL at the end; it returns 0 or -errno and leaves its words for the user in proof. */
struct act {
	const char *name;
	int words; /* at least */
	int (*run)(char **arg);
	const char *id; /* rows of the catalogue */
	const char *usage, *what;
};

/* each ends in a row without a name */
extern const struct act namespace_acts[], file_acts[], task_acts[], standin_acts[], kernelfs_acts[];

extern char proof[1024];

/* errno and the step become the proof */
int fail(const char *step);
/* the first line becomes the proof */
int read_fd(int fd, const char *step);
int read_file(const char *path);
int write_file(const char *path, const char *text);

/* A child that runs body (NULL: nothing) and sleeps; it has done so when this returns. */
pid_t child_start(int (*body)(void));
/* Kills it; returns ret. */
int child_end(pid_t pid, int ret);

/* cgroup, ipc, uts, net, mnt: the mount namespace last */
int open_namespaces(pid_t pid, int fds[5]);
/* Moves the caller to these cgroups; the list ends in NULL or "--". */
int cgroup_enter(char **dirs);
