// SPDX-License-Identifier: Apache-2.0
#include "posture.h"

#include <string.h>

#include "text.h"

#define DEPTH_MAX 32 /* of mounts upon mounts */

struct comparison {
	const struct posture *promised, *actual;
	struct posture_difference *out;
	unsigned int n;
};

static void differs(struct comparison *c, struct posture_difference d)
{
	d.place = d.place ? d.place : "";
	d.found = d.found ? d.found : "";
	if (c->n < POSTURE_DIFFERENCES)
		c->out[c->n] = d;
	c->n++;
}

const struct posture_mount *posture_mount_by_id(const struct posture *p, uint64_t id)
{
	for (unsigned int i = 0; i < p->n_mounts; i++)
		if (p->mounts[i].id == id)
			return &p->mounts[i];
	return NULL;
}

const struct posture_mount *posture_mount_at(const struct posture *p, const char *target)
{
	for (unsigned int i = p->n_mounts; i--;)
		if (!strcmp(p->mounts[i].target, target))
			return &p->mounts[i];
	return NULL;
}

bool posture_within(const char *path, const char *dir)
{
	size_t n = strcmp(dir, "/") ? strlen(dir) : 0;

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* Nodes that every runtime gives a container, as mounts where it may make none (a user namespace), and its terminal. */
static bool is_device(const struct posture_mount *m)
{
	static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};

	if (!strcmp(m->target, "/dev/console"))
		return !strcmp(m->type, "devpts");
	if (!posture_within(m->target, "/dev") || !m->target[sizeof("/dev") - 1] || m->root[0] != '/')
		return false;
	return text_is_one_of(m->root + 1, nodes, sizeof(nodes) / sizeof(nodes[0])) &&
	       !strcmp(m->target + sizeof("/dev"), m->root + 1);
}

/* A mount below one that was promised with all that is mounted below its source, or below cgroup's (version 1 has many). */
static bool came_along(const struct comparison *c, const struct posture_mount *m)
{
	for (unsigned int depth = 0; depth < DEPTH_MAX; depth++) {
		const struct posture_mount *promised;

		m = posture_mount_by_id(c->actual, m->parent);
		if (!m)
			return false;
		promised = posture_mount_at(c->promised, m->target);
		if (promised && (promised->recursive || !strncmp(promised->type, "cgroup", 6)))
			return true;
	}
	return false;
}

static bool is_promised(const struct comparison *c, const struct posture_mount *m)
{
	const struct posture *p = c->promised;

	return !strcmp(m->target, "/") || posture_mount_at(p, m->target) || text_is_one_of(m->target, p->masked, p->n_masked) ||
	       text_is_one_of(m->target, p->readonly, p->n_readonly) || is_device(m) || came_along(c, m);
}

/* A terminal, which runtimes bind at /dev/console and nowhere else. */
static bool is_terminal(const struct posture_mount *m)
{
	return !strcmp(m->type, "devpts") && strcmp(m->root, "/");
}

static bool is_kernels(const char *type)
{
	return !strcmp(type, "proc") || !strcmp(type, "sysfs");
}

static void compare_mounts(struct comparison *c)
{
	for (unsigned int i = 0; i < c->actual->n_mounts; i++) {
		const struct posture_mount *m = &c->actual->mounts[i];

		if (!is_promised(c, m))
			differs(c, (struct posture_difference){.what = is_terminal(m) ? WD_DIFFERS_CONSOLE : WD_DIFFERS_MOUNT,
							       .place = m->target,
							       .found = *m->source ? m->source : m->type,
							       .whole = *m->source && !strcmp(m->root, "/")});
	}
	for (unsigned int i = 0; i < c->promised->n_mounts; i++) {
		const struct posture_mount *m = &c->promised->mounts[i], *is = posture_mount_at(c->actual, m->target);

		if (!m->bind && is_kernels(m->type) && (!is || strcmp(is->type, m->type)))
			differs(c, (struct posture_difference){
					   .what = WD_DIFFERS_KERNEL_FILES, .place = m->target, .found = is ? is->type : NULL});
		else if (is && is->strayed)
			differs(c, (struct posture_difference){
					   .what = WD_DIFFERS_SUBPATH, .place = m->target, .found = is->source});
		else if (m->bind && !is && !c->actual->cut)
			differs(c, (struct posture_difference){.what = WD_DIFFERS_MOUNT_GONE, .place = m->target});
	}
}

/* A file is masked by /dev/null, a directory by something empty that cannot be written. */
static bool is_mask(const struct posture_mount *m)
{
	bool memory = !strcmp(m->type, "tmpfs");

	if (!strcmp(m->root, "/null"))
		return memory || !strcmp(m->type, "devtmpfs");
	return !m->writable && ((memory && !strcmp(m->root, "/")) || strstr(m->root, "/.empty-directory"));
}

static void compare_walls(struct comparison *c)
{
	const struct posture *p = c->promised;

	for (unsigned int i = 0; i < p->n_masked; i++) {
		const struct posture_mount *m = posture_mount_at(c->actual, p->masked[i]);

		if (!m || !is_mask(m))
			differs(c, (struct posture_difference){.what = WD_DIFFERS_MASK,
							       .place = p->masked[i],
							       .found = !m           ? NULL
									: *m->source ? m->source
										     : m->type});
	}
	for (unsigned int i = 0; i < p->n_readonly; i++) {
		const struct posture_mount *m = posture_mount_at(c->actual, p->readonly[i]);

		if (!m || m->writable)
			differs(c, (struct posture_difference){
					   .what = WD_DIFFERS_READONLY, .place = p->readonly[i], .found = m ? m->type : NULL});
	}
}

/* A profile's name; what is read says its mode behind it: "docker-default (enforce)". */
static bool is_label(const char *promised, const char *actual)
{
	size_t n = strlen(promised);

	return !strncmp(actual, promised, n) && (!actual[n] || actual[n] == ' ');
}

unsigned int posture_compare(const struct posture *promised, const struct posture *actual, struct posture_difference *out)
{
	struct comparison c = {.promised = promised, .actual = actual, .out = out};
	uint32_t shared = actual->shared_ns & ~promised->shared_ns & ~promised->joined_ns;

	if (actual->caps & ~promised->caps)
		differs(&c, (struct posture_difference){
				    .what = WD_DIFFERS_CAPABILITIES, .promised = promised->caps, .actual = actual->caps});
	if (promised->seccomp && !actual->seccomp)
		differs(&c, (struct posture_difference){.what = WD_DIFFERS_SECCOMP});
	if (promised->no_devices && actual->all_devices)
		differs(&c, (struct posture_difference){.what = WD_DIFFERS_DEVICES});
	if (promised->no_new_privs && !actual->no_new_privs)
		differs(&c, (struct posture_difference){.what = WD_DIFFERS_NO_NEW_PRIVS});
	if (*promised->label && *actual->label && !is_label(promised->label, actual->label))
		differs(&c, (struct posture_difference){
				    .what = WD_DIFFERS_LABEL, .place = promised->label, .found = actual->label});
	if (shared)
		differs(&c, (struct posture_difference){
				    .what = WD_DIFFERS_NAMESPACE, .promised = promised->shared_ns, .actual = shared});
	if (promised->uid != actual->uid)
		differs(&c,
			(struct posture_difference){.what = WD_DIFFERS_USER, .promised = promised->uid, .actual = actual->uid});
	if (actual->n_mounts && !promised->cut)
		compare_mounts(&c);
	if (actual->n_mounts && !actual->cut)
		compare_walls(&c);
	return c.n;
}
