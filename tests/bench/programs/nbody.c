/*
 * Bodies that attract each other, by leapfrog steps: double precision with square roots and divisions, all in the
 * caches.
 */
#include "tests/bench/runtime/bench.h"

#define BODIES 8
#define STEPS 90000
#define STEP 0.001
#define SOFTENING 0.01

struct body {
	double x, y, z;    /* place */
	double vx, vy, vz; /* velocity */
	double mass;
};

static struct body bodies[BODIES];

static double uniform(u64 *state)
{
	return (double)(bench_random(state) >> 44) / (1 << 20) - 0.5;
}

static NOINLINE void kick(double step)
{
	int i, j;

	for (i = 0; i < BODIES; i++) {
		for (j = i + 1; j < BODIES; j++) {
			struct body *a = &bodies[i], *b = &bodies[j];
			double dx = b->x - a->x, dy = b->y - a->y, dz = b->z - a->z;
			double square = dx * dx + dy * dy + dz * dz + SOFTENING;
			double pull = step / (square * __builtin_sqrt(square));

			a->vx += dx * pull * b->mass;
			a->vy += dy * pull * b->mass;
			a->vz += dz * pull * b->mass;
			b->vx -= dx * pull * a->mass;
			b->vy -= dy * pull * a->mass;
			b->vz -= dz * pull * a->mass;
		}
	}
}

static NOINLINE void drift(double step)
{
	int i;

	for (i = 0; i < BODIES; i++) {
		bodies[i].x += step * bodies[i].vx;
		bodies[i].y += step * bodies[i].vy;
		bodies[i].z += step * bodies[i].vz;
	}
}

static double energy(void)
{
	double sum = 0;
	int i, j;

	for (i = 0; i < BODIES; i++) {
		const struct body *a = &bodies[i];

		sum += a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz) / 2;
		for (j = i + 1; j < BODIES; j++) {
			const struct body *b = &bodies[j];
			double dx = b->x - a->x, dy = b->y - a->y, dz = b->z - a->z;

			sum -= a->mass * b->mass / __builtin_sqrt(dx * dx + dy * dy + dz * dz + SOFTENING);
		}
	}
	return sum;
}

/* The energy must be what it was, to one part in ten thousand. */
static u64 run(void)
{
	u64 state = 0xa4093822299f31d0;
	double before, change;
	int i;

	for (i = 0; i < BODIES; i++) {
		bodies[i] = (struct body){
			.x = uniform(&state), .y = uniform(&state), .z = uniform(&state), .mass = 0.125
		};
		bodies[i].vx = uniform(&state);
		bodies[i].vy = uniform(&state);
		bodies[i].vz = uniform(&state);
	}
	before = energy();
	for (i = 0; i < STEPS; i++) {
		drift(STEP / 2);
		kick(STEP);
		drift(STEP / 2);
	}
	change = (energy() - before) / before;
	return change > -1e-4 && change < 1e-4;
}

const struct bench bench = { "nbody", run, 1 };
