/* Mappings: fixed, holes, protection, growth and moving, shared and private memory, what the kernel refuses. */
#include <sys/mman.h>
#include <sys/wait.h>

#include "catch.h"
#include "show.h"

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static void protection(char *m)
{
	SHOW(poke(m, 1));
	TRY(mprotect(m, PAGE, PROT_READ));
	SHOW(poke(m, 0));
	SHOW(poke(m, 1));
	SHOW(poke(m + PAGE, 1));
	TRY(mprotect(m, PAGE, PROT_NONE));
	SHOW(poke(m, 0));
	TRY(mprotect(m, PAGE, RW));
	SHOW(m[0]);
	TRY(munmap(m + 2 * PAGE, PAGE));
	SHOW(poke(m + 2 * PAGE, 0));
	SHOW(poke(m + 3 * PAGE - 1, 1));
	SHOW(poke(m + 3 * PAGE, 1));
	TRY(mprotect(m + 2 * PAGE, PAGE, PROT_READ));
	SHOW(poke(m + 4 * PAGE, 0));
	TRY(munmap(m + 2 * PAGE, PAGE));
	TRY(mprotect(m + 1, PAGE, RW));
	TRY(munmap(m + 1, PAGE));
	TRY(munmap(m, 0));
}

static void moving(void)
{
	char *m = mmap(NULL, 4 * PAGE, RW, PRIVATE, -1, 0), *other;

	for (int i = 0; i < 4; i++)
		m[i * PAGE] = 'a' + i;
	other = mremap(m, 4 * PAGE, 600 * PAGE, MREMAP_MAYMOVE);
	SHOW(other != MAP_FAILED);
	SHOW(other[0] == 'a' && other[3 * PAGE] == 'd' && other[4 * PAGE] == 0 && other[599 * PAGE] == 0);
	m = mremap(other, 600 * PAGE, 2 * PAGE, 0);
	SHOW(m == other);
	SHOW(poke(m + 2 * PAGE, 0));
	other = mmap(NULL, 8 * PAGE, RW, PRIVATE, -1, 0);
	other[PAGE] = 'z';
	SHOW(mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other + 4 * PAGE) == other + 4 * PAGE);
	SHOW(other[4 * PAGE]);
	SHOW(other[PAGE]);
	SHOW(poke(m, 0));
	TRY(munmap(other, 8 * PAGE));
	m = mmap(NULL, 3 * PAGE, RW, PRIVATE, -1, 0);
	munmap(m + PAGE, PAGE);
	TRY(mremap(m, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
	SHOW(mmap(m + PAGE, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == m + PAGE);
	TRY(mremap(m, PAGE, 3 * PAGE, 0));
}

static void sharing(void)
{
	volatile int *shared = mmap(NULL, 64 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *private = mmap(NULL, 64 * PAGE, RW, PRIVATE, -1, 0);
	int status;

	private[0] = 1;
	fflush(stdout);
	if (fork() == 0) {
		for (int i = 0; i < 64; i++) {
			shared[i * 1024] = i;
			private[i * 1024] = i + 5;
		}
		_exit(private[0]);
	}
	wait(&status);
	SHOW(WEXITSTATUS(status));
	SHOW(shared[63 * 1024]);
	SHOW(private[63 * 1024]);
	SHOW(private[0]);
	TRY(madvise((void *)private, 64 * PAGE, MADV_DONTNEED));
	SHOW(private[0]);
	TRY(madvise((void *)shared, 64 * PAGE, MADV_DONTNEED));
	SHOW(shared[63 * 1024]);
	TRY(mlock((void *)private, PAGE));
	TRY(munlock((void *)private, PAGE));
}

int main(void)
{
	char *m = mmap(NULL, 8 * PAGE, RW, PRIVATE, -1, 0);

	catch_signal(SIGSEGV);
	catch_signal(SIGBUS);
	protection(m);
	moving();
	sharing();
	SHOW(mmap((void *)0x10000000, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == (void *)0x10000000);
	SHOW(poke((char *)0x10000000, 1));
	SHOW(mmap((void *)0x10000000, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0) == (void *)0x10000000);
	SHOW(*(char *)0x10000000);
	TRY_ANY(mmap(NULL, 0, RW, PRIVATE, -1, 0));
	TRY_ANY(mmap((void *)1, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));
	TRY_ANY(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0));
	TRY_ANY(mmap(NULL, PAGE, RW, MAP_PRIVATE, 99, 0));
	TRY_ANY(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	m = mmap(NULL, 1UL << 33, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);
	SHOW(m != MAP_FAILED);
	TRY(mprotect(m + (1UL << 32), PAGE, RW));
	SHOW(poke(m + (1UL << 32), 1));
	SHOW(poke(m + (1UL << 32) + PAGE, 1));
	TRY(munmap(m, 1UL << 33));
	return 0;
}
