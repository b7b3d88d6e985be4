/*
 * Tasks and processes. A task is what runs: registers, a kernel stack, a place in the scheduler. A process is what owns
 * things: memory, files, children, signals' handlers; it has one task or (threads) several. Kernel threads are tasks of
 * process 0.
 */
#ifndef GUEST_KERNEL_PROC_TASK_H
#define GUEST_KERNEL_PROC_TASK_H

#include "guest/abi/process.h"
#include "guest/abi/signal.h"
#include "guest/kernel/core/regs.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/mm.h"
#include "guest/kernel/proc/sched.h"
#include "guest/kernel/proc/signal.h"

struct dentry;
struct files;
struct tty;
struct tracing;

#define KERNEL_STACK_ORDER 1
#define KERNEL_STACK_SIZE (PAGE_SIZE << KERNEL_STACK_ORDER)
#define STACK_CANARY 0x57acca9e57acca9eul /* in the lowest word of each kernel stack */
#define COMM_SIZE 16
#define PID_MAX 32768

enum task_state { TASK_READY, TASK_RUNNING, TASK_SLEEPING, TASK_STOPPED, TASK_TRACED, TASK_DEAD };

/* How a call that a signal without handler interrupted goes on: restart_syscall(2) calls it. */
struct restart {
	i64 (*function)(struct task *task, struct restart *restart);
	u64 arg[4];
	u64 deadline_ns; /* time_now_ns() */
};

struct task {
	/* entry.S knows the first four. */
	u64 kernel_sp;          /* top of the kernel stack, where struct regs ends */
	u64 scratch;            /* entry.S keeps the user's tp here for a moment */
	struct regs *regs;      /* of the user mode it came from: kernel_sp - sizeof(struct regs) */
	struct context context; /* while it does not run */

	void *stack;
	struct hart *hart;     /* where it runs or ran last */
	struct list hash_link; /* in the table of numbers */
	struct process *process;
	struct list process_link; /* in process->tasks */
	int tid;
	u32 refs; /* one while it lives, more by who looks at it */
	enum task_state state;
	enum sleep_kind sleep_kind;
	struct list ready_link; /* in the queue of ready tasks, or of dead ones whose stack is not free yet */
	struct timer sleep_timer;
	bool timed_out;
	bool woken;               /* one of the queues of sleep_any() was woken */
	u64 affinity;             /* bit n: may run on hart index n */
	int policy;               /* SCHED_NORMAL, BATCH or IDLE: kept for sched_getscheduler, all run alike */
	const char *sleep_reason; /* for /proc/PID/wchan; may be NULL */
	struct fp_state fp;
	bool fp_used;         /* fp may be other than all zero */
	struct hart *fp_hart; /* where fp was loaded last */

	bool attention;    /* signal_deliver() has something to do before user mode; may be set for nothing */
	u64 blocked;       /* signal mask: bit n-1 is signal n */
	u64 saved_blocked; /* sigsuspend, ppoll: to be put back */
	bool restore_blocked;
	u64 waited;             /* rt_sigtimedwait: signals taken out of blocked for its time */
	int forced_signal;      /* a fault's: kills even init */
	bool stop_wanted;       /* a group stop has begun in which the task has not yet taken part */
	int tracer_signal;      /* what the tracer let through at the last stop, 0: nothing */
	struct restart restart; /* for restart_syscall(2) */
	struct pending pending; /* signals for this task alone */
	struct abi_stack alt_stack;
	struct tracing *tracing; /* ptrace: NULL where nobody traces it */

	u64 clear_tid; /* user address: 0 is stored and a futex woken at exit */
	u64 set_tid;   /* user address: a new task stores its number there before it begins, or 0 */
	u64 robust_list;
	u64 rseq; /* registered address, or 0 */
	u32 rseq_signature;
	bool rseq_moved; /* the task was interrupted or moved since it was told */
	struct wait_queue vfork_done;
	bool vfork_waits; /* the parent waits until this one lets go of its mm */

	u64 user_ns, system_ns, start_ns;
	u64 entered_ns; /* when it last changed between user, kernel and not running: for the two sums */
	u64 min_flt, maj_flt;
	u64 voluntary, involuntary; /* context switches */
	i64 fail_nth;               /* /proc/PID/fail-nth: allocations until one fails; 0: off */
	char comm[COMM_SIZE];
	int exit_code; /* as wait4 reports it */
	bool exiting;
	u64 trace_syscall; /* number of the system call it is in, -1: none */
};
_Static_assert(offsetof(struct task, kernel_sp) == 0 && offsetof(struct task, scratch) == 8 &&
                       offsetof(struct task, regs) == 16 && offsetof(struct task, context) == 24,
               "entry.S");

struct process {
	int pid; /* tid of its first task */
	u32 refs;
	struct list all_link; /* all processes, by age */
	struct list tasks;
	unsigned task_count; /* that live */
	struct task *leader; /* the first task; stays until the process is reaped */
	struct mm *mm;       /* NULL: kernel thread or zombie */
	struct files *files;
	struct dentry *cwd, *root;
	u32 umask;

