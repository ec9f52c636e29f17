// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdlib.h>
#include <string.h>

size_t text_char(const void *bytes, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* a lower one is an overlong form */
	const uint8_t *s = bytes;
	size_t len, i;
	uint32_t c;

	if (!n)
		return 0;
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	len = (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (!len || len > n)
		return 0;
	c = s[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*cp = c;
	return len;
}

/* How many bytes from the start are a string. */
static size_t text_span(const uint8_t *s, size_t n)
{
	size_t i = 0, len;
	uint32_t cp;

	while ((len = text_char(s + i, n - i, &cp)) && cp)
		i += len;
	return i;
}

bool text_is_utf8(const void *bytes, size_t n)
{
	return text_span(bytes, n) == n;
}

bool text_is_printable(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0x0000, 0x001f},   /* C0 */
		{0x007f, 0x009f},   /* DEL, C1 */
		{0x00ad, 0x00ad},   /* soft hyphen */
		{0x061c, 0x061c},   /* Arabic letter mark */
		{0x180e, 0x180e},   /* Mongolian vowel separator */
		{0x200b, 0x200f},   /* zero width, directional marks */
		{0x2028, 0x202e},   /* line and paragraph separator, bidi embedding and override */
		{0x2060, 0x206f},   /* invisible operators, bidi isolates */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xfff9, 0xfffb},   /* interlinear annotation */
		{0xe0000, 0xe007f}, /* tags */
	};
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp >= hidden[i].first && cp <= hidden[i].last)
			return false;
	return true;
}

/* Whether some bytes after these would make them a character: tried with the lowest and the highest that can follow. */
static bool text_is_torn(const uint8_t *s, size_t n)
{
	uint8_t low[4] = {0x80, 0x80, 0x80, 0x80}, high[4] = {0xbf, 0xbf, 0xbf, 0xbf};
	uint32_t cp;

	if (!n || n > 3)
		return false;
	memcpy(low, s, n);
	memcpy(high, s, n);
	return text_char(low, 4, &cp) > n || text_char(high, 4, &cp) > n;
}

void text_fill(char *bytes, size_t n, bool cut, char **utf8, uint8_t **raw, size_t *raw_len)
{
	static char none[1];
	size_t good = text_span((uint8_t *)bytes, n);

	if (good < n && cut && text_is_torn((uint8_t *)bytes + good, n - good)) {
		bytes[good] = '\0';
		n = good;
	}
	*utf8 = good == n ? bytes : none;
	*raw = good == n ? NULL : (uint8_t *)bytes;
	*raw_len = good == n ? 0 : n;
}

/* Copies characters that `keep` wants, and the others' bytes as \xNN. `tail` marks a cut. */
static size_t text_escape(char *out, size_t size, const uint8_t *s, size_t n, bool (*keep)(uint32_t cp, const char *also),
			  const char *also, const char *tail)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, k, step, need, len = 0, before_tail = 0, tail_len = strlen(tail);
	uint32_t cp;
	bool as_is;

	if (!size)
		return 0;
	for (i = 0; i < n; i += step) {
		step = text_char(s + i, n - i, &cp);
		as_is = step && keep(cp, also);
		if (!step)
			step = 1;
		need = as_is ? step : 4 * step;
		if (need >= size - len) {
			if (tail_len > size - 1)
				tail_len = size - 1;
			memcpy(out + before_tail, tail, tail_len);
			len = before_tail + tail_len;
			break;
		}
		if (as_is)
			memcpy(out + len, s + i, step);
		for (k = 0; !as_is && k < step; k++) {
			out[len + 4 * k] = '\\';
			out[len + 4 * k + 1] = 'x';
			out[len + 4 * k + 2] = hex[s[i + k] >> 4];
			out[len + 4 * k + 3] = hex[s[i + k] & 15];
		}
		len += need;
		if (len + tail_len < size)
			before_tail = len;
	}
	out[len] = '\0';
	return len;
}

static bool keep_char(uint32_t cp, const char *also)
{
	(void)also;
	return cp;
}

static bool keep_printable(uint32_t cp, const char *also)
{
	return text_is_printable(cp) && !(cp < 0x80 && strchr(also, (int)cp));
}

size_t text_sanitise(char *out, size_t size, const void *bytes, size_t n)
{
	return text_escape(out, size, bytes, n, keep_char, "", "");
}

char *text_sanitised(const char *s)
{
	size_t n = strlen(s);
	char *out = malloc(4 * n + 1);

	if (out)
		text_sanitise(out, 4 * n + 1, s, n);
	return out;
}

size_t text_quote(char *out, size_t size, const void *bytes, size_t n, const char *also)
{
	return text_escape(out, size, bytes, n, keep_printable, also, "...");
}

bool text_is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], s))
			return true;
	return false;
}
