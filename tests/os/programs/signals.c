/* Signals: handlers and their masks, siginfo, queues, the alternate stack, restarts, jumping out, timers, ends by
 * signal. */
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "show.h"

static volatile int seen[65], depth, depth_max, order;
static sigjmp_buf back;

static void count(int number)
{
	seen[number]++;
}

static void info(int number, siginfo_t *si, void *context)
{
	printf("signal %d code %d value %d from %s, context %d\n", number, si->si_code,
	       si->si_code == SI_QUEUE ? si->si_value.sival_int : 0, si->si_pid == getpid() ? "me" : "another",
	       context != NULL);
}

static void nested(int number)
{
	depth++;
	if (depth > depth_max)
		depth_max = depth;
	if (number == SIGUSR1)
		raise(SIGUSR2);
	order = order * 10 + (number == SIGUSR1 ? 1 : 2);
	depth--;
}

static void jump(int number)
{
	siglongjmp(back, number);
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

static void on_altstack(int number)
{
	stack_t now;
	char here;

	(void)number;
	sigaltstack(NULL, &now);
	printf("on the alternate stack: %d, flags %d\n",
	       &here > (char *)now.ss_sp && &here < (char *)now.ss_sp + now.ss_size, now.ss_flags);
}

static void masks_and_queues(void)
{
	struct sigaction action = { .sa_sigaction = info, .sa_flags = SA_SIGINFO };
	union sigval value = { .sival_int = 77 };
	sigset_t set, pending, old;
	siginfo_t si;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGRTMIN, &action, NULL);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGUSR1, value);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (value.sival_int = 0; value.sival_int < 3; value.sival_int++) {
		sigqueue(getpid(), SIGUSR1, value);
		sigqueue(getpid(), SIGRTMIN, value);
	}
	sigpending(&pending);
	SHOW(sigismember(&pending, SIGUSR1));
	SHOW(sigismember(&pending, SIGUSR2));
	TRY(sigwaitinfo(&set, &si) == SIGUSR1 ? 1 : 0);
	SHOW(si.si_value.sival_int);
	sigprocmask(SIG_SETMASK, &old, NULL);
	TRY(sigtimedwait(&set, &si, &(struct timespec){ 0, 1000000 }));
	handle(SIGUSR2, count, 0);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR2);
	SHOW(seen[SIGUSR2]);
	TRY(sigsuspend(&old));
	SHOW(seen[SIGUSR2]);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void restarts(void)
{
	/* Again and again: one that comes before the call that it is to interrupt must not be the last. */
	struct itimerval soon = { { 0, 2000 }, { 0, 2000 } };
	int ends[2];
	char byte;
	struct timespec left, day = { 86400, 0 };

	TRY(pipe(ends));
	handle(SIGALRM, count, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	TRY(read(ends[0], &byte, 1));
	handle(SIGALRM, count, SA_RESTART);
	fflush(stdout);
	if (fork() == 0) {
		usleep(10000);
		_exit(write(ends[1], "x", 1) != 1);
	}
	TRY(read(ends[0], &byte, 1));
	wait(NULL);
	SHOW(seen[SIGALRM] > 1);
	TRY(nanosleep(&day, &left));
	SHOW(left.tv_sec == 86399);
	TRY(pause());
	alarm(0);
	SHOW(alarm(100));
	SHOW(alarm(0));
	setitimer(ITIMER_REAL, &soon, NULL);
	for (seen[SIGALRM] = 0; seen[SIGALRM] < 5;)
		pause();
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	puts("five ticks");
	handle(SIGVTALRM, count, 0);
	setitimer(ITIMER_VIRTUAL, &soon, NULL);
	while (seen[SIGVTALRM] < 2)
		continue;
	setitimer(ITIMER_VIRTUAL, &(struct itimerval){ 0 }, NULL);
	puts("two virtual ticks");
}

static void ends_by_signal(void)
{
	static const int numbers[] = { SIGTERM, SIGKILL, SIGSEGV, SIGABRT, SIGPIPE, SIGUSR1, SIGCHLD, SIGSTOP };
	int status;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0) {
			signal(numbers[i], SIG_DFL);
			kill(getpid(), numbers[i]);
			_exit(42);
		}
		waitpid(child, &status, WUNTRACED);
		if (WIFSTOPPED(status)) {
			printf("%d: stopped by %d\n", numbers[i], WSTOPSIG(status));
			kill(child, SIGCONT);
			waitpid(child, &status, 0);
		}
		printf("%d: %s %d\n", numbers[i], WIFSIGNALED(status) ? "killed by" : "ended with",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
}

int main(void)
{
	static char stack[65536];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
	volatile int jumps = 0;

	masks_and_queues();
	handle(SIGUSR1, nested, 0);
	handle(SIGUSR2, nested, 0);
	raise(SIGUSR1);
	SHOW(order);
	SHOW(depth_max);
	TRY(sigaltstack(&alternate, NULL));
	handle(SIGUSR1, on_altstack, SA_ONSTACK | SA_RESETHAND);
	raise(SIGUSR1);
	handle(SIGSEGV, jump, 0);
	if (sigsetjmp(back, 1) == 0)
		*(volatile int *)8 = 1;
	jumps++;
	while (jumps < 100)
		if (sigsetjmp(back, 1) == 0)
			*(volatile int *)8 = 1;
		else
			jumps++;
	SHOW(jumps);
	restarts();
	signal(SIGINT, SIG_IGN);
	TRY(raise(SIGINT));
	TRY(kill(getpid(), 0));
	TRY(kill(getpid(), 65));
	TRY(kill(999999, 0));
	TRY(sigaction(SIGKILL, &(struct sigaction){ .sa_handler = count }, NULL));
	TRY(sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = 100 }, NULL));
	ends_by_signal();
	return 0;
}
