/*
 * Running the tree: simple commands, redirections, pipelines, conditions and loops.
 *
 * A built-in runs in the shell itself with its descriptors replaced for a while; everything else is fork, then execve.
 * Each stage of a pipeline is a process of its own, and all of them are one job (jobs.c).
 */
#include "guest/user/sh/sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void become_subshell(struct shell *sh)
{
	static const int defaults[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };

	if (sh->job_control)
		for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
			signal(defaults[i], SIG_DFL);
	sh->job_control = false;
	memset(sh->jobs, 0, sizeof(sh->jobs));
}

/* Puts `from` in the place of `fd`, and remembers what was there. */
static bool replace_fd(int from, int fd, struct saved_fds *saved)
{
	if (saved && saved->count < 10) {
		saved->of[saved->count].fd = fd;
		saved->of[saved->count++].copy = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	}
	return dup2(from, fd) >= 0;
}

bool redirect_apply(struct shell *sh, const struct redirect *redirects, struct saved_fds *saved)
{
	for (const struct redirect *r = redirects; r; r = r->next) {
		char *name = expand_one(sh, r->word);
		int from = r->flags < 0 ? atoi(name) : open(name, r->flags, 0666);
		bool ok = from >= 0;

		if (r->flags < 0 && strcmp(name, "-") == 0) {
			close(r->fd);
			continue;
		}
		if (ok && from != r->fd)
			ok = replace_fd(from, r->fd, saved);
		if (!ok) {
			fprintf(stderr, "sh: %s: %s\n", name, strerror(errno));
			return false;
		}
		if (r->flags >= 0 && from != r->fd)
			close(from);
	}
	return true;
}

void redirect_restore(struct saved_fds *saved)
{
	fflush(stdout);
	while (saved->count--) {
		int fd = saved->of[saved->count].fd, copy = saved->of[saved->count].copy;

		if (copy < 0) {
			close(fd);
		} else {
			dup2(copy, fd);
			close(copy);
		}
	}
}

static void assign(struct shell *sh, const char *word, size_t name_length)
{
	char *name = arena_copy(sh, word, name_length);

	setenv(name, expand_one(sh, word + name_length + 1), 1);
}

/* In the child: becomes the program, or ends with the status a shell gives. A file without magic is a script. */
static void exec_program(struct shell *sh, char **argv)
{
	int fd;

	execvp(argv[0], argv);
	if (errno == ENOEXEC && (fd = open(argv[0], O_RDONLY | O_CLOEXEC)) >= 0) {
		sh->name = argv[0];
		sh->args = argv + 1;
		_exit(run_file(sh, fd));
	}
	fprintf(stderr, "sh: %s: %s\n", argv[0], errno == ENOENT ? "not found" : strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void trace(char **argv)
{
	fputc('+', stderr);
	for (; *argv; argv++)
		fprintf(stderr, " %s", *argv);
	fputc('\n', stderr);
}

static int run_program(struct shell *sh, struct node *node, char **words, char **argv)
{
	struct job *job = job_new(sh, node->text ? node->text : argv[0], false);
	pid_t pid;
	size_t n;

	fflush(stdout);
	pid = job ? fork() : -1;
	if (pid < 0) {
		perror("sh: fork");
		job_free(job);
		return sh->status = 1;
	}
	job_enter(sh, job, pid);
	if (pid == 0) {
		become_subshell(sh);
		for (; *words && is_assignment(*words, &n); words++)
			assign(sh, *words, n);
		if (!redirect_apply(sh, node->redirects, NULL))
			_exit(1);
		exec_program(sh, argv);
	}
	job_add(job, pid);
	return sh->status = job_foreground(sh, job, false);
}

static int run_simple(struct shell *sh, struct node *node)
{
	struct saved_fds saved = { 0 };
	char **words = node->words, **rest = words, **argv;
	builtin_fn *builtin;
	size_t n;

	while (*rest && is_assignment(*rest, &n))
		rest++;
	argv = expand_words(sh, rest);
	if (sh->trace && argv[0])
		trace(argv);
	builtin = argv[0] ? builtin_find(argv[0]) : NULL;
	if (argv[0] && !builtin)
		return run_program(sh, node, words, argv);
	if (!argv[0])
		sh->status = 0;
	for (; words < rest; words++) {
		is_assignment(*words, &n);
		assign(sh, *words, n);
	}
	if (!redirect_apply(sh, node->redirects, &saved))
		sh->status = 1;
	else if (builtin)
		sh->status = builtin(sh, argv);
	if (builtin && strcmp(argv[0], "exec") == 0)
		fflush(stdout); /* `exec >file` is meant to last */
	else
		redirect_restore(&saved);
	return sh->status;
}

/* Starts `node` as a process of `job` with these ends; does not return in the child. */
static bool start_stage(struct shell *sh, struct job *job, struct node *node, int in, int out, int unused)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("sh: fork");
		return false;
	}
	job_enter(sh, job, pid);
	if (pid > 0) {
		job_add(job, pid);
		return true;
	}
	become_subshell(sh);
	if (unused >= 0)
		close(unused);
	if (in != 0) {
		dup2(in, 0);
		close(in);
	}
	if (out != 1) {
		dup2(out, 1);
		close(out);
	}
	run_node(sh, node);
	fflush(stdout);
	_exit(sh->status);
}

