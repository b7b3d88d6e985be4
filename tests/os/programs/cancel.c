/* Cancelling threads in blocking calls, with clean-up handlers; a process that ends while its threads work. */
#include <pthread.h>
#include <sys/wait.h>

#include "show.h"

static int ends[2];

static void cleaned(void *what)
{
	printf("cleaned up: %s\n", (const char *)what);
}

static void *in_read(void *unused)
{
	char byte;

	(void)unused;
	pthread_cleanup_push(cleaned, "outer");
	pthread_cleanup_push(cleaned, "read");
	if (read(ends[0], &byte, 1) == 1)
		puts("read something?");
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_sleep(void *unused)
{
	(void)unused;
	pthread_cleanup_push(cleaned, "sleep");
	sleep(1000000);
	pthread_cleanup_pop(0);
	return NULL;
}

static void unlock(void *mutex)
{
	pthread_mutex_unlock(mutex);
}

static void *in_wait(void *mutex)
{
	pthread_cond_t never = PTHREAD_COND_INITIALIZER;

	pthread_mutex_lock(mutex);
	pthread_cleanup_push(unlock, mutex);
	for (;;)
		pthread_cond_wait(&never, mutex);
	pthread_cleanup_pop(1);
	return NULL;
}

static void *in_loop(void *unused)
{
	(void)unused;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (volatile long i = 0; i >= 0; i++)
		continue;
	return NULL;
}

static void *guarded(void *unused)
{
	int old;

	(void)unused;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	usleep(3000);
	puts("not cancelled here");
	pthread_setcancelstate(old, NULL);
	pthread_testcancel();
	puts("never printed");
	return NULL;
}

static void cancel(const char *name, void *(*work)(void *), void *argument)
{
	pthread_t thread;
	void *result = NULL;
	int cancelled, joined;

	pthread_create(&thread, NULL, work, argument);
	usleep(1000);
	cancelled = pthread_cancel(thread);
	joined = pthread_join(thread, &result);
	printf("%s: cancel %d, join %d, %s\n", name, cancelled, joined,
	       result == PTHREAD_CANCELED ? "cancelled" : "ended by itself");
}

static void *forever(void *unused)
{
	for (;;)
		usleep(100);
	return unused;
}

int main(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	int status;

	TRY(pipe(ends));
	cancel("read", in_read, NULL);
	cancel("sleep", in_sleep, NULL);
	cancel("condition", in_wait, &mutex);
	SHOW(pthread_mutex_trylock(&mutex));
	cancel("busy loop", in_loop, NULL);
	cancel("guarded", guarded, NULL);
	fflush(stdout);
	if (fork() == 0) {
		for (int i = 0; i < 5; i++)
			pthread_create(&thread, NULL, forever, NULL);
		exit(9);
	}
	wait(&status);
	SHOW(WEXITSTATUS(status));
	pthread_create(&thread, NULL, forever, NULL);
	puts("main returns while a thread works");
	return 4;
}
