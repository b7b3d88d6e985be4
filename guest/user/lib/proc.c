/*
 * Reading processes from /proc; see proc.h.
 */
#include "guest/user/lib/proc.h"
#include "guest/user/lib/vm.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The whole of a small file as text; its length or -1. */
static ssize_t read_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	return n;
}

static void read_command(struct process_info *p)
{
	ssize_t n = read_text(p->pid, "cmdline", p->command, sizeof(p->command));

	while (n > 0 && p->command[n - 1] == 0)
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (p->command[i] == 0 || p->command[i] == '\n')
			p->command[i] = ' ';
	if (n <= 0)
		snprintf(p->command, sizeof(p->command), "[%s]", p->name);
}

bool process_read(pid_t pid, struct process_info *p)
{
	char text[1024], path[64], *open_paren, *close_paren;
	long uid;

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	if (read_text(pid, "stat", text, sizeof(text)) <= 0)
		return false;
	open_paren = strchr(text, '(');
	close_paren = strrchr(text, ')'); /* the name may hold anything */
	if (!open_paren || !close_paren)
		return false;
	*close_paren = 0;
	snprintf(p->name, sizeof(p->name), "%s", open_paren + 1);
	if (sscanf(close_paren + 2,
	           "%c %d %d %d %d %d %*u %ld %*u %ld %*u %ld %ld %*d %*d %ld %ld %ld %*d %llu %lu %ld", &p->state,
	           &p->ppid, &p->pgrp, &p->session, &p->tty, &p->tty_pgrp, &p->minor, &p->major, &p->user, &p->system,
	           &p->priority, &p->nice, &p->threads, &p->start, &p->size, &p->resident) != 16)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	uid = proc_number(path, "Uid");
	p->uid = uid < 0 ? 0 : (unsigned)uid;
	p->locked = proc_number(path, "VmLck");
	read_command(p);
	return true;
}

int process_list(struct process_info **list)
{
	int count = 0, room = 0;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	*list = NULL;
	if (!proc)
		return -1;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (count == room) {
			struct process_info *bigger = realloc(*list, sizeof(**list) * (size_t)(room += 32));

			if (!bigger)
				break;
			*list = bigger;
		}
		count += process_read(atoi(entry->d_name), &(*list)[count]);
	}
	closedir(proc);
	return count;
}

const char *tty_text(int device)
{
	static char text[32];
	unsigned number = minor((unsigned)device);

	if (device == 0)
		return "?";
	switch (major((unsigned)device)) {
	case 136:
		snprintf(text, sizeof(text), "pts/%u", number);
		break;
	case 4:
		snprintf(text, sizeof(text), number >= 64 ? "ttyS%u" : "tty%u", number >= 64 ? number - 64 : number);
		break;
	case 5:
		return number == 1 ? "console" : "tty";
	default:
		snprintf(text, sizeof(text), "%u:%u", major((unsigned)device), number);
		break;
	}
	return text;
}

const char *user_text(unsigned uid)
{
	static char text[16];

	if (uid == 0)
		return "root";
	snprintf(text, sizeof(text), "%u", uid);
	return text;
}
