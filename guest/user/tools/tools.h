/*
 * tools: the small commands that a disk needs which has none of the distribution's, all in one program that looks at
 * its name.
 *
 * Each does what scripts and people usually ask of it, not all that POSIX says. ps, top, free, vmstat and strace, which
 * show what this project is about, are programs of their own.
 */
#ifndef GUEST_USER_TOOLS_TOOLS_H
#define GUEST_USER_TOOLS_TOOLS_H

#include <stdbool.h>

typedef int tool_fn(int argc, char **argv);

/* main.c: says what went wrong with `what` (by errno) and returns 1. */
int complain(const char *what);
/* The single-letter options before the first operand, checked against `allowed`; sets *first to the operand's index. */
const char *take_options(int argc, char **argv, const char *allowed, int *first);

/* files.c */
tool_fn tool_ls, tool_mkdir, tool_rmdir, tool_rm, tool_mv, tool_cp, tool_ln, tool_touch, tool_chmod, tool_stat,
	tool_find;
/* text.c */
tool_fn tool_cat, tool_wc, tool_head, tool_tail, tool_grep, tool_hexdump, tool_sort, tool_cmp, tool_tee, tool_dd;
/* system.c */
tool_fn tool_echo, tool_true, tool_false, tool_sleep, tool_kill, tool_sync, tool_mount, tool_umount, tool_swapon,
	tool_swapoff, tool_poweroff, tool_dmesg, tool_uname, tool_env, tool_pwd, tool_stty, tool_date, tool_tty,
	tool_seq, tool_time;
/* screen.c */
tool_fn tool_clear, tool_chvt, tool_reset, tool_less;

#endif
