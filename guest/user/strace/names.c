/*
 * Names of values: open flags, protections, signals and so on, out of the headers that programs are compiled with.
 * Tables only; which of them an argument needs is its kind in guest/abi/syscall.def.
 */
#include "guest/user/strace/strace.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define N(name)                                                                                                        \
	{                                                                                                              \
		(uint64_t)(int64_t)(name), #name                                                                       \
	}

static const struct name open_values[] = {
	N(O_TMPFILE),   N(O_CREAT),    N(O_EXCL),    N(O_NOCTTY),  N(O_TRUNC),  N(O_APPEND),
	N(O_NONBLOCK),  N(O_SYNC),     N(O_DSYNC),   N(O_ASYNC),   N(O_DIRECT), { 0100000, "O_LARGEFILE" },
	N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH),   { 0, NULL },
};

static const struct name prot_values[] = {
	N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_GROWSDOWN), N(PROT_GROWSUP), { 0, NULL },
};

static const struct name map_values[] = {
	N(MAP_SHARED_VALIDATE), N(MAP_SHARED),    N(MAP_PRIVATE),         N(MAP_FIXED),
	N(MAP_ANONYMOUS),       N(MAP_GROWSDOWN), N(MAP_DENYWRITE),       N(MAP_EXECUTABLE),
	N(MAP_LOCKED),          N(MAP_NORESERVE), N(MAP_POPULATE),        N(MAP_NONBLOCK),
	N(MAP_STACK),           N(MAP_HUGETLB),   N(MAP_FIXED_NOREPLACE), { 0, NULL },
};

static const struct name whence_values[] = {
	N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE), { 0, NULL },
};

static const struct name at_values[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_REMOVEDIR),  N(AT_SYMLINK_FOLLOW),
	N(AT_NO_AUTOMOUNT),     N(AT_EMPTY_PATH), { 0, NULL },
};

static const struct name access_values[] = {
	N(R_OK),
	N(W_OK),
	N(X_OK),
	{ 0, NULL },
};

static const struct name fcntl_values[] = {
	N(F_DUPFD),      N(F_GETFD),     N(F_SETFD),     N(F_GETFL),  N(F_SETFL),         N(F_GETLK),
	N(F_SETLK),      N(F_SETLKW),    N(F_SETOWN),    N(F_GETOWN), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ),
	N(F_GETPIPE_SZ), N(F_ADD_SEALS), N(F_GET_SEALS), { 0, NULL },
};

static const struct name ioctl_values[] = {
	N(TCGETS),     N(TCSETS),     N(TCSETSW),   N(TCSETSF),    N(TCSBRK),      N(TCXONC),
	N(TCFLSH),     N(TIOCSCTTY),  N(TIOCNOTTY), N(TIOCGPGRP),  N(TIOCSPGRP),   N(TIOCGSID),
	N(TIOCGWINSZ), N(TIOCSWINSZ), N(TIOCOUTQ),  N(TIOCSTI),    N(FIONREAD),    N(FIONBIO),
	N(FIOCLEX),    N(FIONCLEX),   N(TIOCGPTN),  N(TIOCSPTLCK), N(TIOCGPTPEER), { 0, NULL },
};

static const struct name advice_values[] = {
	N(MADV_NORMAL),        N(MADV_RANDOM),         N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED),
	N(MADV_FREE),          N(MADV_REMOVE),         N(MADV_DONTFORK),   N(MADV_DOFORK),   N(MADV_HUGEPAGE),
	N(MADV_NOHUGEPAGE),    N(MADV_WIPEONFORK),     N(MADV_KEEPONFORK), N(MADV_COLD),     N(MADV_PAGEOUT),
	N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE), { 0, NULL },
};

static const struct name msync_values[] = {
	N(MS_ASYNC),
	N(MS_INVALIDATE),
	N(MS_SYNC),
	{ 0, NULL },
};

static const struct name how_values[] = {
	N(SIG_BLOCK),
	N(SIG_UNBLOCK),
	N(SIG_SETMASK),
	{ 0, NULL },
};

static const struct name clock_values[] = {
	N(CLOCK_REALTIME),          N(CLOCK_MONOTONIC),     N(CLOCK_PROCESS_CPUTIME_ID),
	N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
	N(CLOCK_MONOTONIC_COARSE),  N(CLOCK_BOOTTIME),      { 0, NULL },
};

