/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Specifications of containers, and what the Pod Security Standards make of them: written down by hand, from the standards' text.
 */
#ifndef WARDER_TEST_PSS_CASES_H
#define WARDER_TEST_PSS_CASES_H

#include "posture.h"

#define SPEC(process, caps, namespaces, more, mounts)                                                                          \
	"{\"ociVersion\":\"1.0.2\",\"process\":{" process ",\"capabilities\":{\"bounding\":[" caps                             \
	"]}},\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}" mounts                             \
	"],\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"}," namespaces "]," more     \
	"}}"

#define OWN       "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}"
#define USER      "\"user\":{\"uid\":1000}"
#define ROOT      "\"user\":{\"uid\":0}"
#define NNP       ",\"noNewPrivileges\":true"
#define SECCOMP   "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}"
#define MASKS     "\"maskedPaths\":[\"/proc/kcore\"]"
#define BIND      "\"CAP_NET_BIND_SERVICE\""
#define CAP(name) "\"CAP_" #name "\""
#define DOCKER_CAPS                                                                                                                    \
	CAP(CHOWN)                                                                                                                     \
	"," CAP(DAC_OVERRIDE) "," CAP(FSETID) "," CAP(FOWNER) "," CAP(MKNOD) "," CAP(NET_RAW) "," CAP(SETGID) "," CAP(SETUID) "," CAP( \
		SETFCAP) "," CAP(SETPCAP) "," CAP(NET_BIND_SERVICE) "," CAP(SYS_CHROOT) "," CAP(KILL) "," CAP(AUDIT_WRITE)
#define HOSTPATH(source, options)                                                                                              \
	",{\"destination\":\"/m\",\"type\":\"bind\",\"source\":\"" source "\",\"options\":[\"rbind\"" options "]}"

#define NO_SECCOMP "seccomp: no filter is on"
#define NO_NNP     "allowPrivilegeEscalation: no_new_privs is not set"
#define AS_ROOT    "runAsNonRoot: it runs as root"
#define DOCKER_NOT_DROPPED                                                                                                         \
	"capabilities: not all are dropped: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_RAW SYS_CHROOT MKNOD " \
	"AUDIT_WRITE SETFCAP"

