// SPDX-License-Identifier: Apache-2.0
#include "capset.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

#define N (sizeof(names) / sizeof(names[0]))

const char *capset_name(unsigned int capability)
{
	return capability < N ? names[capability] : NULL;
}

int capset_find(const char *name)
{
	for (unsigned int i = 0; i < N; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

uint64_t capset_all(void)
{
	return CAPSET(N) - 1;
}

char *capset_text(uint64_t set, char *out, size_t size)
{
	size_t len = 0;

	snprintf(out, size, "%s", (set & capset_all()) == capset_all() ? "all" : "");
	if (*out)
		return out;
	for (unsigned int i = 0; i < N; i++) {
		const char *name = names[i] + strlen("CAP_");

		if (!(set & CAPSET(i)))
			continue;
		if (len + strlen(name) + sizeof(" ...") >= size) {
			snprintf(out + len, size - len, " ...");
			break;
		}
		len += snprintf(out + len, size - len, "%s%s", len ? " " : "", name);
	}
	return out;
}
