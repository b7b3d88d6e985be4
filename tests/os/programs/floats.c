/* Floating-point state belongs to each thread and process, and survives handlers: rounding modes, flags, registers. */
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "show.h"

static volatile int ticks;

static void tick(int number)
{
	volatile double junk = number;

	for (int i = 0; i < 20; i++)
		junk = junk * 1.5 + 0.1;
	ticks++;
}

static double series(int seed)
{
	double a = seed, b = 1, c = 0.5, d = 2;

	for (int i = 1; i < 30000; i++) {
		a += sin(i * b);
		b = b * 0.999 + c * 0.001;
		c = sqrt(fabs(a) + d);
		d = fma(a, 1e-6, d);
		if (i % 3000 == 0)
			sched_yield();
	}
	return a + b + c + d;
}

static void *work(void *seed)
{
	static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
	volatile double one = 1, three = 3, sum = 0;
	double *result = malloc(2 * sizeof *result);

	fesetround(modes[(long)seed % 4]);
	for (int i = 0; i < 2000; i++) {
		sum += one / three;
		if (i % 100 == 0)
			sched_yield();
	}
	result[1] = sum;
	fesetround(FE_TONEAREST);
	result[0] = series((int)(long)seed);
	return result;
}

int main(void)
{
	struct itimerval often = { { 0, 300 }, { 0, 300 } };
	pthread_t threads[6];
	double *result;
	int status;

	signal(SIGALRM, tick);
	setitimer(ITIMER_REAL, &often, NULL);
	for (long i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], (void **)&result);
		printf("%d: %.17g %.17g\n", i, result[0], result[1]);
	}
	fflush(stdout);
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			_exit(series(1) == series(1) ? 10 : 20);
	while (wait(&status) > 0)
		SHOW(WEXITSTATUS(status));
	while (ticks < 3)
		pause();
	puts("three ticks");
	feclearexcept(FE_ALL_EXCEPT);
	volatile double zero = 0, quotient = 1 / zero;
	SHOW(fetestexcept(FE_DIVBYZERO) != 0);
	SHOW(isinf(quotient) != 0);
	fflush(stdout);
	if (fork() == 0)
		_exit(fetestexcept(FE_DIVBYZERO) != 0);
	wait(&status);
	SHOW(WEXITSTATUS(status));
	return 0;
}
