/*
 * term: terminals. A pseudo terminal is opened, this program plays the keyboard and the screen on its master side, and
 * children use its slave side as their terminal: line editing, echo, raw modes, signals from keys, job control, window
 * size, hang-up.
 *
 * In the kernel: the line discipline between both sides, sessions and process groups, stopping and continuing.
 */
#include "guest/user/lib/show.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000 /* until something expected counts as missing */
#define QUIET_MS 50      /* that nothing comes is believed after */
#define ALL_SECONDS 120
#define MOST_FINDINGS 32

/* What a child found out, for its parent to report. */
struct finding {
	bool good;
	char what[80];
};
struct findings {
	int count;
	struct finding list[MOST_FINDINGS];
};

struct pty {
	int master, slave;
	char name[32]; /* of the slave */
};

static struct findings *findings; /* shared with children */

static void find(bool good, const char *what)
{
	struct finding *finding = &findings->list[findings->count++ % MOST_FINDINGS];

	finding->good = good;
	snprintf(finding->what, sizeof(finding->what), "%s", what);
}

static struct pty open_pty(void)
{
	struct pty pty;
	unsigned number;
	int unlock = 0;

	pty.master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty.master < 0 || ioctl(pty.master, TIOCSPTLCK, &unlock) < 0 || ioctl(pty.master, TIOCGPTN, &number) < 0)
		die("/dev/ptmx");
	snprintf(pty.name, sizeof(pty.name), "/dev/pts/%u", number);
	pty.slave = open(pty.name, O_RDWR | O_NOCTTY);
	if (pty.slave < 0)
		die("%s", pty.name);
	return pty;
}

static void close_pty(struct pty *pty)
{
	close(pty->slave);
	close(pty->master);
}

static bool is_ready(int fd, int ms)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };

	return poll(&item, 1, ms) == 1;
}

static void type(const struct pty *pty, const char *keys, size_t n)
{
	if (write(pty->master, keys, n) != (ssize_t)n)
		die("write to the master side");
}

/* Reads until `expected` has come, or something else, or nothing more. */
static bool comes(int fd, const char *expected)
{
	char text[256] = "";
	size_t have = 0, want = strlen(expected);

	while (have < want && is_ready(fd, PATIENCE_MS)) {
		ssize_t n = read(fd, text + have, sizeof(text) - 1 - have);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have == want && memcmp(text, expected, want) == 0;
}

static void set_mode(int fd, tcflag_t clear, tcflag_t set, int min, int tenths)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		die("tcgetattr");
	mode.c_lflag = (mode.c_lflag & ~clear) | set;
	if (min >= 0) {
		mode.c_cc[VMIN] = (cc_t)min;
		mode.c_cc[VTIME] = (cc_t)tenths;
	}
	if (tcsetattr(fd, TCSANOW, &mode) < 0)
		die("tcsetattr");
}

/* --- without a session: what the line discipline does to bytes --- */

static void test_lines(struct show *show)
{
	struct pty pty = open_pty();
	char line[64];

	check(show, isatty(pty.slave) && !is_ready(pty.slave, 0), "%s is a terminal, with no input yet", pty.name);
	type(&pty, "abc\177d\n", 6);
	check(show, comes(pty.master, "abc\b \bd\r\n"), "what is typed is echoed, a rubbed-out character too");
	check(show, comes(pty.slave, "abd\n"), "the line that is read is the edited one");
	type(&pty, "wrong\025right\n", 12);
	check(show, comes(pty.slave, "right\n"), "^U takes a line back");
	type(&pty, "one\ntwo\n", 8);
	check(show, read(pty.slave, line, sizeof(line)) == 4 && memcmp(line, "one\n", 4) == 0, "a read gives one line");
	check(show, comes(pty.slave, "two\n"), "the next read the next line");
	type(&pty, "half", 4);
	check(show, !is_ready(pty.slave, QUIET_MS), "half a line cannot be read yet");
	type(&pty, "\004", 1);
	check(show, comes(pty.slave, "half"), "^D gives what there is");
	type(&pty, "\004", 1);
	check(show, is_ready(pty.slave, PATIENCE_MS) && read(pty.slave, line, sizeof(line)) == 0,
	      "^D alone is end of file");
	close_pty(&pty);
}

