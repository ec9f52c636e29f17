// SPDX-License-Identifier: Apache-2.0
#include "cve.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "version.h"

/* userspace/cves.json, by the linker. */
extern const char cves_json_start[] __asm__("_binary_cves_json_start");
extern const char cves_json_end[] __asm__("_binary_cves_json_end");

static int take_list(const json_t *list, const char **out, size_t *n)
{
	size_t size = json_array_size(list);

	if (!size || size > CVE_LIST)
		return -EBADMSG;
	for (*n = 0; *n < size; ++*n)
		if (!(out[*n] = json_string_value(json_array_get(list, *n))))
			return -EBADMSG;
	return 0;
}

static int take_row(json_t *row, struct cve *c)
{
	json_t *fixed, *techniques;

	c->introduced = "";
	if (json_unpack(row, "{s:s, s:s, s:s, s:s, s?s, s:o, s:o}", "id", &c->id, "component", &c->component, "title",
			&c->title, "source", &c->source, "introduced", &c->introduced, "fixed", &fixed, "techniques",
			&techniques) ||
	    take_list(fixed, c->fixed, &c->n_fixed))
		return -EBADMSG;
	return take_list(techniques, c->techniques, &c->n_techniques);
}

static int take_rows(struct cves *c, const json_t *rows, const char *name, struct err *err)
{
	if (json_array_size(rows) > CVES_MAX)
		return err_set(err, -EBADMSG, "%.200s: more than %d rows", name, CVES_MAX);
	c->rows = calloc(json_array_size(rows) + 1, sizeof(*c->rows));
	if (!c->rows)
		return err_set(err, -ENOMEM, "not enough memory for the table of CVEs");
	for (; c->n < json_array_size(rows); c->n++)
		if (take_row(json_array_get(rows, c->n), &c->rows[c->n]))
			return err_set(
				err, -EBADMSG,
				"%.200s: row %zu of 'cves': it needs the strings id, component, title and source, and the lists "
				"fixed and techniques of 1 to %d strings",
				name, c->n + 1, CVE_LIST);
	return 0;
}

int cves_parse(struct cves *c, const char *buf, size_t len, const char *name, struct err *err)
{
	json_error_t where;
	json_t *rows;
	int r;

	*c = (struct cves){.file = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &where)};
	if (!c->file)
		return err_set(err, -EBADMSG, "%.200s:%d:%d: %s", name, where.line, where.column, where.text);
	if (json_unpack(c->file, "{s:s, s:o}", "dated", &c->dated, "cves", &rows) || !json_is_array(rows))
		r = err_set(err, -EBADMSG, "%.200s: it has no 'dated' or no list 'cves'", name);
	else
		r = take_rows(c, rows, name, err);
	if (r)
		cves_destroy(c);
	return r;
}

int cves_read(struct cves *c, const char *path, struct err *err)
{
	char *buf;
	size_t len;
	int r;

	if (!path) {
		/* cppcheck-suppress comparePointers ; both are the linker's, of one object */
		size_t built_in = (size_t)(cves_json_end - cves_json_start);

		return cves_parse(c, cves_json_start, built_in, "built-in table of CVEs", err);
	}
	*c = (struct cves){0};
	r = file_read(path, &buf, &len, err);
	if (!r)
		r = cves_parse(c, buf, len, path, err);
	free(buf);
	return r;
}

void cves_destroy(struct cves *c)
{
	free(c->rows);
	json_decref(c->file);
	*c = (struct cves){0};
}

bool cve_affects(const struct cve *c, const char *version)
{
	const char *newest = "";

	if (*c->introduced && version_compare(version, c->introduced) < 0)
		return false;
	for (size_t i = 0; i < c->n_fixed; i++) {
		if (version_same_series(version, c->fixed[i]))
			return version_compare(version, c->fixed[i]) < 0;
		if (version_compare(c->fixed[i], newest) > 0)
			newest = c->fixed[i];
	}
	return version_compare(version, newest) < 0;
}

bool cve_fits(const struct cve *c, const char *technique)
{
	for (size_t i = 0; i < c->n_techniques; i++)
		if (!strcmp(c->techniques[i], technique))
			return true;
	return false;
}
