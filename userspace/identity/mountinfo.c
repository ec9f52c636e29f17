// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include "runtime.h"

/* The mounts of a process, of which it may have written the names itself. */

/* In mountinfo a blank, tab, newline or backslash of a name is its octal number (proc(5)). */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

/* The first words of a line, each made a string; what comes behind the last is left alone. */
static unsigned int words(char *line, char **out, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && *line) {
		size_t len = strcspn(line, " ");

		out[n++] = line;
		line += len;
		if (!*line)
			break;
		*line++ = 0;
	}
	return n;
}

/* "36 35 98:0 /root /target rw,noatime master:1 - ext3 /dev/root rw": any number of optional words before the "-". */
static int parse_line(char *line, struct mount_line *m)
{
	char *fields[6], *filesystem[3] = {"", "", ""}, *rest = strstr(line, " - ");

	if (!rest)
		return -EINVAL;
	*rest = 0;
	words(rest + 3, filesystem, 3);
	if (words(line, fields, 6) < 6)
		return -EINVAL;
	*m = (struct mount_line){
		.id = (unsigned int)strtoul(fields[0], NULL, 10),
		.parent = (unsigned int)strtoul(fields[1], NULL, 10),
		.device = fields[2],
		.root = fields[3],
		.target = fields[4],
		.type = filesystem[0],
		.options = filesystem[2],
		.writable = strncmp(fields[5], "ro", 2) || (fields[5][2] && fields[5][2] != ','),
	};
	unescape(m->root);
	unescape(m->target);
	if (*m->type)
		unescape(m->type);
	return 0;
}

int mountinfo_parse(char *buf, struct mount_line *out, unsigned int max, unsigned int *n)
{
	char *line, *save;

	*n = 0;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*n == max)
			return -E2BIG;
		if (!parse_line(line, &out[*n]))
			(*n)++;
	}
	return 0;
}

int mountinfo_read(int root, unsigned int pid, char **buf, struct mount_line *out, unsigned int max, unsigned int *n)
{
	char path[40];
	size_t len;
	int r;

	*n = 0;
	*buf = NULL;
	snprintf(path, sizeof(path), "/proc/%u/mountinfo", pid);
	r = host_read(root, path, buf, &len);
	return r ? r : mountinfo_parse(*buf, out, max, n);
}
