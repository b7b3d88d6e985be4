/*
 * Which tool is it: by the name the program was called with, or by its first argument (`tools ls`).
 */
#include "guest/user/tools/tools.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	tool_fn *run;
} table[] = {
	{ "ls", tool_ls },           { "mkdir", tool_mkdir },
	{ "rmdir", tool_rmdir },     { "rm", tool_rm },
	{ "mv", tool_mv },           { "cp", tool_cp },
	{ "ln", tool_ln },           { "touch", tool_touch },
	{ "chmod", tool_chmod },     { "stat", tool_stat },
	{ "find", tool_find },       { "cat", tool_cat },
	{ "wc", tool_wc },           { "head", tool_head },
	{ "tail", tool_tail },       { "grep", tool_grep },
	{ "hexdump", tool_hexdump }, { "sort", tool_sort },
	{ "cmp", tool_cmp },         { "tee", tool_tee },
	{ "dd", tool_dd },           { "echo", tool_echo },
	{ "true", tool_true },       { "false", tool_false },
	{ "sleep", tool_sleep },     { "kill", tool_kill },
	{ "sync", tool_sync },       { "mount", tool_mount },
	{ "umount", tool_umount },   { "swapon", tool_swapon },
	{ "swapoff", tool_swapoff }, { "poweroff", tool_poweroff },
	{ "dmesg", tool_dmesg },     { "uname", tool_uname },
	{ "env", tool_env },         { "pwd", tool_pwd },
	{ "stty", tool_stty },       { "date", tool_date },
	{ "tty", tool_tty },         { "seq", tool_seq },
	{ "time", tool_time },       { "reboot", tool_poweroff },
	{ "clear", tool_clear },     { "chvt", tool_chvt },
	{ "reset", tool_reset },     { "less", tool_less },
	{ "more", tool_less },
};

int complain(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	return 1;
}

const char *take_options(int argc, char **argv, const char *allowed, int *first)
{
	static char found[32];
	size_t n = 0;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		for (const char *c = argv[i] + 1; *c && n < sizeof(found) - 1; c++) {
			if (!strchr(allowed, *c)) {
				fprintf(stderr, "%s: option -%c is not known; these are: %s\n",
				        program_invocation_short_name, *c, allowed);
				return NULL;
			}
			found[n++] = *c;
		}
	}
	found[n] = 0;
	*first = i;
	return found;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

	if (strcmp(name, "tools") == 0 && argc > 1) {
		name = argv[1];
		argv++;
		argc--;
		program_invocation_short_name = argv[0];
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].run(argc, argv) | (fflush(stdout) < 0 ? complain("standard output") : 0);
	if (argc > 1 && strcmp(argv[1], "--list") == 0)
		argc = 1;
	for (size_t i = 0; argc == 1 && i < sizeof(table) / sizeof(table[0]); i++)
		puts(table[i].name);
	return argc == 1 ? 0 : 2;
}