static const struct name clone_values[] = {
	N(CLONE_VM),
	N(CLONE_FS),
	N(CLONE_FILES),
	N(CLONE_SIGHAND),
	N(CLONE_PIDFD),
	N(CLONE_PTRACE),
	N(CLONE_VFORK),
	N(CLONE_PARENT),
	N(CLONE_THREAD),
	N(CLONE_NEWNS),
	N(CLONE_SYSVSEM),
	N(CLONE_SETTLS),
	N(CLONE_PARENT_SETTID),
	N(CLONE_CHILD_CLEARTID),
	N(CLONE_DETACHED),
	N(CLONE_UNTRACED),
	N(CLONE_CHILD_SETTID),
	N(CLONE_NEWUTS),
	N(CLONE_NEWIPC),
	N(CLONE_NEWUSER),
	N(CLONE_NEWPID),
	N(CLONE_NEWNET),
	N(CLONE_IO),
	{ 0, NULL },
};

static const struct name futex_values[] = {
	N(FUTEX_WAIT_PRIVATE),
	N(FUTEX_WAKE_PRIVATE),
	N(FUTEX_REQUEUE_PRIVATE),
	N(FUTEX_CMP_REQUEUE_PRIVATE),
	N(FUTEX_WAKE_OP_PRIVATE),
	N(FUTEX_WAIT_BITSET_PRIVATE),
	N(FUTEX_WAKE_BITSET_PRIVATE),
	N(FUTEX_WAIT),
	N(FUTEX_WAKE),
	N(FUTEX_REQUEUE),
	N(FUTEX_CMP_REQUEUE),
	N(FUTEX_WAKE_OP),
	N(FUTEX_WAIT_BITSET),
	N(FUTEX_WAKE_BITSET),
	N(FUTEX_LOCK_PI),
	N(FUTEX_UNLOCK_PI),
	{ FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME" },
	{ 0, NULL },
};

static const struct name prctl_values[] = {
	N(PR_SET_PDEATHSIG),    N(PR_GET_PDEATHSIG),    N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE),
	N(PR_SET_NAME),         N(PR_GET_NAME),         N(PR_CAPBSET_READ), N(PR_SET_CHILD_SUBREAPER),
	N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_SET_VMA),      { 0, NULL },
};

static const struct name ptrace_values[] = {
	N(PTRACE_TRACEME),     N(PTRACE_PEEKTEXT),   N(PTRACE_PEEKDATA),  N(PTRACE_POKETEXT),
	N(PTRACE_POKEDATA),    N(PTRACE_CONT),       N(PTRACE_KILL),      N(PTRACE_SINGLESTEP),
	N(PTRACE_ATTACH),      N(PTRACE_DETACH),     N(PTRACE_SYSCALL),   N(PTRACE_SETOPTIONS),
	N(PTRACE_GETEVENTMSG), N(PTRACE_GETSIGINFO), N(PTRACE_GETREGSET), N(PTRACE_SETREGSET),
	N(PTRACE_SEIZE),       N(PTRACE_INTERRUPT),  N(PTRACE_LISTEN),    N(PTRACE_GET_SYSCALL_INFO),
	{ 0, NULL },
};

static const struct name rlimit_values[] = {
	N(RLIMIT_CPU),    N(RLIMIT_FSIZE),      N(RLIMIT_DATA),     N(RLIMIT_STACK),   N(RLIMIT_CORE),
	N(RLIMIT_RSS),    N(RLIMIT_NPROC),      N(RLIMIT_NOFILE),   N(RLIMIT_MEMLOCK), N(RLIMIT_AS),
	N(RLIMIT_LOCKS),  N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE), N(RLIMIT_NICE),    N(RLIMIT_RTPRIO),
	N(RLIMIT_RTTIME), { 0, NULL },
};

static const struct name wait_values[] = {
	N(WNOHANG),  N(WUNTRACED),   N(WEXITED), N(WCONTINUED),
	N(WNOWAIT),  N(__WNOTHREAD), N(__WALL),  { 0x80000000, "__WCLONE" },
	{ 0, NULL },
};

static const struct name sigaction_values[] = {
	N(SA_NOCLDSTOP),
	N(SA_NOCLDWAIT),
	N(SA_SIGINFO),
	N(SA_ONSTACK),
	N(SA_RESTART),
	N(SA_NODEFER),
	{ 0x80000000, "SA_RESETHAND" },
	{ 0, NULL },
};

static const struct name poll_values[] = {
	N(POLLIN),     N(POLLPRI),    N(POLLOUT),    N(POLLERR),    N(POLLHUP),   N(POLLNVAL),
	N(POLLRDNORM), N(POLLRDBAND), N(POLLWRNORM), N(POLLWRBAND), N(POLLRDHUP), { 0, NULL },
};

