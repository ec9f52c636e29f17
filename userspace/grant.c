// SPDX-License-Identifier: Apache-2.0
/*
 * What a container was given with which it needs to break nothing: whoever is in it has the host. That is no level of a standard (a bind of
 * one harmless directory costs a pod the baseline), but what makes a finding about it likelier, and worse.
 */
#include "posture.h"

#include <string.h>

#include "capset.h"
#include "text.h"

/* With each of these alone, held against the host's user namespace, the host can be taken. Numbers as in the kernel's linux/capability.h. */
#define HOST_CAPS                                                                                                              \
	(CAPSET(2) /* DAC_READ_SEARCH: files by handle */ | CAPSET(16) /* SYS_MODULE */ | CAPSET(17) /* SYS_RAWIO */ |         \
	 CAPSET(21) /* SYS_ADMIN */ | CAPSET(39) /* BPF */)

/* Who can change these, or read them, is on the host, as its runtime, or as each of its pods. */
static const char *const host_directories[] = {
	"/",
	"/boot",
	"/dev",
	"/etc",
	"/home",
	"/proc",
	"/root",
	"/run",
	"/usr",
	"/var",
	"/var/lib",
	"/var/run",
	"/run/containerd",
	"/run/crio",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/docker",
	"/var/lib/kubelet",
	"/var/lib/kubelet/pods",
	"/etc/kubernetes",
	"/etc/kubernetes/manifests",
};

static const char *const engine_sockets[] = {"docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock"};

static uint32_t mount_grant(const struct posture_mount *m)
{
	const char *slash = strrchr(m->source, '/');

	if (!m->bind || !slash)
		return 0;
	if (text_is_one_of(m->source, host_directories, sizeof(host_directories) / sizeof(host_directories[0])))
		return WD_GRANT_FILES;
	return text_is_one_of(slash + 1, engine_sockets, sizeof(engine_sockets) / sizeof(engine_sockets[0])) ? WD_GRANT_ENGINE
													     : 0;
}

struct posture_grants posture_grants(const struct posture *p)
{
	struct posture_grants g = {.caps = p->shared_ns & WD_DIM_USER ? p->caps & HOST_CAPS : 0};

	for (unsigned int i = 0; i < p->n_mounts; i++) {
		const struct posture_mount *m = &p->mounts[i];
		uint32_t grant = mount_grant(m);

		/* of several the shortest: it has others in it */
		if (grant && (!g.mount || strlen(m->source) < strlen(g.mount->source)))
			g.mount = m;
		g.what |= grant;
	}
	if (g.caps)
		g.what |= WD_GRANT_CAPABILITIES;
	if (p->all_devices)
		g.what |= WD_GRANT_DEVICES;
	if (p->shared_ns & WD_DIM_PID)
		g.what |= WD_GRANT_PROCESSES;
	return g;
}