	struct process *parent;
	struct list children, sibling;
	struct wait_queue child_event; /* the parent sleeps here in wait4 */
	int exit_code;                 /* as wait4 reports it */
	int exit_signal;               /* to the parent, usually SIGCHLD; 0: none */
	bool zombie;
	bool group_exiting;                   /* all tasks are told to die */
	bool stopped;                         /* by a job control signal */
	bool stop_reported, continue_pending; /* for wait4's WUNTRACED and WCONTINUED */
	int stop_signal;
	bool exec_done; /* setpgid by the parent is too late */
	bool child_subreaper;
	bool no_new_privs, keep_caps;
	int parent_death_signal; /* prctl(PR_SET_PDEATHSIG), 0: none */
	struct list traced;      /* struct tracing of the tasks it traces */

	struct handlers *handlers; /* signal actions; shared by CLONE_SIGHAND */
	struct pending pending;    /* signals for any of the tasks */

	int pgid, sid;
	struct tty *tty; /* controlling terminal, or NULL */

	u32 uid, euid, suid, gid, egid, sgid, fsuid, fsgid;
	u32 group_count, groups[32];
	struct abi_rlimit limits[RLIMIT_COUNT];
	int nice;
	int oom_score_adj; /* -1000..1000 */
	u64 personality;

	struct timer real_timer; /* ITIMER_REAL, alarm */
	u64 real_interval_ns;
	/* ITIMER_VIRTUAL and ITIMER_PROF: of CPU time; left 0: off. */
	u64 virtual_left_ns, virtual_interval_ns, prof_left_ns, prof_interval_ns;
	u64 cpu_warned_s; /* RLIMIT_CPU: SIGXCPU was sent at this second */
	/* Of tasks and children that are gone. */
	u64 dead_user_ns, dead_system_ns, dead_min_flt, dead_maj_flt;
	u64 child_user_ns, child_system_ns, child_min_flt, child_maj_flt, child_max_rss;
	u64 max_rss; /* pages */
	u64 start_ns;
	u64 read_chars, write_chars, read_calls, write_calls, read_bytes,
		write_bytes; /* /proc/PID/io; bytes: of disks */
};

extern struct list all_processes;
extern struct process *init_process;  /* pid 1 */
extern struct process kernel_process; /* pid 0 */

/* Process 0 and the table of numbers; what limits there are by the size of RAM. Once, when kmalloc works. */
void task_init(void);
/* Makes the running boot code of a hart its idle task: the struct is the caller's (static), its stack, too. Sets tp and
 * hart->idle. */
void task_init_idle(struct task *task, struct hart *hart, void *stack);
/* Starts pid 1: root and working directory "/", /dev/console as 0, 1, 2. `arguments` are split at blanks, "..." and
 * '...' keep them. From a kernel thread, when the root is mounted. 0 or a negative errno if there is no memory; panics
 * in words if the program cannot be run. */
int process_start_init(const char *path, const char *arguments);

/* A kernel thread. NULL: out of memory. May sleep. */
struct task *kernel_thread(const char *name, void (*function)(void *argument), void *argument) must_check;

/* By number, with a reference taken (task_put, process_put), or NULL. Zombies count. */
struct task *task_find(int tid);
struct process *process_find(int pid);
void task_put(struct task *task);
void process_get(struct process *process);
void process_put(struct process *process);
/* The next process with pid > after, for readdir of /proc; a reference, or NULL. */
struct process *process_next(int after);

/* clone(2) with all its flags; the new tid or a negative errno. May sleep. */
struct clone_args {
	u64 flags;                 /* CLONE_* */
	u64 stack;                 /* 0: the parent's */
	u64 parent_tid, child_tid; /* user addresses */
	u64 tls;
	int exit_signal;
};
i64 task_clone(struct task *parent, const struct clone_args *args);

/* Strings collected for exec, each with its 0, one after another in pages. */
struct exec_strings {
	char **pages; /* kmalloc'ed, room for page_room pointers */
	u64 page_count, page_room;
	u64 size;  /* bytes used */
	u64 count; /* strings */
};

/* Appends a string of kernel memory. 0 or -ENOMEM. May sleep. */
int exec_strings_add(struct exec_strings *strings, const char *text) must_check;
void exec_strings_free(struct exec_strings *strings);

/* Replaces the program of the process. path and the strings are kernel memory; on success the task returns to user mode
 * in the new program. 0 or a negative errno; after the point of no return the process is killed instead. May sleep. */
i64 task_exec(struct task *task, const char *path, struct exec_strings *argv, struct exec_strings *envp);

/* Ends the calling task; with the last one its process ends. Does not return. */
__attribute__((noreturn)) void task_exit(int exit_code);
/* Ends all tasks of the caller's process, then itself: exit_group(2), fatal signals. */
__attribute__((noreturn)) void process_exit(int exit_code);
/* Kills the other tasks and waits until they are gone: execve. May sleep. */
int process_kill_other_tasks(struct task *task);

/* Puts the calling task to sleep in TASK_STOPPED / TASK_TRACED until it is continued. May sleep. */
void task_stop(enum task_state state);

/* Charges the time since the last change to user or system time. */
void task_account(struct task *task, bool was_user);
/* The process's sums, with living tasks. */
void process_times(const struct process *process, u64 *user_ns, u64 *system_ns, u64 *min_flt, u64 *maj_flt);

static inline bool is_user_task(const struct task *task)
{
	return task->process->mm != NULL;
}

/* The task's name, cut to what fits. */
void task_set_comm(struct task *task, const char *name);

#endif
