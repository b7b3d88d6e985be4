/*
 * The processes, one by one, from /proc/PID/stat, status and cmdline: for ps and top.
 */
#ifndef GUEST_USER_LIB_PROC_H
#define GUEST_USER_LIB_PROC_H

#include <stdbool.h>
#include <sys/types.h>

struct process_info {
	pid_t pid, ppid, pgrp, session;
	unsigned uid;
	int tty;                  /* device number, 0: none */
	pid_t tty_pgrp;           /* the foreground group of that terminal */
	char state;               /* R S D T Z */
	long minor, major;        /* page faults */
	long user, system;        /* clock ticks (sysconf(_SC_CLK_TCK) a second) */
	long priority, nice;      /* as the scheduler has them */
	long threads;             /* 1 and more */
	unsigned long long start; /* clock ticks after boot */
	unsigned long size;       /* bytes of address space */
	long resident;            /* pages */
	long locked;              /* KiB */
	char name[32];            /* as in comm */
	char command[256];        /* with arguments; [name] when there are none */
};

/* All processes in the order of /proc; *list is malloc'ed. Their number, or -1 with errno. */
int process_list(struct process_info **list);
/* False when it is gone. */
bool process_read(pid_t pid, struct process_info *out);
/* "ttyS0", "pts/3" or "?"; valid until the next call. */
const char *tty_text(int device);
/* root, or the number; valid until the next call. */
const char *user_text(unsigned uid);

#endif
