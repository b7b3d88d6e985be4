/*
 * What a random call is made of: its number from syscall.def, its arguments by their kind there, mostly plausible and
 * often not. And what must be kept from happening: see tame().
 */
#include "guest/user/fuzz/fuzz.h"

#include "guest/user/lib/raw.h"
#include "guest/user/lib/show.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define KERNEL_VA 0xffffffff80200000ul
#define USER_TOP 0x4000000000ul /* 256 GiB: Sv39 */
#define NO_PID 0x7ffffff0       /* nobody has it */

static const struct known {
	long number;
	const char *name;
	const char *kinds;
} known[] = {
#define SYSCALL(number, name, kinds) { number, #name, kinds },
#define SYSCALL_REFUSED(number, name, kinds, error) { number, #name, kinds },
#include "guest/abi/syscall.def"
};

/* Never made: they would end the machine or the experiment, or reach other machines' files where Linux has them. */
static const char *const never[] = {
	"reboot",  "kexec_load", "kexec_file_load", "init_module", "finit_module",  "exit",         "exit_group",
	"vhangup", "swapon",     "delete_module",   "sethostname", "setdomainname", "settimeofday", "clock_settime",
	"bpf",     "acct",       "syslog",          "adjtimex",    "clock_adjtime", "pivot_root"
};
/* They change files by name: not where all names can be seen. */
static const char *const changing[] = { "unlinkat", "renameat2", "mkdirat",   "mknodat",  "symlinkat",
	                                "linkat",   "truncate",  "fchmodat",  "fchownat", "utimensat",
	                                "openat2",  "setxattr",  "lsetxattr", "open_tree" };
/* Which argument is a process: only ourselves or nobody. */
static const struct {
	const char *name;
	int index;
} processes[] = { { "kill", 0 },
	          { "tkill", 0 },
	          { "tgkill", 0 },
	          { "tgkill", 1 },
	          { "rt_sigqueueinfo", 0 },
	          { "rt_tgsigqueueinfo", 0 },
	          { "rt_tgsigqueueinfo", 1 },
	          { "ptrace", 1 },
	          { "setpgid", 0 },
	          { "prlimit64", 0 },
	          { "sched_setaffinity", 0 },
	          { "sched_setparam", 0 },
	          { "sched_setscheduler", 0 },
	          { "setpriority", 1 },
	          { "ioprio_set", 1 },
	          { "pidfd_open", 0 },
	          { "migrate_pages", 0 },
	          { "move_pages", 0 },
	          { "process_vm_writev", 0 } };

