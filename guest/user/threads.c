/*
 * threads: POSIX threads in one address space: create, join, mutex, condition variable, barrier, thread-local storage,
 * cancellation, and page faults of several threads at once; every result is a number known beforehand.
 *
 *     threads [--threads N] [--rounds N]
 *
 * Behind it in the kernel: clone with CLONE_VM | CLONE_THREAD, futex, set_tid_address, one struct mm for all.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_THREADS 64
#define QUEUE 8
#define SHARED_PAGES 256

/* What the threads of one test share. */
struct common {
	pthread_mutex_t mutex;     /* protects sum and the queue */
	pthread_cond_t not_empty;  /* the queue has an item */
	pthread_cond_t not_full;   /* the queue has room */
	pthread_barrier_t barrier; /* all threads */
	long sum;                  /* of whatever the test adds up */
	long queue[QUEUE];         /* a ring */
	unsigned long put, taken;  /* items ever */
	long threads, rounds;      /* of this run */
	long turn[MOST_THREADS];   /* rounds each thread has done */
	char *memory;              /* SHARED_PAGES, touched by all at once */
	volatile long wrong;       /* things seen that cannot be */
};

/* One thread's argument. */
struct worker {
	struct common *common;
	long index; /* 0.. */
};

static __thread long own_number = 41; /* each thread has its own, initialised anew */
static __thread char own_page[4096];

static void run_all(struct common *common, void *(*body)(void *))
{
	pthread_t threads[MOST_THREADS];
	struct worker workers[MOST_THREADS];

	for (long i = 0; i < common->threads; i++) {
		workers[i] = (struct worker){ common, i };
		if (pthread_create(&threads[i], NULL, body, &workers[i]) != 0)
			die("pthread_create");
	}
	for (long i = 0; i < common->threads; i++)
		pthread_join(threads[i], NULL);
}

static void *add_under_mutex(void *argument)
{
	struct worker *worker = argument;
	struct common *common = worker->common;

	for (long i = 0; i < common->rounds; i++) {
		pthread_mutex_lock(&common->mutex);
		common->sum += worker->index + 1;
		pthread_mutex_unlock(&common->mutex);
	}
	return NULL;
}

