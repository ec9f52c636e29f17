/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CMD_H
#define WARDER_CMD_H

/* Exit codes of every command. */
enum {
	EXIT_OK = 0,
	EXIT_FINDINGS = 1,
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,
	EXIT_TAMPERED = 4,
	EXIT_KERNEL = 5
};

/* A command; argv[0] is its name. Returns an exit code. */
struct cmd {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_run(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_caps(int argc, char **argv);
int cmd_inventory(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_filter(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_recover(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_check(int argc, char **argv);

#endif
