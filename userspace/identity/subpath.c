// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include "runtime.h"

/*
 * Of a volume that a pod mounts by subPath the kubelet looks up the part itself, binds it at a place of its own and tells the runtime that
 * place. Who can write to the volume can put a link there at the right moment (CVE-2017-1002101, CVE-2021-25741), and it is another
 * directory of the host's that is bound. What is mounted at last tells: it must be of the volume. The layout is the kubelet's
 * (pkg/volume/util/subpath, pkg/kubelet/config/defaults.go):
 *
 *	ROOT/pods/UID/volume-subpaths/VOLUME/CONTAINER/INDEX
 *	ROOT/pods/UID/volumes/PLUGIN/VOLUME
 */

#define PLUGINS_MAX 64

/* Whether what is mounted is of a directory of the host's, or of what is mounted below that (a CSI volume's "mount"). */
static bool is_of(const struct mount_line *host, unsigned int n, const char *dir, const struct posture_mount *m)
{
	const struct mount_line *on = NULL;
	char root[PATH_MAX];
	size_t skip;

	for (unsigned int i = 0; i < n; i++) {
		if (posture_within(host[i].target, dir) && !strcmp(host[i].device, m->device) &&
		    posture_within(m->root, host[i].root))
			return true;
		if (posture_within(dir, host[i].target) && (!on || strlen(host[i].target) >= strlen(on->target)))
			on = &host[i];
	}
	if (!on || strcmp(on->device, m->device))
		return false;
	skip = strcmp(on->target, "/") ? strlen(on->target) : 0;
	return (size_t)snprintf(root, sizeof(root), "%s%s", strcmp(on->root, "/") ? on->root : "", dir + skip) < sizeof(root) &&
	       posture_within(m->root, *root ? root : "/");
}

/* Whether a mount that should be of a volume is of none of that name. False, too, where the kubelet has none. */
static bool has_strayed(int root, const struct mount_line *host, unsigned int n, const char *source,
			const struct posture_mount *m)
{
	static const char mark[] = "/volume-subpaths/";
	const char *at = strstr(source, mark), *volume = at ? at + sizeof(mark) - 1 : "";
	int name = (int)strcspn(volume, "/");
	bool is_found = false, is_inside = false;
	char path[PATH_MAX], dir[PATH_MAX];
	struct dirent *plugin;
	DIR *plugins;

	if (!name || (size_t)snprintf(path, sizeof(path), "%.*s/volumes", (int)(at - source), source) >= sizeof(path))
		return false;
	plugins = host_opendir(root, path);
	for (unsigned int i = 0; plugins && i < PLUGINS_MAX && !is_inside && (plugin = readdir(plugins));) {
		if (plugin->d_name[0] == '.')
			continue;
		i++;
		if ((size_t)snprintf(path, sizeof(path), "%.*s/volumes/%s/%.*s", (int)(at - source), source, plugin->d_name,
				     name, volume) >= sizeof(path) ||
		    host_realpath(root, path, dir, sizeof(dir)))
			continue;
		is_found = true;
		is_inside = is_of(host, n, dir, m);
	}
	if (plugins)
		closedir(plugins);
	return is_found && !is_inside;
}

static bool is_subpath(const struct posture_mount *m)
{
	return m->bind && strstr(m->source, "/pods/") && strstr(m->source, "/volume-subpaths/");
}

void subpaths_check(int root, const struct posture *promised, struct posture *actual)
{
	struct mount_line *host = NULL;
	unsigned int n = 0;
	char *buf = NULL;

	for (unsigned int i = 0; i < promised->n_mounts; i++) {
		struct posture_mount *is;

		if (!is_subpath(&promised->mounts[i]))
			continue;
		if (!host) {
			host = calloc(HOST_MOUNTS, sizeof(*host));
			if (!host || mountinfo_read(root, 1, &buf, host, HOST_MOUNTS, &n))
				break; /* of volumes that are not known nothing is said */
		}
		is = (struct posture_mount *)posture_mount_at(actual, promised->mounts[i].target);
		if (is)
			is->strayed = has_strayed(root, host, n, promised->mounts[i].source, is);
	}
	free(buf);
	free(host);
}
