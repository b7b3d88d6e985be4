/* Robust mutexes: the owner dies, as a thread and as a process; the kernel walks its robust list. Mutexes between
 * processes. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "show.h"

struct shared {
	pthread_mutex_t mutex;
	pthread_mutex_t plain;
	pthread_cond_t changed;
	int value;
};

static void *die_with_it(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static void die_as_process(struct shared *s, int how)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		pthread_mutex_lock(&s->mutex);
		s->value++;
		if (how)
			kill(getpid(), how);
		_exit(0);
	}
	waitpid(child, &status, 0);
	SHOW(pthread_mutex_lock(&s->mutex) == EOWNERDEAD);
	SHOW(s->value);
	SHOW(pthread_mutex_consistent(&s->mutex));
	SHOW(pthread_mutex_unlock(&s->mutex));
}

int main(void)
{
	struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t robust, across;
	pthread_condattr_t condition;
	pthread_t thread;

	pthread_mutexattr_init(&across);
	pthread_mutexattr_setpshared(&across, PTHREAD_PROCESS_SHARED);
	robust = across;
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	pthread_condattr_init(&condition);
	pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
	SHOW(pthread_mutex_init(&s->mutex, &robust));
	SHOW(pthread_mutex_init(&s->plain, &across));
	SHOW(pthread_cond_init(&s->changed, &condition));
	pthread_create(&thread, NULL, die_with_it, &s->mutex);
	pthread_join(thread, NULL);
	SHOW(pthread_mutex_lock(&s->mutex) == EOWNERDEAD);
	SHOW(pthread_mutex_consistent(&s->mutex));
	SHOW(pthread_mutex_unlock(&s->mutex));
	fflush(stdout);
	die_as_process(s, 0);
	fflush(stdout);
	die_as_process(s, 9);
	s->value = 0;
	fflush(stdout);
	for (int me = 0; me < 4; me++)
		if (fork() == 0) {
			for (int i = 0; i < 500; i++) {
				pthread_mutex_lock(&s->plain);
				while (s->value % 4 != me)
					pthread_cond_wait(&s->changed, &s->plain);
				s->value++;
				pthread_cond_broadcast(&s->changed);
				pthread_mutex_unlock(&s->plain);
			}
			_exit(0);
		}
	while (wait(NULL) > 0)
		continue;
	SHOW(s->value);
	return 0;
}
