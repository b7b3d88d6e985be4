/* Other programs: posix_spawn, vfork, popen, system, what exec keeps and closes, long argument lists. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "show.h"

static void spawned(void)
{
	char *const arguments[] = { "sh", "-c", "read line; echo got $line and $WORD; exit 5", NULL };
	char *const environment[] = { "WORD=value", "PATH=/bin:/usr/bin", NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status;

	FILE *f = fopen("input", "w");
	fputs("a line\n", f);
	fclose(f);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "input", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "output", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	SHOW(posix_spawn(&child, "/bin/sh", &actions, NULL, arguments, environment));
	waitpid(child, &status, 0);
	SHOW(WEXITSTATUS(status));
	char line[100] = "";
	f = fopen("output", "r");
	printf("%s", fgets(line, sizeof line, f));
	fclose(f);
}

static void forked(void)
{
	volatile int changed = 0;
	int status;
	pid_t child = vfork();

	if (child == 0) {
		changed = 1;
		_exit(7);
	}
	waitpid(child, &status, 0);
	SHOW(changed || 1);
	SHOW(WEXITSTATUS(status));
	child = vfork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exit 11", NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	SHOW(WEXITSTATUS(status));
}

static void exec_keeps(void)
{
	int status, keep = open("keep", O_RDWR | O_CREAT, 0644), gone = fcntl(keep, F_DUPFD_CLOEXEC, 8);
	char command[200];

	SHOW(gone);
	dup2(keep, 7);
	signal(SIGTERM, SIG_IGN);
	fflush(stdout);
	if (fork() == 0) {
		snprintf(command, sizeof command,
		         "echo kept >&7; kill -TERM $$; { echo no >&8; } 2>/dev/null || exit 3; exit 4");
		execl("/bin/sh", "sh", "-c", command, NULL);
	}
	wait(&status);
	signal(SIGTERM, SIG_DFL);
	SHOW(WEXITSTATUS(status));
	SHOW(lseek(keep, 0, SEEK_CUR));
	close(keep);
	close(gone);
}

static void long_arguments(void)
{
	static char big[100000], huge[200000];
	int status;

	memset(big, 'a', sizeof big - 1);
	memset(huge, 'b', sizeof huge - 1);
	fflush(stdout);
	if (fork() == 0)
		execl("/bin/sh", "sh", "-c", "echo ${#1} ${#2}", "sh", big, big, NULL);
	wait(&status);
	SHOW(status);
	fflush(stdout);
	if (fork() == 0) {
		execl("/bin/sh", "sh", "-c", "true", huge, NULL);
		_exit(errno == E2BIG ? 77 : 78);
	}
	wait(&status);
	SHOW(WEXITSTATUS(status));
}

int main(void)
{
	char line[100] = "";
	FILE *f;
	int status;

	spawned();
	forked();
	exec_keeps();
	long_arguments();
	f = popen("echo one; echo two; exit 6", "r");
	while (fgets(line, sizeof line, f))
		printf("popen: %s", line);
	SHOW(WEXITSTATUS(pclose(f)));
	f = popen("while read word; do echo \"<$word>\"; done >written", "w");
	fprintf(f, "a\nb\n");
	SHOW(pclose(f));
	f = fopen("written", "r");
	while (fgets(line, sizeof line, f))
		printf("%s", line);
	fclose(f);
	fflush(stdout);
	SHOW(WEXITSTATUS(system("echo from system; exit 2")));
	f = fopen("script", "w");
	fputs("#!/bin/sh\necho script $1 $#\n", f);
	fclose(f);
	SHOW(chmod("script", 0755) == 0);
	fflush(stdout);
	if (fork() == 0)
		execl("./script", "./script", "first", "second", NULL);
	wait(&status);
	SHOW(status);
	TRY(execl("input", "input", NULL));
	TRY(execl(".", ".", NULL));
	return 0;
}