static bool is_in(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

uint64_t pick(uint64_t *random, uint64_t limit)
{
	return (random_next(random) >> 11) % limit;
}

static uint64_t any_number(uint64_t *random)
{
	static const uint64_t edges[] = { 0,
		                          1,
		                          2,
		                          7,
		                          8,
		                          4095,
		                          4096,
		                          4097,
		                          65536,
		                          0x7fffffff,
		                          0x80000000,
		                          0xffffffff,
		                          0x100000000,
		                          0x7ffffffffffff000,
		                          0x7fffffffffffffff,
		                          0x8000000000000000,
		                          (uint64_t)-4096,
		                          (uint64_t)-1 };

	switch (pick(random, 4)) {
	case 0:
		return edges[pick(random, COUNT_OF(edges))];
	case 1:
		return pick(random, 64);
	case 2:
		return 1ul << pick(random, 64);
	default:
		return random_next(random) >> pick(random, 64);
	}
}

static uint64_t any_fd(uint64_t *random)
{
	switch (pick(random, 8)) {
	case 0:
		return (uint64_t)-1;
	case 1:
		return (uint64_t)AT_FDCWD;
	case 2:
		return any_number(random);
	default:
		return pick(random, 24);
	}
}

static uint64_t any_pointer(const struct targets *targets)
{
	uint64_t *random = targets->random;
	uint64_t inside = (uint64_t)(uintptr_t)targets->arena + pick(random, PAGES(ARENA_PAGES));

	switch (pick(random, 32)) {
	case 0:
		return 0;
	case 1:
		return KERNEL_VA + pick(random, 1 << 20);
	case 2:
		return 0xffffffc000000000ul + pick(random, 1ul << 30);
	case 3:
		return USER_TOP - pick(random, 64);
	case 4:
		return 0x0000800000000000ul | random_next(random) >> 20;
	case 5: /* across the guard page */
		return (uint64_t)(uintptr_t)targets->arena + PAGES(ARENA_PAGES - 1) - pick(random, 64);
	case 6:
		return (uint64_t)(uintptr_t)targets->read_only + pick(random, PAGE);
	case 7:
		return pick(random, 4) ? any_number(random) : (uint64_t)(uintptr_t)any_pointer;
	case 8:
		return inside; /* not aligned */
	default:
		return inside & ~7ul;
	}
}

static uint64_t any_path(const struct targets *targets)
{
	static const char *const inside[] = { "a", "b", "c",   "d/a",     "d",    "d/../b",
		                              ".", "",  "a/b", "nothing", "////", "fifo" };
	static const char *const outside[] = {
		"/proc/self/maps", "/proc/self/mem",     "/proc/self/fd/3",   "/dev/null",
		"/dev/zero",       "/proc/meminfo",      "/proc/self/status", "/",
		"/bin/true",       "/proc/self/cmdline", "/dev/ptmx",         "/proc/self/task",
		"/proc/1/stat",    "/proc/self/pagemap", "/dev/tty",          "/proc/self/exe/x"
	};
	uint64_t *random = targets->random;

	switch (pick(random, 6)) {
	case 0:
		return any_pointer(targets);
	case 1: /* much too long, no end in sight */
		memset(targets->arena + PAGE, 'x', PAGES(2));
		return (uint64_t)(uintptr_t)targets->arena + PAGE + pick(random, PAGES(2));
	default:
		return (uint64_t)(uintptr_t)(targets->outside ? outside[pick(random, COUNT_OF(outside))]
		                                              : inside[pick(random, COUNT_OF(inside))]);
	}
}

/* An array of strings, in the arena's first page. */
static uint64_t any_strings(const struct targets *targets)
{
	uint64_t *words = (uint64_t *)(void *)targets->arena;
	unsigned n = (unsigned)pick(targets->random, 8);

	if (!pick(targets->random, 4))
		return any_pointer(targets);
	for (unsigned i = 0; i < n; i++)
		words[i] = any_path(targets);
	words[n] = 0;
	return (uint64_t)(uintptr_t)words;
}

static uint64_t any_argument(const struct targets *targets, char kind)
{
	uint64_t *random = targets->random;

	switch (kind) {
	case 'f':
	case 'D':
		return any_fd(random);
	case 's':
		return any_path(targets);
	case 'v':
		return any_strings(targets);
	case 'S':
		return pick(random, 70);
	case 'P':
		return pick(random, 8) ? pick(random, 8) : any_number(random);
	case 'n':
	case 'K':
	case 'q':
	case 'r':
	case 'C':
	case 'H':
	case 'O':
	case 'h':
		return pick(random, 8) ? pick(random, 24) : any_number(random);
	case 'i':
		return pick(random, 8) ? 0x5400 + pick(random, 0x60) : any_number(random);
	case 'x':
	case 'o':
	case 'A':
	case 'X':
	case 'c':
	case 'M':
	case 'F':
	case 'Y':
		return pick(random, 2) ? 1ul << pick(random, 32) | 1ul << pick(random, 32) : any_number(random);
	case 'd':
	case 'u':
	case 'l':
	case 'e':
	case 'm':
	case 'a':
		return any_number(random);
	default:
		return any_pointer(targets);
	}
}

static uint64_t own_pid(uint64_t *random)
{
	uint64_t nobody = NO_PID + pick(random, 8);

	return pick(random, 3) ? pick(random, 2) ? 0 : (uint64_t)getpid() : nobody;
}

/* A mapping put over our own code ends a child; that is allowed, but should not happen to every second one. */
static void keep_alive(const struct targets *targets, const char *name, uint64_t *args)
{
	uint64_t start = (uint64_t)(uintptr_t)targets->arena, end = start + PAGES(ARENA_PAGES);

	if (strcmp(name, "munmap") && strcmp(name, "mprotect") && strcmp(name, "mmap") && strcmp(name, "mremap") &&
	    strcmp(name, "madvise"))
		return;
	if (args[0] >= start && args[0] < end && pick(targets->random, 16))
		args[0] = start + PAGES(8);
	if (args[1] > PAGES(4) && pick(targets->random, 4))
		args[1] = PAGES(1 + pick(targets->random, 4));
}

/* Turns a call that would reach beyond its maker into one that does not. */
static void tame(const struct targets *targets, const char *name, uint64_t *args)
{
	for (size_t i = 0; i < COUNT_OF(processes); i++)
		if (strcmp(name, processes[i].name) == 0)
			args[processes[i].index] = own_pid(targets->random);
	if (strcmp(name, "setpriority") == 0 || strcmp(name, "ioprio_set") == 0)
		args[0] = 0; /* a process, not all of a user */
	if (strcmp(name, "fcntl") == 0 && (args[1] == F_SETOWN || args[1] == F_SETOWN_EX))
		args[1] = F_GETOWN;
	if (targets->outside && strcmp(name, "openat") == 0)
		args[2] &= ~(uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC | __O_TMPFILE);
	if (strcmp(name, "clone") == 0) /* with CLONE_PARENT another process would get the signal */
		args[0] = (args[0] & ~0xfful) | SIGCHLD;
	if (strcmp(name, "clone3") == 0)
		args[1] = pick(targets->random, 64);
	if (strcmp(name, "ptrace") == 0 && args[0] == 0)
		args[0] = 3; /* TRACEME: its parent would have to answer every stop */
	if (strcmp(name, "mount") == 0 || strcmp(name, "umount2") == 0 || strcmp(name, "chroot") == 0 ||
	    strcmp(name, "swapoff") == 0)
		args[0] = (uint64_t)(uintptr_t)(pick(targets->random, 2) ? "nonsense" : "");
	if (strcmp(name, "mount") == 0)
		args[1] = (uint64_t)(uintptr_t) "no/such/place";
	keep_alive(targets, name, args);
}

/* Calls that nobody has made yet are asked for less often than the others. */
static const struct known *choose(uint64_t *random)
{
	const struct known *what;

	do
		what = &known[pick(random, COUNT_OF(known))];
	while (strcmp(what->kinds, "xxxxxx") == 0 && pick(random, 8));
	return what;
}

struct call next_call(const struct targets *targets)
{
	struct call call = { 0 };
	const struct known *what;
	size_t arity;

	do
		what = choose(targets->random);
	while (is_in(what->name, never, COUNT_OF(never)) ||
	       (targets->outside && is_in(what->name, changing, COUNT_OF(changing))));
	call.number = what->number;
	call.name = what->name;
	arity = strcspn(what->kinds, "=");
	for (size_t i = 0; i < 6; i++)
		call.args[i] = i < arity ? any_argument(targets, what->kinds[i]) : any_number(targets->random);
	if (!pick(targets->random, 200)) {
		call.number = (long)(451 + pick(targets->random, 1 << 20));
		call.name = "(no such number)";
	}
	tame(targets, call.name, call.args);
	return call;
}

long make_call(const struct call *call)
{
	return call_raw((long)call->number, call->args);
}
