/*
 * strace's options, and how tracing begins: a child that waits until we hold it, or processes that run already.
 */
#include "guest/user/strace/strace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)
#define FOLLOW (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

static const char usage[] = "usage: strace [-f] [-c] [-o FILE] [-e trace=NAME,...] PROGRAM [ARGUMENT]...\n"
			    "       strace [-f] [-c] [-o FILE] [-e trace=NAME,...] -p PID\n"
			    "  -f follow children and threads   -c only count   -p a process that runs already\n"
			    "  -e also takes %file %desc %memory %process %signal\n";

static __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputs("strace: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(1);
}

/* Where the shell would find the program; the program itself must not try, its failures would be shown. */
static const char *find_program(const char *name)
{
	static char path[4096];
	const char *rest = getenv("PATH") ? getenv("PATH") : "/bin:/usr/bin";

	if (strchr(name, '/'))
		return name;
	for (; *rest; rest += *rest == ':') {
		size_t n = strcspn(rest, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)n, rest, name);
		if (access(path, X_OK) == 0)
			return path;
		rest += n;
	}
	fail("cannot find %s in PATH", name);
}

/* From here on every stop of the task is ours, and the next one is a system call. */
static void seize(const struct tracer *tracer, pid_t pid)
{
	long options = OPTIONS | (tracer->follow ? FOLLOW : 0) | (tracer->first ? PTRACE_O_EXITKILL : 0);

	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		fail("cannot trace process %d: %s", pid, strerror(errno));
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		fail("cannot stop process %d: %s", pid, strerror(errno));
}

/* The child sleeps in read() until the pipe is closed, which is when it has been seized. */
static void start(struct tracer *tracer, char **argv)
{
	const char *path = find_program(argv[0]);
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		fail("cannot start a process: %s", strerror(errno));
	if (pid == 0) {
		char byte;

		close(ready[1]);
		while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
			continue;
		execv(path, argv);
		fprintf(stderr, "strace: %s: %s\n", path, strerror(errno));
		_exit(127);
	}
	close(ready[0]);
	tracer->first = pid;
	tracer->hide = true;
	add_tracee(tracer, pid);
	seize(tracer, pid);
	close(ready[1]);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
}

static void attach(struct tracer *tracer, const char *text)
{
	struct sigaction action = { .sa_handler = ask_to_stop };
	pid_t pid = atoi(text);

	if (pid <= 0)
		fail("-p wants a process number, not %s", text);
	add_tracee(tracer, pid);
	seize(tracer, pid);
	fprintf(stderr, "strace: Process %d attached\n", pid);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void take_filter(struct tracer *tracer, const char *text)
{
	if (strncmp(text, "trace=", 6) == 0)
		text += 6;
	if (!parse_filter(tracer, text))
		exit(1);
}

int main(int argc, char **argv)
{
	static struct tracer tracer;
	const char *file = NULL, *pids[16];
	int option, pid_count = 0;

	while ((option = getopt(argc, argv, "+fco:e:p:")) != -1) {
		tracer.follow |= option == 'f';
		tracer.count |= option == 'c';
		if (option == 'o')
			file = optarg;
		if (option == 'e')
			take_filter(&tracer, optarg);
		if (option == 'p' && pid_count < 16)
			pids[pid_count++] = optarg;
		if (option == '?') {
			fputs(usage, stderr);
			return 1;
		}
	}
	if ((optind == argc) == (pid_count == 0)) {
		fputs(usage, stderr);
		return 1;
	}
	tracer.to_file = file != NULL;
	tracer.out = file ? fopen(file, "we") : stderr;
	if (!tracer.out)
		fail("cannot write %s: %s", file, strerror(errno));
	setvbuf(tracer.out, NULL, _IOLBF, 4096);
	for (int i = 0; i < pid_count; i++)
		attach(&tracer, pids[i]);
	if (!pid_count)
		start(&tracer, argv + optind);
	trace_all(&tracer);
	if (tracer.count)
		print_counts(&tracer);
	return tracer.status;
}
