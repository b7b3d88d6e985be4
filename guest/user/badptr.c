/*
 * badptr: every system call with every one of its pointers wrong in every way.
 *
 *     badptr [-v] [NAME]      all calls or one; -v: a line for each call made
 *
 * The other arguments are such that the call would work. What may come back is an error (EFAULT wherever the kernel
 * must look at what the pointer points to), or success if it need not. Never may the kernel read or write what is not
 * ours, hang, or kill the caller. Calls are made by a child, which is replaced when one hangs or dies.
 */
#include "guest/user/lib/raw.h"
#include "guest/user/lib/show.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define POINTER_KINDS "svbwIJjkgGtTNRLUWZVQBEyp" /* of syscall.def */
#define INPUT_KINDS "svbjgtRIQ"                  /* a read-only page is right for these */
#define KERNEL_VA 0xffffffff80200000ul
#define USER_TOP 0x4000000000ul /* 256 GiB: the end of user space under Sv39 */
#define SIZE 64                 /* what lengths say */
#define WAKE_US 200000          /* a call that sleeps gets a signal */
#define GROUND_PAGES 14
#define LOOKS 300 /* at 10 ms: then it hangs */

static const struct known {
	long number;
	const char *name;
	const char *kinds;
} known[] = {
#define SYSCALL(number, name, kinds) { number, #name, kinds },
#define SYSCALL_REFUSED(number, name, kinds, error) { number, #name, kinds },
#include "guest/abi/syscall.def"
};

/* Not called: they end the caller or the machine, or set the clock by what happens to be there. */
static const char never[] =
	" exit exit_group reboot rt_sigreturn settimeofday clock_settime kexec_load kexec_file_load vfork ";
/* Success though the address is nobody's is right: nothing is looked at, or the result comes too late to fail. */
static const char careless[] = " clone set_tid_address wait4 waitid rseq nanosleep clock_nanosleep ";

/* Arguments that the kind alone does not give; also the other meanings of calls that have many. */
static const struct special {
	const char *name;
	int pointer;   /* which argument is to be wrong; -1: each in turn */
	int index[2];  /* these two arguments... */
	long value[2]; /* ...are these */
	char kind;     /* of the pointer where syscall.def cannot know, 0: as there */
} specials[] = {
	{ "ioctl", 2, { 0, 1 }, { 5, TCGETS }, 'Z' },
	{ "ioctl", 2, { 0, 1 }, { 5, TCSETS }, 'R' },
	{ "ioctl", 2, { 0, 1 }, { 5, TIOCGWINSZ }, 'Z' },
	{ "ioctl", 2, { 0, 1 }, { 5, TIOCSWINSZ }, 'R' },
	{ "ioctl", 2, { 0, 1 }, { 5, FIONREAD }, 'Z' },
	{ "ioctl", 2, { 0, 1 }, { 5, TIOCGPTN }, 'Z' },
	{ "ioctl", 2, { 0, 1 }, { 5, TIOCSPTLCK }, 'R' },
	{ "fcntl", 2, { 0, 1 }, { 3, F_GETLK }, 'Z' },
	{ "fcntl", 2, { 0, 1 }, { 3, F_SETLK }, 'R' },
	{ "prctl", 1, { 0, 0 }, { PR_SET_NAME, PR_SET_NAME }, 's' },
	{ "prctl", 1, { 0, 0 }, { PR_GET_NAME, PR_GET_NAME }, 'w' },
	{ "futex", -1, { 1, 1 }, { FUTEX_WAIT, FUTEX_WAIT }, 0 },
	{ "futex", -1, { 1, 1 }, { FUTEX_WAKE, FUTEX_WAKE }, 0 },
	{ "futex", -1, { 1, 2 }, { FUTEX_CMP_REQUEUE, 1 }, 0 },
	{ "futex", -1, { 1, 2 }, { FUTEX_WAKE_OP, 1 }, 0 },
	{ "getdents64", -1, { 0, 0 }, { 4, 4 }, 0 },
	{ "epoll_ctl", -1, { 0, 1 }, { 8, EPOLL_CTL_ADD }, 0 },
	{ "epoll_pwait", -1, { 0, 2 }, { 8, 1 }, 0 },
	{ "pselect6", -1, { 0, 0 }, { 8, 8 }, 0 },
	{ "ppoll", -1, { 1, 1 }, { 1, 1 }, 0 },
	{ "readv", -1, { 2, 2 }, { 1, 1 }, 0 },
	{ "writev", -1, { 2, 2 }, { 1, 1 }, 0 },
	{ "preadv", -1, { 2, 2 }, { 1, 1 }, 0 },
	{ "pwritev", -1, { 2, 2 }, { 1, 1 }, 0 },
	{ "rt_sigaction", -1, { 0, 3 }, { SIGUSR1, 8 }, 0 },
	{ "rt_sigprocmask", -1, { 0, 3 }, { SIG_SETMASK, 8 }, 0 },
	{ "rt_sigpending", -1, { 1, 1 }, { 8, 8 }, 0 },
	{ "rt_sigsuspend", -1, { 1, 1 }, { 8, 8 }, 0 },
	{ "rt_sigtimedwait", -1, { 3, 3 }, { 8, 8 }, 0 },
	{ "sendfile", -1, { 0, 1 }, { 7, 3 }, 0 },
	{ "readlinkat", -1, { 0, 0 }, { AT_FDCWD, AT_FDCWD }, 0 },
	{ "mremap", -1, { 2, 3 }, { 8192, 1 }, 0 },
	{ "ptrace", -1, { 0, 0 }, { PTRACE_GETSIGINFO, PTRACE_GETSIGINFO }, 0 },
	{ "clone", -1, { 0, 0 }, { CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, SIGCHLD }, 0 },
	{ "syslog", -1, { 0, 0 }, { 3, 3 }, 0 },
	{ "set_robust_list", -1, { 1, 1 }, { 24, 24 }, 0 },
	{ "mincore", -1, { 0, 1 }, { 0, 4096 }, 0 },
	{ "getrandom", -1, { 2, 2 }, { 0, 0 }, 0 },
	{ "sched_getaffinity", -1, { 1, 1 }, { 128, 128 }, 0 },
};