static void *add_atomically(void *argument)
{
	struct worker *worker = argument;

	for (long i = 0; i < worker->common->rounds; i++)
		__atomic_fetch_add(&worker->common->sum, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Even threads put numbers into a queue of 8, odd ones take them out. */
static void *pass_on(void *argument)
{
	struct worker *worker = argument;
	struct common *c = worker->common;

	for (long i = 1; i <= c->rounds; i++) {
		pthread_mutex_lock(&c->mutex);
		if (worker->index % 2 == 0) {
			while (c->put - c->taken == QUEUE)
				pthread_cond_wait(&c->not_full, &c->mutex);
			c->queue[c->put++ % QUEUE] = i;
			pthread_cond_signal(&c->not_empty);
		} else {
			while (c->put == c->taken)
				pthread_cond_wait(&c->not_empty, &c->mutex);
			c->sum += c->queue[c->taken++ % QUEUE];
			pthread_cond_signal(&c->not_full);
		}
		pthread_mutex_unlock(&c->mutex);
	}
	return NULL;
}

/* After each barrier all threads must have done the same number of rounds. */
static void *march(void *argument)
{
	struct worker *worker = argument;
	struct common *c = worker->common;

	for (long round = 1; round <= c->rounds / 10; round++) {
		c->turn[worker->index] = round;
		pthread_barrier_wait(&c->barrier);
		for (long i = 0; i < c->threads; i++)
			if (c->turn[i] != round)
				c->wrong++;
		pthread_barrier_wait(&c->barrier);
	}
	return NULL;
}

static void *use_own_storage(void *argument)
{
	struct worker *worker = argument;

	if (own_number != 41)
		worker->common->wrong++;
	own_number += worker->index;
	memset(own_page, (int)worker->index, sizeof(own_page));
	pthread_barrier_wait(&worker->common->barrier);
	if (own_number != 41 + worker->index || own_page[4095] != (char)worker->index)
		worker->common->wrong++;
	__atomic_fetch_add(&worker->common->sum, own_number, __ATOMIC_RELAXED);
	return NULL;
}

/* All fault on the same fresh pages; each byte must survive, and no page may be given twice. */
static void *fault_together(void *argument)
{
	struct worker *worker = argument;
	struct common *c = worker->common;

	pthread_barrier_wait(&c->barrier);
	for (size_t page = 0; page < SHARED_PAGES; page++)
		c->memory[PAGES(page) + (size_t)worker->index] = (char)(page + (size_t)worker->index);
	return NULL;
}

static void *wait_for_ever(void *argument)
{
	(void)argument;
	for (;;)
		pause();
	return NULL;
}

static void *exit_at_once(void *argument)
{
	return argument;
}

static void test_sums(struct show *show, struct common *c)
{
	long n = c->threads;

	c->sum = 0;
	run_all(c, add_under_mutex);
	check_equal(show, c->sum, c->rounds * n * (n + 1) / 2, "sum under a mutex");
	c->sum = 0;
	run_all(c, add_atomically);
	check_equal(show, c->sum, c->rounds * n, "sum by atomic additions");
	c->sum = 0;
	run_all(c, pass_on);
	check_equal(show, c->sum, n / 2 * (c->rounds * (c->rounds + 1) / 2),
	            "sum through a queue with condition variables");
	c->wrong = 0;
	run_all(c, march);
	check_equal(show, c->wrong, 0, "threads seen in the wrong round after a barrier");
}

static void test_memory(struct show *show, struct common *c)
{
	long n = c->threads, bad = 0;

	c->sum = c->wrong = 0;
	run_all(c, use_own_storage);
	check_equal(show, c->sum, 41 * n + n * (n - 1) / 2, "sum of thread-local numbers");
	check_equal(show, c->wrong, 0, "thread-local values that changed");
	c->memory = fresh_pages(SHARED_PAGES);
	run_all(c, fault_together);
	for (size_t page = 0; page < SHARED_PAGES; page++)
		for (size_t i = 0; i < (size_t)n; i++)
			bad += c->memory[PAGES(page) + i] != (char)(page + i);
	check_equal(show, bad, 0, "bytes lost when all threads fault on the same pages");
}

static void leave_a_thread(void *context)
{
	pthread_t thread;

	(void)context;
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		_exit(1);
	_exit(7); /* exit_group takes the thread along */
}

static void kill_from_a_thread(void *context)
{
	(void)context;
	raise(SIGTERM);
}

static void test_lives(struct show *show, long rounds, long threads_before)
{
	pthread_t thread;
	void *result = NULL;
	long good = 0;
	int status;

	for (long i = 0; i < rounds; i++)
		if (pthread_create(&thread, NULL, exit_at_once, (void *)(i + 1)) == 0 &&
		    pthread_join(thread, &result) == 0)
			good += result == (void *)(i + 1);
	check_equal(show, good, rounds, "threads made and joined one after another");
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		die("pthread_create");
	pthread_cancel(thread);
	pthread_join(thread, &result);
	check(show, result == PTHREAD_CANCELED, "a thread that waits is cancelled");
	status = in_child(leave_a_thread, NULL);
	check(show, WIFEXITED(status) && WEXITSTATUS(status) == 7, "exit_group ends a process with a waiting thread");
	status = in_child(kill_from_a_thread, NULL);
	check(show, WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "a signal ends a whole process");
	check_equal(show, proc_number("/proc/self/status", "Threads:"), threads_before, "threads that are left");
}

int main(int argc, char **argv)
{
	static struct common common = { .mutex = PTHREAD_MUTEX_INITIALIZER,
		                        .not_empty = PTHREAD_COND_INITIALIZER,
		                        .not_full = PTHREAD_COND_INITIALIZER };
	long before = proc_number("/proc/self/status", "Threads:");
	struct show show;

	check_usage(argc, argv, "threads [--threads N] [--rounds N]");
	show_begin(&show, "threads", "several threads in one address space");
	common.threads = option_number(argc, argv, "--threads", 8) & ~1l;
	common.rounds = option_number(argc, argv, "--rounds", 500);
	if (common.threads < 2 || common.threads > MOST_THREADS || common.rounds < 10)
		die("threads: 2 to %d threads and at least 10 rounds", MOST_THREADS);
	pthread_barrier_init(&common.barrier, NULL, (unsigned)common.threads);
	test_sums(&show, &common);
	test_memory(&show, &common);
	test_lives(&show, 100, before);
	return show_end(&show);
}
