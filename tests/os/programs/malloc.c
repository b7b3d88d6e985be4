/* The heap under random use by several threads, each block checked; large blocks that grow; brk back and forth. */
#include <malloc.h>
#include <pthread.h>

#include "show.h"

#define BLOCKS 600

struct block {
	unsigned char *at;
	size_t size;
	unsigned char mark;
};

static int intact(const struct block *b)
{
	for (size_t i = 0; i < b->size; i += 61)
		if (b->at[i] != b->mark)
			return 0;
	return 1;
}

static void *work(void *seed)
{
	struct block *blocks = calloc(BLOCKS, sizeof *blocks);
	unsigned long state = (unsigned long)seed;
	long bad = 0;

	for (int i = 0; i < 20000; i++) {
		struct block *b = &blocks[show_random(&state) % BLOCKS];

		if (b->at) {
			bad += !intact(b);
			if (show_random(&state) % 3) {
				free(b->at);
				b->at = NULL;
				continue;
			}
		}
		b->size = 1 + show_random(&state) % (show_random(&state) % 50 ? 600 : 200000);
		b->at = realloc(b->at, b->size);
		b->mark = (unsigned char)i;
		memset(b->at, b->mark, b->size);
	}
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i].at);
	free(blocks);
	return (void *)bad;
}

int main(void)
{
	pthread_t threads[4];
	void *bad;

	SHOW(work((void *)1) == NULL);
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 2));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &bad);
		SHOW(bad == NULL);
	}
	long *grows = NULL;
	for (size_t n = 1000; n < 3000000; n = n * 3 / 2) {
		grows = realloc(grows, n * sizeof *grows);
		grows[n - 1] = (long)n;
		grows[0] = 1;
	}
	SHOW(grows[999]);
	free(grows);
	unsigned char *zero = calloc(1, 8 << 20);
	long sum = 0;
	for (int i = 0; i < 8 << 20; i += 512)
		sum += zero[i];
	SHOW(sum);
	free(zero);
	SHOW(malloc_trim(0) >= 0);
	SHOW(malloc(1UL << 62) == NULL);
	char *low = sbrk(1 << 20), *high;
	SHOW(low != (char *)-1);
	memset(low, 7, 1 << 20);
	SHOW(sbrk(-(1 << 20)) == low + (1 << 20));
	high = sbrk(1 << 20);
	SHOW(high == low);
	SHOW(high[0]);
	SHOW(high[(1 << 20) - 1]);
	SHOW(brk(low) == 0);
	void *aligned = NULL;
	SHOW(posix_memalign(&aligned, 65536, 100));
	SHOW((long)aligned % 65536);
	return 0;
}
