/*
 * The first process. It begins as a kernel thread that is given all that a process has, then executes the program: from
 * there on it is like any other, but that it inherits orphans, ignores signals it has no handler for, and must not end.
 */
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/internal.h"

/* What the thread is to run. */
static struct {
	char *path; /* kmalloc'ed */
	struct exec_strings argv, envp;
} start;

static void free_start(void)
{
	exec_strings_free(&start.argv);
	exec_strings_free(&start.envp);
	kfree(start.path);
	start.path = NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of the text into `to`, quotes taken away; *more is false where there is none. Returns where to go on.
 */
static const char *next_word(const char *at, char *to, bool *more)
{
	char quote = 0;
	while (is_blank(*at))
		at++;
	*more = *at != 0;
	for (; *at && (quote || !is_blank(*at)); at++) {
		if (quote ? *at == quote : *at == '"' || *at == '\'')
			quote = quote ? 0 : *at;
		else
			*to++ = *at;
	}
	*to = 0;
	return at;
}

static int make_arguments(const char *path, const char *arguments)
{
	char *word = kmalloc(strlen(arguments) + 1);
	if (!word)
		return -ENOMEM;
	int error = exec_strings_add(&start.argv, path);
	for (bool more = true; more && !error;) {
		arguments = next_word(arguments, word, &more);
		if (more)
			error = exec_strings_add(&start.argv, word);
	}
	kfree(word);
	static const char *const environment[] = {
		"HOME=/", "TERM=linux", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	};
	for (unsigned i = 0; i < ARRAY_SIZE(environment) && !error; i++)
		error = exec_strings_add(&start.envp, environment[i]);
	return error;
}

static void open_console(struct task *task)
{
	struct file *file;
	int error = path_open(task, AT_FDCWD, "/dev/console", O_RDWR | O_NOCTTY, 0, &file);
	if (error) {
		printk("init: /dev/console cannot be opened: error %d\n", -error);
		return;
	}
	for (int fd = 0; fd < 3; fd++) {
		file_get(file);
		if (files_add(task->process->files, file, fd, false, 3) < 0)
			file_put(file);
	}
	file_put(file);
}

/* What the user can do about it. */
static const char *reason(i64 error)
{
	switch (error) {
	case -ENOENT:
		return "it, or the interpreter that it names, is not on the disk (another: init=PATH)";
	case -EACCES:
		return "it is not an executable file";
	case -ENOEXEC:
		return "it is neither a RISC-V program nor a script";
	default:
		return "the disk or the memory may be too small or broken";
	}
}

/* Returns to user mode, in the program. */
static void begin(void *unused)
{
	(void)unused;
	struct task *task = current_task;
	open_console(task);
	i64 error = task_exec(task, start.path, &start.argv, &start.envp);
	if (error)
		panic("%s cannot be run as the first process: %s (error %ld)", start.path, reason(error), -error);
	free_start();
}

static struct process *make_process(void)
{
	struct process *process = process_new();
	if (!process)
		return NULL;
	process->handlers = handlers_create(NULL);
	process->files = files_create();
	if (!process->handlers || !process->files) {
		process_release_files(process);
		process_put(process);
		return NULL;
	}
	memcpy(process->limits, kernel_process.limits, sizeof(process->limits));
	process->umask = kernel_process.umask;
	process->cwd = process->root = root_dentry;
	dentry_get(root_dentry);
	dentry_get(root_dentry);
	process->exit_signal = SIGCHLD;
	return process;
}

int process_start_init(const char *path, const char *arguments)
{
	start.path = kstrdup(path);
	int error = start.path ? make_arguments(path, arguments) : -ENOMEM;
	struct process *process = error ? NULL : make_process();
	struct task *task = process ? task_new(process) : NULL;
	if (!task) {
		free_start();
		if (process) {
			process_release_files(process);
			process_put(process);
		}
		return -ENOMEM;
	}
	task_hash(task, 1);
	task->context.ra = (u64)new_thread_entry;
	task->context.sp = (u64)task->regs;
	task->context.s[0] = (u64)begin;
	process->pid = process->pgid = process->sid = 1;
	process->leader = task;
	task->refs++;
	process->parent = &kernel_process;
	task_set_comm(task, "init");
	list_add_last(&kernel_process.children, &process->sibling);
	list_add_last(&all_processes, &process->all_link);
	list_add_last(&process->tasks, &task->process_link);
	process->task_count = 1;
	init_process = process;
	task_ready(task);
	return 0;
}
