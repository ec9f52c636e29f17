// SPDX-License-Identifier: Apache-2.0
#include "sensitive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ(kind)   (WD_SENSITIVE_##kind)
#define REMOVE(kind) (WD_SENSITIVE_##kind << 16)
/* Written, or removed, which comes to the same for a file that the node acts by. */
#define CHANGE(kind) (WD_SENSITIVE_##kind << 8 | WD_SENSITIVE_##kind << 16)
#define WHOLE        WD_SENSITIVE_WHOLE

/*
 * What is for whom is by the file hierarchy standard, the distributions' packages (Debian, Fedora), and the defaults of containerd,
 * docker, CRI-O, podman and kubeadm. Of rows that meet in one inode (/lib and /usr/lib) the first counts. Within another's
 * directory the nearest counts that has something to say of the act.
 */
static const struct {
	const char *path;
	uint32_t kinds;
} builtin[] = {
	{"/etc/crontab", CHANGE(CRON) | WHOLE},
	{"/etc/anacrontab", CHANGE(CRON) | WHOLE},
	{"/etc/cron.d", CHANGE(CRON) | WHOLE},
	{"/etc/cron.hourly", CHANGE(CRON) | WHOLE},
	{"/etc/cron.daily", CHANGE(CRON) | WHOLE},
	{"/etc/cron.weekly", CHANGE(CRON) | WHOLE},
	{"/etc/cron.monthly", CHANGE(CRON) | WHOLE},
	{"/var/spool/cron", CHANGE(CRON) | WHOLE},
	{"/root/.ssh", CHANGE(SSH) | READ(CREDENTIAL) | WHOLE},
	{"/etc/ssh", CHANGE(SSH) | WHOLE},
	{"/etc/ssh/ssh_host_rsa_key", CHANGE(SSH) | READ(CREDENTIAL) | WHOLE},
	{"/etc/ssh/ssh_host_ecdsa_key", CHANGE(SSH) | READ(CREDENTIAL) | WHOLE},
	{"/etc/ssh/ssh_host_ed25519_key", CHANGE(SSH) | READ(CREDENTIAL) | WHOLE},
	{"/etc/ld.so.preload", CHANGE(LOADER) | WHOLE},
	{"/etc/ld.so.conf", CHANGE(LOADER) | WHOLE},
	{"/etc/ld.so.conf.d", CHANGE(LOADER) | WHOLE},
	{"/etc/ld.so.cache", CHANGE(LOADER) | WHOLE},
	{"/lib64/ld-linux-x86-64.so.2", CHANGE(LOADER) | WHOLE},
	{"/lib/ld-linux-aarch64.so.1", CHANGE(LOADER) | WHOLE},
	{"/etc/systemd", CHANGE(SYSTEM) | WHOLE},
	{"/run/systemd/system", CHANGE(SYSTEM) | WHOLE},
	{"/run/systemd/generator", CHANGE(SYSTEM) | WHOLE},
	{"/usr/lib/systemd", CHANGE(SYSTEM) | WHOLE},
	{"/root/.config/systemd", CHANGE(SYSTEM) | WHOLE},
	{"/etc/udev", CHANGE(SYSTEM) | WHOLE},
	{"/run/udev/rules.d", CHANGE(SYSTEM) | WHOLE},
	{"/usr/lib/udev", CHANGE(SYSTEM) | WHOLE},
	{"/etc/modules", CHANGE(SYSTEM) | WHOLE},
	{"/etc/modules-load.d", CHANGE(SYSTEM) | WHOLE},
	{"/etc/modprobe.d", CHANGE(SYSTEM) | WHOLE},
	{"/etc/binfmt.d", CHANGE(SYSTEM) | WHOLE},
	{"/etc/sysctl.conf", CHANGE(SYSTEM) | WHOLE},
	{"/etc/sysctl.d", CHANGE(SYSTEM) | WHOLE},
	{"/etc/tmpfiles.d", CHANGE(SYSTEM) | WHOLE},
	{"/etc/init.d", CHANGE(SYSTEM) | WHOLE},
	{"/etc/rc.local", CHANGE(SYSTEM) | WHOLE},
	{"/etc/inittab", CHANGE(SYSTEM) | WHOLE},
	{"/etc/passwd", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/group", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/shadow", CHANGE(ACCOUNTS) | READ(CREDENTIAL) | WHOLE},
	{"/etc/shadow-", CHANGE(ACCOUNTS) | READ(CREDENTIAL) | WHOLE},
	{"/etc/gshadow", CHANGE(ACCOUNTS) | READ(CREDENTIAL) | WHOLE},
	{"/etc/sudoers", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/sudoers.d", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/doas.conf", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/pam.d", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/security", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/polkit-1", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/nsswitch.conf", CHANGE(ACCOUNTS) | WHOLE},
	{"/etc/kubernetes/manifests", CHANGE(STATIC_POD) | WHOLE},
	{"/var/lib/rancher/k3s/agent/pod-manifests", CHANGE(STATIC_POD) | WHOLE},
	{"/usr/bin", CHANGE(PROGRAM)},
	{"/usr/sbin", CHANGE(PROGRAM)},
	{"/bin", CHANGE(PROGRAM)},
	{"/sbin", CHANGE(PROGRAM)},
	{"/usr/local/bin", CHANGE(PROGRAM)},
	{"/usr/local/sbin", CHANGE(PROGRAM)},
	{"/usr/lib", CHANGE(PROGRAM)},
	{"/usr/libexec", CHANGE(PROGRAM)},
	{"/usr/lib64", CHANGE(PROGRAM)},
	{"/lib", CHANGE(PROGRAM)},
	{"/lib64", CHANGE(PROGRAM)},
	{"/opt/bin", CHANGE(PROGRAM)},
	{"/etc/containerd", CHANGE(RUNTIME) | WHOLE},
	{"/etc/docker", CHANGE(RUNTIME) | WHOLE},
	{"/etc/crio", CHANGE(RUNTIME) | WHOLE},
	{"/etc/containers", CHANGE(RUNTIME) | WHOLE},
	{"/usr/share/containers", CHANGE(RUNTIME) | WHOLE},
	{"/etc/cdi", CHANGE(RUNTIME) | WHOLE},
	{"/run/cdi", CHANGE(RUNTIME) | WHOLE},
	{"/etc/nri", CHANGE(RUNTIME) | WHOLE},
	{"/opt/nri", CHANGE(RUNTIME) | WHOLE},
	{"/etc/nvidia-container-runtime", CHANGE(RUNTIME) | WHOLE},
	{"/etc/default/kubelet", CHANGE(RUNTIME) | WHOLE},
	{"/var/lib/kubelet/config.yaml", CHANGE(RUNTIME) | WHOLE},
	{"/var/lib/kubelet/kubeadm-flags.env", CHANGE(RUNTIME) | WHOLE},
	{"/etc/profile", CHANGE(SHELL) | WHOLE},
	{"/etc/profile.d", CHANGE(SHELL) | WHOLE},
	{"/etc/bash.bashrc", CHANGE(SHELL) | WHOLE},
	{"/etc/bashrc", CHANGE(SHELL) | WHOLE},
	{"/etc/zsh", CHANGE(SHELL) | WHOLE},
	{"/etc/environment", CHANGE(SHELL) | WHOLE},
	{"/root/.bashrc", CHANGE(SHELL) | WHOLE},
	{"/root/.profile", CHANGE(SHELL) | WHOLE},
	{"/root/.bash_profile", CHANGE(SHELL) | WHOLE},
	{"/root/.zshrc", CHANGE(SHELL) | WHOLE},
	{"/etc/logrotate.conf", CHANGE(SHELL) | WHOLE},
	{"/etc/logrotate.d", CHANGE(SHELL) | WHOLE},
	{"/etc/apt", CHANGE(SHELL) | WHOLE},
	{"/etc/update-motd.d", CHANGE(SHELL) | WHOLE},
	{"/etc/network", CHANGE(SHELL) | WHOLE},
	{"/etc/NetworkManager", CHANGE(SHELL) | WHOLE},
	{"/var/spool/at", CHANGE(SHELL) | WHOLE},
	{"/var/lib/containerd/io.containerd.content.v1.content", CHANGE(IMAGE)},
	{"/var/lib/containerd/io.containerd.metadata.v1.bolt", CHANGE(IMAGE)},
	{"/var/lib/docker/image", CHANGE(IMAGE)},
	{"/var/lib/docker/overlay2", CHANGE(IMAGE)},
	{"/var/lib/containers/storage", CHANGE(IMAGE)},
	{"/root/.kube", READ(CREDENTIAL) | WHOLE},
	{"/root/.aws", READ(CREDENTIAL) | WHOLE},
	{"/root/.azure", READ(CREDENTIAL) | WHOLE},
	{"/root/.config/gcloud", READ(CREDENTIAL) | WHOLE},
	{"/root/.docker/config.json", READ(CREDENTIAL) | WHOLE},
	{"/root/.gnupg", READ(CREDENTIAL) | WHOLE},
	{"/etc/ssl/private", READ(CREDENTIAL) | WHOLE},
	{"/etc/krb5.keytab", READ(CREDENTIAL) | WHOLE},
	{"/var/log/audit", REMOVE(LOG)},
	{"/var/log/journal", REMOVE(LOG)},
	{"/var/log/auth.log", REMOVE(LOG)},
	{"/var/log/secure", REMOVE(LOG)},
	{"/var/log/syslog", REMOVE(LOG)},
	{"/var/log/messages", REMOVE(LOG)},
	{"/var/log/kern.log", REMOVE(LOG)},
	{"/var/log/wtmp", REMOVE(LOG)},
	{"/var/log/btmp", REMOVE(LOG)},
	{"/var/log/lastlog", REMOVE(LOG)},
	{"/var/log/kubernetes", REMOVE(LOG)},
	{"/var/lib/kubelet/pods", READ(POD_VOLUME) | CHANGE(POD_VOLUME)},
	{"/etc/kubernetes/admin.conf", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/super-admin.conf", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/kubelet.conf", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/bootstrap-kubelet.conf", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/controller-manager.conf", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/scheduler.conf", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/pki", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/var/lib/kubelet/pki", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/var/lib/kubelet/kubeconfig", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/rancher/k3s/k3s.yaml", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/var/lib/rancher/k3s/server", READ(CLUSTER_KEY) | CHANGE(CLUSTER_KEY) | WHOLE},
	{"/etc/kubernetes/pki/etcd", READ(ETCD) | CHANGE(ETCD) | WHOLE},
	{"/var/lib/etcd", READ(ETCD) | CHANGE(ETCD) | WHOLE},
	{"/etc/cni", CHANGE(PLUGIN) | WHOLE},
	{"/opt/cni", CHANGE(PLUGIN) | WHOLE},
	{"/usr/libexec/kubernetes", CHANGE(PLUGIN) | WHOLE},
	{"/var/lib/kubelet/plugins", CHANGE(PLUGIN) | WHOLE},
	{"/var/lib/kubelet/plugins_registry", CHANGE(PLUGIN) | WHOLE},
	{"/var/lib/kubelet/device-plugins", CHANGE(PLUGIN) | WHOLE},
	{"/var/lib/kubelet", CHANGE(OTHER)},
	{"/etc", CHANGE(OTHER)},
	{"/usr", CHANGE(OTHER)},
	{"/boot", CHANGE(OTHER)},
	{"/root", CHANGE(OTHER)},
};
#define BUILTIN (sizeof(builtin) / sizeof(builtin[0]))

