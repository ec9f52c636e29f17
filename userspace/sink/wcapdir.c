// SPDX-License-Identifier: Apache-2.0
#include "sink/wcapdir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

#define MIB       (1024 * 1024ull)
#define DAY_S     86400
#define MAX_FILES 16384

static int take_number(const char *word, const char *key, uint64_t max, uint64_t *out)
{
	size_t n = strlen(key);
	char *end;

	if (strncmp(word, key, n) || word[n] != '=')
		return -ENOENT;
	errno = 0;
	*out = strtoull(word + n + 1, &end, 10);
	return errno || *end || end == word + n + 1 || !*out || *out > max ? -EINVAL : 0;
}

static int take_word(struct wcapdir *d, const char *word, uint64_t *memory, bool *all, struct err *err)
{
	const struct {
		const char *key;
		uint64_t max, *to;
	} rows[] = {
		{"file", 65536, &d->file_max},
		{"total", 16 * 1024 * 1024, &d->total_max},
		{"days", 36500, &d->days},
		{"memory", 4096, memory},
	};

	if (!strcmp(word, "all")) {
		*all = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = take_number(word, rows[i].key, rows[i].max, rows[i].to);

		if (!rc)
			return 0;
		if (rc == -EINVAL)
			return err_set(err, rc, "sink capture: '%.60s': %s takes a number from 1 to %llu", word, rows[i].key,
				       (unsigned long long)rows[i].max);
	}
	return err_set(err, -EINVAL, "sink capture: '%.60s' is none of file=MIB, total=MIB, days=N, memory=MIB, all", word);
}

int wcapdir_parse(struct wcapdir *d, const char *arg, size_t *memory, bool *all, struct err *err)
{
	size_t n = strcspn(arg, ",");
	uint64_t pool = 8;
	char words[256], *save;
	int rc = 0;

	*d = (struct wcapdir){.file_max = 64, .file_age_s = 3600, .total_max = 1024, .days = 7};
	*all = false;
	if (!n || n >= sizeof(d->path) || strlen(arg + n) >= sizeof(words))
		return err_set(err, -EINVAL, "sink capture: needs a directory: capture:DIR");
	memcpy(d->path, arg, n);
	snprintf(words, sizeof(words), "%s", arg + n);
	for (char *w = strtok_r(words, ",", &save); w && !rc; w = strtok_r(NULL, ",", &save))
		rc = take_word(d, w, &pool, all, err);
	if (rc)
		return rc;
	if (d->file_max > d->total_max)
		return err_set(err, -EINVAL, "sink capture: a file of %llu MiB is more than all may have (%llu MiB)",
			       (unsigned long long)d->file_max, (unsigned long long)d->total_max);
	d->file_max *= MIB;
	d->total_max *= MIB;
	*memory = (size_t)(pool * MIB);
	if (mkdir(d->path, 0700) && errno != EEXIST)
		return err_set(err, -errno, "sink capture: making %s: %s", d->path, strerror(errno));
	if (access(d->path, W_OK | X_OK))
		return err_set(err, -errno, "sink capture: %s cannot be written to: %s", d->path, strerror(errno));
	return 0;
}

/* Is it a file of this node's, with that end of its name? */
static bool is_ours(const struct wcapdir *d, const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end), k = strlen(d->node);

	return n > m + k && !strcmp(name + n - m, end) && !strncmp(name, d->node, k) && name[k] == '-';
}

static void path_of(const struct wcapdir *d, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s", d->path, name);
}

static void end_old(const struct wcapdir *d)
{
	DIR *dir = opendir(d->path);
	struct dirent *e;
	char from[640], to[640];

	while (dir && (e = readdir(dir))) {
		if (!is_ours(d, e->d_name, ".wcap.part"))
			continue;
		path_of(d, e->d_name, from, sizeof(from));
		snprintf(to, sizeof(to), "%.*s", (int)(strlen(from) - strlen(".part")), from);
		if (access(to, F_OK))
			rename(from, to);
	}
	if (dir)
		closedir(dir);
}

void wcapdir_next(struct wcapdir *d, const char *node, uint64_t time_ns, char *out, size_t size)
{
	time_t s = (time_t)(time_ns / 1000000000);
	struct tm t;
	char when[32];

	if (!d->made++) {
		snprintf(d->node, sizeof(d->node), "%s", *node ? node : "node");
		for (char *p = d->node; *p; p++)
			if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
				*p = '_';
		end_old(d);
		wcapdir_prune(d);
	}
	gmtime_r(&s, &t);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &t);
	snprintf(out, size, "%s/%s-%s-%05u.wcap", d->path, d->node, when, d->made);
}

struct found {
	char name[256];
	uint64_t size;
	time_t made;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

void wcapdir_prune(struct wcapdir *d)
{
	DIR *dir = opendir(d->path);
	struct found *files = malloc(MAX_FILES * sizeof(*files));
	uint64_t total = 0;
	struct dirent *e;
	struct stat st;
	char path[640];
	size_t n = 0;

	while (dir && files && n < MAX_FILES && (e = readdir(dir))) {
		path_of(d, e->d_name, path, sizeof(path));
		if (!is_ours(d, e->d_name, ".wcap") || lstat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		snprintf(files[n].name, sizeof(files[n].name), "%s", e->d_name);
		files[n].size = (uint64_t)st.st_size;
		files[n++].made = st.st_mtime;
		total += (uint64_t)st.st_size;
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(files, n, sizeof(*files), by_name);
	for (size_t i = 0; i < n; i++) {
		/* The file that is written now is to have its room too. */
		if (total + d->file_max <= d->total_max && time(NULL) - files[i].made < (time_t)d->days * DAY_S)
			continue;
		path_of(d, files[i].name, path, sizeof(path));
		if (!unlink(path))
			total -= files[i].size;
	}
	free(files);
}
