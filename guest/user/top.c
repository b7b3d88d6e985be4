/*
 * top: the processes that use the processor most, again and again.
 *
 *     top [-b] [-d SECONDS] [-n COUNT]      -b: no cursor movement, for files and scripts
 *
 * Simple: it sorts by processor time of the last interval, then by resident memory, and `q` or Ctrl-C ends it. A
 * picture is written over the last one in one piece, as large as the window is at that moment, so that nothing
 * flickers.
 */
#include "guest/user/lib/proc.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/terminal.h"
#include "guest/user/lib/vm.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The processes of one moment. */
struct snapshot {
	struct process_info *list;
	int count;
	double when; /* seconds */
};

/* One line: a process and what it used since the last snapshot. */
struct usage {
	const struct process_info *process;
	long ticks; /* user and system */
};

static void take(struct snapshot *s)
{
	struct timespec now;

	free(s->list);
	s->count = process_list(&s->list);
	if (s->count < 0) {
		perror("top: /proc");
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	s->when = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long ticks_before(const struct snapshot *s, const struct process_info *p)
{
	for (int i = 0; i < s->count; i++)
		if (s->list[i].pid == p->pid && s->list[i].start == p->start)
			return s->list[i].user + s->list[i].system;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct usage *x = a, *y = b;

	if (x->ticks != y->ticks)
		return x->ticks < y->ticks ? 1 : -1;
	return x->process->resident < y->process->resident ? 1 : x->process->resident > y->process->resident ? -1 : 0;
}

static void summary(FILE *out, const struct snapshot *s)
{
	long running = 0, stopped = 0, zombies = 0, total = meminfo("MemTotal"), swap = meminfo("SwapTotal");
	char text[64] = "", load[64] = "";
	FILE *file = fopen("/proc/loadavg", "re");
	time_t now = time(NULL);

	if (file) {
		if (!fgets(load, sizeof(load), file))
			load[0] = 0;
		load[strcspn(load, "/\n")] = 0; /* three averages; running/all tasks; the last pid */
		if (strrchr(load, ' '))
			*strrchr(load, ' ') = 0;
		fclose(file);
	}
	for (int i = 0; i < s->count; i++) {
		running += s->list[i].state == 'R';
		stopped += s->list[i].state == 'T' || s->list[i].state == 't';
		zombies += s->list[i].state == 'Z';
	}
	strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));
	fprintf(out, "top - %s, load average: %s\n", text, load);
	fprintf(out, "Tasks: %d total, %ld running, %ld sleeping, %ld stopped, %ld zombie\n", s->count, running,
	        s->count - running - stopped - zombies, stopped, zombies);
	fprintf(out, "KiB Mem : %8ld total, %8ld free, %8ld used, %8ld buff/cache\n", total, meminfo("MemFree"),
	        total - meminfo("MemAvailable"), meminfo("Buffers") + meminfo("Cached"));
	fprintf(out, "KiB Swap: %8ld total, %8ld free, %8ld used. %8ld page faults, %ld major\n\n", swap,
	        meminfo("SwapFree"), swap - meminfo("SwapFree"), vmstat("pgfault"), vmstat("pgmajfault"));
	fprintf(out, "    PID USER      PR  NI    VIRT    RES S  %%CPU  %%MEM     TIME+ MAJFLT COMMAND\n");
}

static void show(FILE *out, const struct snapshot *now, const struct snapshot *before, int rows)
{
	struct usage *usage = calloc((size_t)now->count + 1, sizeof(*usage));
	double seconds = now->when - before->when, tick = (double)sysconf(_SC_CLK_TCK);
	long total = meminfo("MemTotal");

	if (!usage)
		return;
	for (int i = 0; i < now->count; i++) {
		const struct process_info *p = &now->list[i];

		usage[i] = (struct usage){ p, p->user + p->system - ticks_before(before, p) };
	}
	qsort(usage, (size_t)now->count, sizeof(*usage), by_use);
	summary(out, now);
	for (int i = 0; i < now->count && i < rows; i++) {
		const struct process_info *p = usage[i].process;
		double used = (double)(p->user + p->system) / tick;

		fprintf(out, "%7d %-8s %3ld %3ld %7lu %6ld %c %5.1f %5.1f %3d:%05.2f %6ld %.32s\n", p->pid,
		        user_text(p->uid), p->priority, p->nice, p->size / 1024, p->resident * 4, p->state,
		        seconds > 0 ? (double)usage[i].ticks / tick / seconds * 100 : 0,
		        (double)p->resident * 400 / (double)total, (int)used / 60, used - (double)((int)used / 60 * 60),
		        p->major, p->name);
	}
	free(usage);
}

/* Over the last picture: each line is cut at the window's edge, and what was behind it is wiped out. */
static void paint(const char *text, int rows, int columns)
{
	char *picture = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&picture, &size);
	const char *end;

	if (!out)
		return;
	fputs("\033[H", out);
	for (int row = 0; row < rows - 1 && *text; row++, text = end + (*end == '\n')) {
		end = strchrnul(text, '\n');
		if (strncmp(text, "    PID", 7) == 0)
			fprintf(out, "\033[7m%-*.*s\033[m\n", columns - 1,
			        (int)(end - text < columns ? end - text : columns - 1), text);
		else
			fprintf(out, "%.*s\033[K\n", (int)(end - text < columns ? end - text : columns - 1), text);
	}
	fputs("\033[J", out);
	fclose(out);
	terminal_write(1, picture, size);
	free(picture);
}

/* One picture, on the terminal or (batch) as a text of any length. */
static void show_all(const struct snapshot *now, const struct snapshot *before, bool batch)
{
	int rows, columns;
	char *text = NULL;
	size_t size = 0;
	FILE *out = batch ? stdout : open_memstream(&text, &size);

	if (!out)
		return;
	terminal_size(1, &rows, &columns);
	show(out, now, before, batch ? now->count : rows);
	if (batch) {
		fflush(stdout);
		return;
	}
	fclose(out);
	paint(text, rows, columns);
	free(text);
}

static void on_resize(int number)
{
	(void)number; /* it is enough that the waiting ends */
}

/* Waits; true when the user typed q (or ended the input). */
static bool wait_for_key(double seconds, bool batch, struct terminal_input *input)
{
	struct timespec pause = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
	int key;

	if (batch) {
		nanosleep(&pause, NULL);
		return false;
	}
	key = terminal_key(0, input, (int)(seconds * 1000), NULL);
	return key == 'q' || key == KEY_CLOSED;
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return otherwise;
}

int main(int argc, char **argv)
{
	struct snapshot now = { 0 }, before = { 0 };
	double delay = strtod(option(argc, argv, "-d", "3"), NULL);
	long count = strtol(option(argc, argv, "-n", "-1"), NULL, 10);
	bool batch = !isatty(0) || !isatty(1);
	struct sigaction resize = { .sa_handler = on_resize };
	struct terminal_input input = { 0 };

	check_usage(argc, argv, "top [-b] [-d SECONDS] [-n COUNT]");
	for (int i = 1; i < argc; i++)
		batch |= strcmp(argv[i], "-b") == 0;
	sigaction(SIGWINCH, &resize, NULL);
	if (!batch && !terminal_take(0, true, "\033[H\033[J", ""))
		batch = true;
	take(&before);
	for (long i = 0; i != count; i++) {
		if (wait_for_key(i ? delay : 0.3, batch, &input))
			break;
		take(&now);
		show_all(&now, &before, batch);
		free(before.list);
		before = now;
		now = (struct snapshot){ 0 };
	}
	free(before.list);
	terminal_give_back();
	return 0;
}
