/*
 * failinj: what the kernel does when memory runs out at the worst moment: every allocation of a scenario fails once.
 *
 *     failinj [NAME]          all scenarios, or one
 *
 * /proc/self/fail-nth is Linux's: N written to it lets the Nth allocation of this task from then on fail, and 0 read
 * from it says that this has happened. For N = 1, 2, 3... a child sets it and runs the scenario until one run comes
 * through without reaching its Nth allocation. Each child must end in a way a program can deal with: the scenario
 * worked all the same (the kernel tried again), a call gave a clean error, or a page fault that found no memory killed
 * it. At the end nothing may be lost. Needs our kernel, or Linux with fault injection compiled in.
 */
#include "guest/user/lib/balance.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 3000        /* allocations a scenario may need */
#define SLAB_PAGES 16    /* tolerance; see balance_holds() */
#define ALARM_SECONDS 60 /* for one run */
#define NEIGHBOURS 100   /* pages touched, descriptors polled */
#define STACK_BYTES 65536

/* Exit statuses of a child. */
enum outcome {
	WORKED = 0,  /* all the same */
	REFUSED = 1, /* a call returned an error that memory can explain */
	BAD = 2,     /* anything else */
	UNUSED = 3,  /* after exec: worked, and the failure is still to come */
};

struct scenario {
	const char *name;
	enum outcome (*run)(void); /* in a child, with its failure set */
};

/* What a failed call may say: no memory, or what stands for it (EAGAIN: fork, EINTR: a child was killed). */
static enum outcome judge(const char *what)
{
	static const int clean[] = { ENOMEM, EAGAIN, ENFILE, ENOSPC, EIO, EINTR, ENOBUFS, E2BIG };

	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		if (errno == clean[i])
			return REFUSED;
	dprintf(2, "failinj: %s: %s\n", what, strerror(errno));
	return BAD;
}

static enum outcome wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return judge("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? WORKED : REFUSED;
}

static enum outcome run_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return judge("fork");
	if (pid == 0)
		_exit(0);
	return wait_for(pid);
}

/* The failure is this task's, so it must be the one that calls exec; the new program says what is left (see
 * after_exec). */
static enum outcome run_exec(void)
{
	execl("/proc/self/exe", "failinj", "--after-exec", NULL);
	return judge("execve");
}

static enum outcome run_touch(void)
{
	char *memory = mmap(NULL, PAGES(NEIGHBOURS), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return judge("mmap");
	for (int i = 0; i < NEIGHBOURS; i++)
		memory[PAGES(i)] = (char)i;
	for (int i = 0; i < NEIGHBOURS; i++)
		if (memory[PAGES(i)] != (char)i)
			return BAD;
	return munmap(memory, PAGES(NEIGHBOURS)) < 0 ? judge("munmap") : WORKED;
}

static enum outcome run_read(void)
{
	char buffer[64];
	int fd = open("/etc/passwd", O_RDONLY);

	if (fd < 0)
		return judge("open");
	if (read(fd, buffer, sizeof(buffer)) < 0)
		return judge("read");
	return close(fd) < 0 ? judge("close") : WORKED;
}

static enum outcome run_create(void)
{
	char buffer[6000];
	int fd = open("/tmp/failinj.new", O_RDWR | O_CREAT | O_TRUNC, 0600);
	enum outcome outcome = WORKED;

	if (fd < 0)
		return judge("open O_CREAT");
	memset(buffer, 'x', sizeof(buffer));
	if (write(fd, buffer, sizeof(buffer)) < 0)
		outcome = judge("write");
	if (close(fd) < 0 && outcome == WORKED)
		outcome = judge("close");
	if (unlink("/tmp/failinj.new") < 0 && outcome == WORKED)
		outcome = judge("unlink");
	return outcome;
}

static enum outcome run_pipe(void)
{
	char text[16] = "through the pipe", back[16];
	int ends[2];

