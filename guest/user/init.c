/*
 * init: process 1. Opens the console, turns swap on, runs the shell, buries orphans, and powers the machine off.
 *
 *     init            the shell of /etc/shell (or /bin/sh) on the console; the machine goes off when it ends
 *     init -c CMD     /bin/sh -c CMD instead: how tests run; the machine's exit status is the command's
 *
 * Where the console is a screen there is a shell on the serial line, too, which powers off as well; and one on each of
 * /dev/tty2 to tty6, begun when somebody presses Enter there, and again when it has ended.
 *
 * The kernel passes what follows `--` on its command line as arguments. This is no service manager. Statically linked,
 * so that a disk with a broken libc still gets as far as an error message. Runs on Linux as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SWAP_MAGIC_OFFSET 4086 /* last 10 bytes of a swap device's first page */
#define SCREEN_TERMINALS 6     /* /dev/tty1 .. */
#define SHELLS 8

/* A terminal with a shell on it, or with a line that offers one. */
struct place {
	char path[16];
	int ends_all;         /* when the shell ends the machine goes off */
	int fd;               /* open while it waits for Enter; -1: not */
	pid_t shell;          /* 0: none */
	int has_usual;        /* `usual` is known: */
	struct termios usual; /* the terminal's settings at first */
};

static void mount_if_missing(const char *probe, const char *type, const char *where)
{
	if (access(probe, F_OK) == 0)
		return;
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		fprintf(stderr, "init: cannot mount %s on %s: %s\n", type, where, strerror(errno));
}

/* As files 0 to 2, for which the kernel may have given us none. */
static void open_terminal(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		if (fd != i)
			dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static int has_swap_signature(const char *path)
{
	char magic[10] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, magic, sizeof(magic), SWAP_MAGIC_OFFSET) != (ssize_t)sizeof(magic))
		magic[0] = 0;
	close(fd);
	return memcmp(magic, "SWAPSPACE2", 10) == 0;
}

/* Calls `what` for every swap device that /etc/fstab names, or else for the first disk with a signature. */
static void for_each_swap(void (*what)(const char *path))
{
	char line[256], device[128], where[64], type[32];
	FILE *fstab = fopen("/etc/fstab", "re");
	int seen = 0;

	while (fstab && fgets(line, sizeof(line), fstab)) {
		if (line[0] == '#' || sscanf(line, "%127s %63s %31s", device, where, type) != 3 || strcmp(type, "swap"))
			continue;
		if (!has_swap_signature(device))
			continue;
		seen = 1;
		what(device);
	}
	if (fstab)
		fclose(fstab);
	for (char path[] = "/dev/vda"; !seen && path[7] <= 'z'; path[7]++) {
		seen = has_swap_signature(path);
		if (seen)
			what(path);
	}
}

static void swap_on(const char *path)
{
	if (swapon(path, 0) < 0 && errno != EBUSY)
		fprintf(stderr, "init: swapon %s: %s\n", path, strerror(errno));
}

static void swap_off(const char *path)
{
	if (swapoff(path) < 0 && errno != EINVAL && errno != EACCES) /* it was not on, or is read-only */
		fprintf(stderr, "init: swapoff %s: %s\n", path, strerror(errno));
}

/* The shell's path: the first line of /etc/shell, or /bin/sh. */
static const char *shell_path(char *line, size_t size)
{
	FILE *file = fopen("/etc/shell", "re");

	if (file) {
		if (fgets(line, (int)size, file))
			line[strcspn(line, "\n")] = 0;
		fclose(file);
	}
	return line[0] == '/' && access(line, X_OK) == 0 ? line : "/bin/sh";
}

/* In the child: its own session with the terminal (NULL: the console, which is open) as controlling terminal, so that
 * Ctrl-C reaches it and not init. */
static void become_shell(const char *command, const char *terminal)
{
	char line[128] = "";
	const char *shell = command ? "/bin/sh" : shell_path(line, sizeof(line));
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (terminal)
		open_terminal(terminal);
	ioctl(0, TIOCSCTTY, 0);
	if (chdir("/root") < 0 && chdir("/") < 0)
		_exit(126);
	if (command)
		execl(shell, "sh", "-c", command, NULL);
	else
		execl(shell, "-sh", NULL);
	fprintf(stderr, "init: %s: %s\n", shell, strerror(errno));
	_exit(127);
}

/* What whoever sits there should know. */
static void greet(const char *terminal)
{
	int fd = open(terminal, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "\nThe guest OS of rvemu: real virtual memory for ordinary Linux programs.\n"
	            "Type `tour` for a walk through it, `./my_program` for its reason, `exit` to power off.\n\n");
	close(fd);
}