static void test_modes(struct show *show)
{
	struct pty pty = open_pty();
	struct timespec before, after;
	char text[16];
	long ms;

	if (write(pty.slave, "x\ny", 3) != 3)
		die("write to the slave side");
	check(show, comes(pty.master, "x\r\ny"), "a new line is written as carriage return and new line");
	set_mode(pty.slave, ECHO, 0, -1, 0);
	type(&pty, "secret\n", 7);
	check(show, comes(pty.slave, "secret\n") && !is_ready(pty.master, QUIET_MS), "without ECHO nothing comes back");
	set_mode(pty.slave, ICANON | ISIG, 0, 1, 0);
	type(&pty, "\003", 1);
	check(show, comes(pty.slave, "\003"), "without ICANON and ISIG a key is a byte, ^C too");
	set_mode(pty.slave, 0, 0, 0, 0);
	check(show, read(pty.slave, text, sizeof(text)) == 0, "VMIN 0, VTIME 0: a read does not wait");
	set_mode(pty.slave, 0, 0, 3, 0);
	type(&pty, "12", 2);
	usleep(QUIET_MS * 1000);
	type(&pty, "3", 1);
	check(show, read(pty.slave, text, sizeof(text)) == 3, "VMIN 3: a read waits for three bytes");
	set_mode(pty.slave, 0, 0, 0, 3);
	clock_gettime(CLOCK_MONOTONIC, &before);
	check(show, read(pty.slave, text, sizeof(text)) == 0, "VTIME 3: a read gives up...");
	clock_gettime(CLOCK_MONOTONIC, &after);
	ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
	check_within(show, ms, 200, PATIENCE_MS, "...after milliseconds");
	close_pty(&pty);
}

/* --- with a session: children that have the slave as their controlling terminal --- */

/* Makes the caller a session leader with this terminal. */
static void take_terminal(const struct pty *pty)
{
	setsid();
	if (ioctl(pty->slave, TIOCSCTTY, 0) < 0)
		find(false, "TIOCSCTTY");
	for (int fd = 0; fd < 3; fd++)
		dup2(pty->slave, fd);
	signal(SIGTTOU, SIG_IGN); /* as a shell: it changes the foreground group from the background */
}

static void wait_for_signals(void)
{
	for (;;)
		pause();
}

/* A job: a child in a process group of its own. */
static pid_t start_job(void (*body)(void), bool foreground)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_DFL);
		body();
		_exit(0);
	}
	setpgid(pid, pid);
	if (foreground && tcsetpgrp(0, pid) < 0)
		find(false, "tcsetpgrp");
	return pid;
}

static bool ends_by(pid_t pid, int signal)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

static bool stops_by(pid_t pid, int signal)
{
	int status;

	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == signal;
}

static void read_terminal(void)
{
	char byte;

	if (read(0, &byte, 1) != 1)
		_exit(1);
}

