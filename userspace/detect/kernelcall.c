// SPDX-License-Identifier: Apache-2.0
/*
 * A container calls into the kernel that all share. Some calls are a breach whoever makes them; some are what exploits begin
 * with and honest programs do too: these are context, LOW at most.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define INFO     WARDER__V1__SEVERITY__INFORMATIONAL
#define LOW      WARDER__V1__SEVERITY__LOW
#define MEDIUM   WARDER__V1__SEVERITY__MEDIUM
#define HIGH     WARDER__V1__SEVERITY__HIGH
#define CRITICAL WARDER__V1__SEVERITY__CRITICAL
#define RECON    WARDER__V1__STAGE__RECON
#define ATTEMPT  WARDER__V1__STAGE__ATTEMPT
#define BREACH   WARDER__V1__STAGE__BREACH
#define POST     WARDER__V1__STAGE__POST_BREACH

/* `stage` and `severity` are of what was done; what was refused is an attempt, of severity `refused`. */
static const struct call {
	const char *technique;
	Warder__V1__Stage stage;
	Warder__V1__Severity severity, refused;
	const char *did, *tried;
} calls[] = {
	[WD_CALL_MODULE_LOAD] = {"M23", BREACH, CRITICAL, MEDIUM, "loaded a kernel module", "load a kernel module"},
	[WD_CALL_MODULE_UNLOAD] = {"M23", BREACH, HIGH, MEDIUM, "unloaded a kernel module", "unload a kernel module"},
	[WD_CALL_MODULE_REQUEST] = {"M24", RECON, INFO, INFO, "made the kernel ask for a module", ""},
	[WD_CALL_KEXEC] = {"M25", BREACH, CRITICAL, MEDIUM, "loaded another kernel with kexec",
			   "load another kernel with kexec"},
	[WD_CALL_IO_PORTS] = {"M26", BREACH, HIGH, MEDIUM, "got access to the machine's input and output ports",
			      "get access to the machine's input and output ports"},
	[WD_CALL_DEVICE_MEMORY] = {"M26", BREACH, HIGH, MEDIUM, "opened the machine's physical memory or ports",
				   "open the machine's physical memory or ports"},
	[WD_CALL_MSR] = {"M26", BREACH, HIGH, MEDIUM, "wrote a model-specific register of the processor",
			 "write a model-specific register of the processor"},
	[WD_CALL_PCI] = {"M26", BREACH, HIGH, MEDIUM, "accessed a PCI device's configuration or memory",
			 "access a PCI device's configuration or memory"},
	[WD_CALL_KCORE] = {"M27", BREACH, HIGH, MEDIUM, "opened the kernel's memory, /proc/kcore",
			   "open the kernel's memory, /proc/kcore"},
	[WD_CALL_CLOCK_SET] = {"M52", BREACH, MEDIUM, LOW, "set the clock of the host", "set the clock of the host"},
	[WD_CALL_CLOCK_ADJUST] = {"M52", ATTEMPT, LOW, LOW, "adjusted the clock of the host", "adjust the clock of the host"},
	[WD_CALL_REBOOT] = {"P20", POST, CRITICAL, MEDIUM, "stopped or restarted the machine", "stop or restart the machine"},
	[WD_CALL_BPF_WRITE_USER] = {"M30", BREACH, HIGH, MEDIUM, "loads a BPF program that writes other tasks' memory",
				    "load a BPF program that writes other tasks' memory"},
	[WD_CALL_IO_URING] = {"M54", RECON, INFO, INFO, "made an io_uring", ""},
	[WD_CALL_USERFAULTFD] = {"M55", RECON, LOW, LOW, "can halt the kernel's accesses to its memory with userfaultfd", ""},
	[WD_CALL_MARK_MOUNT] = {"X17", RECON, INFO, INFO, "watches a whole mount with fanotify", ""},
	[WD_CALL_MARK_FILESYSTEM] = {"X17", RECON, LOW, LOW, "watches a whole filesystem with fanotify", ""},
	[WD_CALL_SPLICE_BYTE] = {"K10", RECON, LOW, LOW, "spliced one byte of a file that it cannot write into a pipe", ""},
	[WD_CALL_MOUNT_OPTIONS] = {"K13", ATTEMPT, MEDIUM, MEDIUM, "gave a mount more than a page of options", ""},
	[WD_CALL_LIST_MOUNTS] = {"D09", RECON, INFO, INFO, "asked for the mounts of a namespace by its number", ""},
	[WD_CALL_SOCKET_HUNT] = {"D03", RECON, LOW, LOW, "tried many unix sockets, which refused it", ""},
	[WD_CALL_CAPABILITY_HUNT] = {"D01", RECON, LOW, LOW, "tried what takes many capabilities, which it does not have", ""},
	[WD_CALL_LIST_NAMESPACES] = {"D09", RECON, INFO, INFO, "listed the namespaces that it can see", ""},
};

