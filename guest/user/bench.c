/*
 * bench: what the kernel's basic services cost, in instructions retired for one operation (user and kernel together).
 *
 *     bench [--rounds N] [NAME]
 *
 * It prints `name value` lines, so that the same program on another kernel can be compared with diff or join. Each
 * value is the smallest of several rounds: timer ticks and cold caches only ever add. Where the instret counter cannot
 * be read by programs (Linux hides it; bench asks for it by /proc/sys/kernel/perf_user_access) values are nanoseconds,
 * and a first line says so. Statically linked; run it with one hart.
 */
#include "guest/user/lib/show.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOUCHED 4096 /* pages of the page-fault benches */
#define COPIED 1024  /* pages copied on write */
#define MAPPED 256   /* pages of the file: 1 MiB */
#define CALLS 2000   /* of cheap calls */
#define SWITCHES 500 /* round trips */
#define PROCESSES 20 /* forks */
#define CHUNK 65536  /* of read() */
#define FILE_NAME "/tmp/bench.file"

/* Shared with children. */
struct shared {
	volatile uint64_t value;
	volatile long yields;
	volatile bool stop;
};

static struct shared *shared;
static bool has_instret; /* found out at the start */
static sigjmp_buf no_instret;
static volatile long signals_seen;

/* --- the counter --- */

static uint64_t read_instret(void)
{
	uint64_t value;

	__asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
	return value;
}

static uint64_t now(void)
{
	struct timespec time;

	if (has_instret)
		return read_instret();
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void on_illegal(int signal)
{
	siglongjmp(no_instret, signal);
}

static bool counter_counts(void)
{
	uint64_t before = read_instret();

	return read_instret() != before;
}

/* Linux stops the counter while nobody measures: an event that counts everything on hart 0 keeps it going. */
static void start_counter(void)
{
	struct perf_event_attr event = { .type = PERF_TYPE_HARDWARE,
		                         .size = sizeof(event),
		                         .config = PERF_COUNT_HW_INSTRUCTIONS };

	if (syscall(SYS_perf_event_open, &event, -1, 0, -1, 0) < 0)
		fprintf(stderr, "bench: no perf event: %m\n");
}

static void find_counter(void)
{
	int fd = open("/proc/sys/kernel/perf_user_access", O_WRONLY);

	/* 2: programs may read the counters as they did before Linux 6.6. */
	if (fd >= 0 && write(fd, "2", 1) < 0)
		fprintf(stderr, "bench: the counter stays hidden: %m\n");
	if (fd >= 0)
		close(fd);
	signal(SIGILL, on_illegal);
	if (!sigsetjmp(no_instret, 1)) {
		if (!counter_counts())
			start_counter();
		has_instret = counter_counts();
	}
	signal(SIGILL, SIG_DFL);
}

/* --- page faults: per page --- */

static uint64_t bench_touch(void)
{
	char *memory = mmap(NULL, PAGES(TOUCHED), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start;

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, PAGES(TOUCHED), MADV_NOHUGEPAGE);
	start = now();
	for (size_t i = 0; i < TOUCHED; i++)
		((volatile char *)memory)[PAGES(i)] = 1;
	start = now() - start;
	munmap(memory, PAGES(TOUCHED));
	return start / TOUCHED;
}

static uint64_t bench_mapped(void)
{
	int fd = open(FILE_NAME, O_RDONLY);
	char *memory = mmap(NULL, PAGES(MAPPED), PROT_READ, MAP_PRIVATE, fd, 0);
	uint64_t start, sum = 0;

	if (memory == MAP_FAILED)
		die("mmap of %s", FILE_NAME);
	start = now();
	for (size_t i = 0; i < MAPPED; i++)
		sum += (uint64_t)((volatile char *)memory)[PAGES(i)];
	start = now() - start;
	munmap(memory, PAGES(MAPPED));
	close(fd);
	return sum == 'b' * (uint64_t)MAPPED ? start / MAPPED : 0;
}

static uint64_t bench_copy(void)
{
	char *memory = mmap(NULL, PAGES(COPIED), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, PAGES(COPIED), MADV_NOHUGEPAGE);
	for (size_t i = 0; i < COPIED; i++)
		memory[PAGES(i)] = 1;
	pid = fork();
	if (pid == 0) {
		uint64_t start = now();

		for (size_t i = 0; i < COPIED; i++)
			((volatile char *)memory)[PAGES(i)] = 2;
		shared->value = now() - start;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	munmap(memory, PAGES(COPIED));
	return shared->value / COPIED;
}

/* --- processes --- */

static uint64_t bench_fork(void)
{
	uint64_t start = now();

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return (now() - start) / PROCESSES;
}

static uint64_t bench_exec(void)
{
	uint64_t start = now();

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			execl("/proc/self/exe", "bench", "--nothing", NULL);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		if (status)
			return 0;
	}
	return (now() - start) / PROCESSES;
}

/* --- two processes --- */

static uint64_t bench_pipe(void)
{
	int there[2], back[2];
	uint64_t start;
	char byte = 'x';
	pid_t pid;

	if (pipe(there) < 0 || pipe(back) < 0)
		die("pipe");
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < SWITCHES + 1; i++)
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
				_exit(1);
		_exit(0);
	}
	start = now();
	for (int i = 0; i < SWITCHES + 1; i++) {
		if (i == 1) /* the first one waits for the child to come to life */
			start = now();
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			die("pipe");
	}
	start = now() - start;
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
	return start / SWITCHES;
}

