/*
 * Runs a list of programs, one after another, each with its own folder and its output in a file.
 *
 * Usage: runner LIST. A line of LIST: NAME PROGRAM [ARGUMENT...], separated by single spaces. A program starts in
 * /tmp/NAME with standard input from /dev/null, output and errors to /out/NAME. After each a line "@@ NAME STATUS" is
 * printed, the status being that of a shell, and the disks are synced. As process 1 it mounts what programs expect to
 * find first, turns swap on, and switches the machine off at the end. Static, so that it needs nothing but the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 64

static char *const environment[] = {
	"PATH=/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/root", "TERM=vt100", "LC_ALL=C", "TZ=UTC", NULL
};

/* The child's side: never returns. */
static void start(const char *name, char **arguments)
{
	char path[256];
	int input = open("/dev/null", O_RDONLY);
	int output;

	snprintf(path, sizeof path, "/out/%s", name);
	output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	if (input < 0 || output < 0)
		_exit(126);
	dup2(input, 0);
	dup2(output, 1);
	dup2(output, 2);
	close(input);
	close(output);
	snprintf(path, sizeof path, "/tmp/%s", name);
	mkdir(path, 0755);
	if (chdir(path) != 0)
		_exit(126);
	setsid();
	execve(arguments[0], arguments, environment);
	dprintf(2, "%s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

static void run_line(char *line)
{
	char *arguments[ARGS_MAX];
	char *name = strtok(line, " ");
	int count = 0, status = 0;
	pid_t child, gone;

	while (count < ARGS_MAX - 1 && (arguments[count] = strtok(NULL, " ")))
		count++;
	arguments[count] = NULL;
	if (!name || count == 0)
		return;
	printf("@> %s\n", name);
	child = fork();
	if (child == 0)
		start(name, arguments);
	/* As process 1 it inherits orphans, which end here unseen. */
	do
		gone = wait(&status);
	while (gone > 0 && gone != child);
	sync();
	printf("@@ %s %d\n", name, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	static char line[4096];
	FILE *list;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (getpid() == 1) {
		mount("proc", "/proc", "proc", 0, NULL);
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
		mkdir("/dev/pts", 0755);
		mount("devpts", "/dev/pts", "devpts", 0, NULL);
		symlink("/proc/self/fd", "/dev/fd");
		swapon("/dev/vdb", 0);
	}
	mkdir("/out", 0755);
	list = fopen(argc > 1 ? argv[1] : "/t/list", "re");
	if (!list) {
		printf("runner: no list: %s\n", strerror(errno));
	} else {
		while (fgets(line, sizeof line, list)) {
			line[strcspn(line, "\n")] = '\0';
			run_line(line);
		}
		fclose(list);
	}
	sync();
	printf("@@ all done\n");
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
