// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "identity/cri.h"
#include "text.h"

/* What a runtime answers over its socket: a frame, then a message that the first byte picks. The second is the length of the id. */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_string(const char *s, size_t size)
{
	check(memchr(s, 0, size) && text_is_utf8(s, strlen(s)));
}

static void check_labels(const struct labels *l)
{
	const char *name, *value;

	check(l->len <= sizeof(l->packed));
	for (size_t at = 0; labels_next(l, &at, &name, &value);) {
		check(text_is_utf8(name, strlen(name)) && text_is_utf8(value, strlen(value)));
		check(at <= l->len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char id[16] = "", sandbox[72] = "";
	struct workload w = {0};
	struct tags tags = {0};
	const uint8_t *message;
	size_t len;

	if (size < 2 || size - 2 < data[1] % sizeof(id))
		return 0;
	memcpy(id, data + 2, data[1] % sizeof(id));
	message = data + 2 + data[1] % sizeof(id);
	len = size - (size_t)(message - data);
	if (data[0] & 2 && cri_frame(message, len, &message, &len))
		return 0;
	if (data[0] & 4 && data[0] & 1)
		cri_read_container(message, len, id, &w, &tags);
	else if (data[0] & 4)
		cri_read_image(message, len, &w);
	else if (data[0] & 1)
		cri_read_containers(message, len, id, &w, &tags, sandbox, sizeof(sandbox));
	else
		cri_read_sandboxes(message, len, id, &w, &tags);
	check_string(w.name, sizeof(w.name));
	check_string(w.image, sizeof(w.image));
	check_string(w.digest, sizeof(w.digest));
	check_string(w.pod, sizeof(w.pod));
	check_string(w.handler, sizeof(w.handler));
	check_labels(&tags.labels);
	check_labels(&tags.annotations);
	return 0;
}
