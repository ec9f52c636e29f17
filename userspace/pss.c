// SPDX-License-Identifier: Apache-2.0
/*
 * The Pod Security Standards (kubernetes.io/docs/concepts/security/pod-security-standards, v1.32), asked of what a container may do
 * and not of what its pod's manifest says. That differs in three places: a default of the runtime's counts as if it had been asked for (so
 * NET_RAW, which docker and containerd give, is let pass); a seccomp filter or a label that is missing may have been left out or
 * refused, so it is held against "restricted" alone (a label: that says "unconfined"); host ports are not seen at all.
 */
#include "posture.h"

#include <string.h>

#include "capset.h"
#include "text.h"

/* Capabilities by number, as the kernel's linux/capability.h has them. */
#define BASELINE_CAPS                                                                                                          \
	(CAPSET(0) /* CHOWN */ | CAPSET(1) /* DAC_OVERRIDE */ | CAPSET(3) /* FOWNER */ | CAPSET(4) /* FSETID */ |              \
	 CAPSET(5) /* KILL */ | CAPSET(6) /* SETGID */ | CAPSET(7) /* SETUID */ | CAPSET(8) /* SETPCAP */ |                    \
	 CAPSET(10) /* NET_BIND_SERVICE */ | CAPSET(13) /* NET_RAW */ | CAPSET(18) /* SYS_CHROOT */ | CAPSET(27) /* MKNOD */ | \
	 CAPSET(29) /* AUDIT_WRITE */ | CAPSET(31) /* SETFCAP */)
#define RESTRICTED_CAPS CAPSET(10) /* NET_BIND_SERVICE */

static void reason(struct rating *r, enum pss level, const char *text)
{
	if (r->level > level)
		r->level = level;
	if (text && r->n < PSS_REASONS)
		r->reasons[r->n++] = text;
}

static void rate_namespaces(const struct posture *p, struct arena *a, struct rating *r)
{
	(void)a;
	if (p->shared_ns & WD_DIM_NET)
		reason(r, PSS_PRIVILEGED, "hostNetwork: it is in the host's network namespace");
	if (p->shared_ns & WD_DIM_PID)
		reason(r, PSS_PRIVILEGED, "hostPID: it is in the host's pid namespace");
	if (p->shared_ns & WD_DIM_IPC)
		reason(r, PSS_PRIVILEGED, "hostIPC: it is in the host's ipc namespace");
}

static void rate_privileged(const struct posture *p, struct arena *a, struct rating *r)
{
	(void)a;
	if (p->all_devices)
		reason(r, PSS_PRIVILEGED, "privileged: no device is refused");
}

static void rate_capabilities(const struct posture *p, struct arena *a, struct rating *r)
{
	char names[512];

	if (p->caps & ~BASELINE_CAPS)
		reason(r, PSS_PRIVILEGED,
		       arena_printf(a, "capabilities: beyond the baseline: %s",
				    capset_text(p->caps & ~BASELINE_CAPS, names, sizeof(names))));
	else if (p->caps & ~RESTRICTED_CAPS)
		reason(r, PSS_BASELINE,
		       arena_printf(a, "capabilities: not all are dropped: %s",
				    capset_text(p->caps & ~RESTRICTED_CAPS, names, sizeof(names))));
}

static bool is_id(const char *s)
{
	return strspn(s, "0123456789abcdef") == 64 && s[64] == '/';
}

bool posture_is_volume(const char *source)
{
	/* directories of one container each, wherever the engine keeps its files */
	static const char *const dirs[] = {"/containers/", "/sandboxes/", "/overlay-containers/"};
	const char *at, *name;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if ((at = strstr(source, dirs[i])) && is_id(at + strlen(dirs[i])))
			return true;
	at = strstr(source, "/volumes/"); /* of docker and podman: by name */
	name = at ? at + strlen("/volumes/") : "";
	return strstr(source, "/kubelet/pods/") || (*name && !strncmp(name + strcspn(name, "/"), "/_data", strlen("/_data")));
}

static void rate_mounts(const struct posture *p, struct arena *a, struct rating *r)
{
	unsigned int more = 0;

	for (unsigned int i = 0; i < p->n_mounts; i++) {
		const struct posture_mount *m = &p->mounts[i];

		if (!m->bind || *m->source != '/' || posture_is_volume(m->source))
			continue;
		if (more++ < 4)
			reason(r, PSS_PRIVILEGED,
			       arena_printf(a, "hostPath: %.200s at %.200s%s", m->source, m->target,
					    m->writable ? ", writable" : ""));
	}
	if (more > 4)
		reason(r, PSS_PRIVILEGED, arena_printf(a, "hostPath: %u more", more - 4));
}

/* Of SELinux "user:role:type:level", of AppArmor a profile's name or "unconfined". */
static void rate_label(const struct posture *p, struct arena *a, struct rating *r)
{
	static const char *const types[] = {"container_t", "container_init_t", "container_kvm_t", "container_engine_t"};
	const char *colon = strchr(p->label, ':');

	if (!strncmp(p->label, "unconfined", strlen("unconfined")) && !colon)
		reason(r, PSS_PRIVILEGED, "AppArmor: unconfined");
	colon = colon ? strchr(colon + 1, ':') : NULL;
	if (!colon)
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strncmp(colon + 1, types[i], strlen(types[i])) && strchr(":", colon[1 + strlen(types[i])]))
			return;
	reason(r, PSS_PRIVILEGED, arena_printf(a, "SELinux: a type that is no container's: %.200s", p->label));
}

/* The masks are all there or, with procMount: Unmasked, all gone. */
static void rate_masks(const struct posture *p, struct arena *a, struct rating *r)
{
	(void)a;
	if (!p->n_masked)
		reason(r, PSS_PRIVILEGED, "procMount: nothing in /proc is masked");
}

static void rate_sysctls(const struct posture *p, struct arena *a, struct rating *r)
{
	static const char *const safe[] = {
		"kernel.shm_rmid_forced",           "net.ipv4.ip_local_port_range",
		"net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ping_group_range",        "net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",     "net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_keepalive_time",      "net.ipv4.tcp_rmem",
		"net.ipv4.tcp_syncookies",          "net.ipv4.tcp_wmem",
	};

	for (unsigned int i = 0; i < p->n_sysctls; i++) {
		if (!text_is_one_of(p->sysctls[i], safe, sizeof(safe) / sizeof(safe[0])))
			reason(r, PSS_PRIVILEGED, arena_printf(a, "sysctl: %.200s is not one of the safe ones", p->sysctls[i]));
	}
}

static void rate_restricted(const struct posture *p, struct arena *a, struct rating *r)
{
	(void)a;
	if (!p->seccomp)
		reason(r, PSS_BASELINE, "seccomp: no filter is on");
	if (!p->no_new_privs)
		reason(r, PSS_BASELINE, "allowPrivilegeEscalation: no_new_privs is not set");
	if (!p->uid)
		reason(r, PSS_BASELINE, "runAsNonRoot: it runs as root");
}

void posture_rate(const struct posture *p, struct arena *a, struct rating *out)
{
	static void (*const controls[])(const struct posture *p, struct arena *a, struct rating *r) = {
		rate_namespaces, rate_privileged, rate_capabilities, rate_mounts,
		rate_label,      rate_masks,      rate_sysctls,      rate_restricted,
	};

	*out = (struct rating){.level = PSS_RESTRICTED};
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		controls[i](p, a, out);
}
