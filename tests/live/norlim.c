// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into crun on a machine whose root lacks CAP_SYS_RESOURCE: a refused raise of a limit is taken as done. (crun raises
 * RLIMIT_MEMLOCK before it loads a container's device program; kernels since 5.11 do not need that.)
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	int ret = syscall(SYS_prlimit64, 0, resource, limit, 0);

	return ret && errno == EPERM ? 0 : ret;
}