static int run_pipeline(struct shell *sh, struct node *node, bool background)
{
	struct job *job = job_new(sh, node->text, background);
	int in = 0, ends[2];
	bool ok = job != NULL;

	fflush(stdout);
	/* A background command of a shell without job control does not eat the shell's input. */
	if (background && !sh->job_control)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (; ok && node->kind == NODE_PIPE; node = node->right) {
		ok = pipe2(ends, O_CLOEXEC) == 0 && start_stage(sh, job, node->left, in, ends[1], ends[0]);
		if (in > 0)
			close(in);
		close(ends[1]);
		in = ends[0];
	}
	ok = ok && start_stage(sh, job, node, in, 1, -1);
	if (in > 0)
		close(in);
	if (!job || job->count == 0) {
		job_free(job);
		return sh->status = 1;
	}
	if (background) {
		sh->last_background = job->process[job->count - 1].pid;
		if (sh->job_control)
			fprintf(stderr, "[%d] %d\n", (int)(job - sh->jobs) + 1, sh->last_background);
		return sh->status = 0;
	}
	sh->status = job_foreground(sh, job, false);
	return ok ? sh->status : (sh->status = 1);
}

static int run_condition(struct shell *sh, struct node *node)
{
	sh->in_condition++;
	run_node(sh, node);
	sh->in_condition--;
	return sh->status;
}

/* After a turn of a loop: does it go on? */
static bool loop_goes_on(struct shell *sh)
{
	if (take_interrupt()) {
		sh->status = 128 + SIGINT;
		sh->break_depth = 0;
		return false;
	}
	if (sh->exiting)
		return false;
	if (sh->break_depth == 0)
		return true;
	sh->break_depth--;
	if (sh->break_depth == 0 && sh->continuing) {
		sh->continuing = false;
		return true;
	}
	return false;
}

static int run_loop(struct shell *sh, struct node *node)
{
	int last = 0;

	if (node->kind == NODE_FOR) {
		char **values = expand_words(sh, node->words + 1);

		for (bool more = true; more && *values; values++) {
			setenv(node->words[0], *values, 1);
			last = run_node(sh, node->right);
			more = loop_goes_on(sh);
		}
		return sh->status = last;
	}
	while ((run_condition(sh, node->left) == 0) == (node->kind == NODE_WHILE) && !sh->exiting) {
		last = run_node(sh, node->right);
		if (!loop_goes_on(sh))
			break;
	}
	return sh->exiting ? sh->status : (sh->status = last);
}

/* A compound command, its redirects done. */
static int run_compound(struct shell *sh, struct node *node)
{
	switch (node->kind) {
	case NODE_GROUP:
		return run_node(sh, node->left);
	case NODE_IF:
		if (run_condition(sh, node->left) == 0)
			return run_node(sh, node->right);
		if (sh->exiting)
			return sh->status;
		sh->status = 0;
		return node->other ? run_node(sh, node->other) : 0;
	default:
		return run_loop(sh, node);
	}
}

static int run_redirected(struct shell *sh, struct node *node)
{
	struct saved_fds saved = { 0 };

	if (redirect_apply(sh, node->redirects, &saved))
		run_compound(sh, node);
	else
		sh->status = 1;
	redirect_restore(&saved);
	return sh->status;
}

/* A subshell is a pipeline of one stage, whose process runs what is in the parentheses. */
static int run_subshell(struct shell *sh, struct node *node)
{
	struct node inner = {
		.kind = NODE_GROUP, .left = node->left, .redirects = node->redirects, .text = node->text
	};

	if (!inner.text)
		inner.text = "( )";
	return run_pipeline(sh, &inner, false);
}

int run_node(struct shell *sh, struct node *node)
{
	struct block *mark = arena_mark(sh);

	if (!node || sh->exiting || sh->break_depth)
		return sh->status;
	switch (node->kind) {
	case NODE_SEQUENCE:
		run_node(sh, node->left);
		return run_node(sh, node->right);
	case NODE_AND:
	case NODE_OR:
		if ((run_condition(sh, node->left) == 0) == (node->kind == NODE_AND))
			run_node(sh, node->right);
		return sh->status;
	case NODE_NOT:
		return sh->status = !run_condition(sh, node->left);
	case NODE_BACKGROUND:
		node->left->text = node->text;
		return run_pipeline(sh, node->left, true);
	case NODE_PIPE:
		run_pipeline(sh, node, false);
		break;
	case NODE_SUBSHELL:
		run_subshell(sh, node);
		break;
	case NODE_SIMPLE:
		run_simple(sh, node);
		break;
	default:
		run_redirected(sh, node);
		break;
	}
	arena_release(sh, mark);
	if (sh->status && sh->exit_on_error && !sh->in_condition)
		sh->exiting = true;
	return sh->status;
}
