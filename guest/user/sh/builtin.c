/*
 * The commands that only the shell itself can do (cd, exit, export, fg...), and the few that scripts run so often that
 * a process each would be a waste (echo, test, true). test is in test.c.
 */
#include "guest/user/sh/sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int complain(const char *who, const char *what)
{
	fprintf(stderr, "sh: %s: %s: %s\n", who, what, strerror(errno));
	return 1;
}

static int do_cd(struct shell *sh, char **argv)
{
	const char *to = argv[1] ? argv[1] : getenv("HOME");

	(void)sh;
	return chdir(to ? to : "/") == 0 ? 0 : complain("cd", to);
}

static int do_pwd(struct shell *sh, char **argv)
{
	char here[4096];

	(void)sh;
	if (!getcwd(here, sizeof(here)))
		return complain(argv[0], ".");
	puts(here);
	return 0;
}

static int do_exit(struct shell *sh, char **argv)
{
	sh->exiting = true;
	return argv[1] ? atoi(argv[1]) & 255 : sh->status;
}

/* Every variable is in the environment already: there is no other place for them here. */
static int do_export(struct shell *sh, char **argv)
{
	(void)sh;
	if (!argv[1])
		for (char **e = environ; *e; e++)
			printf("export %s\n", *e);
	for (argv++; *argv; argv++) {
		char *equals = strchr(*argv, '=');

		if (!equals)
			continue;
		*equals = 0;
		setenv(*argv, equals + 1, 1);
	}
	return 0;
}

static int do_unset(struct shell *sh, char **argv)
{
	(void)sh;
	for (argv++; *argv; argv++)
		unsetenv(*argv);
	return 0;
}

static int do_jobs(struct shell *sh, char **argv)
{
	(void)argv;
	jobs_poll(sh);
	jobs_report(sh, true);
	return 0;
}

static int do_fg(struct shell *sh, char **argv)
{
	struct job *job = job_find(sh, argv[1]);

	if (!job || !sh->job_control) {
		fprintf(stderr, "sh: %s: no such job\n", argv[0]);
		return 1;
	}
	fprintf(stderr, "%s\n", job->text);
	if (argv[0][0] == 'f')
		return job_foreground(sh, job, true);
	for (int i = 0; i < job->count; i++)
		job->process[i].stopped = false;
	job->background = true;
	kill(-job->pgid, SIGCONT);
	return 0;
}

static int do_wait(struct shell *sh, char **argv)
{
	int status = 0;

	if (argv[1]) {
		for (argv++; *argv; argv++) {
			struct job *job = job_find(sh, *argv);

			status = job ? job_wait(sh, job) : 127;
			job_free(job);
		}
		return status;
	}
	for (int i = 0; i < SH_MAX_JOBS; i++) {
		if (!sh->jobs[i].count)
			continue;
		job_wait(sh, &sh->jobs[i]);
		job_free(&sh->jobs[i]);
	}
	return 0;
}

static int do_exec(struct shell *sh, char **argv)
{
	(void)sh;
	if (!argv[1])
		return 0;
	fflush(stdout);
	execvp(argv[1], argv + 1);
	complain("exec", argv[1]);
	sh->exiting = !sh->job_control;
	return 127;
}

static int do_source(struct shell *sh, char **argv)
{
	int fd = argv[1] ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1, status;

	if (fd < 0)
		return complain(argv[0], argv[1] ? argv[1] : "no file");
	status = run_file(sh, fd);
	close(fd);
	return status;
}

static int do_true(struct shell *sh, char **argv)
{
	(void)sh;
	return argv[0][0] == 'f';
}

static int do_echo(struct shell *sh, char **argv)
{
	bool newline = !argv[1] || strcmp(argv[1], "-n") != 0;

	(void)sh;
	for (argv += newline ? 1 : 2; *argv; argv++)
		printf("%s%s", *argv, argv[1] ? " " : "");
	if (newline)
		putchar('\n');
	if (fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "sh: echo: %s\n", strerror(errno));
	return 1;
}

static int do_read(struct shell *sh, char **argv)
{
	char line[4096];
	size_t n = 0;
	ssize_t got;

	(void)sh;
	while ((got = read(0, line + n, 1)) == 1 && line[n] != '\n' && n < sizeof(line) - 1)
		n++;
	line[n] = 0;
	for (char *p = line; argv[1]; argv++) {
		size_t length;

		p += strspn(p, " \t");
		length = argv[2] ? strcspn(p, " \t") : strlen(p);
		setenv(argv[1], strndup(p, length), 1);
		p += length;
	}
	return got == 1 ? 0 : 1;
}

static int do_shift(struct shell *sh, char **argv)
{
	for (int n = argv[1] ? atoi(argv[1]) : 1; n > 0 && sh->args && *sh->args; n--)
		sh->args++;
	return 0;
}

static int do_set(struct shell *sh, char **argv)
{
	for (argv++; *argv; argv++) {
		bool on = (*argv)[0] == '-';

		if (strchr(*argv, 'e'))
			sh->exit_on_error = on;
		if (strchr(*argv, 'x'))
			sh->trace = on;
	}
	return 0;
}

static int do_break(struct shell *sh, char **argv)
{
	sh->break_depth = argv[1] ? atoi(argv[1]) : 1;
	sh->continuing = argv[0][0] == 'c';
	return 0;
}

static int do_umask(struct shell *sh, char **argv)
{
	mode_t old = umask(argv[1] ? (mode_t)strtol(argv[1], NULL, 8) : 0);

	(void)sh;
	if (!argv[1]) {
		umask(old);
		printf("%04o\n", old);
	}
	return 0;
}

static int signal_number(const char *name)
{
	if (isdigit((unsigned char)name[0]))
		return atoi(name);
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (int i = 1; i < NSIG; i++)
		if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
			return i;
	return -1;
}

static int do_kill(struct shell *sh, char **argv)
{
	int signal_to_send = SIGTERM, status = 0;

	argv++;
	if (*argv && (*argv)[0] == '-') {
		signal_to_send = signal_number(*argv + 1);
		argv++;
	}
	if (signal_to_send < 0 || !*argv) {
		fprintf(stderr, "kill: kill [-SIGNAL] PID|%%JOB...\n");
		return 2;
	}
	for (; *argv; argv++) {
		struct job *job = (*argv)[0] == '%' ? job_find(sh, *argv) : NULL;
		char *end = *argv;
		pid_t pid = job ? (sh->job_control ? -job->pgid : job->pgid) : (pid_t)strtol(*argv, &end, 10);

		errno = ESRCH;
		if ((!job && (*end || pid == 0)) || kill(pid, signal_to_send) < 0)
			status = complain("kill", *argv);
	}
	return status;
}

builtin_fn *builtin_find(const char *name)
{
	static const struct {
		const char *name;
		builtin_fn *run;
	} table[] = {
		{ ":", do_true },         { "true", do_true },     { "false", do_true },     { "echo", do_echo },
		{ "test", test_builtin }, { "[", test_builtin },   { "cd", do_cd },          { "pwd", do_pwd },
		{ "exit", do_exit },      { "export", do_export }, { "unset", do_unset },    { "jobs", do_jobs },
		{ "fg", do_fg },          { "bg", do_fg },         { "wait", do_wait },      { "exec", do_exec },
		{ ".", do_source },       { "read", do_read },     { "shift", do_shift },    { "set", do_set },
		{ "break", do_break },    { "umask", do_umask },   { "continue", do_break }, { "kill", do_kill },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return table[i].run;
	return NULL;
}
