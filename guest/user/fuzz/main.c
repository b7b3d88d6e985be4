/*
 * The children that make random calls, and the watch over them: what hangs is woken, then killed; what dies is
 * replaced.
 */
#include "guest/user/fuzz/fuzz.h"

#include "guest/user/lib/balance.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAKE_US 10000     /* a call that sleeps longer gets a signal */
#define LOOK_US 20000     /* between two looks at the children */
#define PATIENCE 100      /* looks without progress until a child is killed */
#define CALLS_EACH 400    /* by one child */
#define ATTACK_LOOKS 1500 /* an attack may take */
#define SLAB_PAGES 32     /* tolerance; see balance_holds() */

/* Shared with the children. */
struct board {
	volatile long calls; /* made by all of them */
};

/* A child, seen by its parent. */
struct worker {
	pid_t pid;      /* 0: none */
	long last;      /* board->calls at the last look, of one child only an estimate */
	int silent;     /* looks without any progress */
	unsigned index; /* N of /tmp/fuzz.N */
};

static void on_alarm(int signal)
{
	(void)signal;
}

/* Calls change these; so they are set again and again. */
static void rearm(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	sigset_t none;

	sigemptyset(&none);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void set_limit(int resource, rlim_t value)
{
	struct rlimit limit = { value, value };

	setrlimit(resource, &limit);
}

/* Files to aim at: descriptors 0 to 15 of every sort, names a, b, d/a, fifo. */
static void furnish(bool outside)
{
	int ends[2];

	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/null", O_RDWR), fd);
	if (outside) {
		open("/proc/self/maps", O_RDONLY);
		open("/proc/meminfo", O_RDONLY);
		open("/dev/zero", O_RDWR);
	}
	open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (!outside && chroot(".") < 0)
		_exit(0);
	mkdir("d", 0700);
	close(open("d/a", O_RDWR | O_CREAT, 0600));
	mkfifo("fifo", 0600);
	open("a", O_RDWR | O_CREAT, 0600);
	open("b", O_RDWR | O_CREAT | O_APPEND, 0600);
	open(".", O_RDONLY | O_DIRECTORY);
	if (pipe(ends) < 0)
		_exit(0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

static void work(struct board *board, uint64_t seed, unsigned index, long quota)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15ul + index * 0xbf58476d1ce4e5b9ul + 1;
	struct targets targets = { .random = &random, .outside = index % 4 == 3 };
	struct itimerval soon = { .it_value = { .tv_usec = WAKE_US } };
	char folder[64];

	snprintf(folder, sizeof(folder), "/tmp/fuzz.%u", index);
	if ((mkdir(folder, 0700) < 0 && errno != EEXIST) || chdir(folder) < 0)
		_exit(0);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_limit(RLIMIT_FSIZE, 1 << 20);
	set_limit(RLIMIT_CPU, 30);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_NPROC, 64);
	if (index % 2)
		set_limit(RLIMIT_AS, 256ul << 20);
	targets.arena = mmap(NULL, PAGES(ARENA_PAGES), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	targets.read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (targets.arena == MAP_FAILED || targets.read_only == MAP_FAILED)
		_exit(0);
	for (size_t i = 0; i < PAGES(ARENA_PAGES) / 8; i++)
		((uint64_t *)(void *)targets.arena)[i] = pick(&random, 4) ? pick(&random, 100) : random_next(&random);
	mprotect(targets.arena + PAGES(ARENA_PAGES - 1), PAGE, PROT_NONE);
	furnish(targets.outside);
	while (quota-- > 0) {
		struct call call = next_call(&targets);

		rearm();
		setitimer(ITIMER_REAL, &soon, NULL);
		__atomic_fetch_add(&board->calls, 1, __ATOMIC_RELAXED);
		make_call(&call);
	}
	_exit(0);
}

/* What children leave behind belongs to us (PR_SET_CHILD_SUBREAPER): ends and buries it. */
static void bury_rest(void)
{
	for (;;) {
		DIR *directory = opendir("/proc");
		struct dirent *entry;

		while (directory && (entry = readdir(directory))) {
			char path[320];

			snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
			if (isdigit((unsigned char)entry->d_name[0]) && proc_number(path, "PPid:") == getpid())
				kill(atoi(entry->d_name), SIGKILL);
		}
		if (directory)
			closedir(directory);
		if (waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD)
			return;
		usleep(1000);
	}
}

static void remove_folder(unsigned index)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf /tmp/fuzz.%u", index);
	if (system(command) != 0)
		printf("fuzz: /tmp/fuzz.%u stays\n", index);
}

/* One child's whole life, under watch. */
static void supervise(struct board *board, uint64_t seed, unsigned index, long quota)
{
	struct worker worker = { .index = index, .last = -1 };
	int status;

	fflush(stdout);
	worker.pid = fork();
	if (worker.pid < 0)
		die("fork");
	if (worker.pid == 0)
		work(board, seed, index, quota);
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

		if (pid == worker.pid && !WIFSTOPPED(status))
			break;
		if (pid > 0)
			continue; /* one that came by CLONE_PARENT, or was left behind */
		usleep(LOOK_US);
		worker.silent = board->calls == worker.last ? worker.silent + 1 : 0;
		worker.last = board->calls;
		if (worker.silent == PATIENCE / 4) {
			kill(worker.pid, SIGCONT);
			kill(worker.pid, SIGALRM);
		}
		if (worker.silent >= PATIENCE)
			kill(worker.pid, SIGKILL);
	}
	bury_rest();
	remove_folder(index);
}

/* False when the child could not be ended any more: it is stuck in the kernel. */
static bool run_attack(unsigned index, uint64_t seed)
{
	int status, looks;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		uint64_t random = seed + index + 1;

		setsid();
		set_limit(RLIMIT_CORE, 0);
		if (chdir("/tmp") < 0)
			_exit(1);
		attack(index, &random);
		_exit(0);
	}
	for (looks = 0; pid > 0 && waitpid(pid, &status, WNOHANG) == 0 && looks < ATTACK_LOOKS; looks++)
		usleep(LOOK_US);
	if (looks == ATTACK_LOOKS)
		printf("fuzz: attack `%s` did not end by itself\n", attack_name(index));
	bury_rest();
	return looks < ATTACK_LOOKS;
}

int main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)option_number(argc, argv, "--seed", 1);
	long count = option_number(argc, argv, "--count", 4000), most = option_number(argc, argv, "--children", 1000);
	struct board *board = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct balance before;
	unsigned children = 0, attacks = 0;
	bool good = true;

	check_usage(argc, argv, "fuzz [--seed N] [--count N] [--children N] [--anyway]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!is_our_kernel() && !option_given(argc, argv, "--anyway"))
		die("fuzz: this is another kernel; --anyway lets it run");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGHUP, SIG_IGN);
	supervise(board, seed + 1, 0, 10); /* what is only loaded or cached once */
	before = balance_now();
	board->calls = 0;
	while (board->calls < count && children < most) {
		long left = count - board->calls;

		supervise(board, seed, children++, left < CALLS_EACH ? left : CALLS_EACH);
	}
	for (; attack_name(attacks); attacks++)
		good &= run_attack(attacks, seed);
	good &= balance_holds("fuzz", &before, SLAB_PAGES);
	printf("fuzz: seed %lu: %ld calls, %u children, %u attacks, %s\n", (unsigned long)seed, board->calls, children,
	       attacks, good ? "OK" : "FAILED");
	return good ? 0 : 1;
}
