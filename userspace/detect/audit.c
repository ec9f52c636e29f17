// SPDX-License-Identifier: Apache-2.0
/*
 * A container that is more at its seal than its runtime was told to make: a race that was won while it was set up, a hook that was led
 * astray, a runtime that was tampered with. What is read later the container may have done itself, which other detectors see.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "../capset.h"
#include "text.h"

#define SEVERITY(name)   WARDER__V1__SEVERITY__##name
#define CONFIDENCE(name) WARDER__V1__CONFIDENCE__CONFIDENCE_##name

struct words {
	char place[256], found[256]; /* fit to be shown */
};

static void say_nothing(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	(void)d;
	(void)w;
	snprintf(out, size, "%s", "");
}

static void say_caps(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	char names[256];

	(void)w;
	snprintf(out, size, ": %s", capset_text(d->actual & ~d->promised, names, sizeof(names)));
}

static void say_user(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	(void)w;
	snprintf(out, size, ": user %u instead of %u", (unsigned int)d->actual, (unsigned int)d->promised);
}

static void say_namespaces(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	char names[64];

	(void)w;
	snprintf(out, size, ": %s", namespaces_text((uint32_t)d->actual, names, sizeof(names)));
}

static void say_label(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	(void)d;
	snprintf(out, size, ": %s instead of %s", w->found, w->place);
}

static void say_mount(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	snprintf(out, size, ": %s%s at %s", d->whole ? "all of " : "", w->found, w->place);
}

static void say_place(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size)
{
	(void)d;
	snprintf(out, size, ": %s%s%s", w->place, *w->found ? " has " : "", w->found);
}

static const struct row {
	enum wd_difference what;
	const char *technique, *dimension;
	Warder__V1__Severity severity;
	Warder__V1__Confidence confidence;
	const char *message;
	void (*say)(const struct wd_seal_difference *d, const struct words *w, char *out, size_t size);
} rows[] = {
	{WD_DIFFERS_CAPABILITIES, "R25", "cap", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started with capabilities that it was not promised", say_caps},
	{WD_DIFFERS_SECCOMP, "ENVELOPE", "seccomp", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started without the seccomp filter that it was promised", say_nothing},
	{WD_DIFFERS_DEVICES, "ENVELOPE", "device", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started with every device allowed, and was promised none but some", say_nothing},
	{WD_DIFFERS_NO_NEW_PRIVS, "ENVELOPE", "no_new_privs", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started without no_new_privs, which it was promised", say_nothing},
	{WD_DIFFERS_LABEL, "R07", "lsm", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started with another security label than it was promised", say_label},
	{WD_DIFFERS_NAMESPACE, "ENVELOPE", "ns", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started in namespaces of the host, and was promised its own", say_namespaces},
	{WD_DIFFERS_USER, "R25", "uid", SEVERITY(HIGH), CONFIDENCE(MEDIUM), "was started as another user than it was promised",
	 say_user},
	{WD_DIFFERS_MOUNT, "R12", "mount", SEVERITY(LOW), CONFIDENCE(MEDIUM),
	 "was started with a mount that it was not promised", say_mount},
	{WD_DIFFERS_MOUNT_GONE, "R04", "mount", SEVERITY(MEDIUM), CONFIDENCE(LOW),
	 "was started without a mount that it was promised", say_place},
	{WD_DIFFERS_CONSOLE, "R06", "mount", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started with its terminal bound at another place than /dev/console", say_place},
	{WD_DIFFERS_SUBPATH, "R19", "mount", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started with something else in the place of a part of its volume", say_place},
	{WD_DIFFERS_KERNEL_FILES, "R08", "mount", SEVERITY(HIGH), CONFIDENCE(HIGH),
	 "was started with other files than the kernel's", say_place},
	{WD_DIFFERS_MASK, "R05", "mount", SEVERITY(HIGH), CONFIDENCE(HIGH), "was started with a path that is not masked",
	 say_place},
	{WD_DIFFERS_READONLY, "R05", "mount", SEVERITY(HIGH), CONFIDENCE(HIGH), "was started with a path that is not read-only",
	 say_place},
};

/*
 * Hooks of runtimes mount single files and sockets of the host's into containers all the time (a GPU's driver): that is context. A
 * whole filesystem, one of the root's own directories or what nodes keep their secrets in is not.
 */
static Warder__V1__Severity mount_severity(const struct wd_seal_difference *d, const char *source)
{
	static const char *const sensitive[] = {"/var/lib/kubelet", "/var/lib/docker", "/var/lib/containerd", "/run/containerd",
						"/etc/kubernetes",  "/var/log",        "/var/lib/containers"};
	const char *second = *source == '/' ? strchr(source + 1, '/') : NULL;

	if (*source != '/')
		return SEVERITY(LOW);
	if (!strcmp(source, "/"))
		return SEVERITY(CRITICAL);
	if (d->whole || !second)
		return SEVERITY(HIGH);
	for (size_t i = 0; i < sizeof(sensitive) / sizeof(sensitive[0]); i++)
		if (!strcmp(source, sensitive[i]))
			return SEVERITY(HIGH);
	return SEVERITY(LOW);
}

static void read_string(const struct wd_record *r, const struct wd_str *s, char *out, size_t size)
{
	size_t len;
	const char *bytes = schema_bytes(r, s, &len);

	text_quote(out, size, bytes ? bytes : "", len, "");
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_seal_difference *d = view->body;
	const struct row *row = NULL;
	char detail[sizeof(v->message) - 100];
	struct words w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !row; i++)
		row = d->what == rows[i].what ? &rows[i] : NULL;
	if (!row)
		return false;
	read_string(view->rec, &d->place, w.place, sizeof(w.place));
	read_string(view->rec, &d->found, w.found, sizeof(w.found));
	row->say(d, &w, detail, sizeof(detail));
	v->technique = row->technique;
	v->dimension = row->dimension;
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->confidence = d->late ? CONFIDENCE(LOW) : row->confidence;
	verdict_outcome(view, v, d->what == WD_DIFFERS_MOUNT ? mount_severity(d, w.found) : row->severity);
	if (d->late)
		v->severity = SEVERITY(LOW);
	snprintf(v->message, sizeof(v->message), "%s%s%s", row->message, detail, d->late ? " (seen later)" : "");
	return true;
}

const struct detector detect_audit = {"audit", "1", WD_SEAL_DIFFERENCE, judge};
