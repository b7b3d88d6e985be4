/* What a program may do to hang or mislead the kernel: each of these has done so once. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "show.h"

static int master, slave;

static void open_pair(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(master);
	unlockpt(master);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
}

static void set_canonical(int on)
{
	struct termios mode;

	tcgetattr(slave, &mode);
	mode.c_lflag = on ? ICANON : 0;
	mode.c_cc[VMIN] = mode.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &mode);
}

/* Ends of lines that were read long ago count no more when a line being typed becomes raw input in their place. */
static void old_line_ends(void)
{
	char text[64];
	int good = 0;

	open_pair();
	set_canonical(1);
	for (int i = 0; i < 4200; i++) {
		write(master, "\n", 1);
		for (int tries = 0; tries < 100 && read(slave, text, sizeof text) != 1; tries++)
			usleep(1000);
		good++;
	}
	SHOW(good);
	write(master, "abc", 3);
	set_canonical(0);
	TRY(read(slave, text, sizeof text));
	set_canonical(1);
	TRY(read(slave, text, sizeof text));
	close(slave);
	close(master);
}

static void ring(int signal)
{
	(void)signal;
}

/* Much is typed that nobody reads: a signal ends it. */
static void endless_typing(void)
{
	size_t size = 1ul << 30;
	char *nothing = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct sigaction action = { .sa_handler = ring };
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

	open_pair();
	set_canonical(1);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	ssize_t written = write(master, nothing, size);
	SHOW(written < (ssize_t)size);
	munmap(nothing, size);
	close(slave);
	close(master);
}

/* A task that waits for its turn is told to run elsewhere: the idle processor must hear of it. */
static void moved_while_ready(void)
{
	cpu_set_t all, first, last;
	int most = 0, ended = 0, status;

	sched_getaffinity(0, sizeof all, &all);
	CPU_ZERO(&first);
	CPU_ZERO(&last);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all)) {
			if (!CPU_COUNT(&first))
				CPU_SET(i, &first);
			most = i;
		}
	CPU_SET(most, &last);
	sched_setaffinity(0, sizeof first, &first);
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		sched_setaffinity(pid, sizeof last, &last);
		ended += waitpid(pid, &status, 0) == pid;
	}
	sched_setaffinity(0, sizeof all, &all);
	SHOW(ended);
}

int main(void)
{
	alarm(60);
	old_line_ends();
	endless_typing();
	moved_while_ready();
	return 0;
}
