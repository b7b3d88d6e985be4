/* POSIX threads: create, join, mutexes of each kind, conditions, barriers, rwlocks, semaphores, keys, thread-local
 * data. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>

#include "show.h"

#define THREADS 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t items, room;
static int turn, once_count, destroyed, last_seen = -1;
static long counter;
static __thread long local = 100;

static void count_once(void)
{
	once_count++;
}

static void count_destroyed(void *value)
{
	(void)value;
	__atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument)
{
	long me = (long)argument;

	pthread_setspecific(key, &turn);
	for (int i = 0; i < 5000; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
		local += me;
		if (i % 1000 == 0)
			sched_yield();
	}
	pthread_once(&once, count_once);
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&lock);
	while (turn != me)
		pthread_cond_wait(&turned, &lock);
	printf("thread %ld: local %ld\n", me, local);
	turn++;
	pthread_cond_broadcast(&turned);
	pthread_mutex_unlock(&lock);
	return (void *)(me * me);
}

static void *consume(void *sum)
{
	for (int i = 0; i < 500; i++) {
		sem_wait(&items);
		pthread_rwlock_rdlock(&rwlock);
		*(long *)sum += last_seen;
		pthread_rwlock_unlock(&rwlock);
		sem_post(&room);
	}
	return NULL;
}

static void *end_detached(void *done)
{
	sem_post(done);
	return NULL;
}

static void kinds_of_mutex(void)
{
	pthread_mutexattr_t kind;
	pthread_mutex_t mutex;
	struct timespec soon;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&mutex, &kind);
	SHOW(pthread_mutex_lock(&mutex));
	SHOW(pthread_mutex_lock(&mutex));
	SHOW(pthread_mutex_unlock(&mutex));
	SHOW(pthread_mutex_unlock(&mutex));
	SHOW(pthread_mutex_unlock(&mutex) == EPERM);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &kind);
	SHOW(pthread_mutex_lock(&mutex));
	SHOW(pthread_mutex_lock(&mutex) == EDEADLK);
	SHOW(pthread_mutex_trylock(&mutex) == EBUSY);
	pthread_mutex_unlock(&mutex);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 2000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	pthread_mutex_lock(&lock);
	SHOW(pthread_cond_timedwait(&turned, &lock, &soon) == ETIMEDOUT);
	SHOW(pthread_mutex_trylock(&lock) == EBUSY);
	pthread_mutex_unlock(&lock);
}

int main(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attributes;
	void *result;
	long total = 0, sum = 0;

	pthread_key_create(&key, count_destroyed);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (long i = 0; i < THREADS; i++)
		SHOW(pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		total += (long)result;
	}
	SHOW(total);
	SHOW(counter);
	SHOW(once_count);
	SHOW(destroyed);
	SHOW(local);
	sem_init(&items, 0, 0);
	sem_init(&room, 0, 1);
	pthread_create(&threads[0], NULL, consume, &sum);
	for (int i = 0; i < 500; i++) {
		sem_wait(&room);
		pthread_rwlock_wrlock(&rwlock);
		last_seen = i;
		pthread_rwlock_unlock(&rwlock);
		sem_post(&items);
	}
	pthread_join(threads[0], NULL);
	SHOW(sum);
	kinds_of_mutex();
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 1 << 20);
	for (int i = 0; i < 200; i++) {
		pthread_create(&threads[0], &attributes, end_detached, &items);
		sem_wait(&items);
	}
	puts("200 detached threads");
	for (int i = 0; i < 200; i++) {
		pthread_create(&threads[0], NULL, end_detached, &items);
		pthread_join(threads[0], NULL);
	}
	SHOW(sem_getvalue(&items, &turn));
	SHOW(turn);
	return 0;
}
