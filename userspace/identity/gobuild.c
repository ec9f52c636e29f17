// SPDX-License-Identifier: Apache-2.0
/*
 * What version a Go program is: container engines are built with their version in a variable, and Go (1.18 and later) keeps the linker's
 * flags and the module's version in the program, in its section .go.buildinfo. The program is read, never run.
 */
#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node.h"

#define HEADER      32 /* magic, pointer size, flags; strings follow */
#define INLINE      2  /* in the flags: the strings are in place, not behind pointers */
#define SECTION_MAX (1024 * 1024)
#define GUARD       16 /* bytes before and behind the module's text */

/* A string with its length before it, in seven bits a byte. The rest is what is behind it. */
static const char *next_string(const char **at, const char *end, size_t *len)
{
	const char *s;

	*len = 0;
	for (unsigned int shift = 0; *at < end && shift < 35; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;

		*len |= (size_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (*len > (size_t)(end - *at))
			return NULL;
		s = *at;
		*at += *len;
		return s;
	}
	return NULL;
}

/* The version behind the first `mark` that follows `key`. */
static int take(const char *text, size_t len, const char *key, char mark, char *out, size_t size)
{
	const char *at = memmem(text, len, key, strlen(key)), *end = text + len;
	size_t n = 0;

	if (at)
		at = memchr(at + strlen(key), mark, (size_t)(end - at) - strlen(key));
	if (!at)
		return -ENOENT;
	at++;
	if (at < end && *at == 'v')
		at++;
	while (at + n < end && at[n] != '\0' && strchr("0123456789.+-~abcdefghijklmnopqrstuvwxyz", at[n]))
		n++;
	if (!n || n >= size || *at < '0' || *at > '9')
		return -ENOENT;
	memcpy(out, at, n);
	out[n] = '\0';
	return 0;
}

int gobuild_parse(const char *buf, size_t len, const char *variable, const char *module, char *out, size_t size)
{
	const char *at = buf + HEADER, *end = buf + len, *text;
	char key[128];
	size_t n;

	if (len < HEADER || memcmp(buf, "\xff Go buildinf:", 14) || !(buf[15] & INLINE))
		return -EINVAL;
	if (!next_string(&at, end, &n)) /* Go's own version */
		return -EINVAL;
	text = next_string(&at, end, &n);
	if (!text || n < 2 * GUARD)
		return -EINVAL;
	text += GUARD;
	n -= 2 * GUARD;
	if (variable && !take(text, n, variable, '=', out, size))
		return 0;
	snprintf(key, sizeof(key), "mod\t%s", module); /* and a "/v2" perhaps */
	return take(text, n, key, '\t', out, size);
}

/* Of a program of 100 MB its headers and this section are read; not mapped, since who may cut the file short could kill us by it. */
static Elf_Scn *find_section(Elf *elf, const char *want)
{
	Elf_Scn *section = NULL;
	const char *name;
	GElf_Shdr header;
	size_t names;

	if (elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, want))
			return header.sh_size <= SECTION_MAX ? section : NULL;
	}
	return NULL;
}

int gobuild_version(int fd, const char *variable, const char *module, char *out, size_t size)
{
	const Elf_Data *data;
	Elf_Scn *section;
	int r = -ENOENT;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -EINVAL;
	section = find_section(elf, ".go.buildinfo");
	data = section ? elf_rawdata(section, NULL) : NULL;
	if (data && data->d_buf)
		r = gobuild_parse(data->d_buf, data->d_size, variable, module, out, size);
	elf_end(elf);
	return r;
}
