/*
 * Structures in the program's memory, one function each. Those that the kernel fills are shown only after a call that
 * did not fail; before it, and when memory cannot be read, they are addresses.
 */
#include "guest/user/strace/strace.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define MAX_ITEMS 8 /* of an array */

/* As the kernel has it: no sa_restorer on this machine. */
struct kernel_sigaction {
	uint64_t handler; /* SIG_DFL, SIG_IGN or an address */
	uint64_t flags;   /* SA_ */
	uint64_t mask;    /* bit n: signal n + 1 */
};

void print_signal_set(struct tracer *tracer, uint64_t bits)
{
	bool inverted = __builtin_popcountll(bits) > 32;
	const char *gap = "";

	if (inverted)
		bits = ~bits;
	emit(tracer, inverted ? "~[" : "[");
	for (int i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		emit(tracer, "%s%s", gap, signal_text(i + 1) + 3);
		gap = " ";
	}
	emit(tracer, "]");
}

static void print_sigaction(struct tracer *tracer, const void *data)
{
	const struct kernel_sigaction *action = data;

	emit(tracer, "{sa_handler=");
	if (action->handler < 2)
		emit(tracer, action->handler ? "SIG_IGN" : "SIG_DFL");
	else
		emit(tracer, "%#lx", (unsigned long)action->handler);
	emit(tracer, ", sa_mask=");
	print_signal_set(tracer, action->mask);
	emit(tracer, ", sa_flags=");
	print_names(tracer, &sigaction_flags, action->flags);
	emit(tracer, "}");
}

static void print_sigset(struct tracer *tracer, const void *data)
{
	print_signal_set(tracer, *(const uint64_t *)data);
}

static void print_timespec(struct tracer *tracer, const void *data)
{
	const struct timespec *time = data;

	emit(tracer, "{tv_sec=%ld, tv_nsec=%ld}", (long)time->tv_sec, time->tv_nsec);
}

static void print_limit(struct tracer *tracer, uint64_t value)
{
	if (value == ~0ul)
		emit(tracer, "RLIM64_INFINITY");
	else if (value && value % 1024 == 0)
		emit(tracer, "%lu*1024", (unsigned long)(value / 1024));
	else
		emit(tracer, "%lu", (unsigned long)value);
}

static void print_rlimit(struct tracer *tracer, const void *data)
{
	const uint64_t *limit = data;

	emit(tracer, "{rlim_cur=");
	print_limit(tracer, limit[0]);
	emit(tracer, ", rlim_max=");
	print_limit(tracer, limit[1]);
	emit(tracer, "}");
}

static void print_wait_status(struct tracer *tracer, const void *data)
{
	int status = *(const int *)data;

	if (WIFEXITED(status))
		emit(tracer, "[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		emit(tracer, "[{WIFSIGNALED(s) && WTERMSIG(s) == %s%s}]", signal_text(WTERMSIG(status)),
		     WCOREDUMP(status) ? " && WCOREDUMP(s)" : "");
	else if (WIFCONTINUED(status))
		emit(tracer, "[{WIFCONTINUED(s)}]");
	else
		emit(tracer, "[{WIFSTOPPED(s) && WSTOPSIG(s) == %s}]", signal_text(WSTOPSIG(status) & 0x7f));
}

static void print_stat(struct tracer *tracer, const void *data)
{
	const struct stat *st = data;

	emit(tracer, "{st_mode=");
	print_names(tracer, &file_types, st->st_mode & S_IFMT);
	emit(tracer, "|0%o, ", st->st_mode & 07777);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		emit(tracer, "st_rdev=makedev(%#lx, %#lx), ...}", (unsigned long)(st->st_rdev >> 8 & 0xfff),
		     (unsigned long)(st->st_rdev & 0xff));
	else
		emit(tracer, "st_size=%ld, ...}", (long)st->st_size);
}

static void print_pair(struct tracer *tracer, const void *data)
{
	const int *pair = data;

	emit(tracer, "[%d, %d]", pair[0], pair[1]);
}

static void print_u32(struct tracer *tracer, const void *data)
{
	emit(tracer, "[%u]", *(const uint32_t *)data);
}

static void print_u64(struct tracer *tracer, const void *data)
{
	emit(tracer, "[%lu]", *(const unsigned long *)data);
}