/* In the home of each user that has one below /home. */
static const struct {
	const char *name;
	uint32_t kinds;
} at_home[] = {
	{".ssh", CHANGE(SSH) | READ(CREDENTIAL) | WHOLE},
	{".kube", READ(CREDENTIAL) | WHOLE},
	{".aws", READ(CREDENTIAL) | WHOLE},
};
#define AT_HOME (sizeof(at_home) / sizeof(at_home[0]))
#define HOMES   32

_Static_assert(BUILTIN + HOMES * AT_HOME + SENSITIVE_MORE <= WD_SENSITIVE_ROWS, "a row for each");

int sensitive_init(struct sensitive *s, const char *host_root, struct err *err)
{
	memset(s, 0, sizeof(*s));
	s->root = open(*host_root ? host_root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->root < 0 ? err_set(err, -errno, "opening the node's root %s: %s", host_root, strerror(errno)) : 0;
}

void sensitive_destroy(struct sensitive *s)
{
	if (s->root > 0)
		close(s->root);
	s->root = -1;
}

static const struct {
	const char *technique;
	uint32_t kind;
} techniques[] = {
	{"P01", WD_SENSITIVE_CRON},       {"P02", WD_SENSITIVE_SSH},         {"P03", WD_SENSITIVE_LOADER},
	{"P04", WD_SENSITIVE_SYSTEM},     {"P05", WD_SENSITIVE_ACCOUNTS},    {"P06", WD_SENSITIVE_STATIC_POD},
	{"P07", WD_SENSITIVE_PROGRAM},    {"P08", WD_SENSITIVE_RUNTIME},     {"P09", WD_SENSITIVE_SHELL},
	{"P13", WD_SENSITIVE_IMAGE},      {"P16", WD_SENSITIVE_CREDENTIAL},  {"P17", WD_SENSITIVE_LOG},
	{"O02", WD_SENSITIVE_POD_VOLUME}, {"O12", WD_SENSITIVE_CLUSTER_KEY}, {"O05", WD_SENSITIVE_ETCD},
	{"O16", WD_SENSITIVE_PLUGIN},     {"M47", WD_SENSITIVE_OTHER},
};

uint32_t sensitive_kind(const char *technique)
{
	for (size_t i = 0; i < sizeof(techniques) / sizeof(techniques[0]); i++)
		if (!strcmp(techniques[i].technique, technique))
			return techniques[i].kind;
	return 0;
}

static uint32_t kinds_of(const struct sensitive_path *p)
{
	uint32_t kind = p->technique ? sensitive_kind(p->technique) : WD_SENSITIVE_OTHER;

	return WD_SENSITIVE_WHOLE | (p->access & SENSITIVE_READ ? kind : 0) |
	       (p->access & SENSITIVE_WRITE ? kind << 8 | kind << 16 : 0);
}

void sensitive_add(struct sensitive *s, const struct sensitive_path *paths, size_t n)
{
	s->n_more = 0;
	for (size_t i = 0; i < n && s->n_more < SENSITIVE_MORE; i++) {
		if (strlen(paths[i].path) >= sizeof(s->more[0].path))
			continue;
		snprintf(s->more[s->n_more].path, sizeof(s->more[0].path), "%s", paths[i].path);
		s->more[s->n_more++].kinds = kinds_of(&paths[i]);
	}
	/* A path may stay and its kinds change: they are told anew. */
	memset(s->rows + WD_SENSITIVE_ROWS - SENSITIVE_MORE, 0xff, SENSITIVE_MORE * sizeof(*s->rows));
}

/* O_PATH passes no hook of an open, moves no access time and waits for nobody. */
static int open_path(int dir, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (unsigned int)flags | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* A look at all rows in progress: an inode belongs to the first that leads to it. */
struct look {
	struct sensitive *s;
	struct wd_sensitive_ask *asks;
	struct sensitive_row seen[WD_SENSITIVE_ROWS];
	size_t n_seen, changed;
};

static bool is_same_row(const struct sensitive_row *a, const struct sensitive_row *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static bool seen_before(struct look *l, const struct sensitive_row *now)
{
	for (size_t i = 0; i < l->n_seen; i++)
		if (is_same_row(&l->seen[i], now))
			return true;
	l->seen[l->n_seen++] = *now;
	return false;
}

/* Row `row` is for what `fd` is open on, which is the look's from here; below 0: for nothing. */
static void look_at(struct look *l, size_t row, int fd, uint32_t kinds)
{
	struct sensitive_row now = {0, 0};
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st))
		now = (struct sensitive_row){st.st_dev, st.st_ino};
	if (now.inode && seen_before(l, &now))
		now = (struct sensitive_row){0, 0};
	if (is_same_row(&now, &l->s->rows[row])) {
		if (fd >= 0)
			close(fd);
		return;
	}
	l->s->rows[row] = now;
	if (!now.inode && fd >= 0) {
		close(fd);
		fd = -1;
	}
	l->asks[row] = (struct wd_sensitive_ask){now.inode ? fd : -1, kinds};
	l->changed++;
}

static int open_row(const struct sensitive *s, const char *path)
{
	return open_path(s->root, path, O_PATH, RESOLVE_IN_ROOT);
}

/*
 * Users come and go: a row is a place in the order of the directory, and what stands there is compared as of any other. A home is its
 * user's, who must not lead us elsewhere by a link.
 */
static void look_at_homes(struct look *l, size_t row)
{
	int fd = open_path(l->s->root, "/home", O_RDONLY | O_DIRECTORY | O_NONBLOCK, RESOLVE_IN_ROOT);
	DIR *homes = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	char path[288];

	for (size_t n = 0; n < HOMES; n++) {
		do
			d = homes ? readdir(homes) : NULL;
		while (d && d->d_name[0] == '.');
		for (size_t i = 0; i < AT_HOME; i++) {
			int at = -1;

			if (d && snprintf(path, sizeof(path), "%s/%s", d->d_name, at_home[i].name) > 0)
				at = open_path(fd, path, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
			look_at(l, row + n * AT_HOME + i, at, at_home[i].kinds);
		}
	}
	if (homes)
		closedir(homes);
	else if (fd >= 0)
		close(fd);
}

size_t sensitive_look(struct sensitive *s, struct wd_sensitive_ask *asks)
{
	struct look l = {.s = s, .asks = asks};

	memset(asks, 0, WD_SENSITIVE_ROWS * sizeof(*asks));
	/* What a policy adds comes first: it may say otherwise of a path that is built in. */
	for (size_t i = 0; i < SENSITIVE_MORE; i++)
		look_at(&l, WD_SENSITIVE_ROWS - SENSITIVE_MORE + i, i < s->n_more ? open_row(s, s->more[i].path) : -1,
			s->more[i].kinds);
	for (size_t i = 0; i < BUILTIN; i++)
		look_at(&l, i, open_row(s, builtin[i].path), builtin[i].kinds);
	look_at_homes(&l, BUILTIN);
	return l.changed;
}
