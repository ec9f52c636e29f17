// SPDX-License-Identifier: Apache-2.0
/* What a node's software is and which known escapes it is open to: versions, packages, Go programs, the table of CVEs. */
#include "identity_fixture.h"

#include <zlib.h>

#include "identity/node.h"
#include "version.h"

static void test_versions(void **state)
{
	/* Each is older than the next; Debian's order, and semantic pre-releases. */
	static const char *const ordered[] = {"",         "1.0~rc1", "1.0",    "1.0+ds1", "1.0.0-rc93", "1.0.0-rc.94",
					      "1.0.0",    "1.0.3",   "1.0.21", "1.1.12",  "1.10",       "1.20.3",
					      "5.10.102", "5.15.25", "6.1",    "6.1.1",   "20.10.24"};
	static const char *const upstreams[][2] = {
		{"5:24.0.7-1~debian.12~bookworm", "24.0.7"},
		{"20.10.24+dfsg1-1+deb12u1+b6", "20.10.24"},
		{"1.6.20~ds1-1+deb12u3", "1.6.20"},
		{"1.1.5+ds1-1+deb12u1", "1.1.5"},
		{"6.1.164-1", "6.1.164"},
		{"1.2.0~rc2-1", "1.2.0~rc2"},
		{"", ""},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < N(ordered); i++)
		for (size_t j = 0; j < N(ordered); j++) {
			int r = version_compare(ordered[i], ordered[j]);

			if ((r > 0) - (r < 0) != (i > j) - (i < j))
				fail_msg("'%s' and '%s': %d", ordered[i], ordered[j], r);
		}
	assert_int_equal(version_compare("1.0.0-rc1", "1.0.0~rc1"), 0);
	assert_int_equal(version_compare("1.07", "1.7"), 0);
	for (size_t i = 0; i < N(upstreams); i++)
		assert_string_equal(version_upstream(upstreams[i][0], out, sizeof(out)), upstreams[i][1]);
	assert_true(version_same_series("6.1.100", "6.1"));
	assert_true(version_same_series("1.4.0-rc.3", "1.4.1"));
	assert_false(version_same_series("6.1.100", "6.10.1"));
	assert_false(version_same_series("16.1", "6.1"));
	assert_false(version_same_series("6", "6.1"));
}

#define ROW(id, component, introduced, fixed)                                                                                  \
	"{\"id\":\"" id "\",\"component\":\"" component "\",\"title\":\"t\",\"source\":\"s\"" introduced ",\"fixed\":[" fixed  \
	"],\"techniques\":[\"R10\",\"R12\"]}"
#define TABLE(rows) "{\"dated\":\"2026-11-25\",\"cves\":[" rows "]}"

static void test_affected(void **state)
{
	static const char table[] = TABLE(ROW("CVE-1", "runc", ",\"introduced\":\"1.0.0-rc93\"",
					      "\"1.1.12\"") "," ROW("CVE-2", "runc", "", "\"1.2.8\",\"1.3.3\",\"1.4.0-rc.3\""));
	static const struct {
		const char *version;
		bool first, second;
	} rows[] = {
		{"1.0.0-rc92", false, true}, {"1.0.0-rc93", true, true}, {"1.1.5", true, true},   {"1.1.12", false, true},
		{"1.2.7", false, true},      {"1.2.8", false, false},    {"1.3.2", false, true},  {"1.3.3", false, false},
		{"1.4.0-rc.2", false, true}, {"1.4.0", false, false},    {"1.5.0", false, false},
	};
	struct err err;
	struct cves c;

	(void)state;
	assert_int_equal(cves_parse(&c, table, strlen(table), "t", &err), 0);
	assert_int_equal(c.n, 2);
	for (size_t i = 0; i < N(rows); i++) {
		if (cve_affects(&c.rows[0], rows[i].version) != rows[i].first)
			fail_msg("%s and the first", rows[i].version);
		if (cve_affects(&c.rows[1], rows[i].version) != rows[i].second)
			fail_msg("%s and the second", rows[i].version);
	}
	assert_true(cve_fits(&c.rows[0], "R12"));
	assert_false(cve_fits(&c.rows[0], "R1"));
	cves_destroy(&c);
}

