/*
 * ps: the processes, in procps' formats.
 *
 *     ps              those of this terminal
 *     ps aux          all, with memory: VSZ is what the address space spans, RSS what has frames, both in KiB
 *     ps -ef, ps ax   all, with parents; all, short
 *     ps -o LIST      columns of your choice: pid ppid pgid sid tty stat time min maj vsz rss nlwp comm args
 */
#include "guest/user/lib/proc.h"
#include "guest/user/lib/vm.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is the same for all lines. */
struct clock {
	long tick;     /* a second has so many */
	double uptime; /* seconds */
	time_t boot;   /* when that was 0 */
	long total;    /* KiB of memory */
};

static struct clock read_clock(void)
{
	struct clock c = { sysconf(_SC_CLK_TCK), 1, 0, meminfo("MemTotal") };
	FILE *file = fopen("/proc/uptime", "re");

	if (file) {
		if (fscanf(file, "%lf", &c.uptime) != 1)
			c.uptime = 1;
		fclose(file);
	}
	c.boot = time(NULL) - (time_t)c.uptime;
	return c;
}

/* The state and procps' remarks: session leader, threads, foreground, priority. */
static const char *state_text(const struct process_info *p)
{
	static char text[8];
	size_t n = 0;

	text[n++] = p->state;
	if (p->nice)
		text[n++] = p->nice < 0 ? '<' : 'N';
	if (p->locked > 0)
		text[n++] = 'L';
	if (p->session == p->pid)
		text[n++] = 's';
	if (p->threads > 1)
		text[n++] = 'l';
	if (p->tty && p->tty_pgrp == p->pgrp)
		text[n++] = '+';
	text[n] = 0;
	return text;
}

static const char *start_text(const struct process_info *p, const struct clock *c)
{
	static char text[16];
	time_t start = c->boot + (time_t)(p->start / (unsigned long long)c->tick);

	strftime(text, sizeof(text), time(NULL) - start < 86400 ? "%H:%M" : "%b%d", localtime(&start));
	return text;
}

static void line_aux(const struct process_info *p, const struct clock *c)
{
	double lived = c->uptime - (double)p->start / (double)c->tick;
	long used = (p->user + p->system) / c->tick;

	printf("%-8s %7d %4.1f %4.1f %6lu %5ld %-8s %-4s %5s %3ld:%02ld %s\n", user_text(p->uid), p->pid,
	       lived > 0 ? (double)(p->user + p->system) / (double)c->tick / lived * 100 : 0,
	       (double)p->resident * 4 * 100 / (double)c->total, p->size / 1024, p->resident * 4, tty_text(p->tty),
	       state_text(p), start_text(p, c), used / 60, used % 60, p->command);
}

static void line_ef(const struct process_info *p, const struct clock *c)
{
	double lived = c->uptime - (double)p->start / (double)c->tick;
	long used = (p->user + p->system) / c->tick;
	int share = lived > 0 ? (int)((double)(p->user + p->system) / (double)c->tick / lived * 100) : 0;

	printf("%-8s %7d %7d %2d %5s %-8s %02ld:%02ld:%02ld %s\n", user_text(p->uid), p->pid, p->ppid, share,
	       start_text(p, c), tty_text(p->tty), used / 3600, used / 60 % 60, used % 60, p->command);
}

static void line_short(const struct process_info *p, const struct clock *c, bool with_state)
{
	long used = (p->user + p->system) / c->tick;

	if (with_state)
		printf("%7d %-8s %-4s %3ld:%02ld %s\n", p->pid, tty_text(p->tty), state_text(p), used / 60, used % 60,
		       p->command);
	else
		printf("%7d %-8s %02ld:%02ld:%02ld %s\n", p->pid, tty_text(p->tty), used / 3600, used / 60 % 60,
		       used % 60, p->name);
}

