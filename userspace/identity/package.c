// SPDX-License-Identifier: Apache-2.0
/*
 * Debian's packages, as dpkg keeps them: /var/lib/dpkg/status, a list of files per package in info/, and the changelogs, in which
 * Debian names each CVE that it backports a fix for (Debian Policy 12.7; the security team's practice).
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "node.h"
#include "runtime.h"

#define CHANGELOG_MAX (32 * 1024 * 1024) /* bytes of it that are looked at */

static bool list_has(FILE *list, const char *path)
{
	char line[PATH_MAX];

	while (host_line(list, line, sizeof(line)))
		if (!strcmp(line, path))
			return true;
	return false;
}

/* A package that can be installed for several architectures has the architecture in its list's name. */
static bool has_file(int root, const char *name, const char *path)
{
	static const char *const suffixes[] = {"", ":amd64", ":arm64"};
	char file[PATH_MAX];
	bool found = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && !found; i++) {
		FILE *list;

		snprintf(file, sizeof(file), "/var/lib/dpkg/info/%s%s.list", name, suffixes[i]);
		list = host_stream(root, file);
		if (!list)
			continue;
		found = list_has(list, path);
		fclose(list);
	}
	return found;
}

static const char *value_of(const char *line, const char *field)
{
	size_t n = strlen(field);

	return !strncmp(line, field, n) ? line + n : NULL;
}

static int status_of(FILE *status, const char *name, struct package *out)
{
	bool here = false, installed = false;
	char line[512];
	const char *v;

	*out = (struct package){0};
	while (host_line(status, line, sizeof(line))) {
		if (!*line && here)
			break;
		if ((v = value_of(line, "Package: ")))
			here = !strcmp(v, name);
		if (!here)
			continue;
		if ((v = value_of(line, "Version: ")))
			runtime_copy(out->version, sizeof(out->version), v);
		else if ((v = value_of(line, "Status: ")))
			installed = strstr(v, " installed") != NULL;
		else if ((v = value_of(line, "Maintainer: ")))
			out->distribution = strstr(v, "debian.org>") || strstr(v, "ubuntu.com>");
	}
	return here && installed && out->version[0] ? 0 : -ENOENT;
}

int package_owns(int root, const char *name, const char *path, struct package *out)
{
	FILE *status;
	int r;

	if (!has_file(root, name, path))
		return -ENOENT;
	status = host_stream(root, "/var/lib/dpkg/status");
	if (!status)
		return -ENOENT;
	r = status_of(status, name, out);
	fclose(status);
	return r;
}

/* "CVE-2024-21626": the digits' number is free since 2014. */
static size_t cve_length(const char *s)
{
	size_t n = 4;

	for (unsigned int i = 0; i < 4; i++, n++)
		if (!isdigit((unsigned char)s[n]))
			return 0;
	if (s[n++] != '-' || !isdigit((unsigned char)s[n]))
		return 0;
	while (isdigit((unsigned char)s[n]))
		n++;
	return n;
}

static void mentions(const char *line, void (*fn)(void *ctx, const char *cve), void *ctx)
{
	char cve[32];

	for (const char *at = line; (at = strstr(at, "CVE-")); at += 4) {
		size_t n = cve_length(at);

		if (!n || n >= sizeof(cve))
			continue;
		memcpy(cve, at, n);
		cve[n] = '\0';
		fn(ctx, cve);
	}
}

int package_mentions(int root, const char *name, void (*fn)(void *ctx, const char *cve), void *ctx)
{
	char line[1024], path[PATH_MAX];
	size_t left = CHANGELOG_MAX;
	gzFile changelog;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "/usr/share/doc/%s/changelog.Debian.gz", name);
	f = host_stream(root, path);
	if (!f)
		return -ENOENT;
	fd = dup(fileno(f)); /* gzclose closes it */
	fclose(f);
	changelog = fd < 0 ? NULL : gzdopen(fd, "r");
	if (!changelog) {
		close(fd);
		return -ENOENT;
	}
	while (left > sizeof(line) && gzgets(changelog, line, sizeof(line))) {
		left -= strlen(line);
		mentions(line, fn, ctx);
	}
	gzclose(changelog);
	return 0;
}