static const struct name signal_code_values[] = {
	N(SI_USER),    N(SI_KERNEL), N(SI_QUEUE), N(SI_TIMER), N(SI_MESGQ),
	N(SI_ASYNCIO), N(SI_SIGIO),  N(SI_TKILL), { 0, NULL },
};

static const struct name child_code_values[] = {
	N(CLD_EXITED), N(CLD_KILLED), N(CLD_DUMPED), N(CLD_TRAPPED), N(CLD_STOPPED), N(CLD_CONTINUED), { 0, NULL },
};

static const struct name fault_code_values[] = {
	N(SEGV_MAPERR),
	N(SEGV_ACCERR),
	{ 0, NULL },
};

static const struct name file_type_values[] = {
	N(S_IFREG), N(S_IFDIR), N(S_IFCHR), N(S_IFBLK), N(S_IFLNK), N(S_IFIFO), N(S_IFSOCK), { 0, NULL },
};

const struct names sigaction_flags = { NULL, "SA_???", sigaction_values, true };
const struct names clone_flags = { NULL, "CLONE_???", clone_values, true };
const struct names poll_events = { NULL, "POLL???", poll_values, true };
const struct names signal_codes = { NULL, "SI_???", signal_code_values, false };
const struct names child_codes = { NULL, "CLD_???", child_code_values, false };
const struct names fault_codes = { NULL, "SEGV_???", fault_code_values, false };
const struct names file_types = { NULL, "S_IF???", file_type_values, false };

const struct names *names_of_kind(char kind)
{
	static const struct {
		char kind;          /* of syscall.def */
		struct names names; /* its values */
	} table[] = {
		{ 'o', { NULL, "O_???", open_values, true } },
		{ 'P', { "PROT_NONE", "PROT_???", prot_values, true } },
		{ 'M', { "MAP_FILE", "MAP_???", map_values, true } },
		{ 'O', { NULL, "SEEK_???", whence_values, false } },
		{ 'A', { NULL, "AT_???", at_values, true } },
		{ 'a', { "F_OK", "?_OK", access_values, true } },
		{ 'n', { NULL, "F_???", fcntl_values, false } },
		{ 'i', { NULL, "_IOC_???", ioctl_values, false } },
		{ 'H', { NULL, "MADV_???", advice_values, false } },
		{ 'Y', { NULL, "MS_???", msync_values, true } },
		{ 'h', { NULL, "SIG_???", how_values, false } },
		{ 'C', { NULL, "CLOCK_???", clock_values, false } },
		{ 'c', { NULL, "CLONE_???", clone_values, true } },
		{ 'F', { NULL, "FUTEX_???", futex_values, false } },
		{ 'K', { NULL, "PR_???", prctl_values, false } },
		{ 'q', { NULL, "PTRACE_???", ptrace_values, false } },
		{ 'r', { NULL, "RLIMIT_???", rlimit_values, false } },
		{ 'X', { NULL, "W???", wait_values, true } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].kind == kind)
			return &table[i].names;
	return NULL;
}

static void print_flags(struct tracer *tracer, const struct names *names, uint64_t value)
{
	const char *gap = "";

	for (const struct name *name = names->values; name->text; name++) {
		if (!name->value || (value & name->value) != name->value)
			continue;
		emit(tracer, "%s%s", gap, name->text);
		value &= ~name->value;
		gap = "|";
	}
	if (value)
		emit(tracer, *gap ? "|%#lx" : "%#lx /* %s */", (unsigned long)value, names->unknown);
}

void print_names(struct tracer *tracer, const struct names *names, uint64_t value)
{
	/* All arguments with names are 32 bits wide but clone's, whose upper half is empty. */
	uint64_t narrow = (uint32_t)value;

	if (names->flags && !narrow) {
		emit(tracer, "%s", names->zero ? names->zero : "0");
		return;
	}
	if (names->flags) {
		print_flags(tracer, names, narrow);
		return;
	}
	for (const struct name *name = names->values; name->text; name++) {
		if ((uint32_t)name->value == narrow) {
			emit(tracer, "%s", name->text);
			return;
		}
	}
	emit(tracer, "%#lx /* %s */", (unsigned long)narrow, names->unknown);
}

const char *signal_text(int signal)
{
	static char text[24];
	const char *name = sigabbrev_np(signal);

	if (name)
		snprintf(text, sizeof(text), "SIG%s", name);
	else if (signal == 32)
		snprintf(text, sizeof(text), "SIGRTMIN");
	else if (signal > 32 && signal <= 64)
		snprintf(text, sizeof(text), "SIGRT_%d", signal - 32);
	else
		snprintf(text, sizeof(text), "SIG_%d", signal);
	return text;
}
