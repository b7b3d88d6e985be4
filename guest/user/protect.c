/*
 * protect: what a program may not do, and how it is told: signal, code and address.
 *
 *     protect             each misdeed with a handler, then in a child without one
 *     protect NAME        one misdeed without a handler, so that the kernel's own line about it can be read
 *
 * Kernel: mm/fault.c (MAPERR or ACCERR), core/trap.c, proc/signal.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL_VA 0xffffffff80200000ul

enum deed { LOAD, STORE, JUMP };

struct misdeed {
	const char *name;
	const char *what;
	enum deed deed;
	void *address;
	int signal;
	int code;
};

static sigjmp_buf back;
static volatile siginfo_t seen;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	memcpy((void *)&seen, info, sizeof(seen));
	siglongjmp(back, 1);
}

static void commit(const struct misdeed *m)
{
	volatile char *p = m->address;
	void (*f)(void);

	switch (m->deed) {
	case LOAD:
		(void)*p;
		break;
	case STORE:
		*p = 1;
		break;
	case JUMP:
		memcpy(&f, &m->address, sizeof(f));
		f();
		break;
	}
}

static void commit_in_child(void *context)
{
	commit(context);
}

/* Fills in the addresses; their number. */
static int prepare(struct misdeed *m)
{
	static unsigned long data[4] = { 0x8082 }; /* `ret`, but not in text */
	char *guard = mmap(NULL, PAGES(2), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *constant = fresh_pages(1), *gone = fresh_pages(3), *file;
	FILE *empty = tmpfile();
	int n = 0;

	file = empty ? mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fileno(empty), 0) : MAP_FAILED;
	constant[0] = 1;
	gone[0] = gone[PAGE] = gone[PAGES(2)] = 1;
	if (guard == MAP_FAILED || file == MAP_FAILED || mprotect(guard + PAGE, PAGE, PROT_NONE) < 0 ||
	    mprotect(constant, PAGE, PROT_READ) < 0 || munmap(gone + PAGE, PAGE) < 0)
		die("mmap");
	m[n++] = (struct misdeed)
	{
		"text", "store to the program's text", STORE
		, (void *)prepare, SIGSEGV, SEGV_ACCERR
	};
	m[n++] = (struct misdeed)
	{
		"constant", "store to a read-only page", STORE
		, constant, SIGSEGV, SEGV_ACCERR
	};
	m[n++] = (struct misdeed){ "data", "jump to data", JUMP, data, SIGSEGV, SEGV_ACCERR };
	m[n++] = (struct misdeed){
		"stack", "jump to the stack", JUMP, __builtin_frame_address(0), SIGSEGV, SEGV_ACCERR
	};
	m[n++] = (struct misdeed)
	{
		"guard", "load from a guard page", LOAD
		, guard + PAGE + 16, SIGSEGV, SEGV_ACCERR
	};
	m[n++] = (struct misdeed)
	{
		"null", "load from NULL", LOAD
		, NULL, SIGSEGV, SEGV_MAPERR
	};
	m[n++] = (struct misdeed)
	{
		"nullstore", "store near NULL", STORE
		, (void *)24, SIGSEGV, SEGV_MAPERR
	};
	m[n++] = (struct misdeed){ "call", "jump to NULL", JUMP, NULL, SIGSEGV, SEGV_MAPERR };
	m[n++] = (struct misdeed)
	{
		"gone", "load from what was unmapped", LOAD
		, gone + PAGE, SIGSEGV, SEGV_MAPERR
	};
	m[n++] = (struct misdeed)
	{
		"kernel", "load from the kernel", LOAD
		, (void *)KERNEL_VA, SIGSEGV, SEGV_MAPERR
	};
	m[n++] = (struct misdeed)
	{
		"kstore", "store to the kernel", STORE
		, (void *)KERNEL_VA, SIGSEGV, SEGV_MAPERR
	};
	m[n++] = (struct misdeed){ "kcall", "jump into the kernel", JUMP, (void *)KERNEL_VA, SIGSEGV, SEGV_MAPERR };
	m[n++] = (struct misdeed)
	{
		"end", "load beyond the end of a file", LOAD
		, file, SIGBUS, BUS_ADRERR
	};
	return n;
}

static const char *code_text(int signal_number, int code)
{
	if (signal_number == SIGBUS)
		return code == BUS_ADRERR ? "BUS_ADRERR" : "another code";
	return code == SEGV_MAPERR ? "SEGV_MAPERR" : code == SEGV_ACCERR ? "SEGV_ACCERR" : "another code";
}

static void with_handler(struct show *show, const struct misdeed *m)
{
	memset((void *)&seen, 0, sizeof(seen));
	if (sigsetjmp(back, 1) == 0) {
		commit(m);
		check(show, false, "%-29s nothing happened", m->what);
		return;
	}
	check(show, seen.si_signo == m->signal && seen.si_code == m->code && seen.si_addr == m->address,
	      "%-29s SIG%s, %s, address %p", m->what, sigabbrev_np(seen.si_signo),
	      code_text(seen.si_signo, seen.si_code), seen.si_addr);
}

static void on_alternate_stack(struct show *show, const struct misdeed *m)
{
	static char memory[65536];
	stack_t alternate = { .ss_sp = memory, .ss_size = sizeof(memory) };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&alternate, NULL);
	sigaction(SIGSEGV, &action, NULL);
	if (sigsetjmp(back, 1) == 0)
		commit(m);
	check(show, seen.si_addr == m->address, "a handler on its own stack was told %p", seen.si_addr);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct misdeed misdeeds[16];
	struct show show;
	int count = prepare(misdeeds), status;

	for (int i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], misdeeds[i].name) == 0)
			commit(&misdeeds[i]);
	check_usage(argc, argv, "protect [NAME]");
	if (argc > 1) {
		fprintf(stderr, "protect: there is no %s; these are:", argv[1]);
		for (int i = 0; i < count; i++)
			fprintf(stderr, " %s", misdeeds[i].name);
		fputc('\n', stderr);
		return 2;
	}
	show_begin(&show, "protect", "what memory does not permit");
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	for (int i = 0; i < count; i++)
		with_handler(&show, &misdeeds[i]);
	on_alternate_stack(&show, &misdeeds[0]);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	say("and without a handler:");
	for (int i = 0; i < count; i++) {
		status = in_child(commit_in_child, &misdeeds[i]);
		check(&show, WIFSIGNALED(status) && WTERMSIG(status) == misdeeds[i].signal, "%-29s %s",
		      misdeeds[i].what, status_text(status));
	}
	return show_end(&show);
}
