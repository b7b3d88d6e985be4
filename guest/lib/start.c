/*
 * The C side of a program's start, its end, and the two process calls that need more than the bare trap.
 */
#include "guest/lib/lib.h"

#include "guest/abi/process.h"
#include "guest/abi/signal.h"

/* pairs of type and value, set once before main */
static const u64 *auxiliary_vector;

void lib_start(u64 *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	char **end = envp;

	while (*end != NULL)
		end++;
	auxiliary_vector = (const u64 *)(end + 1);
	exit(main(argc, argv, envp));
}

u64 getauxval(u64 type)
{
	for (const u64 *entry = auxiliary_vector; entry[0] != AT_NULL; entry += 2) {
		if (entry[0] == type)
			return entry[1];
	}
	return 0;
}

void exit(int status)
{
	sys_exit_group((u64)status);
	__builtin_trap();
}

i64 fork(void)
{
	return sys_clone(SIGCHLD, 0ul, 0ul, 0ul, 0ul);
}

i64 waitpid(i64 pid, int *status, int options)
{
	return sys_wait4((u64)pid, status, options, 0ul);
}
