/*
 * /proc: files made of text when they are read, in Linux's formats (proc(5)). procfs.c is the tree, proc_file.c reads
 * and writes, proc_system.c has the files of the whole machine, proc_memory.c those about memory, proc_task.c and
 * proc_task_memory.c those of a process.
 */
#ifndef GUEST_KERNEL_FS_PROCFS_H
#define GUEST_KERNEL_FS_PROCFS_H

#include "guest/kernel/core/print.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/proc/task.h"

/* A file of /proc: either text (show), or bytes at a position (read_at). */
struct proc_file {
	const char *path; /* below /proc, or below /proc/PID: "meminfo", "sys/vm/policy"; NULL ends a table */
	u32 mode;         /* permissions */
	/* Makes the whole text. `task` is the one of /proc/PID (a reference is held), NULL for files of the machine. 0
	 * or a negative errno. May sleep. */
	int (*show)(struct task *task, struct text *text);
	/* What one write(2) wrote, with a 0 behind it. 0 or a negative errno. NULL: not writable. May sleep. */
	i64 (*store)(struct task *task, char *data);
	/* Instead of show: like file_ops. May sleep. */
	i64 (*read_at)(struct task *task, struct io *io, u64 *pos);
	i64 (*write_at)(struct task *task, struct io *io, u64 *pos);
};

enum proc_node_kind {
	NODE_ROOT,      /* /proc */
	NODE_DIRECTORY, /* /proc/sys, /proc/sys/vm: a common beginning of paths of proc_system_files */
	NODE_FILE,      /* a struct proc_file */
	NODE_SELF,      /* /proc/self */
	NODE_THREAD_SELF,
	NODE_MOUNTS, /* /proc/mounts: a link to self/mounts */
	NODE_TASK,   /* /proc/PID, /proc/PID/task/TID */
	NODE_TASKS,  /* /proc/PID/task */
	NODE_FDS,    /* /proc/PID/fd */
	NODE_FD,     /* /proc/PID/fd/N */
	NODE_EXE,    /* links of a process */
	NODE_CWD,
	NODE_ROOT_LINK,
};

#define PREFIX_SIZE 32

struct proc_node {
	enum proc_node_kind kind;
	int tid;                      /* 0: of the machine */
	int fd;                       /* NODE_FD */
	bool is_thread;               /* NODE_TASK below /proc/PID/task */
	const struct proc_file *file; /* NODE_FILE */
	char prefix[PREFIX_SIZE];     /* NODE_DIRECTORY: "sys/vm/" */
};

extern const struct file_ops proc_file_ops; /* of NODE_FILE: proc_file.c */

extern const struct proc_file proc_system_files[];
extern const struct proc_file proc_memory_files[];
extern const struct proc_file proc_task_files[];
extern const struct proc_file proc_task_memory_files[];

/* An unsigned decimal or (0x) hexadecimal number at *text, which is advanced past it; false: there is none. */
bool parse_number(const char **text, u64 *value);
/* The same where the digits are hexadecimal without 0x. */
bool parse_hex(const char **text, u64 *value);

/* The mm of the task's process with a reference, or NULL (kernel thread, zombie). */
struct mm *proc_get_mm(struct task *task);

#endif
