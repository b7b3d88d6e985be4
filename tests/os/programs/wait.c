/* Waiting, groups and sessions: options, stops, orphans, zombies, who may signal whom. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "show.h"

static volatile int children;

static void count(int number)
{
	(void)number;
	children++;
}

static pid_t start(int status, int microseconds)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (microseconds)
			usleep((unsigned)microseconds);
		_exit(status);
	}
	return pid;
}

int main(void)
{
	struct rusage usage;
	siginfo_t si;
	int status, ends[2], byte = 0;
	pid_t pid, other;

	pid = start(3, 500000);
	TRY(waitpid(pid, &status, WNOHANG));
	SHOW(waitpid(pid, &status, 0) == pid);
	SHOW(WEXITSTATUS(status));
	pid = start(4, 0);
	SHOW(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT));
	SHOW(si.si_pid == pid && si.si_code == CLD_EXITED);
	SHOW(si.si_status);
	SHOW(kill(pid, 0));
	SHOW(wait4(pid, &status, 0, &usage) == pid);
	TRY(kill(pid, 0));
	TRY(waitpid(pid, &status, 0));
	TRY(waitpid(-1, &status, 77777));
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	SHOW(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	TRY(waitpid(pid, &status, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	SHOW(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	kill(pid, SIGTERM);
	SHOW(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	signal(SIGCHLD, count);
	for (int i = 0; i < 3; i++) {
		pid = start(0, 0);
		waitpid(pid, NULL, 0);
	}
	SHOW(children);
	signal(SIGCHLD, SIG_IGN);
	start(0, 1000);
	TRY(wait(NULL));
	signal(SIGCHLD, SIG_DFL);
	pipe(ends);
	fflush(stdout);
	if (fork() == 0) {
		setpgid(0, 0);
		for (int i = 0; i < 3; i++)
			if (fork() == 0) {
				write(ends[1], "x", 1);
				for (;;)
					pause();
			}
		for (int i = 0; i < 3; i++)
			read(ends[0], &byte, 1);
		signal(SIGUSR1, SIG_IGN);
		kill(0, SIGUSR1);
		for (int i = 0; i < 3; i++) {
			wait(&status);
			byte = WTERMSIG(status);
		}
		_exit(byte);
	}
	wait(&status);
	SHOW(WEXITSTATUS(status) == SIGUSR1);
	fflush(stdout);
	if (fork() == 0) {
		SHOW(setsid() == getpid());
		SHOW(getsid(0) == getpid() && getpgrp() == getpid());
		TRY(setsid());
		TRY(setpgid(0, 0));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	TRY(setpgid(999999, 0));
	TRY(getpgid(999999));
	prctl(PR_SET_NAME, "renamed");
	char name[16];
	prctl(PR_GET_NAME, name);
	puts(name);
	fflush(stdout);
	other = fork();
	if (other == 0) {
		if (fork() == 0) {
			pid = getppid();
			write(ends[1], "o", 1);
			while (getppid() == pid)
				usleep(500);
			write(ends[1], "a", 1);
			_exit(0);
		}
		read(ends[0], &byte, 1);
		_exit(0);
	}
	waitpid(other, NULL, 0);
	TRY(read(ends[0], &byte, 1));
	SHOW(byte & 0xff);
	TRY(kill(-999999, SIGTERM));
	TRY(setpriority(PRIO_PROCESS, 0, 19)); /* what it was before is the caller's */
	TRY(getpriority(PRIO_PROCESS, 0));
	return 0;
}
