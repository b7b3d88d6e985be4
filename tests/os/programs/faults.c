/* Protection: each forbidden access ends in the right signal, with its code and address, and the process can go on. */
#include <sys/mman.h>
#include <sys/wait.h>

#include "catch.h"
#include "show.h"

enum access { LOAD, STORE, JUMP };

static void attempt(const char *what, uintptr_t address, enum access how)
{
	int number = sigsetjmp(back, 1);

	if (number) {
		printf("%s: signal %d code %d%s\n", what, number, fault_code,
		       fault_at == address ? "" : ", another address");
		return;
	}
	if (how == LOAD)
		(void)*(volatile char *)address;
	else if (how == STORE)
		*(volatile char *)address = 1;
	else
		((void (*)(void))address)();
	printf("%s: done\n", what);
}

static const int constant = 5;
static int variable;

int main(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
	uintptr_t none, page;
	int status, number;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		catch_signal(numbers[i]);
	none = (uintptr_t)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page = (uintptr_t)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	attempt("load NULL", 0, LOAD);
	attempt("store NULL + 16", 16, STORE);
	attempt("jump to NULL", 0, JUMP);
	attempt("store to text", (uintptr_t)main, STORE);
	attempt("store to a constant", (uintptr_t)&constant, STORE);
	attempt("jump to data", (uintptr_t)&variable & ~1UL, JUMP);
	attempt("load text", (uintptr_t)main, LOAD);
	attempt("load PROT_NONE", none, LOAD);
	attempt("store PROT_NONE", none, STORE);
	attempt("jump to PROT_NONE", none, JUMP);
	munmap((void *)page, 4096);
	attempt("load unmapped", page, LOAD);
	attempt("store in the next page", page + 4096, STORE);
	mprotect((void *)(page + 4096), 4096, PROT_READ | PROT_EXEC);
	attempt("store to what is executable", page + 4096, STORE);
	mprotect((void *)(page + 4096), 4096, PROT_NONE);
	attempt("load after mprotect", page + 4096, LOAD);
	number = sigsetjmp(back, 1);
	if (number == 0)
		raise(SIGSEGV);
	printf("raise: signal %d code %d\n", number, fault_code);
#ifdef __riscv
	attempt("kernel's addresses, load", 0xffffffc000000000UL, LOAD);
	attempt("kernel's addresses, store", 0xffffffff80000000UL, STORE);
	number = sigsetjmp(back, 1);
	if (number == 0)
		__asm__ volatile(".word 0");
	printf("illegal: signal %d code %d\n", number, fault_code);
	number = sigsetjmp(back, 1);
	if (number == 0)
		__asm__ volatile("csrw satp, zero");
	printf("a CSR of the kernel: signal %d code %d\n", number, fault_code);
	number = sigsetjmp(back, 1);
	if (number == 0)
		__asm__ volatile("sret");
	printf("sret: signal %d code %d\n", number, fault_code);
	number = sigsetjmp(back, 1);
	if (number == 0)
		__asm__ volatile("ebreak");
	printf("ebreak: signal %d code %d\n", number, fault_code);
	printf("division by zero: %ld\n", 5 / (long)strtol("0", NULL, 0));
#endif
	fflush(stdout);
	if (fork() == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile int *)none = 1;
		_exit(0);
	}
	wait(&status);
	SHOW(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	fflush(stdout);
	if (fork() == 0) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		sigprocmask(SIG_BLOCK, &set, NULL);
		*(volatile int *)none = 1;
		_exit(0);
	}
	wait(&status);
	SHOW(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	return 0;
}