/* --- a screen --- */

/* Whether the console is a virtual terminal. */
static int has_screen(void)
{
	int mode;

	return ioctl(0, KDGETMODE, &mode) == 0;
}

static pid_t start_shell(const char *terminal)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		become_shell(NULL, terminal);
	if (child < 0)
		perror("init: fork");
	return child > 0 ? child : 0;
}

static void offer_shell(struct place *place)
{
	place->shell = 0;
	place->fd = open(place->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (place->fd < 0)
		return;
	/* A program that died may have left anything. */
	if (!place->has_usual)
		place->has_usual = tcgetattr(place->fd, &place->usual) == 0;
	else
		tcsetattr(place->fd, TCSAFLUSH, &place->usual);
	dprintf(place->fd, "\033cPress Enter for a shell on %s (Alt-F1 goes back).\n", place->path + 5);
}

/* Enter was pressed (or whatever else ends a line). */
static void accept_offer(struct place *place)
{
	char line[256];

	if (read(place->fd, line, sizeof(line)) < 0 && errno == EINTR)
		return;
	close(place->fd);
	place->fd = -1;
	place->shell = start_shell(place->path);
	if (!place->shell)
		offer_shell(place);
}

/* Shells of whom one has ended begin anew. Returns its status if that was the end of everything, or -1. */
static int bury(struct place *places, int count)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < count; i++) {
			if (places[i].shell != pid)
				continue;
			if (places[i].ends_all)
				return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			offer_shell(&places[i]);
		}
	}
	return -1;
}

static void wake_up(int signal)
{
	(void)signal;
}

/* Shells on all terminals until one that matters ends; its status. */
static int serve_screen(void)
{
	struct place places[SHELLS] = {
		{ .path = "/dev/tty1", .ends_all = 1, .fd = -1 },
		{ .path = "/dev/ttyS0", .ends_all = 1, .fd = -1 },
	};
	struct sigaction action = { .sa_handler = wake_up };
	sigset_t child, usual;
	int count = 2, status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &usual);
	sigaction(SIGCHLD, &action, NULL);
	greet(places[1].path);
	for (int i = 0; i < count; i++)
		places[i].shell = start_shell(places[i].path);
	for (; count < SCREEN_TERMINALS + 1; count++) {
		snprintf(places[count].path, sizeof(places[count].path), "/dev/tty%d", count);
		offer_shell(&places[count]);
	}
	while ((status = bury(places, count)) < 0) {
		struct pollfd polled[SHELLS];

		for (int i = 0; i < count; i++)
			polled[i] = (struct pollfd){ .fd = places[i].fd, .events = POLLIN };
		if (ppoll(polled, (nfds_t)count, NULL, &usual) <= 0)
			continue;
		for (int i = 0; i < count; i++)
			if (polled[i].fd >= 0 && polled[i].revents)
				accept_offer(&places[i]);
	}
	return status;
}

/* Waits for `child`, and for any orphan that ends meanwhile. Returns its exit status as a shell would. */
static int reap_until(pid_t child)
{
	for (;;) {
		int status;
		pid_t pid = wait(&status);

		if (pid < 0 && errno == ECHILD)
			return 0;
		if (pid == child)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

/* Everybody else ends first, so that their files are closed and their swap slots are free. */
static void power_off(int status)
{
	int fd;

	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		continue;
	sync();
	for_each_swap(swap_off);
	/* Ours alone: what the machine tells its host. Linux has no such file. */
	fd = status ? open("/proc/sys/kernel/exit_status", O_WRONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		dprintf(fd, "%d\n", status);
		close(fd);
	}
	reboot(RB_POWER_OFF);
	perror("init: reboot");
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 && strcmp(argv[1], "-c") == 0 ? argv[2] : NULL;
	pid_t child;

	if (argc > 1 && !command)
		fprintf(stderr, "init: %s is not understood; -c \"COMMAND\" runs a command\n", argv[1]);
	mount_if_missing("/proc/self/stat", "proc", "/proc");
	mount_if_missing("/dev/null", "devtmpfs", "/dev");
	mount_if_missing("/dev/ptmx", "devpts", "/dev/pts");
	open_terminal("/dev/console");
	for_each_swap(swap_on);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 0);
	if (!command)
		greet("/dev/console");
	if (!command && has_screen()) {
		power_off(serve_screen());
		return 1;
	}
	fflush(stdout);
	child = fork();
	if (child == 0)
		become_shell(command, NULL);
	if (child < 0)
		perror("init: fork");
	power_off(reap_until(child));
	return 1;
}