	if (pipe(ends) < 0)
		return judge("pipe");
	if (write(ends[1], text, sizeof(text)) < 0)
		return judge("write to a pipe");
	if (read(ends[0], back, sizeof(back)) != (ssize_t)sizeof(back) || memcmp(text, back, sizeof(back)) != 0)
		return BAD;
	return WORKED;
}

static int thread_body(void *flag)
{
	__atomic_store_n((int *)flag, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_exit, 0);
	return 0;
}

static enum outcome run_thread(void)
{
	static char stack[STACK_BYTES] __attribute__((aligned(16)));
	static volatile pid_t gone = 1;
	static int flag;
	int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;

	if (clone(thread_body, stack + sizeof(stack), flags, &flag, NULL, NULL, &gone) < 0)
		return judge("clone of a thread");
	while (gone)
		sched_yield();
	return __atomic_load_n(&flag, __ATOMIC_SEQ_CST) ? WORKED : BAD;
}

static enum outcome run_mremap(void)
{
	char *memory = mmap(NULL, PAGES(4), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *moved;

	if (memory == MAP_FAILED)
		return judge("mmap");
	memory[0] = 'a';
	memory[PAGES(3)] = 'd';
	moved = mremap(memory, PAGES(4), PAGES(600), MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return memory[0] == 'a' && memory[PAGES(3)] == 'd' ? judge("mremap") : BAD;
	moved[PAGES(599)] = 'z';
	return moved[0] == 'a' && moved[PAGES(3)] == 'd' ? WORKED : BAD;
}

static enum outcome run_getdents(void)
{
	char buffer[2048];
	long n;
	int fd = open("/bin", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return judge("open /bin");
	while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		continue;
	return n < 0 ? judge("getdents64") : WORKED;
}

static enum outcome run_poll(void)
{
	static struct pollfd items[NEIGHBOURS];

	for (int i = 0; i < NEIGHBOURS; i++)
		items[i] = (struct pollfd){ .fd = i % 3, .events = POLLIN | POLLOUT };
	return poll(items, NEIGHBOURS, 0) < 0 ? judge("poll") : WORKED;
}

static enum outcome run_maps(void)
{
	char buffer[1024];
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY);

	if (fd < 0)
		return judge("open /proc/self/maps");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		continue;
	return n < 0 ? judge("read of maps") : WORKED;
}

static volatile sig_atomic_t caught;

static void count_signal(int signal)
{
	caught += signal == SIGUSR1;
}

static enum outcome run_signal(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	if (sigaction(SIGUSR1, &action, NULL) < 0)
		return judge("sigaction");
	for (int i = 0; i < 3; i++)
		if (kill(getpid(), SIGUSR1) < 0)
			return judge("kill");
	return caught == 3 ? WORKED : BAD;
}

static enum outcome run_rename(void)
{
	enum outcome outcome = WORKED;

	if (mkdir("/tmp/failinj.a", 0700) < 0)
		return judge("mkdir");
	if (rename("/tmp/failinj.a", "/tmp/failinj.b") < 0)
		outcome = judge("rename");
	else if (rmdir("/tmp/failinj.b") < 0)
		outcome = judge("rmdir");
	return outcome;
}

/* A call that failed half-way may leave these; the next run begins anew. */
static void tidy(void)
{
	unlink("/tmp/failinj.new");
	rmdir("/tmp/failinj.a");
	rmdir("/tmp/failinj.b");
}

static const struct scenario scenarios[] = {
	{ "fork", run_fork },         { "execve", run_exec }, { "touch", run_touch },   { "read", run_read },
	{ "create", run_create },     { "pipe", run_pipe },   { "thread", run_thread }, { "mremap", run_mremap },
	{ "getdents", run_getdents }, { "poll", run_poll },   { "maps", run_maps },     { "signal", run_signal },
	{ "rename", run_rename },
};

struct run {
	const struct scenario *scenario;
	long nth;            /* the allocation to fail */
	volatile long *left; /* shared: what fail-nth said after the scenario; -1: the child did not get there */
};

/* What /proc/self/fail-nth says; -1: it cannot be read, perhaps because that was the allocation that failed. */
static long failures_left(int fd)
{
	char number[32];
	ssize_t n = fd < 0 ? -1 : pread(fd, number, sizeof(number) - 1, 0);

	if (n <= 0)
		return -1;
	number[n] = 0;
	return strtol(number, NULL, 10);
}

static int after_exec(void)
{
	return failures_left(open("/proc/self/fail-nth", O_RDONLY)) > 0 ? UNUSED : WORKED;
}

static void run_as_it_is(void *context)
{
	const struct scenario *scenario = context;

	_exit(scenario->run());
}

static void run_with_failure(void *context)
{
	struct run *run = context;
	enum outcome outcome;
	char number[32];
	ssize_t n;
	int fd = open("/proc/self/fail-nth", O_RDWR);

	alarm(ALARM_SECONDS);
	snprintf(number, sizeof(number), "%ld", run->nth);
	if (fd < 0 || write(fd, number, strlen(number)) < 0)
		_exit(BAD);
	outcome = run->scenario->run();
	*run->left = failures_left(fd);
	n = pwrite(fd, "0", 1, 0);
	_exit(n < 0 ? REFUSED : outcome);
}

/* A page fault without memory kills; so does a signal whose frame cannot be put on the stack. */
static bool ended_well(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) != BAD;
	return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS;
}

/* Runs a scenario with every allocation failing in turn. */
static void try_scenario(struct show *show, const struct scenario *scenario, volatile long *left)
{
	struct balance before;
	long n, worked = 0, refused = 0, killed = 0, bad = 0;
	bool to_the_end = false;

	/* Once without failure, so that what is kept for ever (a directory's pages) is there. */
	in_child(run_as_it_is, (void *)(uintptr_t)scenario);
	*left = 0; /* shared memory is made when first touched */
	before = balance_now();
	for (n = 1; n <= MOST && !to_the_end; n++) {
		struct run run = { scenario, n, left };
		int status;

		*left = -1;
		status = in_child(run_with_failure, &run);
		tidy();
		to_the_end = *left > 0 || (WIFEXITED(status) && WEXITSTATUS(status) == UNUSED);
		if (to_the_end && ended_well(status))
			break; /* what was to fail was not reached, or only afterwards */
		worked += WIFEXITED(status) && WEXITSTATUS(status) == WORKED;
		refused += WIFEXITED(status) && WEXITSTATUS(status) != WORKED;
		killed += WIFSIGNALED(status);
		bad += !ended_well(status);
		if (!ended_well(status))
			say("%s with allocation %ld failing: %s", scenario->name, n, status_text(status));
	}
	check(show, to_the_end && !bad,
	      "%s: %ld allocations failed: %ld times it worked, %ld refused, %ld killed, %ld bad", scenario->name,
	      n - 1, worked, refused, killed, bad);
	check(show, balance_holds(scenario->name, &before, SLAB_PAGES), "%s: nothing is lost", scenario->name);
}

int main(int argc, char **argv)
{
	volatile long *left = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct show show;

	if (argc > 1 && strcmp(argv[1], "--after-exec") == 0)
		return after_exec();
	check_usage(argc, argv, "failinj [NAME]");
	show_begin(&show, "failinj", "every allocation fails once");
	if (access("/proc/self/fail-nth", W_OK) < 0) {
		skip("no /proc/self/fail-nth here");
		return show_end(&show);
	}
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (argc < 2 || strcmp(argv[1], scenarios[i].name) == 0)
			try_scenario(&show, &scenarios[i], left);
	if (argc > 1 && !show.checks) {
		fprintf(stderr, "failinj: there is no scenario %s\n", argv[1]);
		return 2;
	}
	return show_end(&show);
}
