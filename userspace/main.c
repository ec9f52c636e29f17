// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cmd.h"

#ifndef WARDER_VERSION
#define WARDER_VERSION "unknown"
#endif

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("warder " WARDER_VERSION);
	return EXIT_OK;
}

static int cmd_help(int argc, char **argv);

static const struct cmd cmds[] = {
	{"run", "watch this node until stopped", cmd_run},
	{"doctor", "say what is seen on this node, and what is not", cmd_doctor},
	{"caps", "print which capabilities containers use, as the running sensor counts them", cmd_caps},
	{"inventory", "print what runs in the containers here, as the running sensor knows it", cmd_inventory},
	{"top", "show the running sensor and its containers live: rates, losses, findings", cmd_top},
	{"record", "have the running sensor record a container, a pod or the node for a while", cmd_record},
	{"info", "tell what is in capture files", cmd_info},
	{"cat", "print the events of capture files", cmd_cat},
	{"filter", "make a capture of some of the events of others", cmd_filter},
	{"replay", "make the findings of capture files again, by this policy or another", cmd_replay},
	{"merge", "make one capture of several", cmd_merge},
	{"verify", "tell whether captures are whole and untouched", cmd_verify},
	{"recover", "make a whole capture of a damaged one", cmd_recover},
	{"export", "print the events of capture files in another form", cmd_export},
	{"report", "tell an incident from recorded events, as a page or as text", cmd_report},
	{"check", "tell what is wrong in a policy", cmd_check},
	{"version", "print the version", cmd_version},
	{"help", "print this", cmd_help},
};

static int usage(FILE *to, int code)
{
	fputs("usage: warder COMMAND [OPTION]...\n\nSees when something born in a container acts outside of it.\n\n", to);
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		fprintf(to, "  %-9s %s\n", cmds[i].name, cmds[i].summary);
	fputs("\n'warder COMMAND --help' tells its options; warder(8) is the manual.\n", to);
	return code;
}

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return usage(stdout, EXIT_OK);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (!strcmp(cmds[i].name, name))
			return cmds[i].run(argc - 1, argv + 1);
	if (*name)
		fprintf(stderr, "warder: there is no command '%s'\n\n", name);
	return usage(stderr, EXIT_USAGE);
}