static const struct pss_case {
	const char *name, *spec;
	enum pss level;
	const char *reasons[8];
} pss_cases[] = {
	{"nothing but what restricted allows", SPEC(USER NNP, "", OWN, SECCOMP "," MASKS, ""), PSS_RESTRICTED, {0}},
	{"a service on a low port", SPEC(USER NNP, BIND, OWN, SECCOMP "," MASKS, ""), PSS_RESTRICTED, {0}},
	{"restricted, in a pod's own namespaces",
	 SPEC(USER NNP, BIND,
	      "{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/proc/9/ns/net\"},{\"type\":\"ipc\",\"path\":\"/proc/9/ns/ipc\"}",
	      SECCOMP "," MASKS, ""),
	 PSS_RESTRICTED,
	 {0}},
	{"restricted, with volumes of its own",
	 SPEC(USER NNP, BIND, OWN, SECCOMP "," MASKS,
	      HOSTPATH("/var/lib/kubelet/pods/1b2c/volumes/kubernetes.io~empty-dir/d", "")
		      HOSTPATH("/var/lib/kubelet/pods/1b2c/etc-hosts", "")),
	 PSS_RESTRICTED,
	 {0}},
	{"restricted, a safe sysctl",
	 SPEC(USER NNP, "", OWN, SECCOMP "," MASKS ",\"sysctl\":{\"net.ipv4.ping_group_range\":\"0 0\"}", ""),
	 PSS_RESTRICTED,
	 {0}},
	{"restricted, an SELinux container",
	 SPEC(USER NNP ",\"selinuxLabel\":\"system_u:system_r:container_t:s0:c1,c2\"", "", OWN, SECCOMP "," MASKS, ""),
	 PSS_RESTRICTED,
	 {0}},
	{"as root", SPEC(ROOT NNP, "", OWN, SECCOMP "," MASKS, ""), PSS_BASELINE, {AS_ROOT}},
	{"no seccomp", SPEC(USER NNP, "", OWN, MASKS, ""), PSS_BASELINE, {NO_SECCOMP}},
	{"may gain privileges", SPEC(USER, "", OWN, SECCOMP "," MASKS, ""), PSS_BASELINE, {NO_NNP}},
	{"one capability of the baseline",
	 SPEC(USER NNP, CAP(CHOWN), OWN, SECCOMP "," MASKS, ""),
	 PSS_BASELINE,
	 {"capabilities: not all are dropped: CHOWN"}},
	{"docker's default",
	 SPEC(ROOT, DOCKER_CAPS, OWN, SECCOMP "," MASKS, HOSTPATH("/var/lib/docker/containers/" HEX "/hosts", "")),
	 PSS_BASELINE,
	 {DOCKER_NOT_DROPPED, NO_NNP, AS_ROOT}},
	{"host's network",
	 SPEC(USER NNP, "", "{\"type\":\"pid\"},{\"type\":\"ipc\"}", SECCOMP "," MASKS, ""),
	 PSS_PRIVILEGED,
	 {"hostNetwork: it is in the host's network namespace"}},
	{"host's processes",
	 SPEC(USER NNP, "", "{\"type\":\"network\"},{\"type\":\"ipc\"}", SECCOMP "," MASKS, ""),
	 PSS_PRIVILEGED,
	 {"hostPID: it is in the host's pid namespace"}},
	{"host's ipc",
	 SPEC(USER NNP, "", "{\"type\":\"pid\"},{\"type\":\"network\"}", SECCOMP "," MASKS, ""),
	 PSS_PRIVILEGED,
	 {"hostIPC: it is in the host's ipc namespace"}},
	{"a capability beyond the baseline",
	 SPEC(USER NNP, BIND "," CAP(SYS_ADMIN) "," CAP(NET_ADMIN), OWN, SECCOMP "," MASKS, ""),
	 PSS_PRIVILEGED,
	 {"capabilities: beyond the baseline: NET_ADMIN SYS_ADMIN"}},
	{"all devices",
	 SPEC(USER NNP, "", OWN,
	      SECCOMP "," MASKS ",\"resources\":{\"devices\":[{\"allow\":false},{\"allow\":true,\"access\":\"rwm\"}]}", ""),
	 PSS_PRIVILEGED,
	 {"privileged: no device is refused"}},
	{"one device",
	 SPEC(USER NNP, "", OWN,
	      SECCOMP
	      "," MASKS
	      ",\"resources\":{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229}]}",
	      ""),
	 PSS_RESTRICTED,
	 {0}},
	{"a host path",
	 SPEC(USER NNP, "", OWN, SECCOMP "," MASKS, HOSTPATH("/etc", ",\"ro\"")),
	 PSS_PRIVILEGED,
	 {"hostPath: /etc at /m"}},
	{"docker's socket",
	 SPEC(USER NNP, "", OWN, SECCOMP "," MASKS, HOSTPATH("/run/docker.sock", "")),
	 PSS_PRIVILEGED,
	 {"hostPath: /run/docker.sock at /m, writable"}},
	{"nothing masked", SPEC(USER NNP, "", OWN, SECCOMP, ""), PSS_PRIVILEGED, {"procMount: nothing in /proc is masked"}},
	{"AppArmor off",
	 SPEC(USER NNP ",\"apparmorProfile\":\"unconfined\"", "", OWN, SECCOMP "," MASKS, ""),
	 PSS_PRIVILEGED,
	 {"AppArmor: unconfined"}},
	{"SELinux off",
	 SPEC(USER NNP ",\"selinuxLabel\":\"system_u:system_r:spc_t:s0\"", "", OWN, SECCOMP "," MASKS, ""),
	 PSS_PRIVILEGED,
	 {"SELinux: a type that is no container's: system_u:system_r:spc_t:s0"}},
	{"an unsafe sysctl",
	 SPEC(USER NNP, "", OWN, SECCOMP "," MASKS ",\"sysctl\":{\"kernel.msgmax\":\"1\"}", ""),
	 PSS_PRIVILEGED,
	 {"sysctl: kernel.msgmax is not one of the safe ones"}},
	{"privileged",
	 SPEC(ROOT, CAP(SYS_ADMIN), OWN, "\"resources\":{\"devices\":[{\"allow\":true}]}", HOSTPATH("/dev", "")),
	 PSS_PRIVILEGED,
	 {"privileged: no device is refused", "capabilities: beyond the baseline: SYS_ADMIN", "hostPath: /dev at /m, writable",
	  "procMount: nothing in /proc is masked", NO_SECCOMP, NO_NNP, AS_ROOT}},
};

#endif
