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
extern const struct act namespace_acts[], file_acts[], task_acts[], standin_acts[], load_acts[], calls_acts[], ipc_acts[],
	evasion_acts[], compat_acts[], uring_acts[], mount_acts[], provenance_acts[], kernelfs_acts[], surface_acts[],
	network_acts[];

extern char proof[1024];

/* errno and the step become the proof */
int fail(const char *step);
/* the first line becomes the proof */
int read_fd(int fd, const char *step);
int read_file(const char *path);
int write_file(const char *path, const char *text);

/* asks the listener that fd is connected to, whose answer becomes the proof */
int ask(int fd);

/* Runs the acts after this one; returns the exit code. For acts that only change who does them. */
int go_on(void);

/* A child that runs body (NULL: nothing) and sleeps; it has done so when this returns. */
pid_t child_start(int (*body)(void));
/* Kills it; returns ret. */
int child_end(pid_t pid, int ret);

/* cgroup, ipc, uts, net, mnt: the mount namespace last */
int open_namespaces(pid_t pid, int fds[5]);
/* The program that a kernel was made to run; `self` is its path. */
int helper(const char *self);
/* Moves the caller to these cgroups; the list ends in NULL or "--". */
int cgroup_enter(char **dirs);