static void test_bad_tables(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "t:1:0: "},
		{"{\"dated\":\"x\",\n \"cves\": [}", "t:2:11: "},
		{"{\"cves\":[]}", "no 'dated'"},
		{"{\"dated\":\"x\",\"cves\":{}}", "no list"},
		{TABLE("{\"id\":\"CVE-1\"}"), "row 1 of 'cves'"},
		{TABLE(ROW("CVE-1", "runc", "", "\"1.0\"") "," ROW("CVE-2", "runc", "", "7")), "row 2 of 'cves'"},
		{TABLE(ROW("CVE-1", "runc", "", "")), "row 1 of 'cves'"},
		{TABLE(ROW("CVE-1", "runc", "",
			   "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\"")),
		 "1 to 12 strings"},
	};
	struct err err;
	struct cves c;

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		assert_int_equal(cves_parse(&c, bad[i].text, strlen(bad[i].text), "t", &err), -EBADMSG);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("%s: says: %s", bad[i].text, err.msg);
	}
	assert_int_equal(cves_read(&c, "/no/such/table", &err), -ENOENT);
}

/* Every row of the table that is built in has a component that is looked for, and a form that compares. */
static void test_built_in_table(void **state)
{
	static const char *const components[] = {"kernel",
						 "runc",
						 "crun",
						 "containerd",
						 "docker",
						 "podman",
						 "buildah",
						 "buildkit",
						 "cri-o",
						 "kubelet",
						 "nvidia-container-toolkit"};
	struct err err;
	struct cves c;

	(void)state;
	assert_int_equal(cves_read(&c, NULL, &err), 0);
	assert_true(c.n >= 40 && c.n <= CVES_MAX);
	for (size_t i = 0; i < c.n; i++) {
		const struct cve *r = &c.rows[i];
		bool known = false;

		for (size_t j = 0; j < N(components); j++)
			known |= !strcmp(r->component, components[j]);
		if (!known || strncmp(r->id, "CVE-", 4) || strncmp(r->source, "https://", 8) || !*r->title)
			fail_msg("row %zu: %s of %s", i + 1, r->id, r->component);
		for (size_t j = 0; j < r->n_fixed; j++)
			if (r->fixed[j][0] < '0' || r->fixed[j][0] > '9' || cve_affects(r, r->fixed[j]))
				fail_msg("%s: fixed in %s", r->id, r->fixed[j]);
		if (*r->introduced && !cve_affects(r, r->introduced))
			fail_msg("%s: introduced in %s", r->id, r->introduced);
	}
	cves_destroy(&c);
}

/* As the linker of Go lays it out: 32 bytes of header, Go's version, and between two guards the module's text. */
static size_t build_info(char *out, const char *text)
{
	size_t n = strlen(text) + 32, at = 32;

	memset(out, 0, 32);
	memcpy(out, "\xff Go buildinf:\x08\x02", 16);
	out[at++] = 4;
	memcpy(out + at, "go1.", 4);
	at += 4;
	out[at++] = (char)(n & 0x7f) | (char)0x80;
	out[at++] = (char)(n >> 7);
	memset(out + at, 'g', n);
	memcpy(out + at + 16, text, strlen(text));
	return at + n;
}

static void test_go_programs(void **state)
{
	static const struct {
		const char *text, *variable, *version;
	} rows[] = {
		{"path\tx\nmod\tgithub.com/a/b\tv1.2.3\th1:x\nbuild\t-tags=y\n", NULL, "1.2.3"},
		{"path\tx\nmod\tgithub.com/a/b/v2\tv2.0.1-rc.1\t\n", "main.version", "2.0.1-rc.1"},
		{"mod\tgithub.com/a/b\t(devel)\t\nbuild\t-ldflags=\"-w -X main.version=1.1.12 -X main.gitCommit=v1\"\n",
		 "main.version", "1.1.12"},
		{"mod\tgithub.com/a/b\t(devel)\t\nbuild\t-ldflags=\"-X \\\"x/dockerversion.Version=20.10.24+dfsg1\\\"\"\n",
		 "dockerversion.Version", "20.10.24+dfsg1"},
		{"mod\tgithub.com/a/b\t(devel)\t\n", "main.version", NULL},
		{"mod\tgithub.com/other/b\tv1.2.3\t\n", "main.version", NULL},
		{"build\t-ldflags=\"-X main.version=", "main.version", NULL},
		{"", "main.version", NULL},
	};
	char buf[1024], out[64];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		size_t len = build_info(buf, rows[i].text);
		int r = gobuild_parse(buf, len, rows[i].variable, "github.com/a/b", out, sizeof(out));

		assert_int_equal(r, rows[i].version ? 0 : -ENOENT);
		if (rows[i].version)
			assert_string_equal(out, rows[i].version);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_not_equal(gobuild_parse(buf, cut, rows[i].variable, "github.com/a/b", out, sizeof(out)), 0);
	}
	buf[15] = 0; /* Go before 1.18: behind pointers */
	assert_int_equal(gobuild_parse(buf, 100, NULL, "github.com/a/b", out, sizeof(out)), -EINVAL);
}

