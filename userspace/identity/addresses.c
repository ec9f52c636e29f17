// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../identity.h"
#include "runtime.h"

/*
 * Which addresses a network namespace has, by the files that the kernel shows a process of it. Who may set addresses there decides what
 * is in them: numbers, nothing more.
 */

#define MAX_LINES 200000 /* of a node with a whole table of routes */

static int keep(struct addresses *to, struct address a)
{
	if (address_is_local(a))
		return 0;
	for (unsigned int i = 0; i < to->n; i++) /* the kernel lists the same in two tables */
		if (address_is(to->list[i], a))
			return 0;
	if (to->n == to->max)
		return -E2BIG;
	to->list[to->n++] = a;
	return 0;
}

/* A leaf, "|-- 10.0.0.7", and below it what is there: "/32 host LOCAL" is an address; a wider one, all addresses taken for local (AnyIP). */
int addresses_parse_fib(FILE *f, struct addresses *to)
{
	struct address leaf = {0};
	char line[128], text[17];
	unsigned int lines = 0;
	bool known = false;
	int r;

	while (host_line(f, line, sizeof(line))) {
		const char *word = line + strspn(line, " ");

		if (++lines > MAX_LINES)
			return -E2BIG;
		if (sscanf(word, "|-- %16[0-9.]", text) == 1)
			known = !address_parse(text, &leaf);
		else if (known && !strcmp(word, "/32 host LOCAL") && (r = keep(to, leaf)))
			return r;
	}
	return 0;
}

/* "fd000000000000000000000000000007 02 40 00 80 eth0": the address's digits, the interface, the prefix, the scope, flags, a name. */
int addresses_parse_inet6(FILE *f, struct addresses *to)
{
	unsigned int lines = 0;
	char line[128];
	int r;

	while (host_line(f, line, sizeof(line))) {
		unsigned long long high, low;

		if (++lines > MAX_LINES)
			return -E2BIG;
		if (strspn(line, "0123456789abcdef") != 32 || sscanf(line, "%16llx%16llx ", &high, &low) != 2)
			continue;
		r = keep(to, (struct address){high, low});
		if (r)
			return r;
	}
	return 0;
}

/* "net:[4026531840]": what a process's link to its network namespace says. 0: nothing. */
static unsigned long net_ns_of(int root, unsigned int pid)
{
	char link[32], text[32];
	unsigned long inum = 0;
	ssize_t n;

	snprintf(link, sizeof(link), "proc/%u/ns/net", pid);
	n = readlinkat(root, link, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	return sscanf(text, "net:[%lu]", &inum) == 1 ? inum : 0;
}

static int read_file(int root, unsigned int pid, const char *file, int (*parse)(FILE *f, struct addresses *to),
		     struct addresses *to)
{
	char path[40];
	FILE *f;
	int r;

	snprintf(path, sizeof(path), "/proc/%u/net/%s", pid, file);
	f = host_stream(root, path);
	if (!f)
		return -ENOENT;
	r = parse(f, to);
	fclose(f);
	return r;
}

int identity_addresses(const struct identity *id, unsigned int pid, uint32_t net_ns, struct addresses *to)
{
	int root = host_open_root(id->host_root), r;

	to->n = 0;
	if (root < 0)
		return root;
	r = read_file(root, pid, "fib_trie", addresses_parse_fib, to);
	if (!r || r == -ENOENT) { /* one of both may be left out of a kernel */
		int r6 = read_file(root, pid, "if_inet6", addresses_parse_inet6, to);

		r = r6 == -ENOENT ? r : r6;
	}
	/* Afterwards: a number that was given to another process meanwhile is found out. */
	if (net_ns && net_ns_of(root, pid) != net_ns) {
		to->n = 0;
		r = -ESTALE;
	}
	close(root);
	return r;
}

int environ_parse_api(const char *buf, size_t len, struct address *out)
{
	static const char name[] = "KUBERNETES_SERVICE_HOST=";

	for (size_t at = 0; at < len; at += strnlen(buf + at, len - at) + 1)
		if (len - at >= sizeof(name) && !memcmp(buf + at, name, sizeof(name) - 1))
			return address_parse(buf + at + sizeof(name) - 1, out);
	return -ENOENT;
}

int identity_api_address(const struct identity *id, unsigned int pid, struct address *out)
{
	int root = host_open_root(id->host_root), r;
	char path[32], *buf;
	size_t len;

	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "/proc/%u/environ", pid);
	r = host_read(root, path, &buf, &len);
	if (!r) {
		r = environ_parse_api(buf, len, out); /* a NUL follows the end */
		free(buf);
	}
	close(root);
	return r;
}
