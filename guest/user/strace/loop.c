/*
 * The loop: waits for the next stop of any tracee, says what it was, lets it go on.
 *
 * Stops of a seized task are told apart by the wait status: bit 7 of the signal for system calls (TRACESYSGOOD), an
 * event in bits 16.. for fork, clone, exec and group stops, else a signal on its way to the program.
 */
#include "guest/user/strace/strace.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define SYSCALL_STOP (SIGTRAP | 0x80)

static volatile sig_atomic_t stop_asked; /* a signal handler can change nothing else */

void ask_to_stop(int signal)
{
	stop_asked = signal;
}

static struct tracee *find_tracee(struct tracer *tracer, pid_t pid)
{
	for (unsigned i = 0; i < MAX_TRACEES; i++)
		if (tracer->tracees[i].pid == pid)
			return &tracer->tracees[i];
	return NULL;
}

struct tracee *add_tracee(struct tracer *tracer, pid_t pid)
{
	struct tracee *tracee = find_tracee(tracer, 0);

	if (!tracee) {
		fprintf(stderr, "strace: more than %d tasks\n", MAX_TRACEES);
		exit(1);
	}
	*tracee = (struct tracee){ .pid = pid };
	tracer->alive++;
	if (tracer->seen++ && tracer->first && !tracer->to_file) {
		if (tracer->open_line) {
			emit(tracer, " <unfinished ...>");
			end_line(tracer);
		}
		fprintf(stderr, "strace: Process %d attached\n", pid);
	}
	return tracee;
}

static void remove_tracee(struct tracer *tracer, struct tracee *tracee)
{
	tracee->pid = 0;
	tracer->alive--;
}

static void resume(const struct tracee *tracee, int request, int signal)
{
	/* ESRCH: SIGKILL came meanwhile; its end will be reported. */
	ptrace(request, tracee->pid, NULL, (long)signal);
}

static void at_syscall(struct tracer *tracer, struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		call_entered(tracer, tracee, info.entry.nr, (const uint64_t *)info.entry.args);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		call_left(tracer, tracee, info.exit.rval, info.exit.is_error);
}

static void at_signal(struct tracer *tracer, struct tracee *tracee, int signal)
{
	siginfo_t info;

	if (tracer->count || tracer->hide)
		return;
	begin_line(tracer, tracee);
	emit(tracer, "--- %s ", signal_text(signal));
	if (ptrace(PTRACE_GETSIGINFO, tracee->pid, NULL, &info) == 0)
		print_siginfo(tracer, &info);
	emit(tracer, " ---");
	end_line(tracer);
}

/* A thread that calls exec takes its leader's number; the others are gone without a word. */
static void at_exec(struct tracer *tracer, struct tracee *tracee)
{
	unsigned long former;
	struct tracee *thread;

	if (ptrace(PTRACE_GETEVENTMSG, tracee->pid, NULL, &former) < 0 || (pid_t)former == tracee->pid)
		return;
	thread = find_tracee(tracer, (pid_t)former);
	if (!thread)
		return;
	thread->pid = tracee->pid;
	*tracee = *thread;
	remove_tracee(tracer, thread);
}

/* Returns the request to go on with. */
static int at_event(struct tracer *tracer, struct tracee *tracee, int event, int signal)
{
	unsigned long child;

	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		if (ptrace(PTRACE_GETEVENTMSG, tracee->pid, NULL, &child) == 0 && !find_tracee(tracer, (pid_t)child))
			add_tracee(tracer, (pid_t)child);
		return PTRACE_SYSCALL;
	case PTRACE_EVENT_EXEC:
		at_exec(tracer, tracee);
		return PTRACE_SYSCALL;
	case PTRACE_EVENT_STOP:
		if (signal != SIGSTOP && signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU)
			return PTRACE_SYSCALL;
		if (!tracer->count && !tracer->hide) {
			begin_line(tracer, tracee);
			emit(tracer, "--- stopped by %s ---", signal_text(signal));
			end_line(tracer);
		}
		return PTRACE_LISTEN;
	default:
		return PTRACE_SYSCALL;
	}
}

static void at_end(struct tracer *tracer, struct tracee *tracee, int status)
{
	if (tracee->in_call)
		call_never_left(tracer, tracee);
	if (tracee->pid == tracer->first)
		tracer->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (!tracer->count && !tracer->hide) {
		begin_line(tracer, tracee);
		if (WIFEXITED(status))
			emit(tracer, "+++ exited with %d +++", WEXITSTATUS(status));
		else
			emit(tracer, "+++ killed by %s%s +++", signal_text(WTERMSIG(status)),
			     WCOREDUMP(status) ? " (core dumped)" : "");
		end_line(tracer);
	}
	remove_tracee(tracer, tracee);
}

static void at_stop(struct tracer *tracer, struct tracee *tracee, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (event) {
		resume(tracee, at_event(tracer, tracee, event, signal), 0);
		return;
	}
	if (signal == SYSCALL_STOP) {
		at_syscall(tracer, tracee);
		resume(tracee, PTRACE_SYSCALL, 0);
		return;
	}
	at_signal(tracer, tracee, signal);
	resume(tracee, PTRACE_SYSCALL, signal);
}

/* Only a stopped task can be let go. */
static void detach_all(struct tracer *tracer)
{
	int status;

	if (tracer->open_line) {
		emit(tracer, " <detached ...>");
		end_line(tracer);
	}
	for (unsigned i = 0; i < MAX_TRACEES; i++) {
		pid_t pid = tracer->tracees[i].pid;

		if (!pid)
			continue;
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			continue;
		/* A signal that was on its way must not be lost. */
		ptrace(PTRACE_DETACH, pid, NULL,
		       status >> 16 || WSTOPSIG(status) == SYSCALL_STOP ? 0l : (long)WSTOPSIG(status));
		fprintf(stderr, "strace: Process %d detached\n", pid);
	}
}

void trace_all(struct tracer *tracer)
{
	while (tracer->alive && !stop_asked) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct tracee *tracee = pid > 0 ? find_tracee(tracer, pid) : NULL;

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		/* A new task may stop before its parent's event tells of it. */
		if (!tracee && WIFSTOPPED(status))
			tracee = add_tracee(tracer, pid);
		if (!tracee)
			continue;
		if (WIFSTOPPED(status))
			at_stop(tracer, tracee, status);
		else
			at_end(tracer, tracee, status);
	}
	if (stop_asked)
		detach_all(tracer);
}
