/*
 * Tools that ask the kernel for something: kill, sleep, mount, swapon, sync, poweroff, dmesg, uname, stty, date,
 * time...
 */
#include "guest/user/tools/tools.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int tool_echo(int argc, char **argv)
{
	bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;

	for (int i = newline ? 1 : 2; i < argc; i++)
		printf("%s%s", argv[i], i + 1 < argc ? " " : "");
	if (newline)
		putchar('\n');
	return 0;
}

int tool_true(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int tool_false(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 1;
}

int tool_sleep(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0;
	struct timespec left = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	while (nanosleep(&left, &left) < 0)
		if (errno != EINTR)
			return complain("nanosleep");
	return 0;
}

int tool_kill(int argc, char **argv)
{
	int signal_to_send = SIGTERM, first = 1, status = 0;

	if (argc > 1 && argv[1][0] == '-' && argc > 2) {
		const char *name = argv[1] + 1;

		signal_to_send = isdigit((unsigned char)*name) ? atoi(name) : -1;
		if (strncmp(name, "SIG", 3) == 0)
			name += 3;
		for (int i = 1; signal_to_send < 0 && i < NSIG; i++)
			if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
				signal_to_send = i;
		first = 2;
	}
	for (int i = first; i < argc; i++) {
		char *end;
		pid_t pid = (pid_t)strtol(argv[i], &end, 10);

		errno = EINVAL;
		if (*end || !*argv[i] || kill(pid, signal_to_send) < 0)
			status = complain(argv[i]);
	}
	return status;
}

int tool_sync(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	sync();
	return 0;
}

/* A file of /proc, as it is. */
static int show_file(const char *path)
{
	char buffer[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return complain(path);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		if (write(1, buffer, (size_t)n) != n)
			break;
	close(fd);
	return n < 0 ? complain(path) : 0;
}

int tool_mount(int argc, char **argv)
{
	const char *type = "ext2", *options = "";
	unsigned long flags = 0;
	int i = 1;

	if (argc == 1)
		return show_file("/proc/mounts");
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (argv[i][1] == 't')
			type = argv[i + 1];
		else if (argv[i][1] == 'o')
			options = argv[i + 1];
	}
	if (argc - i != 2) {
		fprintf(stderr, "mount: mount [-t TYPE] [-o ro|remount] DEVICE DIRECTORY\n");
		return 2;
	}
	flags |= strstr(options, "ro") ? MS_RDONLY : 0;
	flags |= strstr(options, "remount") ? MS_REMOUNT : 0;
	return mount(argv[i], argv[i + 1], type, flags, NULL) < 0 ? complain(argv[i]) : 0;
}

int tool_umount(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (umount(argv[i]) < 0)
			status = complain(argv[i]);
	return status;
}

int tool_swapon(int argc, char **argv)
{
	int status = 0;

	if (argc == 1 || argv[1][0] == '-')
		return show_file("/proc/swaps");
	for (int i = 1; i < argc; i++)
		if (swapon(argv[i], 0) < 0)
			status = complain(argv[i]);
	return status;
}

int tool_swapoff(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (swapoff(argv[i]) < 0)
			status = complain(argv[i]);
	return status;
}

int tool_poweroff(int argc, char **argv)
{
	(void)argc;
	sync();
	return reboot(strstr(argv[0], "reboot") ? RB_AUTOBOOT : RB_POWER_OFF) < 0 ? complain("reboot") : 0;
}

int tool_dmesg(int argc, char **argv)
{
	int size = klogctl(10, NULL, 0), n; /* 10: the size of the ring, 3: read all of it */
	char *text = malloc(size > 0 ? (size_t)size : 1);

	(void)argc;
	(void)argv;
	n = text && size > 0 ? klogctl(3, text, size) : -1;
	if (n < 0) {
		free(text);
		return complain("syslog");
	}
	for (const char *p = text, *end = text + n; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *next = newline ? newline + 1 : end;

		if (*p == '<' && memchr(p, '>', 4 < end - p ? 4 : (size_t)(end - p)))
			p = strchr(p, '>') + 1; /* the priority */
		fwrite(p, 1, (size_t)(next - p), stdout);
		p = next;
	}
	free(text);
	return 0;
}

int tool_uname(int argc, char **argv)
{
	struct utsname u;

	if (uname(&u) < 0)
		return complain("uname");
	if (argc > 1 && strcmp(argv[1], "-a") == 0)
		printf("%s %s %s %s %s\n", u.sysname, u.nodename, u.release, u.version, u.machine);
	else
		puts(argc > 1 && argv[1][1] == 'r' ? u.release : argc > 1 && argv[1][1] == 'm' ? u.machine : u.sysname);
	return 0;
}

int tool_env(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strchr(argv[i], '='); i++)
		putenv(argv[i]);
	if (i < argc) {
		execvp(argv[i], argv + i);
		complain(argv[i]);
		return 127;
	}
	for (char **e = environ; *e; e++)
		puts(*e);
	return 0;
}

