/* The stack: growth, its limit, the guard, overflow handled on another stack; large frames and large arguments. */
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "show.h"

static sigjmp_buf back;

static void overflow(int number)
{
	siglongjmp(back, number);
}

__attribute__((noinline)) static long dig(long depth)
{
	volatile char frame[1000];

	frame[0] = (char)depth;
	frame[999] = 1;
	if (depth == 0)
		return 0;
	return dig(depth - 1) + frame[999] + (frame[0] != (char)depth);
}

static volatile long deep;

__attribute__((noinline, noclone)) static long endless(long depth)
{
	volatile char frame[4000];

	frame[0] = 1;
	deep = depth;
	return depth < 0 ? 0 : endless(depth + 1) + frame[0];
}

__attribute__((noinline)) static int big_frame(size_t size)
{
	volatile char *frame = alloca(size);

	frame[0] = 1;
	frame[size / 2] = 1;
	frame[size - 1] = 1;
	return frame[0] + frame[size / 2] + frame[size - 1] + frame[size / 3];
}

int main(void)
{
	static char other[65536];
	stack_t alternate = { .ss_sp = other, .ss_size = sizeof other };
	struct sigaction action = { .sa_handler = overflow, .sa_flags = SA_ONSTACK };
	struct rlimit limit;
	int status;

	getrlimit(RLIMIT_STACK, &limit);
	SHOW(limit.rlim_cur);
	SHOW(dig(5000));
	SHOW(dig(7000));
	SHOW(big_frame(6 << 20) >= 3);
	sigaltstack(&alternate, NULL);
	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < 3; i++)
		if (sigsetjmp(back, 1) == 0)
			endless(0);
		else
			printf("overflow after more than 1500 frames: %d\n", deep > 1500);
	fflush(stdout);
	if (fork() == 0) {
		signal(SIGSEGV, SIG_DFL);
		endless(0);
	}
	wait(&status);
	SHOW(WTERMSIG(status));
	SHOW(dig(7000));
	return 0;
}
