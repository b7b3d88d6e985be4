/*
 * vi [-R] [+N | +/PATTERN] [-c COMMAND]... [FILE...]
 *
 * The beginning and the end: options, memory, messages, and the loop. See vi.h.
 */
#include "guest/user/vi/vi.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The alternate screen keeps what was there; a terminal that has none ignores it, so the last row is emptied first. */
#define ENTER "\033[?1049h"
#define LEAVE "\033[r\033[m\033[999;1H\033[K\033[?1049l"

/* For the way out without memory, which may begin anywhere. */
static struct vi *only;

#define MAX_COMMANDS 16 /* on the command line */

void *must_alloc(size_t size)
{
	return must_grow(NULL, size);
}

void *must_grow(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (memory)
		return memory;
	terminal_give_back();
	fprintf(stderr, "vi: out of memory\n");
	if (only)
		file_preserve(only);
	exit(1);
}

char *copy_string(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(must_alloc(size), text, size);
}

void say(struct vi *vi, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(vi->message, sizeof(vi->message), format, args);
	va_end(args);
}

bool complain(struct vi *vi, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(vi->message, sizeof(vi->message), format, args);
	va_end(args);
	vi->failed = true;
	return false;
}

static int usage(void)
{
	fprintf(stderr, "usage: vi [-R] [+N | +/PATTERN] [-c COMMAND]... [FILE...]\n");
	return 2;
}

static void release(struct vi *vi)
{
	buffer_free(&vi->buffer);
	for (int i = 0; i < REGISTERS; i++)
		lines_free(&vi->registers[i].lines);
	free(vi->record.key);
	free(vi->replay.key);
	free(vi->dot.key);
	free(vi->typed.key);
	free(vi->screen.next);
	free(vi->screen.shown);
	free(vi->screen.out);
	free(vi->pattern);
	free(vi->last_from);
	free(vi->last_to);
	free(vi->name);
	free(vi->other_name);
}

/* What the command line says is to be done first. */
static void run_commands(struct vi *vi, const char *const *commands, int count)
{
	char line[MESSAGE_SIZE], first[MESSAGE_SIZE];

	snprintf(first, sizeof(first), "%s", vi->message);
	vi->message[0] = 0;
	for (int i = 0; i < count && !vi->quit; i++) {
		snprintf(line, sizeof(line), "%s", *commands[i] ? commands[i] : "$");
		buffer_begin(&vi->buffer, vi->cursor);
		if (!ex_run(vi, line))
			break;
	}
	if (!vi->message[0])
		snprintf(vi->message, sizeof(vi->message), "%s", first);
}

static void edit(struct vi *vi, const char *const *commands, int count)
{
	terminal_size(1, &vi->screen.rows, &vi->screen.columns);
	screen_resize(&vi->screen, vi->screen.rows, vi->screen.columns);
	if (vi->file_count && !file_edit(vi, vi->files[0]))
		vi->status = 1;
	run_commands(vi, commands, count);
	while (!vi->quit)
		normal_command(vi);
}

int main(int argc, char **argv)
{
	struct vi vi = { .set = { .wrap_scan = true, .tab_stop = 8, .shift_width = 8 } };
	const char *commands[MAX_COMMANDS];
	int i, count = 0;

	setlocale(LC_CTYPE, "C.UTF-8"); /* for expressions; without it they see bytes */
	for (i = 1; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1] && count < MAX_COMMANDS; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (argv[i][0] == '+')
			commands[count++] = argv[i] + 1;
		else if (strcmp(argv[i], "-R") == 0)
			vi.view_only = true;
		else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			commands[count++] = argv[++i];
		else
			return usage();
	}
	vi.files = argv + i;
	vi.file_count = argc - i;
	if (!isatty(1) || !terminal_take(0, false, ENTER, LEAVE)) {
		fprintf(stderr, "vi: standard input and output must be a terminal\n");
		return 1;
	}
	buffer_init(&vi.buffer);
	only = &vi;
	keys_begin();
	edit(&vi, commands, count);
	terminal_give_back();
	only = NULL;
	release(&vi);
	return vi.status;
}