/* syslog(2)'s actions from 2: reading is what any dmesg does, the rest takes something from the host. */
static const struct action {
	Warder__V1__Severity severity;
	const char *did, *tried;
} actions[] = {
	[2] = {LOW, "read the kernel's log", "read the kernel's log"},
	[3] = {LOW, "read the kernel's log", "read the kernel's log"},
	[4] = {MEDIUM, "read and cleared the kernel's log", "read and clear the kernel's log"},
	[5] = {MEDIUM, "cleared the kernel's log", "clear the kernel's log"},
	[6] = {MEDIUM, "turned off the kernel's messages on the console", "turn off the kernel's messages on the console"},
	[7] = {LOW, "turned on the kernel's messages on the console", "turn on the kernel's messages on the console"},
	[8] = {MEDIUM, "set which kernel messages go to the console", "set which kernel messages go to the console"},
};

static bool call_of(const struct wd_kernel_call *k, struct call *out)
{
	const struct action *a;

	if (k->call == WD_CALL_KERNEL_LOG) {
		if (k->argument >= sizeof(actions) / sizeof(actions[0]) || !actions[k->argument].did)
			return false;
		a = &actions[k->argument];
		*out = (struct call){"M28", a->severity == LOW ? RECON : BREACH, a->severity, LOW, a->did, a->tried};
		return true;
	}
	if (k->call >= sizeof(calls) / sizeof(calls[0]) || !calls[k->call].technique)
		return false;
	*out = calls[k->call];
	return true;
}

/* Modules that exploits want and few applications need: each of the others was asked for by somebody's getaddrinfo. */
static bool is_rare_module(const char *name)
{
	static const char *const rare[] = {"algif_aead", "rxrpc",     "esp4",        "esp6",
					   "n_gsm",      "n_hdlc",    "net-pf-33",   "net-pf-40",
					   "net-pf-38",  "nf_tables", "algif-aead*", "crypto-authencesn*"};

	for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
		size_t n = strcspn(rare[i], "*");

		if (!strncmp(name, rare[i], n) && (rare[i][n] || !name[n]))
			return true;
	}
	return false;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_kernel_call *k = view->body;
	char name[64] = "", shown[256] = "", path[4224], file[256];
	struct call c;
	const char *bytes;
	size_t len;

	if (!call_of(k, &c))
		return false;
	bytes = schema_bytes(view->rec, &k->name, &len);
	if (bytes && len < sizeof(name))
		memcpy(name, bytes, len);
	if (name[0])
		text_quote(shown, sizeof(shown), name, strlen(name), "");
	v->technique = c.technique;
	v->dimension = "kernel";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = c.stage == RECON ? WARDER__V1__CONFIDENCE__CONFIDENCE_LOW : WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	v->stage = c.stage;
	v->severity = c.severity;
	if (view->rec->outcome == WD_DENIED) {
		v->stage = ATTEMPT;
		v->severity = c.refused;
		snprintf(v->message, sizeof(v->message), "tried to %s: refused", c.tried);
		return true;
	}
	if (k->call == WD_CALL_MODULE_REQUEST && is_rare_module(name))
		v->severity = LOW;
	if (k->call == WD_CALL_MODULE_LOAD && schema_path(view->rec, &k->file, path, sizeof(path))) {
		text_quote(file, sizeof(file), path, strlen(path), "");
		if (k->given) {
			/* The host's module directory was given to it, as to kube-proxy: the module is one of the host's own. */
			v->stage = ATTEMPT;
			v->severity = LOW;
		}
		snprintf(v->message, sizeof(v->message), "%s, %s, from %s%s", c.did, shown, file,
			 k->given ? ", which was given to it read-only" : "");
		return true;
	}
	snprintf(v->message, sizeof(v->message), "%s%s%s", c.did, shown[0] ? ", " : "", shown);
	return true;
}

const struct detector detect_kernelcall = {"kernelcall", "1", WD_KERNEL_CALL, judge};