/* The kernel cannot but look: NAME:ARGUMENT. Without EFAULT for an address that is nobody's, something is wrong. */
static const char must_fault[] =
	" openat:1 read:1 write:1 pread64:1 pwrite64:1 readv:1 writev:1 newfstatat:1 newfstatat:2 fstat:1 statx:1 statx:4 pipe2:0"
	" getcwd:0 readlinkat:1 getdents64:1 uname:0 sysinfo:0 clock_gettime:1 nanosleep:0 rt_sigaction:1 rt_sigaction:2"
	" rt_sigprocmask:1 rt_sigprocmask:2 prlimit64:2 prlimit64:3 getrusage:1 times:0 mkdirat:1 unlinkat:1 chdir:0 truncate:0"
	" faccessat:1 execve:0 execve:1 execve:2 statfs:0 fstatfs:1 getrandom:0 sigaltstack:0 sched_getaffinity:2 ppoll:0 "
	" gettimeofday:0 utimensat:2 renameat2:1 renameat2:3 linkat:1 symlinkat:0 symlinkat:2 ";

enum wrong {
	WRONG_NULL,
	WRONG_LOW,          /* 8 */
	WRONG_KERNEL,       /* the kernel's text */
	WRONG_DIRECT,       /* the kernel's view of RAM */
	WRONG_NONCANONICAL, /* no address at all under Sv39 */
	WRONG_UNMAPPED,
	WRONG_NONE,      /* PROT_NONE */
	WRONG_READ_ONLY, /* for what the kernel writes */
	WRONG_CROSSING,  /* begins well, ends in a guard page */
	WRONG_TOP,       /* the last byte of user space */
	WRONG_INNER,     /* iovecs and argv: the array is good, what it points to is not */
	WRONG_COUNT
};
static const char *const wrong_names[] = {
	"NULL",      "8",         "kernel text", "kernel RAM",        "non-canonical", "unmapped",
	"PROT_NONE", "read-only", "crossing",    "end of user space", "inner pointer"
};

/* Memory that pointers can be wrong about. */
static struct ground {
	char *good;      /* 4 pages, readable and writable, then a guard page */
	char *unmapped;  /* was a page */
	char *none;      /* PROT_NONE */
	char *read_only; /* zeros */
} ground;

