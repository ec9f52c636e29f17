// SPDX-License-Identifier: Apache-2.0
/*
 * act: performs one act of the catalogue, harmlessly, and says how it went.
 *
 *   act NAME ARG... [, NAME ARG...]...     several acts of one process, until one fails
 *
 * Prints "ok NAME: proof", "denied NAME: step: reason" (the kernel refused) or "error NAME: ..." (the test is wrong).
 * Exits 0, 1 or 2. Every act only reads what it reaches, and undoes what it mounts. Names that begin with "own-" are the
 * controls: the same act on what belongs to the caller. Linked statically, so that it runs in any root.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "act.h"

char proof[1024];
static char **rest; /* the acts after this one, with their leading "," */

int fail(const char *step)
{
	int err = errno;

	snprintf(proof, sizeof(proof), "%s: %s", step, strerror(err));
	return -err;
}

/* First line of an open file becomes the proof. */
int read_fd(int fd, const char *step)
{
	ssize_t len = read(fd, proof, sizeof(proof) - 1);

	if (len < 0)
		return fail(step);
	proof[len] = 0;
	proof[strcspn(proof, "\r\n")] = 0;
	return 0;
}

int read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return fail(path);
	ret = read_fd(fd, path);
	close(fd);
	return ret;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = fail(path);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* A child that runs body, says so and sleeps until it is killed. */
pid_t child_start(int (*body)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = body && body() ? 1 : 0;
		if (write(ready[1], &byte, 1) == 1)
			sleep(FOREVER);
		_exit(1);
	}
	close(ready[1]);
	if (pid > 0 && (read(ready[0], &byte, 1) != 1 || byte)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = EPERM;
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

int child_end(pid_t pid, int ret)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

static int act_families(char **arg)
{
	int made = 0;

	(void)arg;
	for (int family = 0; family < 46; family++)
		for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
			int fd = socket(family, type | SOCK_CLOEXEC, 0);

			if (fd < 0 && errno == EAFNOSUPPORT)
				break; /* the kernel asked for its module in vain */
			made += fd >= 0;
			if (fd >= 0)
				close(fd);
		}
	snprintf(proof, sizeof(proof), "%d sockets", made);
	return 0;
}

static int act_orphan(char **arg)
{
	pid_t parent;

	(void)arg;
	fflush(stdout);
	if (fork()) {
		wait(NULL);
		_exit(0);
	}
	setsid();
	parent = getpid();
	if (fork())
		_exit(0);
	while (getppid() == parent)
		usleep(1000);
	snprintf(proof, sizeof(proof), "child of %d", getppid());
	return 0;
}

static int act_reexec(char **arg)
{
	char left[16], *argv[64] = {"act", "reexec", left, arg[1]};
	int n = 4;

	if (!atoi(arg[0])) {
		strcpy(proof, "done");
		return 0;
	}
	snprintf(left, sizeof(left), "%d", atoi(arg[0]) - 1);
	for (char **word = rest; *word && n < 63; word++)
		argv[n++] = *word;
	execv(arg[1], argv);
	return fail("execv");
}

static int act_hold(char **arg)
{
	int fd = open(arg[0], O_RDONLY);

	if (fd < 0)
		return fail(arg[0]);
	printf("ok hold: %d %d\n", getpid(), fd);
	fflush(stdout);
	sleep(FOREVER);
	return 0;
}

static int act_pause(char **arg)
{
	(void)arg;
	fflush(stdout);
	sleep(FOREVER);
	return 0;
}

/* clang-format off */
static const struct act self_acts[] = {
	{"families", 0, act_families, "B24", "", "makes sockets of every family"},
	{"orphan", 0, act_orphan, "", "", "goes on in an orphaned grandchild"},
	{"reexec", 2, act_reexec, "", "N PATH", "executes PATH (this program) N times"},
	{"hold", 1, act_hold, "", "FILE", "prints its pid and a descriptor of FILE, and sleeps"},
	{"pause", 0, act_pause, "", "", "sleeps"},
	{0},
};
/* clang-format on */

static const struct act *const tables[] = {
	namespace_acts, file_acts,  task_acts,  standin_acts,    load_acts,     calls_acts,   ipc_acts,     evasion_acts,
	compat_acts,    uring_acts, mount_acts, provenance_acts, kernelfs_acts, surface_acts, network_acts, self_acts};

static const struct act *find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct act *act = tables[i]; act->name; act++)
			if (!strcmp(act->name, name))
				return act;
	return NULL;
}

static int usage(void)
{
	fputs("usage: act NAME ARG... [, NAME ARG...]...\n", stderr);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct act *act = tables[i]; act->name; act++)
			fprintf(stderr, "  %-12s %-30s %-12s %s\n", act->name, act->usage, act->id, act->what);
	return 2;
}

/* Runs the act at the head of argv, which ends at a "," or NULL. */
static int run(char **argv)
{
	bool denied, all = false; /* what follows a "--" is the act's, whatever it is */
	const struct act *act;
	char *words[64] = {0};
	int n = 0, ret;

	for (rest = argv; *rest && (all || strcmp(*rest, ",")); rest++, n++)
		all = all || !strcmp(*rest, "--");
	act = n && n < 64 ? find(argv[0]) : NULL;
	if (!act || n - 1 < act->words)
		return usage();
	memcpy(words, argv + 1, (n - 1) * sizeof(*words));
	ret = act->run(words);
	denied = ret == -EPERM || ret == -EACCES || ret == -EROFS;
	printf("%s %s: %s\n", !ret ? "ok" : denied ? "denied" : "error", act->name, proof);
	fflush(stdout);
	return !ret ? 0 : denied ? 1 : 2;
}

static int run_all(char **next)
{
	int ret;

	for (;;) {
		ret = run(next);
		if (ret || !*rest)
			return ret;
		next = rest + 1;
	}
}

int go_on(void)
{
	return *rest ? run_all(rest + 1) : 0;
}

int main(int argc, char **argv)
{
	const char *name = argc ? strrchr(argv[0], '/') : NULL;

	if (name && !strcmp(name, "/helper"))
		return helper(argv[0]);
	return argc < 2 ? usage() : run_all(argv + 1);
}
