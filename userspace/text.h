/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_TEXT_H
#define WARDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes from the outside (command names, paths, arguments, runtime state) on their way into a format or onto a terminal.
 * Two questions, kept apart: is it UTF-8 (a protobuf string and JSON must be, or a parser refuses the whole event), and is it
 * safe to show (a terminal obeys control characters). Escapes are \xNN, one a byte: the bytes stay evidence, where U+FFFD
 * would make two hostile names one. A backslash stays as it is, so that text escaped twice is escaped once.
 */

/*
 * The length of the UTF-8 sequence that `bytes` starts with, its character in *cp; 0 where there is none. Strict: no overlong
 * form, no surrogate, nothing above U+10FFFF.
 */
size_t text_char(const void *bytes, size_t n, uint32_t *cp);

/* Whether the bytes can be a string: valid UTF-8, and no NUL, which a C string cannot hold. */
bool text_is_utf8(const void *bytes, size_t n);

/* Whether a terminal shows the character and does nothing else: no control, no line separator, no bidi or invisible format. */
bool text_is_printable(uint32_t cp);

/*
 * Fills the fields of a Text or Path message: exactly one of utf8 and raw is set, the other is empty. `bytes` is the caller's,
 * has a NUL at bytes[n], and outlives the message. Where a bound cut the bytes (`cut`), a last character that the cut tore is
 * dropped rather than making all of it raw.
 */
void text_fill(char *bytes, size_t n, bool cut, char **utf8, uint8_t **raw, size_t *raw_len);

/*
 * Makes a string of any bytes: valid UTF-8 stays as it is, each invalid byte and NUL becomes \xNN. Cut at a character where
 * `size` is short (4 * n + 1 always suffices). Returns its length.
 */
size_t text_sanitise(char *out, size_t size, const void *bytes, size_t n);

/* The same in memory of its own, for the caller to free. NULL: out of memory. */
char *text_sanitised(const char *s);

/*
 * Makes bytes fit to be shown within one line: what is invalid or not printable becomes \xNN, and so do the ASCII characters
 * in `also` (the caller's own delimiters, that a name must not forge). Ends in "..." where `size` was short. Returns its
 * length.
 */
size_t text_quote(char *out, size_t size, const void *bytes, size_t n, const char *also);

/* Whether a string is one of a list. */
bool text_is_one_of(const char *s, const char *const *list, size_t n);

#endif
