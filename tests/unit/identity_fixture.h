/* SPDX-License-Identifier: Apache-2.0 */
/* A node of files for the tests of identity: its directory, what runtimes wrote there, and a container resolved in it. */
#ifndef WARDER_TEST_IDENTITY_FIXTURE_H
#define WARDER_TEST_IDENTITY_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity.h"
#include "identity/runtime.h"
#include "text.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

#define HEX  "20ce11d1489fe2fc7a1689bd65fee8c4c811c8700edd36d261e041b18754c34b"
#define HEX2 "0b01e7d9ba79a24a63f28936c7be9320df21ea22dd7fb1fd9352af7550058184"

/* What runc 1.1.5 and dockerd 20.10.24 wrote, with some of the fields that are not read left out, and the times in it. */
#define RUNC(id, pid, start, v1, v2)                                                                                           \
	"{\"id\":\"" id "\",\"init_process_pid\":" pid ",\"init_process_start\":" start                                        \
	",\"created\":\"2026-11-23T22:24:36.227190418Z\",\"config\":{\"no_pivot_root\":false,\"rootfs\":\"/tmp/wid/b/"         \
	"rootfs\","                                                                                                            \
	"\"umask\":null,\"labels\":[\"bundle=/tmp/wid/b\"]},\"rootless\":false,\"cgroup_paths\":{"                             \
	"\"\":\"/sys/fs/cgroup/unified" v2 "\",\"blkio\":\"/sys/fs/cgroup/blkio" v2 "\",\"memory\":\"/sys/fs/cgroup/memory" v1 \
	"\",\"name=systemd\":\"/sys/fs/cgroup/systemd" v2 "\"},\"namespace_paths\":{\"NEWPID\":\"/proc/" pid "/ns/pid\"},"     \
	"\"external_descriptors\":[\"/dev/null\",\"/dev/null\",\"/dev/null\"],\"intel_rdt_path\":\"\"}\n"
#define CREATED_RUNC 1795472676

#define IMAGE        "sha256:96fa00308bcc8e44f5f68218cde5e09b25f5c8cb4e14ead5cbed0ff010af5a76"
#define DOCKER(id, name, running)                                                                                              \
	"{\"StreamConfig\":{},\"State\":{\"Running\":" running ",\"Paused\":false,\"Pid\":5965,\"ExitCode\":0,\"Error\":\"\"," \
	"\"StartedAt\":\"2026-11-23T22:25:13.969869334Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\",\"Health\":null},"           \
	"\"ID\":\"" id "\",\"Created\":\"2026-11-23T22:25:13.161827239Z\",\"Managed\":false,\"Path\":\"/bin/sleep\","          \
	"\"Args\":[\"600\"],\"Config\":{\"Hostname\":\"20ce11d1489f\",\"Env\":null,\"Image\":\"widimg:1\",\"Labels\":{}},"     \
	"\"Image\":\"" IMAGE "\",\"Name\":\"/" name "\",\"Driver\":\"overlay2\"}"
#define STARTED 1795472713

/* A node's root in a directory of its own. */
struct node {
	char dir[64];
	struct identity id;
};

static inline void put(struct node *n, const char *path, const void *text, size_t len)
{
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", n->dir, path);
	for (char *p = full + strlen(n->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		mkdir(full, 0700);
	}
	unlink(full);
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static inline void puts_at(struct node *n, const char *path, const char *text)
{
	put(n, path, text, strlen(text));
}

static inline void link_at(struct node *n, const char *path, const char *target)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", n->dir, path);
	unlink(full);
	assert_int_equal(symlink(target, full), 0);
}

static inline void unlink_at(struct node *n, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", n->dir, path);
	assert_int_equal(unlink(full), 0);
}

static inline void make_dir(struct node *n, const char *path)
{
	char file[128]; /* short: with the directory it fits a path */

	snprintf(file, sizeof(file), "%s/.keep", path);
	put(n, file, "", 0);
}

static inline int setup(void **state)
{
	struct node *n = calloc(1, sizeof(*n));
	struct err err;

	snprintf(n->dir, sizeof(n->dir), "/tmp/test_identity.XXXXXX");
	assert_non_null(mkdtemp(n->dir));
	assert_int_equal(identity_init(&n->id, n->dir, &err), 0);
	*state = n;
	return 0;
}

static inline int teardown(void **state)
{
	struct node *n = *state;
	FTS *tree = fts_open((char *[]){n->dir, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	for (FTSENT *e; (e = fts_read(tree));)
		if (e->fts_info != FTS_D)
			remove(e->fts_accpath);
	fts_close(tree);
	free(n);
	return 0;
}

/* Resolves and checks the answer: `runtime` "" stands for none. */
static inline struct workload resolved(struct node *n, const char *cgroup, unsigned int pid, const char *runtime,
				       const char *id)
{
	struct workload w;
	int r;

	memset(&w, 0xa5, sizeof(w)); /* all but origin_id must be filled */
	r = identity_resolve(&n->id, cgroup, pid, &w);
	assert_int_equal(w.origin_id, 0xa5a5a5a5a5a5a5a5);
	assert_string_equal(w.runtime, runtime);
	assert_string_equal(w.id, id);
	assert_int_equal(r, *runtime ? 0 : -ENOENT);
	assert_int_equal(w.resolution, *runtime ? RESOLVED_RUNTIME : *id ? RESOLVED_CGROUP : RESOLVED_NOT);
	assert_true(text_is_utf8(w.cgroup_path, strlen(w.cgroup_path)));
	if (!*runtime) {
		assert_string_equal(w.name, w.id);
		assert_string_equal(w.image, "");
		assert_int_equal(w.started_s, 0);
		assert_false(w.privileged);
	}
	return w;
}

#endif
