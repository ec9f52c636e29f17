// SPDX-License-Identifier: Apache-2.0
#include "node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime.h"
#include "version.h"

/*
 * What is looked for: its program, the Debian packages that it comes in, and where a Go program says which version it is (the variable that its
 * build sets, and its module).
 */
static const struct known {
	const char *name, *program;
	const char *packages[3];
	const char *carrier; /* a package that has it too, under a version of its own */
	const char *variable, *module;
} knowns[] = {
	{"runc", "runc", {"runc"}, "containerd.io", "main.version", "github.com/opencontainers/runc"},
	{"crun", "crun", {"crun"}, NULL, NULL, NULL},
	{"containerd",
	 "containerd",
	 {"containerd", "containerd.io"},
	 NULL,
	 "/version.Version",
	 "github.com/containerd/containerd"},
	{"docker",
	 "dockerd",
	 {"docker.io", "docker-ce", "moby-engine"},
	 NULL,
	 "dockerversion.Version",
	 "github.com/docker/docker"},
	{"buildkit", "buildkitd", {"buildkit"}, NULL, "/version.Version", "github.com/moby/buildkit"},
	{"podman", "podman", {"podman"}, NULL, NULL, "github.com/containers/podman"},
	{"buildah", "buildah", {"buildah"}, NULL, NULL, "github.com/containers/buildah"},
	{"cri-o", "crio", {"cri-o"}, NULL, "/version.Version", "github.com/cri-o/cri-o"},
	{"kubelet", "kubelet", {"kubelet"}, NULL, "version.gitVersion", "k8s.io/kubernetes"},
	{"nvidia-container-toolkit",
	 "nvidia-container-runtime-hook",
	 {"nvidia-container-toolkit"},
	 NULL,
	 "info.version",
	 "github.com/NVIDIA/nvidia-container-toolkit"},
};

#define KNOWNS (sizeof(knowns) / sizeof(knowns[0]))

/* Where programs are. What a distribution keeps is below /usr itself. */
static const struct {
	const char *path;
	bool distribution;
} directories[] = {
	{"/usr/bin", true},         {"/usr/sbin", true}, {"/usr/local/bin", false},
	{"/usr/local/sbin", false}, {"/opt/bin", false}, {"/usr/libexec/crio", true},
};

int node_init(struct node_facts *n, const char *path, struct err *err)
{
	*n = (struct node_facts){0};
	return cves_read(&n->table, path, err);
}

void node_destroy(struct node_facts *n)
{
	cves_destroy(&n->table);
}

/* Which of the table's faults a changelog names as mended. */
struct mended {
	const struct cves *table;
	bool rows[CVES_MAX];
};

static void mention(void *ctx, const char *cve)
{
	struct mended *m = ctx;

	for (size_t i = 0; i < m->table->n; i++)
		if (!strcmp(m->table->rows[i].id, cve))
			m->rows[i] = true;
}

static void judge(struct node_facts *n, int root, const struct component *c, const char *package)
{
	struct mended mended = {.table = &n->table};
	bool changelog = false;

	if (!c->version[0])
		return;
	if (package && c->distribution)
		changelog = !package_mentions(root, package, mention, &mended);
	for (size_t i = 0; i < n->table.n && n->n_cves < NODE_CVES; i++) {
		const struct cve *cve = &n->table.rows[i];

		if (strcmp(cve->component, c->name) || mended.rows[i] || !cve_affects(cve, c->version))
			continue;
		n->cves[n->n_cves++] = (struct node_cve){
			.cve = cve,
			.component = c,
			.unknown = c->distribution,
			.why = !c->distribution ? "its version has the fault"
			       : changelog      ? "its version has the fault, and the package's changelog names no fix"
						: "its version has the fault; whether its distribution mended it is not known",
		};
	}
}

/* The upstream version that Debian's and Ubuntu's kernels are of, and else what the release starts with. */
static void kernel(struct node_facts *n, int root)
{
	struct component *c = &n->components[n->n_components++];
	char name[80], line[64] = "";
	const char *debian;
	struct utsname u;
	FILE *signature;

	*c = (struct component){.name = "kernel"};
	if (uname(&u))
		return;
	debian = strstr(u.version, "Debian ");
	signature = host_stream(root, "/proc/version_signature");
	if (signature) {
		host_line(signature, line, sizeof(line));
		fclose(signature);
	}
	snprintf(name, sizeof(name), "linux-image-%s", u.release);
	c->distribution = u.release[strspn(u.release, "0123456789.")] != '\0';
	if (debian) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(debian + 7, " ("), debian + 7);
		snprintf(c->package, sizeof(c->package), "%s %s", name, line);
		version_upstream(line, c->version, sizeof(c->version));
	} else if (sscanf(line, "%*s %*s %63s", c->version) != 1) {
		snprintf(c->version, sizeof(c->version), "%.*s", (int)strspn(u.release, "0123456789."), u.release);
	}
	judge(n, root, c, debian ? name : NULL);
}

/* The package that the program is of; NULL: none that is known. It tells the version, but for a carrier. */
static const char *find_package(int root, const struct known *k, struct component *c)
{
	const char *const names[] = {k->packages[0], k->packages[1], k->packages[2], k->carrier};
	struct package p;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!names[i] || package_owns(root, names[i], c->path, &p))
			continue;
		snprintf(c->package, sizeof(c->package), "%s %s", names[i], p.version);
		c->distribution = p.distribution;
		if (names[i] != k->carrier)
			version_upstream(p.version, c->version, sizeof(c->version));
		return names[i];
	}
	return NULL;
}

/* The same file by another directory, which is a link. */
static bool is_known(const struct node_facts *n, const struct component *c)
{
	for (unsigned int i = 0; i < n->n_components; i++)
		if (n->components[i].device == c->device && n->components[i].inode == c->inode)
			return true;
	return false;
}

static void program(struct node_facts *n, int root, const struct known *k, size_t dir)
{
	struct component c = {.name = k->name, .distribution = directories[dir].distribution};
	const char *package;
	struct stat st;
	FILE *f;

	snprintf(c.path, sizeof(c.path), "%s/%s", directories[dir].path, k->program);
	f = host_stream(root, c.path);
	if (!f)
		return;
	if (!fstat(fileno(f), &st)) {
		c.device = st.st_dev;
		c.inode = st.st_ino;
	}
	if (n->n_components < NODE_COMPONENTS && !is_known(n, &c)) {
		package = find_package(root, k, &c);
		if (!c.version[0] && k->module)
			gobuild_version(fileno(f), k->variable, k->module, c.version, sizeof(c.version));
		n->components[n->n_components] = c;
		judge(n, root, &n->components[n->n_components++], package);
	}
	fclose(f);
}

bool node_step(struct node_facts *n, const struct identity *id)
{
	int root = n->next <= KNOWNS ? host_open_root(id->host_root) : -1;

	if (root < 0)
		return false;
	if (!n->next)
		kernel(n, root);
	for (size_t dir = 0; n->next && dir < sizeof(directories) / sizeof(directories[0]); dir++)
		program(n, root, &knowns[n->next - 1], dir);
	close(root);
	return n->next++ < KNOWNS;
}