#define STATUS(name, version, maintainer)                                                                                      \
	"Package: " name "\nStatus: install ok installed\nMaintainer: " maintainer "\nVersion: " version                       \
	"\nDescription: x\n more\n\n"
#define DEBIAN "Debian Go Packaging Team <team+pkg-go@tracker.debian.org>"

static void gz_at(struct node *n, const char *path, const char *text)
{
	char full[PATH_MAX];
	gzFile f;

	puts_at(n, path, "");
	snprintf(full, sizeof(full), "%s/%s", n->dir, path);
	f = gzopen(full, "w");
	assert_non_null(f);
	assert_int_equal(gzputs(f, text), strlen(text));
	gzclose(f);
}

static const struct component *component(const struct node_facts *f, const char *path)
{
	for (unsigned int i = 0; i < f->n_components; i++)
		if (!strcmp(f->components[i].path, path))
			return &f->components[i];
	return NULL;
}

static const struct node_cve *open_cve(const struct node_facts *f, const char *component, const char *id)
{
	for (unsigned int i = 0; i < f->n_cves; i++)
		if (!strcmp(f->cves[i].component->name, component) && !strcmp(f->cves[i].cve->id, id))
			return &f->cves[i];
	return NULL;
}

static const char node_table[] =
	TABLE(ROW("CVE-2024-1", "runc", "", "\"1.1.12\"") "," ROW("CVE-2024-22", "runc", "", "\"1.1.12\"") "," ROW(
		"CVE-2024-3", "runc", "",
		"\"1.1.5\"") "," ROW("CVE-2024-4", "docker", "",
				     "\"25.0.2\"") "," ROW("CVE-2024-5", "kernel", "",
							   "\"999.0\"") "," ROW("CVE-2024-6", "containerd", "",
										"\"1.6.38\",\"2.0.0\""));

static void read_facts(struct node *n, struct node_facts *f)
{
	struct err err;

	*f = (struct node_facts){0};
	assert_int_equal(cves_parse(&f->table, node_table, strlen(node_table), "t", &err), 0);
	while (node_step(f, &n->id))
		;
}

