/*
 * tour: a walk through virtual memory: for each concept a few lines, the command that shows it, what to look for in its
 * output, and which file of the kernel does it.
 *
 *     tour              asks before each stop: Enter goes on, a name or number jumps, q ends
 *     tour NAME|N       one stop
 *     tour --list       the stops
 *     tour --all        all stops without asking; the status says whether every command succeeded
 *
 * The same chapter, to be read without the machine, is in guest/README.md.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct stop {
	const char *name;
	const char *title;
	const char *text;    /* lines, each ended by a newline */
	const char *command; /* for /bin/sh */
	const char *look;    /* what to look for */
	const char *files;   /* in guest/kernel */
};

static const struct stop stops[] = {
#define STOP(name, title, text, command, look, files) { name, title, text, command, look, files },
#include "guest/user/tour.def"
};
#define STOPS (int)(sizeof(stops) / sizeof(stops[0]))

static bool coloured(void)
{
	return isatty(1);
}

static void print_indented(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* Shows a stop and runs its command; returns the command's exit status. */
static int visit(int i)
{
	const struct stop *s = &stops[i];
	const char *bold = coloured() ? "\033[1m" : "", *plain = coloured() ? "\033[0m" : "";
	int status;

	printf("\n%s%d. %s%s\n", bold, i + 1, s->title, plain);
	print_indented(s->text);
	printf("\n  %s# %s%s\n\n", bold, s->command, plain);
	fflush(stdout);
	status = system(s->command);
	printf("\n  Look for: %s\n  Kernel:   %s\n", s->look, s->files);
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status)) {
		printf("  (the command failed)\n");
		return 1;
	}
	return 0;
}

static void list(void)
{
	for (int i = 0; i < STOPS; i++)
		printf("%3d  %-10s %s\n", i + 1, stops[i].name, stops[i].title);
}

/* A stop by name or number, or -1. */
static int find(const char *name)
{
	if (isdigit((unsigned char)name[0]) && atoi(name) >= 1 && atoi(name) <= STOPS)
		return atoi(name) - 1;
	for (int i = 0; i < STOPS; i++)
		if (strcmp(stops[i].name, name) == 0)
			return i;
	return -1;
}

static int visit_all(void)
{
	int failed = 0;

	for (int i = 0; i < STOPS; i++) {
		int wrong = visit(i);

		if (wrong)
			fprintf(stderr, "tour: stop %d (%s) failed\n", i + 1, stops[i].name);
		failed += wrong;
	}
	printf("\ntour: %d stops, %d failed\n", STOPS, failed);
	return failed != 0;
}

static int interactive(void)
{
	char line[64];

	printf("%d stops through virtual memory.\n"
	       "Enter: the next one; a name or number: that one; l: the list; q: the end.\n",
	       STOPS);
	for (int next = 0;;) {
		if (next < STOPS)
			printf("\n[%d %s] ", next + 1, stops[next].name);
		else
			printf("\n[the end; q, or a stop once more] ");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			break;
		line[strcspn(line, "\n")] = 0;
		if (strcmp(line, "q") == 0)
			break;
		if (strcmp(line, "l") == 0) {
			list();
			continue;
		}
		if (line[0] && find(line) < 0) {
			printf("there is no stop %s; l lists them\n", line);
			continue;
		}
		next = line[0] ? find(line) : next;
		if (next < STOPS)
			visit(next++);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--all") == 0)
		return visit_all();
	if (argc > 1 && find(argv[1]) >= 0)
		return visit(find(argv[1]));
	if (argc > 1 && argv[1][0] == '-') {
		fprintf(stderr, "usage: tour [--list | --all | NAME | NUMBER]\n");
		return 2;
	}
	if (argc > 1) {
		fprintf(stderr, "tour: there is no stop %s; tour --list names them\n", argv[1]);
		return 2;
	}
	return interactive();
}
