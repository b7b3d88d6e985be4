/* A program that starts itself again and again: what only a kernel does right, so no reference but the values expected.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "show.h"

static void *exec_from_thread(void *self)
{
	execl(self, "exec", "threaded", NULL);
	return NULL;
}

static void *wait_forever(void *unused)
{
	pause();
	return unused;
}

static int child(int argc, char **argv)
{
	if (strcmp(argv[1], "count") == 0) {
		int left = atoi(argv[2]);
		char number[12];

		snprintf(number, sizeof number, "%d", left - 1);
		if (left > 0)
			execl("/proc/self/exe", argv[0], "count", number, NULL);
		printf("counted down, %d arguments\n", argc);
		return 0;
	}
	if (strcmp(argv[1], "threaded") == 0) {
		printf("only one thread, pid %s\n", getpid() == (pid_t)syscall(178) ? "is tid" : "is not tid");
		return 6;
	}
	if (strcmp(argv[1], "signals") == 0) {
		struct sigaction one, two;
		sigset_t set;

		sigaction(SIGUSR1, NULL, &one);
		sigaction(SIGUSR2, NULL, &two);
		sigprocmask(SIG_BLOCK, NULL, &set);
		printf("caught: %s, ignored: %s, blocked: %d\n", one.sa_handler == SIG_DFL ? "default" : "kept",
		       two.sa_handler == SIG_IGN ? "ignored" : "lost", sigismember(&set, SIGHUP));
		return 0;
	}
	return 99;
}

static int ended(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static pid_t split(void)
{
	fflush(stdout);
	return fork();
}

int main(int argc, char **argv)
{
	char *const arguments[] = { "x", NULL };
	pthread_t thread;
	sigset_t set;
	pid_t pid;

	if (argc > 1)
		return child(argc, argv);
	if ((pid = split()) == 0)
		execl(argv[0], argv[0], "count", "100", NULL);
	SHOW(ended(pid));
	if ((pid = split()) == 0) {
		pthread_create(&thread, NULL, wait_forever, NULL);
		pthread_create(&thread, NULL, exec_from_thread, argv[0]);
		pause();
	}
	SHOW(ended(pid));
	if ((pid = split()) == 0) {
		signal(SIGUSR1, (void (*)(int))(void *)exit);
		signal(SIGUSR2, SIG_IGN);
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		sigprocmask(SIG_BLOCK, &set, NULL);
		execl(argv[0], argv[0], "signals", NULL);
	}
	SHOW(ended(pid));
	SHOW(posix_spawn(&pid, "/no/such", NULL, NULL, arguments, NULL) == ENOENT);
	TRY(waitpid(-1, NULL, 0));
	char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRY_ANY(mmap(m, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	TRY(execve(NULL, arguments, NULL));
	TRY(execve((char *)-4096L, arguments, NULL));
	int fd = open("busy", O_RDWR | O_CREAT, 0755);
	TRY(write(fd, "\177ELF garbage", 12));
	close(fd);
	TRY(execve("busy", arguments, NULL));
	TRY(truncate("busy", 0));
	TRY(execve("busy", arguments, NULL));
	TRY_ANY(open(argv[0], O_RDWR));
	return 0;
}