static void end_job(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void leader_of_keys(void *context)
{
	const struct pty *pty = context;
	pid_t front, behind, reader;
	int status;

	take_terminal(pty);
	find(tcgetpgrp(0) == getpgrp(), "a session leader's group is in the foreground");
	find(open("/dev/tty", O_RDWR) >= 0, "/dev/tty opens");
	behind = start_job(wait_for_signals, false);
	front = start_job(wait_for_signals, true);
	type(pty, "\003", 1);
	find(ends_by(front, SIGINT), "^C ends the foreground group");
	find(waitpid(behind, &status, WNOHANG) == 0, "and not the one in the background");
	front = start_job(wait_for_signals, true);
	type(pty, "\034", 1);
	find(ends_by(front, SIGQUIT), "^\\ is SIGQUIT");
	front = start_job(wait_for_signals, true);
	type(pty, "\032", 1);
	find(stops_by(front, SIGTSTP), "^Z stops the foreground group, wait says so");
	kill(front, SIGCONT);
	find(waitpid(front, &status, WCONTINUED) == front && WIFCONTINUED(status),
	     "SIGCONT continues it, wait says so");
	type(pty, "\003", 1);
	find(ends_by(front, SIGINT), "and ^C ends it");
	tcsetpgrp(0, getpgrp());
	reader = start_job(read_terminal, false);
	find(stops_by(reader, SIGTTIN), "who reads in the background is stopped");
	tcsetpgrp(0, reader);
	type(pty, "k\n", 2);
	kill(-reader, SIGCONT);
	find(waitpid(reader, &status, 0) == reader && status == 0, "in the foreground it reads on");
	end_job(behind);
}

static volatile sig_atomic_t window_changes;

static void on_window_change(int signal)
{
	(void)signal;
	window_changes++;
}

static void leader_of_window(void *context)
{
	struct winsize set = { .ws_row = 33, .ws_col = 99 }, got = { 0 };
	const struct pty *pty = context;
	struct sigaction action = { .sa_handler = on_window_change };

	take_terminal(pty);
	sigaction(SIGWINCH, &action, NULL);
	ioctl(pty->master, TIOCSWINSZ, &set);
	for (int i = 0; i < PATIENCE_MS / 10 && !window_changes; i++)
		usleep(10000);
	find(ioctl(0, TIOCGWINSZ, &got) == 0 && got.ws_row == 33 && got.ws_col == 99,
	     "the window's size is what was set");
	find(window_changes == 1, "and SIGWINCH tells of it once");
	ioctl(pty->master, TIOCSWINSZ, &set);
	usleep(QUIET_MS * 1000);
	find(window_changes == 1, "the same size again is no change");
}

static void leader_of_hangup(void *context)
{
	const struct pty *pty = context;

	close(pty->master);
	take_terminal(pty);
	close(pty->slave);
	find(true, "(the leader waits for the line to be cut)");
	wait_for_signals();
}

static void report(struct show *show)
{
	for (int i = 0; i < findings->count; i++)
		check(show, findings->list[i].good, "%s", findings->list[i].what);
	findings->count = 0;
}

static void test_session(struct show *show, void (*leader)(void *))
{
	struct pty pty = open_pty();
	int status = in_child(leader, &pty);

	report(show);
	check(show, status == 0, "the session ended with: %s", status_text(status));
	close_pty(&pty);
}

static void test_hangup(struct show *show)
{
	struct pty pty = open_pty(), other = open_pty();
	char byte;
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		leader_of_hangup(&pty);
	close(pty.slave);
	while (!findings->count)
		usleep(1000);
	close(pty.master);
	check(show, waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP,
	      "when the master side is closed, the session gets SIGHUP");
	findings->count = 0;
	close(other.master);
	check(show, read(other.slave, &byte, 1) == 0, "reading a terminal that hung up is end of file");
	check(show, write(other.slave, "x", 1) < 0 && errno == EIO, "writing to it is an I/O error");
	close(other.slave);
	other = open_pty();
	close(other.slave);
	check(show, read(other.master, &byte, 1) < 0 && errno == EIO, "a master without a slave reads EIO");
	close(other.master);
}

int main(int argc, char **argv)
{
	struct show show;

	check_usage(argc, argv, "term");
	show_begin(&show, "term", "terminals, line editing, job control");
	alarm(ALL_SECONDS);
	findings = mmap(NULL, sizeof(*findings), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (findings == MAP_FAILED)
		die("mmap");
	test_lines(&show);
	test_modes(&show);
	test_session(&show, leader_of_keys);
	test_session(&show, leader_of_window);
	test_hangup(&show);
	return show_end(&show);
}