static void column(const char *name, const struct process_info *p, const struct clock *c)
{
	long used = (p->user + p->system) / c->tick;
	const struct {
		const char *name;
		long value;
	} numbers[] = {
		{ "pid", p->pid },      { "ppid", p->ppid },
		{ "pgid", p->pgrp },    { "sid", p->session },
		{ "min", p->minor },    { "maj", p->major },
		{ "nlwp", p->threads }, { "rss", p->resident * 4 },
		{ "ni", p->nice },      { "vsz", (long)(p->size / 1024) },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			printf("%7ld ", numbers[i].value);
			return;
		}
	}
	if (strcmp(name, "tty") == 0)
		printf("%-8s ", tty_text(p->tty));
	else if (strcmp(name, "stat") == 0)
		printf("%-4s ", state_text(p));
	else if (strcmp(name, "time") == 0)
		printf("%02ld:%02ld:%02ld ", used / 3600, used / 60 % 60, used % 60);
	else if (strcmp(name, "comm") == 0)
		printf("%-15s ", p->name);
	else
		printf("%s ", p->command);
}

/* Calls `each` for the names in a list with commas. */
static void each_column(const char *list,
                        void (*each)(const char *name, const struct process_info *p, const struct clock *c),
                        const struct process_info *p, const struct clock *c)
{
	char name[16];

	while (*list) {
		size_t n = strcspn(list, ",");

		snprintf(name, sizeof(name), "%.*s", (int)n, list);
		each(name, p, c);
		list += n + (list[n] == ',');
	}
	putchar('\n');
}

/* The name in capitals, as wide as its column. */
static void title(const char *name, const struct process_info *p, const struct clock *c)
{
	bool left = strcmp(name, "tty") == 0 || strcmp(name, "stat") == 0 || strcmp(name, "comm") == 0;
	int width = strcmp(name, "args") == 0 ? 0 : name[0] == 't' ? 8 : strcmp(name, "stat") == 0 ? 4 : 7;
	char capitals[16];
	size_t i = 0;

	(void)p;
	(void)c;
	for (; name[i]; i++)
		capitals[i] = (char)toupper((unsigned char)name[i]);
	capitals[i] = 0;
	printf(left ? "%-*s " : "%*s ", strcmp(name, "comm") == 0 ? 15 : width, capitals);
}

enum style { STYLE_PLAIN, STYLE_AX, STYLE_AUX, STYLE_EF, STYLE_COLUMNS };

static void header(enum style style, const char *columns)
{
	switch (style) {
	case STYLE_AUX:
		puts("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND");
		break;
	case STYLE_EF:
		puts("UID          PID    PPID  C STIME TTY          TIME CMD");
		break;
	case STYLE_AX:
		puts("    PID TTY      STAT   TIME COMMAND");
		break;
	case STYLE_COLUMNS:
		each_column(columns, title, NULL, NULL);
		break;
	default:
		puts("    PID TTY          TIME CMD");
		break;
	}
}

int main(int argc, char **argv)
{
	const char *options = argc > 1 ? argv[1] + (argv[1][0] == '-') : "", *columns = "";
	struct process_info *list, self;
	struct clock c = read_clock();
	enum style style = STYLE_PLAIN;
	bool all;
	int count = process_list(&list);

	if (options[strspn(options, "aAeufxo")]) {
		fprintf(stderr, "usage: ps [aux | -ef | ax | -o COLUMN,...]\n");
		return 2;
	}
	if (count < 0 || !process_read(getpid(), &self)) {
		perror("ps: /proc");
		return 1;
	}
	for (int i = 1; i + 1 < argc; i++)
		if (strlen(argv[i]) >= 2 && argv[i][0] == '-' && argv[i][strlen(argv[i]) - 1] == 'o')
			columns = argv[i + 1];
	all = strpbrk(options, "aAe") != NULL;
	if (*columns)
		style = STYLE_COLUMNS;
	else if (strchr(options, 'u'))
		style = STYLE_AUX;
	else if (strchr(options, 'f'))
		style = STYLE_EF;
	else if (strchr(options, 'x'))
		style = STYLE_AX;
	header(style, columns);
	for (int i = 0; i < count; i++) {
		const struct process_info *p = &list[i];

		if (!all && p->tty != self.tty)
			continue;
		if (style == STYLE_COLUMNS)
			each_column(columns, column, p, &c);
		else if (style == STYLE_AUX)
			line_aux(p, &c);
		else if (style == STYLE_EF)
			line_ef(p, &c);
		else
			line_short(p, &c, style == STYLE_AX);
	}
	free(list);
	return 0;
}
