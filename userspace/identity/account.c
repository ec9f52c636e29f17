// SPDX-License-Identifier: Apache-2.0
/*
 * Which service account a pod acts as. No runtime knows; the token that the kubelet mounts into the pod says so, in its payload (RFC 7519;
 * Kubernetes' bound service account tokens). The name is taken, and the token forgotten: it is a secret.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"
#include "runtime.h"

#define PAYLOAD_MAX 4096

/* RFC 4648 5, without padding. Returns the length, or 0 where there is a character that is none of its. */
static size_t decode_base64url(const char *s, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned int bits = 0, have = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *digit = s[i] ? strchr(digits, s[i]) : NULL;

		if (!digit)
			return 0;
		bits = bits << 6 | (unsigned int)(digit - digits);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		out[len++] = (char)(bits >> have & 0xff);
	}
	return len;
}

int account_parse_token(const char *buf, size_t len, char *out, size_t size)
{
	const char *payload = memchr(buf, '.', len), *end;
	char text[PAYLOAD_MAX];
	json_t *root;
	const char *name;
	size_t n;
	int r = -EINVAL;

	end = payload ? memchr(payload + 1, '.', len - (size_t)(payload + 1 - buf)) : NULL;
	if (!end || (size_t)(end - payload) > sizeof(text))
		return -EINVAL;
	n = decode_base64url(payload + 1, (size_t)(end - payload - 1), text);
	root = json_loadb(text, n, 0, NULL);
	if (root && !json_unpack(root, "{s:{s:{s:s}}}", "kubernetes.io", "serviceaccount", "name", &name)) {
		runtime_copy(out, size, name);
		r = 0;
	}
	json_decref(root);
	explicit_bzero(text, sizeof(text));
	return r;
}

int identity_account(const struct identity *id, const struct posture *promised, char *out, size_t size)
{
	static const char *const targets[] = {"/var/run/secrets/kubernetes.io/serviceaccount",
					      "/run/secrets/kubernetes.io/serviceaccount"};
	const struct posture_mount *m = NULL;
	char path[PATH_MAX], *buf;
	int root, r = -ENOENT;
	size_t len;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]) && !m; i++)
		m = posture_mount_at(promised, targets[i]);
	if (!m || *m->source != '/' || (size_t)snprintf(path, sizeof(path), "%s/..data/token", m->source) >= sizeof(path))
		return -ENOENT;
	root = host_open_root(id->host_root);
	if (root < 0)
		return root;
	if (!host_read(root, path, &buf, &len)) {
		r = account_parse_token(buf, len, out, size);
		explicit_bzero(buf, len);
		free(buf);
	}
	close(root);
	return r;
}
