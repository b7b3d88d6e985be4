/*
 * Linear equations by Gaussian elimination with partial pivoting, column by column: the inner loop is y += m * x.
 */
#include "tests/bench/runtime/bench.h"

#define N 300
#define ROUNDS 3
#define TOLERANCE 1e-9

static double matrix[N][N]; /* [column][row] */
static double right[N];
static int pivot[N];

static double magnitude(double v)
{
	return v < 0 ? -v : v;
}

static void swap(double *x, double *y)
{
	double t = *x;

	*x = *y;
	*y = t;
}

static NOINLINE void add_multiple(int n, double m, const double *restrict x, double *restrict y)
{
	int i;

	for (i = 0; i < n; i++)
		y[i] += m * x[i];
}

static void factor(void)
{
	int i, j, k, p;

	for (k = 0; k < N; k++) {
		double *column = matrix[k];

		for (p = k, i = k + 1; i < N; i++)
			if (magnitude(column[i]) > magnitude(column[p]))
				p = i;
		pivot[k] = p;
		swap(&column[p], &column[k]);
		for (i = k + 1; i < N; i++)
			column[i] /= column[k];
		for (j = k + 1; j < N; j++) {
			swap(&matrix[j][p], &matrix[j][k]);
			add_multiple(N - k - 1, -matrix[j][k], column + k + 1, matrix[j] + k + 1);
		}
	}
}

/* The rows below k that were swapped later are swapped in the multipliers, too, because factor() leaves them in place.
 */
static void solve(void)
{
	int k;

	for (k = 0; k < N; k++) {
		swap(&right[pivot[k]], &right[k]);
		add_multiple(N - k - 1, -right[k], matrix[k] + k + 1, right + k + 1);
	}
	for (k = N - 1; k >= 0; k--) {
		right[k] /= matrix[k][k];
		add_multiple(k, -right[k], matrix[k], right);
	}
}

/* Every row sums up to its right side, so all unknowns are 1. */
static u64 run(void)
{
	u64 state = 0x13198a2e03707344, good = 0;
	int i, j, round;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < N; i++) {
			right[i] = 0;
			for (j = 0; j < N; j++) {
				matrix[j][i] = (double)(bench_random(&state) >> 44) / (1 << 20) - 0.5;
				right[i] += matrix[j][i];
			}
		}
		factor();
		solve();
		for (i = 0; i < N; i++)
			good += magnitude(right[i] - 1) < TOLERANCE;
	}
	return good;
}

const struct bench bench = { "linpack", run, N *ROUNDS };
