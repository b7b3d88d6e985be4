/* What only goes wrong with several harts: translations and code that another hart still remembers, signals for and
 * ends of threads that are running, wake-ups, registers that move from hart to hart. The output is the same with one.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "show.h"

#define THREADS 3
#define PAGE 4096
#define ROUNDS 60
#define SIGNALS 50

static volatile long published, wrong, acknowledged[THREADS];
static volatile int stop, caught;
static uint32_t *volatile place;

/* Where threads outnumber harts, spinning would only use up time slices. */
static void turn(void)
{
	static long harts;

	if (!harts)
		harts = sysconf(_SC_NPROCESSORS_ONLN);
	if (harts <= THREADS)
		sched_yield();
}

static void wait_a_little(void)
{
	for (volatile int i = 0; i < 300; i++)
		;
}

static void start(pthread_t threads[THREADS], void *(*function)(void *))
{
	stop = 0;
	wrong = 0;
	published = 0;
	for (long i = 0; i < THREADS; i++) {
		acknowledged[i] = 0;
		pthread_create(&threads[i], NULL, function, (void *)i);
	}
}

static void finish(pthread_t threads[THREADS])
{
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Turns the processor over where there are fewer than threads. */
static void wait_for_all(long round)
{
	for (int i = 0; i < THREADS; i++)
		while (acknowledged[i] < round)
			sched_yield();
}

/* --- a page is replaced by another while threads read it --- */

static void *read_place(void *me)
{
	while (!stop) {
		long before = published;
		if (*(volatile uint32_t *)place < before)
			wrong++;
		acknowledged[(long)me] = before;
		turn();
	}
	return NULL;
}

static void mappings(void)
{
	pthread_t threads[THREADS];
	static uint32_t page[PAGE / sizeof(uint32_t)];
	int fd = open("pages", O_RDWR | O_CREAT | O_TRUNC, 0600);

	unlink("pages");
	for (uint32_t i = 0; i <= ROUNDS; i++) {
		page[0] = i;
		if (write(fd, page, PAGE) != PAGE)
			puts("write");
	}
	place = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	start(threads, read_place);
	for (long i = 1; i <= ROUNDS; i++) {
		mmap(place, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, i * PAGE);
		published = i;
		if (i % 8 == 0)
			wait_for_all(i);
	}
	finish(threads);
	printf("replaced pages: %ld wrong\n", wrong);
	munmap(place, PAGE);
	close(fd);
}

/* --- a page becomes read-only while threads store to it --- */

static void on_fault(int number)
{
	(void)number;
	sched_yield();
}

static void *store_place(void *me)
{
	while (!stop) {
		place[64 + (long)me]++;
		acknowledged[(long)me]++;
		turn();
	}
	return NULL;
}

static void *discard_place(void *me)
{
	while (!stop) {
		long before = published;
		if (before && *(volatile uint32_t *)place != 0 && published == before)
			wrong++;
		acknowledged[(long)me] = before;
		turn();
	}
	return NULL;
}

/* Whether the threads' words stay as they are for a while. */
static int stands_still(void)
{
	uint32_t before[THREADS];

	memcpy(before, (void *)(place + 64), sizeof(before));
	wait_a_little();
	sched_yield();
	return memcmp(before, (void *)(place + 64), sizeof(before)) == 0;
}

static void permissions(void)
{
	pthread_t threads[THREADS];
	int moved = 0;

	signal(SIGSEGV, on_fault);
	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	start(threads, store_place);
	wait_for_all(1);
	for (int i = 0; i < ROUNDS; i++) {
		mprotect(place, PAGE, PROT_READ);
		moved += !stands_still();
		mprotect(place, PAGE, PROT_READ | PROT_WRITE);
		wait_a_little();
	}
	finish(threads);
	signal(SIGSEGV, SIG_DFL);
	printf("read-only pages: %d changed\n", moved);
}

/* fork takes the permission to write away, too: the child must not see what threads store afterwards. */
static void forks(void)
{
	pthread_t threads[THREADS];
	int moved = 0, status;

	start(threads, store_place);
	wait_for_all(1);
	for (int i = 0; i < ROUNDS / 4; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(!stands_still());
		waitpid(child, &status, 0);
		moved += status != 0;
	}
	finish(threads);
	printf("copies of a process: %d changed\n", moved);
	munmap(place, PAGE);
}

/* A page that was given back reads as zero everywhere, not as what its frame holds next. */
static void discards(void)
{
	pthread_t threads[THREADS];

	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	start(threads, discard_place);
	for (long i = 1; i <= ROUNDS; i++) {
		*place = 1;
		madvise(place, PAGE, MADV_DONTNEED);
		published = i;
		wait_for_all(i);
		published = 0;
	}
	finish(threads);
	printf("discarded pages: %ld wrong\n", wrong);
	munmap(place, PAGE);
}

/* --- code --- */

static void *call_place(void *me)
{
	for (long round = 1; round <= ROUNDS; round++) {
		while (published < round)
			sched_yield();
		if (((int (*)(void))place)() != round)
			wrong++;
		acknowledged[(long)me] = round;
	}
	return NULL;
}

static void code(void)
{
	pthread_t threads[THREADS];

	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	start(threads, call_place);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		place[0] = i << 20 | 0x513; /* li a0, i */
		place[1] = 0x8067;          /* ret */
		mprotect(place, PAGE, PROT_READ | PROT_EXEC);
		__builtin___clear_cache((char *)place, (char *)place + 8);
		published = i;
		wait_for_all(i);
		mprotect(place, PAGE, PROT_READ | PROT_WRITE);
	}
	finish(threads);
	printf("code written anew: %ld wrong\n", wrong);
	munmap(place, PAGE);
}

