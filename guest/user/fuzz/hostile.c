/*
 * Attacks that random calls would hardly come upon. Each runs in a child of its own and may end by any signal; it must
 * end.
 */
#include "guest/user/fuzz/fuzz.h"

#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GARBAGE_PROGRAMS 60
#define MOST_REGIONS 70000 /* more than any kernel allows */
#define MOST_FILES 5000
#define CLONES 60
#define RANDOM_JUMPS 40
#define DEEP 200 /* folders */

/* The addition after the call keeps the compiler from making a loop of it. */
static __attribute__((noinline)) unsigned long recurse(unsigned long depth)
{
	volatile char frame[512];

	frame[depth % sizeof(frame)] = (char)depth;
	return depth == ~0ul ? 0 : depth + recurse(depth + 1) + (unsigned long)frame[0];
}

static void overflow_stack(uint64_t *random)
{
	/* 8 MiB of stack in the first place; the guard gap must stop it in any case. */
	_exit((int)recurse(*random & 1));
}

static void map_the_world(uint64_t *random)
{
	static const size_t sizes[] = { 1ul << 38, 1ul << 40, 1ul << 47, 1ul << 63, (size_t)-4096, (size_t)-1, 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		mmap(NULL, sizes[i], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		mmap((void *)(random_next(random) & ~4095ul), sizes[i], PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		syscall(SYS_brk, sizes[i]);
		syscall(SYS_mremap, recurse, 4096, sizes[i], 1, 0);
		syscall(SYS_munmap, 0x4000000000ul, sizes[i]);
	}
	/* Much, a page here and there: page tables are memory, too. */
	for (unsigned i = 0; i < 64; i++) {
		char *page = mmap((void *)(1ul << 30 | (unsigned long)i << 31), PAGE, PROT_READ | PROT_WRITE,
		                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page != MAP_FAILED)
			*page = 1;
	}
}

static void many_regions(uint64_t *random)
{
	size_t n = MOST_REGIONS;
	char *base = mmap(NULL, PAGES(n), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return;
	for (size_t i = 0; i < n; i += 2)
		if (mprotect(base + PAGES(i), PAGE, PROT_READ) < 0)
			break;
	munmap(base + PAGES(pick(random, n)), PAGES(n));
}

static void protect(const struct mapping *mapping, void *context)
{
	(void)context;
	mprotect((void *)mapping->start, mapping->end - mapping->start, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void protect_everything(uint64_t *random)
{
	(void)random;
	each_mapping(0, protect, NULL);
	mprotect(NULL, 1ul << 38, PROT_NONE); /* our own code, too, if holes do not stop it */
	syscall(SYS_mprotect, (unsigned long)recurse & ~4095ul, 4096, PROT_NONE);
}

static void unmap_everything(uint64_t *random)
{
	(void)random;
	syscall(SYS_munmap, 0, 1ul << 38);
	syscall(SYS_munmap, 0, 0x3ffffff000ul);
}

/* Where the mutation goes: mostly into the headers. */
static void damage(unsigned char *image, size_t size, uint64_t *random)
{
	unsigned n = 1 + (unsigned)pick(random, 8);

	while (n--) {
		size_t at = pick(random, pick(random, 4) ? 64 + 56 * 12 : size);

		switch (pick(random, 3)) {
		case 0:
			image[at % size] ^= (unsigned char)(1u << pick(random, 8));
			break;
		case 1:
			image[at % size] = (unsigned char)random_next(random);
			break;
		default:
			memset(image + (at & ~7ul) % (size - 8), pick(random, 2) ? 0xff : 0, 8);
		}
	}
}

static void try_program(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit cpu = { 1, 1 };

		setrlimit(RLIMIT_CPU, &cpu);
		dup2(open("/dev/null", O_RDWR), 1);
		dup2(1, 2);
		alarm(2);
		execl(path, "true", NULL); /* not ourselves: what ran undamaged would be another fuzz */
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void run_garbage(uint64_t *random)
{
	static unsigned char image[1 << 16], copy[1 << 16];
	char path[64];
	int fd = open("/bin/true", O_RDONLY);
	ssize_t size = read(fd, image, sizeof(image));

	snprintf(path, sizeof(path), "/tmp/fuzz.elf.%d", getpid());
	for (int i = 0; i < GARBAGE_PROGRAMS && size > 64; i++) {
		size_t length = pick(random, 4) ? (size_t)size : (size_t)pick(random, (uint64_t)size);

		memcpy(copy, image, (size_t)size);
		damage(copy, (size_t)size, random);
		unlink(path);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
		if (fd < 0 || write(fd, copy, length) < 0)
			break;
		close(fd);
		try_program(path);
	}
	unlink(path);
}

/* Ends without a stack or a thread pointer to rely on. */
static void clone_at_random(uint64_t *random)
{
	for (int i = 0; i < CLONES; i++) {
		struct call call = { .number = SYS_clone, .name = "clone" };

		call.args[0] = (random_next(random) & 0xffffff00ul) | SIGCHLD;
		if (pick(random, 2)) /* as threads are made */
			call.args[0] |= 0x10f00;
		for (int k = 1; k < 5; k++)
			call.args[k] = random_next(random) >> pick(random, 64);
		call.args[0] &= ~(unsigned long)(CLONE_PARENT | CLONE_VFORK);
		make_call(&call);
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			continue;
	}
}

static void leave_quietly(int signal)
{
	_exit(signal);
}

static void jump_at_random(uint64_t *random)
{
	static const uint64_t bases[] = {
		0, 0xffffffff80200000ul, 0xffffffc080000000ul, 1ul << 38, 1ul << 47, 0x10000
	};

	for (int i = 0; i < RANDOM_JUMPS; i++) {
		uint64_t target = bases[pick(random, sizeof(bases) / sizeof(bases[0]))] + pick(random, 1 << 20);
		pid_t pid = fork();

		if (pid == 0) {
			signal(i % 2 ? SIGSEGV : SIGILL, leave_quietly);
			alarm(2);
			/* With a stack that cannot take a signal frame. */
			__asm__ volatile("mv sp, %0\n\tjr %1" : : "r"(random_next(random)), "r"(target) : "memory");
		}
		waitpid(pid, NULL, 0);
	}
}

static void open_without_end(uint64_t *random)
{
	struct rlimit limit = { MOST_FILES, MOST_FILES };
	int ends[2];

	(void)random;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < MOST_FILES; i++)
		if (pipe(ends) < 0 || write(ends[1], "full", 4) < 0)
			break;
	fcntl(0, F_DUPFD, 0x7fffffff);
	syscall(SYS_dup3, 0, 0x7fffffff, 0);
	syscall(SYS_close_range, 3u, ~0u, 0);
}

static void descend(uint64_t *random)
{
	int depth;
	char name[256], path[8192];

	memset(name, 'n', sizeof(name));
	name[pick(random, 250) + 1] = 0;
	for (depth = 0; depth < DEEP && mkdir(name, 0700) == 0 && chdir(name) == 0; depth++)
		continue;
	syscall(SYS_getcwd, path, sizeof(path)); /* longer than a page: ERANGE, not a wrong path */
	while (depth--) {
		if (chdir("..") < 0 || rmdir(name) < 0)
			break;
	}
}

static void signal_storm(uint64_t *random)
{
	stack_t tiny = { .ss_sp = (void *)(random_next(random) & ~15ul), .ss_size = 4096 };
	struct sigaction action = { .sa_handler = leave_quietly, .sa_flags = SA_ONSTACK | SA_NODEFER };

	for (int i = 1; i < 65; i++)
		sigaction(i, &action, NULL);
	sigaltstack(&tiny, NULL);
	for (int i = 0; i < 100; i++)
		kill(getpid(), 1 + (int)pick(random, 64));
}

static void forge_return(uint64_t *random)
{
	uint64_t frame[160];

	for (size_t i = 0; i < sizeof(frame) / 8; i++)
		frame[i] = random_next(random) >> pick(random, 64);
	/* Whatever the registers in the frame say, privilege must not be among it. */
	__asm__ volatile("mv sp, %0\n\tli a7, 139\n\tecall" : : "r"(frame) : "a0", "a7", "memory");
}

static const struct {
	const char *name;
	void (*run)(uint64_t *random);
} attacks[] = {
	{ "stack overflow", overflow_stack },
	{ "huge mappings", map_the_world },
	{ "very many regions", many_regions },
	{ "mprotect of everything", protect_everything },
	{ "munmap of everything", unmap_everything },
	{ "programs of garbage", run_garbage },
	{ "clone with random flags", clone_at_random },
	{ "jumps to anywhere", jump_at_random },
	{ "descriptors without end", open_without_end },
	{ "deep folders", descend },
	{ "signals on a bad stack", signal_storm },
	{ "a forged signal frame", forge_return },
};

const char *attack_name(unsigned index)
{
	return index < sizeof(attacks) / sizeof(attacks[0]) ? attacks[index].name : NULL;
}

void attack(unsigned index, uint64_t *random)
{
	attacks[index].run(random);
}