void print_siginfo(struct tracer *tracer, const void *data)
{
	const siginfo_t *info = data;
	const struct names *codes = &signal_codes;

	if (info->si_code > 0 && info->si_signo == SIGCHLD)
		codes = &child_codes;
	else if (info->si_code > 0 && info->si_signo == SIGSEGV)
		codes = &fault_codes;
	emit(tracer, "{si_signo=%s, si_code=", signal_text(info->si_signo));
	print_names(tracer, codes, (uint64_t)(int64_t)info->si_code);
	if (info->si_errno)
		emit(tracer, ", si_errno=%d", info->si_errno);
	if (info->si_signo == SIGCHLD && info->si_code > 0) {
		emit(tracer, ", si_pid=%d, si_uid=%u, si_status=", info->si_pid, info->si_uid);
		if (info->si_code == CLD_EXITED)
			emit(tracer, "%d", info->si_status);
		else
			emit(tracer, "%s", signal_text(info->si_status));
	} else if (info->si_code <= 0) {
		emit(tracer, ", si_pid=%d, si_uid=%u", info->si_pid, info->si_uid);
	} else if (info->si_signo == SIGSEGV || info->si_signo == SIGBUS || info->si_signo == SIGILL ||
	           info->si_signo == SIGFPE || info->si_signo == SIGTRAP) {
		emit(tracer, ", si_addr=");
		print_pointer(tracer, (uint64_t)(uintptr_t)info->si_addr);
	}
	emit(tracer, "}");
}

static void print_poll(struct tracer *tracer, const struct argument *argument, uint64_t va)
{
	uint64_t count = argument->tracee->args[argument->index + 1];
	struct pollfd item;

	emit(tracer, "[");
	for (uint64_t i = 0; i < count && i < MAX_ITEMS; i++) {
		if (read_memory(argument->tracee->pid, va + i * sizeof(item), &item, sizeof(item)) < sizeof(item))
			break;
		emit(tracer, "%s{fd=%d, events=", i ? ", " : "", item.fd);
		print_names(tracer, &poll_events, (uint16_t)item.events);
		emit(tracer, "}");
	}
	emit(tracer, count > MAX_ITEMS ? ", ...]" : "]");
}

static void print_iovecs(struct tracer *tracer, const struct argument *argument, uint64_t va)
{
	uint64_t count = argument->tracee->args[argument->index + 1], left = (uint64_t)argument->result;
	bool written = argument->kinds[argument->index] == 'J';
	struct iovec item;

	emit(tracer, "[");
	for (uint64_t i = 0; i < count && i < MAX_ITEMS; i++) {
		if (read_memory(argument->tracee->pid, va + i * sizeof(item), &item, sizeof(item)) < sizeof(item))
			break;
		emit(tracer, "%s{iov_base=", i ? ", " : "");
		print_bytes(tracer, argument->tracee->pid, (uint64_t)(uintptr_t)item.iov_base,
		            written && left < item.iov_len ? left : item.iov_len, false);
		emit(tracer, ", iov_len=%zu}", item.iov_len);
		left -= left < item.iov_len ? left : item.iov_len;
	}
	emit(tracer, count > MAX_ITEMS ? ", ...]" : "]");
}

/* Structures of one fixed size. */
static const struct shape {
	char kind;                                              /* of syscall.def */
	size_t size;                                            /* bytes to read */
	void (*print)(struct tracer *tracer, const void *data); /* what was read */
} shapes[] = {
	{ 'j', sizeof(struct kernel_sigaction), print_sigaction },
	{ 'k', sizeof(struct kernel_sigaction), print_sigaction },
	{ 'g', sizeof(uint64_t), print_sigset },
	{ 'G', sizeof(uint64_t), print_sigset },
	{ 't', sizeof(struct timespec), print_timespec },
	{ 'T', sizeof(struct timespec), print_timespec },
	{ 'R', 2 * sizeof(uint64_t), print_rlimit },
	{ 'L', 2 * sizeof(uint64_t), print_rlimit },
	{ 'W', sizeof(int), print_wait_status },
	{ 'Z', sizeof(struct stat), print_stat },
	{ 'V', 2 * sizeof(int), print_pair },
	{ 'B', sizeof(uint32_t), print_u32 },
	{ 'E', sizeof(uint64_t), print_u64 },
	{ 'y', sizeof(siginfo_t), print_siginfo },
};

bool print_struct(struct tracer *tracer, const struct argument *argument)
{
	char kind = argument->kinds[argument->index];
	uint64_t va = argument->tracee->args[argument->index];
	union {
		siginfo_t info;
		struct stat st;
	} data;

	if (is_output(kind) && !argument->after)
		return false;
	/* A wait that found nobody (WNOHANG) writes nothing. */
	if (kind == 'W' && argument->result == 0)
		return false;
	if (kind == 'Q') {
		print_poll(tracer, argument, va);
		return true;
	}
	if (kind == 'I' || kind == 'J') {
		print_iovecs(tracer, argument, va);
		return true;
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].kind != kind)
			continue;
		if (read_memory(argument->tracee->pid, va, &data, shapes[i].size) < shapes[i].size)
			return false;
		shapes[i].print(tracer, &data);
		return true;
	}
	return false;
}
