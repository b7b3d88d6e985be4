/* A tree of processes, each changing its own copy of memory; a child in the middle of large data; many short children.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "show.h"

#define WORDS (256 * 1024)

static int *data;

static int sum(void)
{
	unsigned total = 0;

	for (int i = 0; i < WORDS; i += 64)
		total += (unsigned)data[i];
	return (int)(total & 0x7fffffff);
}

/* Returns how many processes the tree below has, and checks that nobody's data is anybody else's. */
static int grow(int depth, int seed)
{
	int ends[2], total = 1, count, before;
	pid_t child;

	for (int i = 0; i < WORDS; i += 1024)
		data[i] = seed * 31 + i;
	before = sum();
	for (int branch = 0; depth > 0 && branch < 3; branch++) {
		if (pipe(ends) != 0 || (child = fork()) < 0)
			return -1000;
		if (child == 0) {
			count = grow(depth - 1, seed * 3 + branch + 1);
			_exit(write(ends[1], &count, sizeof count) != sizeof count);
		}
		close(ends[1]);
		if (read(ends[0], &count, sizeof count) != sizeof count)
			return -2000;
		close(ends[0]);
		waitpid(child, NULL, 0);
		total += 1;
		if (sum() != before)
			return -3000;
	}
	return total;
}

static int exponential(int depth)
{
	int left = 0, right = 0;
	pid_t a, b;

	if (depth == 0)
		return 1;
	a = fork();
	if (a == 0)
		_exit(exponential(depth - 1));
	b = fork();
	if (b == 0)
		_exit(exponential(depth - 1));
	waitpid(a, &left, 0);
	waitpid(b, &right, 0);
	return WEXITSTATUS(left) + WEXITSTATUS(right);
}

int main(void)
{
	int status, good = 0;

	data = mmap(NULL, WORDS * sizeof *data, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(data, 1, WORDS * sizeof *data);
	SHOW(grow(3, 1));
	SHOW(exponential(6));
	for (int i = 0; i < 300; i++) {
		if (fork() == 0)
			_exit(i % 256);
		wait(&status);
		good += WIFEXITED(status) && WEXITSTATUS(status) == i % 256;
	}
	SHOW(good);
	good = 0;
	for (int i = 0; i < 60; i++)
		if (fork() == 0) {
			data[i * 1024] = i;
			_exit(data[i * 1024] == i && data[(i + 1) * 1024] != i);
		}
	while (wait(&status) > 0)
		good += WEXITSTATUS(status) == 1;
	SHOW(good);
	TRY(wait(&status));
	return 0;
}
