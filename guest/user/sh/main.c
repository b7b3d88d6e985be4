/*
 * The shell's beginning: options, where commands come from, memory, and the prompt.
 *
 * Input is taken line by line, because a command may read the rest of the same file. A line that does not end its
 * command (an open quote, an `if` without `fi`) is parsed again together with the next one.
 */
#include "guest/user/sh/sh.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set by Ctrl-C; the only thing a signal handler can reach. */
static volatile sig_atomic_t interrupted;

bool take_interrupt(void)
{
	if (!interrupted) /* not cleared unless seen: a signal between a look and the clearing would be lost */
		return false;
	interrupted = 0;
	return true;
}

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

void *must_realloc(void *old, size_t size)
{
	void *memory = realloc(old, size);

	if (!memory) {
		fprintf(stderr, "sh: out of memory\n");
		exit(2);
	}
	return memory;
}

void *arena_alloc(struct shell *sh, size_t size)
{
	struct block *block = must_realloc(NULL, sizeof(*block) + size);

	memset(block + 1, 0, size);
	block->next = sh->arena;
	sh->arena = block;
	return block + 1;
}

char *arena_copy(struct shell *sh, const char *text, size_t length)
{
	char *copy = arena_alloc(sh, length + 1);

	memcpy(copy, text, length);
	return copy;
}

struct block *arena_mark(const struct shell *sh)
{
	return sh->arena;
}

void arena_release(struct shell *sh, struct block *mark)
{
	while (sh->arena != mark) {
		struct block *next = sh->arena->next;

		free(sh->arena);
		sh->arena = next;
	}
}

int run_text(struct shell *sh, const char *text)
{
	while (*text && !sh->exiting && !sh->break_depth) {
		struct block *mark = arena_mark(sh);
		struct node *node;

		if (parse_line(sh, &text, &node) != PARSE_OK) {
			fprintf(stderr, "sh: syntax error near `%.*s'\n", (int)strcspn(text, "\n"), text);
			sh->status = 2;
			arena_release(sh, mark);
			break;
		}
		if (node)
			run_node(sh, node);
		arena_release(sh, mark);
	}
	return sh->status;
}

/*
 * Waits until a byte can be read; false: Ctrl-C came. SIGINT is let through only while it waits: one that comes between
 * a look at the flag and the wait would otherwise be noticed with the next key.
 */
static bool wait_for_key(int fd)
{
	struct pollfd key = { .fd = fd, .events = POLLIN };
	sigset_t interrupt, before;
	bool came;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	while (!(came = take_interrupt()) && ppoll(&key, 1, NULL, &before) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !came;
}

/* Adds a line to *text; false at the end of the file. Interrupted: *text becomes empty. */
static bool read_line(int fd, bool interactive, char **text, size_t *length, bool *was_interrupted)
{
	char c;

	for (;;) {
		ssize_t got;

		if (interactive && !wait_for_key(fd)) {
			*length = 0;
			*was_interrupted = true;
			return true;
		}
		got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		*text = must_realloc(*text, *length + 2);
		(*text)[(*length)++] = c;
		(*text)[*length] = 0;
		if (c == '\n')
			return true;
	}
}

/* What jobs have to tell, and the prompt's text. */
static void make_prompt(struct shell *sh, bool more, char *out, size_t size)
{
	char here[256];

	out[0] = 0;
	if (!sh->job_control)
		return;
	jobs_poll(sh);
	jobs_report(sh, false);
	if (more)
		snprintf(out, size, "> ");
	else
		snprintf(out, size, "%s # ", getcwd(here, sizeof(here)) ? here : "?");
}

/* The next line, from the editor if a person types it. */
static bool next_line(struct shell *sh, int fd, char **text, size_t *length, bool *was_interrupted)
{
	char prompt[300];

	make_prompt(sh, *length > 0, prompt, sizeof(prompt));
	if (sh->job_control && edit_possible(fd)) {
		enum edit_result result = edit_line(sh, fd, prompt, text, length);

		*was_interrupted = result == EDIT_INTERRUPTED;
		return result != EDIT_END;
	}
	fputs(prompt, stderr);
	if (!read_line(fd, sh->job_control, text, length, was_interrupted))
		return false;
	if (*was_interrupted)
		fputc('\n', stderr);
	return true;
}

/* Can this text be run, or does it need another line? */
static bool is_complete(struct shell *sh, const char *text)
{
	struct block *mark = arena_mark(sh);
	struct node *node;
	enum parse_result result = PARSE_OK;

	while (*text && result == PARSE_OK)
		result = parse_line(sh, &text, &node);
	arena_release(sh, mark);
	return result != PARSE_INCOMPLETE;
}

int run_file(struct shell *sh, int fd)
{
	char *text = NULL;
	size_t length = 0;

	while (!sh->exiting) {
		bool was_interrupted = false;

		if (!next_line(sh, fd, &text, &length, &was_interrupted)) {
			if (length)
				run_text(sh, text);
			break;
		}
		if (was_interrupted || !is_complete(sh, text))
			continue;
		length = 0;
		run_text(sh, text);
	}
	free(text);
	return sh->status;
}

/* An interactive shell owns the terminal, and stays when its user stops or interrupts a job. */
static void start_job_control(struct shell *sh)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	if (!isatty(0) || tcgetattr(0, &sh->modes) < 0)
		return;
	while (tcgetpgrp(0) != (sh->pgid = getpgrp()))
		kill(-sh->pgid, SIGTTIN);
	sigaction(SIGINT, &action, NULL);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	if (sh->pgid != getpid() && setpgid(0, 0) == 0)
		sh->pgid = getpid();
	tcsetpgrp(0, sh->pgid);
	sh->job_control = true;
}

static void run_profile(struct shell *sh)
{
	int fd = open("/etc/profile", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	run_file(sh, fd);
	close(fd);
}

int main(int argc, char **argv)
{
	static struct shell shell;
	struct shell *sh = &shell;
	int i = 1, fd;

	sh->pid = getpid();
	sh->name = argv[0];
	for (; i < argc && argv[i][0] == '-' && (argv[i][1] == 'e' || argv[i][1] == 'x'); i++) {
		sh->exit_on_error |= strchr(argv[i], 'e') != NULL;
		sh->trace |= strchr(argv[i], 'x') != NULL;
		if (strchr(argv[i], 'c')) /* -ec CMD */
			break;
	}
	if (i < argc && argv[i][0] == '-' && strchr(argv[i], 'c')) {
		if (i + 1 >= argc) {
			fprintf(stderr, "sh: -c needs a command\n");
			return 2;
		}
		sh->name = i + 2 < argc ? argv[i + 2] : argv[0];
		sh->args = argv + (i + 2 < argc ? i + 3 : i + 2);
		return run_text(sh, argv[i + 1]);
	}
	sh->args = argv + (i < argc ? i + 1 : i);
	if (i < argc) {
		sh->name = argv[i];
		fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			fprintf(stderr, "sh: %s: %s\n", argv[i], strerror(errno));
			return 127;
		}
		return run_file(sh, fd);
	}
	if (argv[0][0] == '-')
		run_profile(sh);
	start_job_control(sh);
	return run_file(sh, 0);
}
