/*
 * Long vectors of doubles: copy, scale, add, triad.
 */
#include "tests/bench/runtime/bench.h"

#define N 200000
#define ROUNDS 50
#define FACTOR 0.5

static double a[N] ARENA, b[N] ARENA, c[N] ARENA;

static NOINLINE void copy(double *out, const double *in)
{
	int i;

	for (i = 0; i < N; i++) {
		out[i] = in[i];
		__asm__ volatile("" : : : "memory"); /* lest it becomes a call of memcpy */
	}
}

static NOINLINE void scale(double *out, const double *in, double factor)
{
	int i;

	for (i = 0; i < N; i++)
		out[i] = factor * in[i];
}

static NOINLINE void add(double *out, const double *x, const double *y)
{
	int i;

	for (i = 0; i < N; i++)
		out[i] = x[i] + y[i];
}

static NOINLINE void triad(double *out, const double *x, const double *y, double factor)
{
	int i;

	for (i = 0; i < N; i++)
		out[i] = x[i] + factor * y[i];
}

/* With this factor a round takes every element a to a/2 + (a + a/2)/2 = 5a/4, then back to a when it is scaled. */
static u64 run(void)
{
	u64 right = 0;
	int i;

	for (i = 0; i < N; i++)
		a[i] = i;
	for (i = 0; i < ROUNDS; i++) {
		copy(c, a);
		scale(b, c, FACTOR);
		add(c, a, b);
		triad(a, b, c, FACTOR);
		scale(a, a, 0.8);
	}
	for (i = 0; i < N; i++)
		right += a[i] > i - 1e-6 && a[i] < i + 1e-6;
	return right;
}

const struct bench bench = { "stream", run, N };
