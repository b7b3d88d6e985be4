/* Pseudo terminals: the line discipline, echo, raw mode, size, signals from keys, controlling terminal, hanging up. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "show.h"

static int master, slave;

/* What comes until nothing more does for a while, with control characters made visible. */
static void see(const char *what, int fd)
{
	struct pollfd wait = { fd, POLLIN, 0 };
	unsigned char text[256];
	ssize_t size = 0;

	printf("%s: ", what);
	while (poll(&wait, 1, 50) > 0 && (size = read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < size; i++)
			printf(text[i] < 32 || text[i] == 127 ? "<%d>" : "%c", text[i]);
	printf("%s\n", size < 0 ? strerrorname_np(errno) : "");
}

static void type(const char *text)
{
	if (write(master, text, strlen(text)) < 0)
		perror("write");
}

/* The leader of a session whose foreground group is stopped and killed by keys. */
static int lead_session(void)
{
	int status, ends[2];
	char byte;
	pid_t pid;

	setsid();
	TRY(ioctl(slave, TIOCSCTTY, 0));
	SHOW(tcgetpgrp(slave) == getpid());
	TRY_ANY(open("/dev/tty", O_RDWR));
	signal(SIGTTOU, SIG_IGN);
	pipe(ends);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(slave, getpid());
		write(ends[1], "!", 1);
		for (;;)
			pause();
	}
	read(ends[0], &byte, 1);
	SHOW(tcgetpgrp(slave) == pid);
	type("\032");
	SHOW(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	SHOW(WSTOPSIG(status) == SIGTSTP);
	kill(pid, SIGCONT);
	type("\003");
	SHOW(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	SHOW(WTERMSIG(status));
	TRY(tcsetpgrp(slave, getpid()));
	fflush(stdout);
	return 0;
}

int main(void)
{
	struct winsize size = { 25, 90, 0, 0 };
	struct termios raw, now;
	int status;
	pid_t pid;

	TRY(master = posix_openpt(O_RDWR | O_NOCTTY));
	TRY(grantpt(master));
	TRY(unlockpt(master));
	SHOW(strncmp(ptsname(master), "/dev/pts/", 9));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	SHOW(isatty(slave));
	SHOW(isatty(0));
	tcgetattr(slave, &now);
	SHOW((now.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
	SHOW((now.c_iflag & ICRNL) != 0 && (now.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR));
	SHOW(now.c_cc[VINTR]);
	SHOW(now.c_cc[VERASE]);
	type("hel");
	see("half a line", slave);
	type("lo\rnext");
	see("echo", master);
	see("line", slave);
	type("X\177\177Y\n");
	see("echo of erasing", master);
	see("line", slave);
	type("gone\025stays\n");
	see("echo of killing", master);
	see("line", slave);
	type("no newline\004");
	see("line", slave);
	see("echo", master);
	TRY(write(slave, "out\n", 4));
	see("output", master);
	TRY(ioctl(master, TIOCSWINSZ, &size));
	size.ws_col = 0;
	TRY(ioctl(slave, TIOCGWINSZ, &size));
	SHOW(size.ws_col);
	raw = now;
	cfmakeraw(&raw);
	TRY(tcsetattr(slave, TCSANOW, &raw));
	type("\003\r\004k");
	see("raw", slave);
	see("no echo", master);
	TRY(write(slave, "out\n", 4));
	see("raw output", master);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &raw);
	char byte;
	TRY(read(slave, &byte, 1));
	tcsetattr(slave, TCSANOW, &now);
	int n = -1;
	type("abc\n");
	poll(&(struct pollfd){ slave, POLLIN, 0 }, 1, 1000);
	TRY(ioctl(slave, FIONREAD, &n));
	SHOW(n);
	TRY(tcflush(slave, TCIFLUSH));
	see("flushed", slave);
	see("echo", master);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(lead_session());
	SHOW(waitpid(pid, &status, 0) == pid);
	SHOW(status);
	see("echo of keys", master);
	TRY(close(slave));
	see("after the last close", master);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	close(master);
	TRY(read(slave, &byte, 1));
	TRY(write(slave, "x", 1));
	return 0;
}