int tool_pwd(int argc, char **argv)
{
	char here[4096];

	(void)argc;
	if (!getcwd(here, sizeof(here)))
		return complain(argv[0]);
	puts(here);
	return 0;
}

int tool_stty(int argc, char **argv)
{
	static const struct {
		const char *name;
		tcflag_t bit;
	} local[] = {
		{ "icanon", ICANON }, { "echo", ECHO }, { "isig", ISIG }, { "iexten", IEXTEN }, { "tostop", TOSTOP }
	};
	struct winsize size = { 0 };
	struct termios t;

	if (tcgetattr(0, &t) < 0)
		return complain("standard input");
	for (int i = 1; i < argc; i++) {
		bool off = argv[i][0] == '-';

		if (strcmp(argv[i], "sane") == 0)
			t.c_lflag |= ICANON | ECHO | ISIG | IEXTEN | ECHOE | ECHOK;
		if (strcmp(argv[i], "raw") == 0)
			cfmakeraw(&t);
		for (size_t k = 0; k < sizeof(local) / sizeof(local[0]); k++)
			if (strcmp(argv[i] + off, local[k].name) == 0)
				t.c_lflag = off ? t.c_lflag & ~local[k].bit : t.c_lflag | local[k].bit;
	}
	if (argc > 1)
		return tcsetattr(0, TCSADRAIN, &t) < 0 ? complain("tcsetattr") : 0;
	ioctl(0, TIOCGWINSZ, &size);
	printf("rows %d; columns %d;", size.ws_row, size.ws_col);
	for (size_t k = 0; k < sizeof(local) / sizeof(local[0]); k++)
		printf(" %s%s", t.c_lflag & local[k].bit ? "" : "-", local[k].name);
	putchar('\n');
	return 0;
}

int tool_date(int argc, char **argv)
{
	time_t now = time(NULL);
	char text[64];

	(void)argc;
	(void)argv;
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S UTC %Y", gmtime(&now));
	puts(text);
	return 0;
}

int tool_tty(int argc, char **argv)
{
	const char *name = ttyname(0);

	(void)argc;
	(void)argv;
	puts(name ? name : "not a tty");
	return !name;
}

int tool_seq(int argc, char **argv)
{
	long from = argc > 2 ? atol(argv[1]) : 1, step = argc > 3 ? atol(argv[2]) : 1,
	     to = argc > 1 ? atol(argv[argc - 1]) : 0;

	for (; step > 0 ? from <= to : step < 0 && from >= to; from += step)
		printf("%ld\n", from);
	return 0;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* As GNU time: also what the run cost in page faults. */
int tool_time(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		complain(argv[1]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return complain("fork");
	clock_gettime(CLOCK_MONOTONIC, &end);
	fprintf(stderr, "%.2f s real, %.2f user, %.2f system; %ld minor faults, %ld major; %ld KiB resident at most\n",
	        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
	        seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_minflt, usage.ru_majflt, usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
