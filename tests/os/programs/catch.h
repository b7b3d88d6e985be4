/* Accesses that may end in a signal, after which the program goes on: where it was, and its code. */
#ifndef TESTS_OS_PROGRAMS_CATCH_H
#define TESTS_OS_PROGRAMS_CATCH_H

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

static sigjmp_buf back;              /* sigsetjmp(back, 1) gives the signal's number when one comes */
static volatile uintptr_t fault_at;  /* si_addr of the last one */
static volatile int fault_code;      /* its si_code */

static void faulted(int number, siginfo_t *si, void *context)
{
	(void)context;
	fault_at = (uintptr_t)si->si_addr;
	fault_code = si->si_code;
	siglongjmp(back, number);
}

static inline void catch_signal(int number)
{
	struct sigaction action = { .sa_sigaction = faulted, .sa_flags = SA_SIGINFO };

	sigaction(number, &action, NULL);
}

/* Loads the byte, or stores `write` if that is not 0. 0: the access is done; else the signal's number times 10, and its
 * code; -1: the address told is another one. */
static inline int poke(volatile char *at, char write)
{
	int number = sigsetjmp(back, 1);

	if (number)
		return fault_at == (uintptr_t)at ? number * 10 + fault_code : -1;
	if (write)
		*at = write;
	else
		(void)*at;
	return 0;
}

#endif