static void test_node(void **state)
{
	struct node *n = *state;
	const struct component *c;
	const struct node_cve *cve;
	struct node_facts f;
	char info[1024];

	/* Debian's runc, a vendor's docker and containerd, whose package has a runc too; programs of no package. */
	puts_at(n, "var/lib/dpkg/status",
		STATUS("runc-doc", "9.9-1", DEBIAN) STATUS("runc", "1.1.5+ds1-1+deb12u1", DEBIAN)
			STATUS("docker-ce", "5:24.0.7-1~debian.12~bookworm", "Docker <support@docker.com>")
				STATUS("containerd.io", "1.6.20-1", "Containerd team <help@containerd.io>"));
	puts_at(n, "var/lib/dpkg/info/runc.list", "/.\n/usr\n/usr/sbin/runc\n");
	puts_at(n, "var/lib/dpkg/info/docker-ce.list", "/usr/bin/dockerd\n");
	puts_at(n, "var/lib/dpkg/info/containerd.io.list", "/usr/bin/containerd\n/usr/bin/runc\n");
	puts_at(n, "var/lib/dpkg/info/crun.list", "/usr/bin/crun\n"); /* not installed any more */
	puts_at(n, "usr/sbin/runc", "1");
	puts_at(n, "usr/bin/runc", "no program of Go");
	puts_at(n, "usr/bin/dockerd", "");
	puts_at(n, "usr/bin/containerd", "");
	puts_at(n, "usr/bin/crun", "");
	puts_at(n, "usr/local/bin/kubelet", "");
	link_at(n, "usr/local/bin/dockerd", "/usr/bin/dockerd");
	gz_at(n, "usr/share/doc/runc/changelog.Debian.gz", "runc (1.1.5)\n  * CVE-2024-1: mended; CVE-2024-220, CVE-2024-\n");
	put(n, "usr/bin/podman", info, build_info(info, "x")); /* not in a program */
	read_facts(n, &f);

	c = component(&f, "/usr/sbin/runc");
	assert_non_null(c);
	assert_string_equal(c->version, "1.1.5");
	assert_string_equal(c->package, "runc 1.1.5+ds1-1+deb12u1");
	assert_true(c->distribution);
	assert_null(open_cve(&f, "runc", "CVE-2024-1")); /* backported: the changelog says so */
	assert_null(open_cve(&f, "runc", "CVE-2024-3")); /* by the version */
	cve = open_cve(&f, "runc", "CVE-2024-22");
	assert_non_null(cve);
	assert_true(cve->unknown);
	assert_non_null(strstr(cve->why, "changelog names no fix"));

	c = component(&f, "/usr/bin/runc"); /* a version of its own, which is not to be found out */
	assert_string_equal(c->package, "containerd.io 1.6.20-1");
	assert_string_equal(c->version, "");
	assert_false(c->distribution);

	c = component(&f, "/usr/bin/dockerd");
	assert_string_equal(c->version, "24.0.7");
	assert_false(c->distribution);
	cve = open_cve(&f, "docker", "CVE-2024-4");
	assert_non_null(cve);
	assert_false(cve->unknown);
	assert_null(component(&f, "/usr/local/bin/dockerd"));
	assert_false(open_cve(&f, "containerd", "CVE-2024-6")->unknown);

	assert_string_equal(component(&f, "/usr/bin/crun")->package, "");
	assert_true(component(&f, "/usr/bin/crun")->distribution);
	assert_false(component(&f, "/usr/local/bin/kubelet")->distribution);
	assert_string_equal(component(&f, "/usr/bin/podman")->version, "");

	c = component(&f, ""); /* the kernel is this one */
	assert_string_equal(c->name, "kernel");
	assert_in_range(c->version[0], '0', '9');
	assert_non_null(open_cve(&f, "kernel", "CVE-2024-5"));
	node_destroy(&f);
}

/* A program of Go, by its section: what libelf is asked to find. */
static void test_elf(void **state)
{
	struct node *n = *state;
	char path[PATH_MAX], info[1024], command[3 * PATH_MAX], out[64];
	int fd;

	put(n, "info", info, build_info(info, "mod\tgithub.com/a/b\tv4.3.1\t"));
	snprintf(command, sizeof(command),
		 "objcopy -I binary -O elf64-x86-64 --rename-section .data=.go.buildinfo %s/info %s/program", n->dir, n->dir);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/program", n->dir);
	fd = open(path, O_RDONLY);
	assert_int_equal(gobuild_version(fd, NULL, "github.com/a/b", out, sizeof(out)), 0);
	assert_string_equal(out, "4.3.1");
	close(fd);
	for (off_t cut = 0; cut < 600; cut += 7) {
		assert_int_equal(truncate(path, 600 - cut), 0);
		fd = open(path, O_RDONLY);
		gobuild_version(fd, NULL, "github.com/a/b", out, sizeof(out)); /* whatever it says, it comes back */
		close(fd);
	}
}

static void test_node_without_anything(void **state)
{
	struct node *n = *state;
	struct node_facts f;

	read_facts(n, &f);
	assert_int_equal(f.n_components, 1); /* the kernel */
	node_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_affected),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_built_in_table),
		cmocka_unit_test(test_go_programs),
		cmocka_unit_test_setup_teardown(test_node, setup, teardown),
		cmocka_unit_test_setup_teardown(test_elf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_node_without_anything, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