/* One call to be made. */
struct trial {
	const struct known *call;
	const struct special *special; /* NULL: none */
	int pointer;                   /* which argument is wrong */
	char kind;                     /* its kind */
	enum wrong wrong;
};

/* What the child says, in memory shared with it. */
struct report {
	volatile long next;    /* the trial to make now */
	volatile bool made;    /* it came back from it */
	volatile long result;  /* then */
	volatile int restarts; /* SIGALRMs that had to wake a call */
};

struct counts {
	long calls, faults, errors, successes, woken, hung, killed, wrong;
};

static bool in_words(const char *words, const char *word)
{
	char padded[80];

	snprintf(padded, sizeof(padded), " %s ", word);
	return strstr(words, padded) != NULL;
}

static void lay(size_t page, size_t pages, int protection)
{
	if (mmap(ground.good + PAGES(page), PAGES(pages), protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		die("mmap");
}

/* Anew before each call: the one before may have unmapped or protected it. */
static void lay_ground(void)
{
	if (!ground.good)
		ground.good = mmap(NULL, PAGES(GROUND_PAGES), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ground.good == MAP_FAILED)
		die("mmap");
	lay(0, 4, PROT_READ | PROT_WRITE);
	lay(4, GROUND_PAGES - 4, PROT_NONE);
	ground.none = ground.good + PAGES(6);
	lay(8, 1, PROT_READ);
	ground.read_only = ground.good + PAGES(8);
	ground.unmapped = ground.good + PAGES(11);
	munmap(ground.good + PAGES(10), PAGES(3));
}

/* Descriptors 3: file, 4: folder, 5: terminal, 6 and 7: pipe, 8: epoll; and fresh files of the names used. */
static void furnish(void)
{
	static const char data[4096];
	int file, fd;

	lay_ground();
	for (fd = 3; fd < 20; fd++)
		close(fd);
	file = open("/tmp/badptr.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (file != 3 || write(file, data, sizeof(data)) < 0 || lseek(file, 0, SEEK_SET) < 0)
		_exit(3);
	if (open("/tmp", O_RDONLY | O_DIRECTORY) != 4 || open("/dev/ptmx", O_RDWR | O_NOCTTY) != 5 ||
	    syscall(SYS_pipe2, ground.good, O_NONBLOCK) < 0 || epoll_create1(0) != 8)
		_exit(3);
	memset(ground.good, 0, SIZE);
}

/* --- arguments --- */

static uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static uint64_t wrong_pointer(const struct trial *trial)
{
	switch (trial->wrong) {
	case WRONG_LOW:
		return 8;
	case WRONG_KERNEL:
		return KERNEL_VA;
	case WRONG_DIRECT:
		return 0xffffffc080400000ul;
	case WRONG_NONCANONICAL:
		return 0x0123456789abc000ul;
	case WRONG_UNMAPPED:
		return address(ground.unmapped);
	case WRONG_NONE:
		return address(ground.none);
	case WRONG_READ_ONLY:
		return address(ground.read_only);
	case WRONG_CROSSING:
		if (trial->kind == 's')
			memset(ground.good + PAGES(4) - 4, '/', 4);
		return address(ground.good) + PAGES(4) - 4;
	case WRONG_TOP:
		return USER_TOP - 1;
	case WRONG_INNER:
		((uint64_t *)(void *)ground.good)[0] = KERNEL_VA;
		((uint64_t *)(void *)ground.good)[1] = trial->kind == 'v' ? 0 : SIZE;
		return address(ground.good);
	default:
		return 0;
	}
}

/* A good argument of this kind; pointers have a page each, with zeros in it. */
static uint64_t plausible(const struct known *call, char kind, int index)
{
	char *room = ground.good + PAGES(1) + index * 512;

	switch (kind) {
	case 's':
		if (strncmp(call->name, "exec", 4) == 0)
			return address("/bin/true");
		return address(index == 3 || strstr(call->name, "symlink") ? "/tmp/badptr.other"
		               : strcmp(call->name, "chdir") == 0          ? "/tmp"
		                                                           : "/tmp/badptr.file");
	case 'f':
		return index && strcmp(call->name, "copy_file_range") ? 6 : 3;
	case 'D':
		return (uint64_t)AT_FDCWD;
	case 'I':
	case 'J':
		*(struct iovec *)(void *)room = (struct iovec){ ground.good, SIZE };
		return address(room);
	case 'V':
	case 'v':
	case 't':
		return address(room);
	case 'u':
		return SIZE;
	case 'P':
		return PROT_READ | PROT_WRITE;
	case 'M':
		return MAP_PRIVATE | MAP_ANONYMOUS;
	case 'X':
		return WNOHANG | WEXITED;
	case 'c':
		return SIGCHLD;
	case 'C':
		return CLOCK_MONOTONIC;
	case 'r':
		return 7; /* RLIMIT_NOFILE */
	case 'O':
		return SEEK_SET;
	case 'Y':
		return MS_ASYNC;
	default:
		return strchr(POINTER_KINDS, kind) && strchr("bw", kind) ? address(ground.good) : 0;
	}
}

static void fill_arguments(const struct trial *trial, uint64_t *args)
{
	size_t n = strcspn(trial->call->kinds, "=");

	for (size_t i = 0; i < 6; i++)
		args[i] = i < n ? plausible(trial->call, trial->call->kinds[i], (int)i) : 0;
	/* A structure that may be absent is absent, but for what must be: its own call's trial makes it wrong anyway.
	 */
	for (int i = 0; trial->special && i < 2; i++)
		args[trial->special->index[i]] = (uint64_t)trial->special->value[i];
	if (trial->special && strcmp(trial->call->name, "mincore") == 0 && trial->pointer)
		args[0] = address(ground.good);
	args[trial->pointer] = wrong_pointer(trial);
}

/* --- the list of trials: the child and the parent count through it alike --- */

static bool applies(const struct trial *trial)
{
	if (trial->wrong == WRONG_READ_ONLY && strchr(INPUT_KINDS, trial->kind))
		return false;
	return trial->wrong != WRONG_INNER || strchr("IJv", trial->kind);
}

static const struct special *special_of(const struct known *call, unsigned skip_first)
{
	for (size_t i = 0; i < COUNT_OF(specials); i++)
		if (strcmp(specials[i].name, call->name) == 0 && skip_first-- == 0)
			return &specials[i];
	return NULL;
}

/* Calls `each` for every trial from number `from` on, until it returns false. Returns the number of trials seen. */
static long each_trial(const char *only, long from, bool (*each)(const struct trial *trial, long number, void *context),
                       void *context)
{
	long number = 0;
	struct trial t = { 0 };

	for (t.call = known; t.call < known + COUNT_OF(known); t.call++) {
		int arity = (int)strcspn(t.call->kinds, "=");

		if (in_words(never, t.call->name) || (only && strcmp(only, t.call->name) != 0))
			continue;
		for (unsigned k = 0; k == 0 || special_of(t.call, k); k++) {
			t.special = special_of(t.call, k);
			for (t.pointer = 0; t.pointer < arity; t.pointer++) {
				bool asked = t.special && t.special->pointer == t.pointer;

				t.kind = asked && t.special->kind ? t.special->kind : t.call->kinds[t.pointer];
				if (!strchr(POINTER_KINDS, t.kind) || (t.special && t.special->pointer >= 0 && !asked))
					continue;
				for (t.wrong = 0; t.wrong < WRONG_COUNT; t.wrong++)
					if (applies(&t) && number++ >= from && !each(&t, number - 1, context))
						return number;
			}
		}
	}
	return number;
}

/* --- the child --- */

static struct report *board; /* for the signal handler, too */

static void on_alarm(int signal)
{
	(void)signal;
	board->restarts++;
}

static bool make_trial(const struct trial *trial, long number, void *context)
{
	struct itimerval soon = { .it_interval = { .tv_usec = WAKE_US }, .it_value = { .tv_usec = WAKE_US } };
	struct sigaction action = { .sa_handler = on_alarm };
	uint64_t args[6];
	sigset_t none;

	(void)context;
	if (number != board->next)
		return true;
	furnish();
	sigemptyset(&none);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fill_arguments(trial, args);
	setitimer(ITIMER_REAL, &soon, NULL);
	board->result = call_raw(trial->call->number, args);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	board->made = true;
	/* The parent takes note and says which is next. */
	while (board->made)
		syscall(SYS_sched_yield);
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		continue;
	return true;
}

/* --- the parent --- */

struct session {
	const char *only; /* a name, or NULL */
	bool verbose;
	pid_t child; /* 0: none at the moment */
	struct counts counts;
};

static void start_child(struct session *session, long first)
{
	fflush(stdout);
	session->child = fork();
	if (session->child < 0)
		die("fork");
	if (session->child == 0) {
		setsid();
		dup2(open("/dev/null", O_RDWR), 0);
		dup2(0, 1);
		dup2(0, 2);
		each_trial(session->only, first, make_trial, NULL);
		_exit(0);
	}
}

static void tell(const struct trial *trial, const char *what)
{
	printf("  %s, argument %d %s: %s\n", trial->call->name, trial->pointer, wrong_names[trial->wrong], what);
}

/* An address at which nobody has anything, so that success or another error than EFAULT says that it was not looked at.
 */
static bool is_nobodys(enum wrong wrong)
{
	return wrong >= WRONG_KERNEL && wrong <= WRONG_NONE;
}

static void judge(struct session *session, const struct trial *trial, long result)
{
	struct counts *counts = &session->counts;
	char key[64], text[64];
	bool bad = false;

	snprintf(key, sizeof(key), "%s:%d", trial->call->name, trial->pointer);
	counts->faults += result == -EFAULT;
	counts->errors += result < 0 && result >= -4095 && result != -EFAULT;
	counts->successes += result >= 0 || result < -4095;
	if (is_nobodys(trial->wrong) && in_words(must_fault, key))
		bad = result != -EFAULT;
	else if (is_nobodys(trial->wrong) && trial->kind != 'p' && !in_words(careless, trial->call->name))
		bad = result >= 0;
	counts->wrong += bad;
	snprintf(text, sizeof(text), result < 0 && result >= -4095 ? "%s" : "%.0s%ld", strerrorname_np((int)-result),
	         result);
	if (bad || session->verbose)
		tell(trial, text);
}

/* Waits for the child's report. A program that execve really started ends with status 0: the call succeeded. */
static void await(struct session *session, const struct trial *trial)
{
	int status, looks = 0;

	while (!board->made) {
		pid_t pid = waitpid(session->child, &status, WNOHANG);

		if (pid == session->child) {
			session->child = 0;
			if (WIFEXITED(status) && strncmp(trial->call->name, "exec", 4) == 0) {
				judge(session, trial, 0);
				return;
			}
			/* A registered area that is no memory is an error of the next switch: Linux kills for it. */
			if (strcmp(trial->call->name, "rseq") == 0)
				return;
			session->counts.killed++;
			tell(trial, status_text(status));
			return;
		}
		if (looks++ < 100)
			sched_yield();
		else
			usleep(10000);
		if (looks == 100 + LOOKS) {
			kill(session->child, SIGKILL);
			waitpid(session->child, NULL, 0);
			session->child = 0;
			session->counts.hung++;
			tell(trial, "hangs");
			return;
		}
	}
	session->counts.woken += board->restarts != 0;
	judge(session, trial, board->result);
}

static bool watch_trial(const struct trial *trial, long number, void *context)
{
	struct session *session = context;

	board->next = number;
	board->restarts = 0;
	board->made = false;
	if (!session->child)
		start_child(session, number);
	session->counts.calls++;
	await(session, trial);
	return true;
}

int main(int argc, char **argv)
{
	struct session session = { .verbose = option_given(argc, argv, "-v") };
	struct counts *c = &session.counts;

	check_usage(argc, argv, "badptr [-v] [NAME]");
	if (argc > 1 && argv[argc - 1][0] != '-')
		session.only = argv[argc - 1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	board = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		die("mmap");
	lay_ground();
	each_trial(session.only, 0, watch_trial, &session);
	if (session.child) {
		kill(session.child, SIGKILL);
		waitpid(session.child, NULL, 0);
	}
	unlink("/tmp/badptr.file");
	unlink("/tmp/badptr.other");
	printf("badptr: %ld calls: %ld EFAULT, %ld other errors, %ld succeeded, %ld woken, ", c->calls, c->faults,
	       c->errors, c->successes, c->woken);
	printf("%ld hung, %ld killed, %ld wrong\n", c->hung, c->killed, c->wrong);
	if (session.only && !c->calls) {
		fprintf(stderr, "badptr: there is no call %s to try\n", session.only);
		return 2;
	}
	return c->hung || c->killed || c->wrong ? 1 : 0;
}
