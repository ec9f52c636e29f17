// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "runtime.h"

/*
 * Runtimes that give their containers a kernel of their own: what is seen of such a container is its sandbox (runsc-sandbox, a virtual
 * machine's monitor), not what runs in it. A runtime is known by a word of its name: of the process that waits for the container
 * ("containerd-shim-kata-v2"), of the program that conmon calls, of what Docker or a RuntimeClass was set to, which is the
 * administrator's word ("io.containerd.runsc.v1", "kata-qemu"). Not by what the sandbox's own process is called: any container's may be
 * called so. From their documentation: not run.
 */
static const struct {
	const char *word, *isolation;
} sandboxes[] = {
	{"runsc", "gvisor"},
	{"gvisor", "gvisor"},
	{"kata", "kata"},
};

const char *isolation_of(const char *runtime)
{
	static const char between[] = "-._";
	const char *word = strrchr(runtime, '/');
	size_t n;

	for (word = word ? word + 1 : runtime; *word; word += n + strspn(word + n, between)) {
		n = strcspn(word, between);
		for (size_t i = 0; i < sizeof(sandboxes) / sizeof(sandboxes[0]); i++)
			if (strlen(sandboxes[i].word) == n && !memcmp(sandboxes[i].word, word, n))
				return sandboxes[i].isolation;
	}
	return "";
}
