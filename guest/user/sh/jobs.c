/*
 * Jobs: the processes of one pipeline, their process group, and who owns the terminal.
 *
 * With job control every job is a process group; the one in the foreground is the terminal's, so that Ctrl-C and Ctrl-Z
 * reach it alone. Without (scripts), all stay in the shell's group and jobs are only lists of children to wait for.
 */
#include "guest/user/sh/sh.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct job *job_new(struct shell *sh, const char *text, bool background)
{
	jobs_poll(sh);
	for (int i = 0; i < SH_MAX_JOBS; i++) {
		struct job *job = &sh->jobs[i];

		if (job->pgid || job->count)
			continue;
		memset(job, 0, sizeof(*job));
		job->text = strdup(text ? text : "");
		job->background = background;
		job->modes = sh->modes; /* for `fg` of a job that never stopped */
		return job;
	}
	fprintf(stderr, "sh: more than %d jobs\n", SH_MAX_JOBS);
	return NULL;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	free(job->text);
	memset(job, 0, sizeof(*job));
}

void job_enter(const struct shell *sh, const struct job *job, pid_t pid)
{
	pid_t self = pid ? pid : getpid(), group = job->pgid ? job->pgid : self;

	if (!sh->job_control)
		return;
	setpgid(self, group);
	if (job->background || pid != 0)
		return;
	/* From the moment that the terminal is the child's, Ctrl-C and Ctrl-Z are for it; so only the child takes it.
	 */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	tcsetpgrp(0, group);
}

void job_add(struct job *job, pid_t pid)
{
	if (!job->pgid)
		job->pgid = pid;
	if (job->count < SH_MAX_STAGES)
		job->process[job->count++].pid = pid;
}

static void note_status(struct shell *sh, pid_t pid, int status)
{
	for (int i = 0; i < SH_MAX_JOBS; i++) {
		for (int k = 0; k < sh->jobs[i].count; k++) {
			struct process *process = &sh->jobs[i].process[k];

			if (process->pid != pid || process->done)
				continue;
			process->status = status;
			process->stopped = WIFSTOPPED(status);
			process->done = !WIFSTOPPED(status) && !WIFCONTINUED(status);
			return;
		}
	}
}

static bool is_done(const struct job *job)
{
	for (int i = 0; i < job->count; i++)
		if (!job->process[i].done)
			return false;
	return true;
}

/* Nothing of it runs: each process is done or stopped. */
static bool is_resting(const struct job *job)
{
	for (int i = 0; i < job->count; i++)
		if (!job->process[i].done && !job->process[i].stopped)
			return false;
	return true;
}

static int exit_status(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + (WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status));
}

int job_wait(struct shell *sh, struct job *job)
{
	int status, result;

	while (!is_resting(job)) {
		pid_t pid = waitpid(-1, &status, sh->job_control ? WUNTRACED : 0);

		if (pid > 0)
			note_status(sh, pid, status);
		else if (errno == ECHILD)
			break;
		else if (errno == EINTR && job->background)
			return 128 + SIGINT;
	}
	result = exit_status(job->count ? job->process[job->count - 1].status : 0);
	return result;
}

/* What a shell says of a job that a signal ended. */
static void say_signal(const struct job *job)
{
	int status = job->process[job->count - 1].status;

	if (!WIFSIGNALED(status) || WTERMSIG(status) == SIGPIPE)
		return;
	if (WTERMSIG(status) == SIGINT)
		fputc('\n', stderr);
	else
		fprintf(stderr, "%s%s\n", strsignal(WTERMSIG(status)), WCOREDUMP(status) ? " (core dumped)" : "");
}

int job_foreground(struct shell *sh, struct job *job, bool resume)
{
	int result;

	job->background = false;
	if (resume) {
		if (sh->job_control) {
			tcsetpgrp(0, job->pgid);
			tcsetattr(0, TCSADRAIN, &job->modes);
		}
		for (int i = 0; i < job->count; i++)
			job->process[i].stopped = false;
		kill(-job->pgid, SIGCONT);
	}
	result = job_wait(sh, job);
	if (sh->job_control) {
		tcsetpgrp(0, sh->pgid);
		tcgetattr(0, &job->modes);
		tcsetattr(0, TCSADRAIN, &sh->modes);
	}
	if (is_done(job)) {
		say_signal(job);
		job_free(job);
	} else {
		job->background = true;
		job->reported_stop = true;
		fprintf(stderr, "\n[%d] Stopped  %s\n", (int)(job - sh->jobs) + 1, job->text);
	}
	return result;
}

void jobs_poll(struct shell *sh)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | (sh->job_control ? WUNTRACED | WCONTINUED : 0))) > 0)
		note_status(sh, pid, status);
	/* Without anybody to tell, jobs that are done would fill the table; `wait` has $! still. */
	for (int i = 0; i < SH_MAX_JOBS && !sh->job_control; i++)
		if (sh->jobs[i].count && is_done(&sh->jobs[i]) && sh->jobs[i].process[0].pid != sh->last_background)
			job_free(&sh->jobs[i]);
}

void jobs_report(struct shell *sh, bool all)
{
	for (int i = 0; i < SH_MAX_JOBS; i++) {
		struct job *job = &sh->jobs[i];
		bool done = job->count && is_done(job), stopped = job->count && !done && is_resting(job);

		if (!job->count || !(all || done || (stopped && !job->reported_stop)))
			continue;
		int status = job->count ? job->process[job->count - 1].status : 0;
		const char *end = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "Done";

		fprintf(stderr, "[%d] %s  %s\n", i + 1, done ? end : stopped ? "Stopped" : "Running", job->text);
		job->reported_stop = stopped;
		if (done)
			job_free(job);
	}
}

struct job *job_find(struct shell *sh, const char *name)
{
	struct job *newest = NULL;
	int number = name ? atoi(name + (name[0] == '%')) : 0;

	for (int i = 0; i < SH_MAX_JOBS; i++) {
		struct job *job = &sh->jobs[i];

		if (!job->count)
			continue;
		if (!name || strcmp(name, "%%") == 0)
			newest = job;
		else if (name[0] == '%' ? i + 1 == number
		                        : job->process[job->count - 1].pid == number || job->pgid == number)
			return job;
	}
	return newest;
}