static long switches_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Two processes do nothing but yield. A yield need not switch; so the switches are counted, each seen by one of both.
 */
static uint64_t bench_switch(void)
{
	long before, switches;
	uint64_t start;
	pid_t pid;

	shared->stop = false;
	shared->yields = 0;
	pid = fork();
	if (pid == 0) {
		while (!shared->stop) {
			sched_yield();
			shared->yields++;
		}
		_exit(0);
	}
	while (!shared->yields)
		sched_yield();
	before = switches_of(RUSAGE_SELF);
	start = now();
	for (int i = 0; i < SWITCHES; i++)
		sched_yield();
	start = now() - start;
	switches = switches_of(RUSAGE_SELF) - before;
	shared->stop = true;
	waitpid(pid, NULL, 0);
	return start / (uint64_t)(switches > 0 ? 2 * switches : 2 * SWITCHES);
}

/* --- calls --- */

static uint64_t bench_getpid(void)
{
	uint64_t start = now();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getpid);
	return (now() - start) / CALLS;
}

static uint64_t bench_read(void)
{
	static char buffer[CHUNK];
	int fd = open(FILE_NAME, O_RDONLY);
	uint64_t start;
	ssize_t n;

	memset(buffer, 0, sizeof(buffer));
	start = now();
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		continue;
	start = now() - start;
	close(fd);
	return start;
}

static uint64_t bench_mmap(void)
{
	uint64_t start = now();

	for (int i = 0; i < CALLS; i++) {
		void *memory = mmap(NULL, PAGES(16), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED || munmap(memory, PAGES(16)) < 0)
			die("mmap");
	}
	return (now() - start) / CALLS;
}

static void count_signal(int signal)
{
	signals_seen += signal == SIGUSR1;
}

static uint64_t bench_signal(void)
{
	pid_t self = getpid();
	uint64_t start;

	signals_seen = 0;
	signal(SIGUSR1, count_signal);
	start = now();
	for (int i = 0; i < CALLS; i++)
		kill(self, SIGUSR1);
	start = now() - start;
	return signals_seen == CALLS ? start / CALLS : 0;
}

static const struct {
	const char *name;
	uint64_t (*run)(void); /* for one operation; 0: it did not work */
} benches[] = {
	{ "fault-anonymous", bench_touch }, /* a page of fresh memory, first write */
	{ "fault-file", bench_mapped },     /* a page of a mapped file that is in the page cache */
	{ "fault-copy", bench_copy },       /* a page shared since fork, first write */
	{ "fork-exit", bench_fork },        { "fork-exec-exit", bench_exec },
	{ "pipe-round-trip", bench_pipe }, /* a byte to another process and back */
	{ "context-switch", bench_switch }, { "getpid", bench_getpid },
	{ "read-1MiB", bench_read },                                    /* warm, 64 KiB a call */
	{ "mmap-munmap", bench_mmap },      { "signal", bench_signal }, /* kill itself, handler, return */
};

static void make_file(void)
{
	static char page[PAGE];
	int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(page, 'b', sizeof(page));
	for (int i = 0; i < MAPPED; i++)
		if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			die("write of %s", FILE_NAME);
	close(fd);
}

int main(int argc, char **argv)
{
	long rounds;
	cpu_set_t first;

	if (argc > 1 && strcmp(argv[1], "--nothing") == 0)
		return 0;
	check_usage(argc, argv, "bench [--rounds N] [NAME]");
	rounds = option_number(argc, argv, "--rounds", 10);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	setvbuf(stdout, NULL, _IOLBF, 0);
	find_counter();
	printf("# %s for one operation\n", has_instret ? "instructions" : "nanoseconds");
	make_file();
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
		uint64_t best = UINT64_MAX;

		if (argc > 1 && argv[argc - 1][0] >= 'a' && strcmp(argv[argc - 1], benches[i].name) != 0)
			continue;
		for (long round = 0; round < rounds; round++) {
			uint64_t value = benches[i].run();

			best = value < best ? value : best;
		}
		printf("%s %lu\n", benches[i].name, (unsigned long)best);
	}
	unlink(FILE_NAME);
	return 0;
}