/* --- running threads get signals, and end --- */

static void on_signal(int number)
{
	(void)number;
	caught++;
}

static void *spin(void *me)
{
	while (!stop) {
		acknowledged[(long)me]++;
		turn();
	}
	return NULL;
}

static void signals(void)
{
	pthread_t threads[THREADS];

	signal(SIGUSR1, on_signal);
	start(threads, spin);
	for (int i = 0; i < SIGNALS; i++) {
		int before = caught;
		pthread_kill(threads[i % THREADS], SIGUSR1);
		while (caught == before)
			sched_yield();
	}
	finish(threads);
	SHOW(caught);
}

static void end_child(int way)
{
	pthread_t threads[THREADS];

	start(threads, spin);
	wait_for_all(1);
	switch (way) {
	case 0:
		_exit(17);
	case 1:
		kill(getpid(), SIGKILL);
		break;
	case 2:
		execl("/bin/sh", "sh", "-c", "exit 18", NULL);
		break;
	default:
		stop = 1;
		pthread_exit(NULL);
	}
	_exit(1);
}

static void ends(void)
{
	for (int i = 0; i < 12; i++) {
		int status;
		fflush(stdout);
		pid_t child = fork();

		if (child == 0)
			end_child(i % 4);
		waitpid(child, &status, 0);
		printf("end %d: %s %d\n", i % 4, WIFEXITED(status) ? "exit" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	}
}

/* --- wake-ups, and moving --- */

static int there[2], back[2];

static void *echo(void *unused)
{
	char byte;

	(void)unused;
	while (read(there[0], &byte, 1) == 1)
		if (write(back[1], &byte, 1) != 1)
			break;
	return NULL;
}

static void wakeups(void)
{
	pthread_t thread;
	long sum = 0;

	if (pipe(there) || pipe(back))
		puts("pipe");
	pthread_create(&thread, NULL, echo, NULL);
	for (int i = 0; i < 500; i++) {
		unsigned char byte = (unsigned char)i;
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			puts("pipe");
		sum += byte;
		if (i % 100 == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	close(there[1]);
	pthread_join(thread, NULL);
	SHOW(sum);
}

static void *wander(void *me)
{
	double value = 1.0 + (double)(long)me, first = value;

	for (int i = 0; i < 200; i++) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET((unsigned)i % 8, &one);
		(void)sched_setaffinity(0, sizeof(one), &one); /* refused where there is no such hart */
		value = value * 1.5 + first;
		value = (value - first) / 1.5;
	}
	if (value < first - 0.001 || value > first + 0.001)
		__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	mappings();
	permissions();
	forks();
	discards();
	code();
	signals();
	ends();
	wakeups();
	start(threads, wander);
	finish(threads);
	printf("floating point on the move: %ld wrong\n", wrong);
	return 0;
}
