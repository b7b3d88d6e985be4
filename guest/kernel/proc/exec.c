/*
 * execve(2): a new program in an old process. First everything that can fail is done aside: the file is checked,
 * scripts lead to their interpreters, the new address space gets its regions. Then comes the point of no return: the
 * other threads end, the new address space replaces the old one, and the stack is filled. What fails after it kills the
 * process.
 *
 * No page of the program is read here but its headers, the last page of its data (the tail must be zero) and the
 * stack's.
 */
#include "guest/abi/ptrace.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/exec.h"
#include "guest/kernel/proc/ptrace.h"
#include "guest/kernel/proc/vdso.h"

#define SCRIPT_DEPTH 4
#define SCRIPT_LINE 256
#define ARGUMENTS_MAX (6ul << 20)
#define ARGUMENTS_MIN (32 * PAGE_SIZE)
#define MMAP_GAP_MIN (128ul << 20)
#define MMAP_GAP_MAX (USER_TOP / 6 * 5)

/* One execve on its way. */
struct exec {
	struct task *task;
	const char *path; /* as the program gave it: AT_EXECFN, comm */
	struct exec_strings *argv, *envp;
	struct exec_strings script_argv; /* instead of *argv for scripts */
	struct file *file; /* what will run (a reference): the program, or the last interpreter of a script */
	struct file *interpreter_file;
	struct elf_image program, interpreter;
	struct mm *mm;             /* the new one */
	struct files *files;       /* a copy, where they were shared */
	struct handlers *handlers; /* the same */
};

/* --- finding what runs --- */

static int open_program(struct task *task, int dirfd, const char *path, u32 walk, struct file **file)
{
	struct dentry *dentry;
	int error = path_walk(task, dirfd, path, walk, &dentry, NULL);
	if (error)
		return error;
	struct inode *inode = dentry->inode;
	if ((inode->mode & S_IFMT) != S_IFREG)
		error = -EACCES;
	else if (inode->writers > 0)
		error = -ETXTBSY;
	else
		error = inode_permission(inode, task->process, 1);
	if (!error)
		error = file_open_dentry(dentry, O_RDONLY, file);
	dentry_put(dentry);
	return error;
}

static char *skip_blanks(char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Takes "#!interpreter [argument]" apart, in place. */
static int parse_script(char *line, char **interpreter, char **argument)
{
	char *end = strchr(line, '\n');
	if (end)
		*end = 0;
	char *at = skip_blanks(line + 2);
	*interpreter = at;
	while (*at && *at != ' ' && *at != '\t')
		at++;
	if (at == *interpreter || (!*at && !end && strlen(line) >= SCRIPT_LINE - 1))
		return -ENOEXEC; /* nothing there, or the path is cut off */
	*argument = NULL;
	if (!*at)
		return 0;
	*at = 0;
	at = skip_blanks(at + 1);
	u64 length = strlen(at);
	while (length && (at[length - 1] == ' ' || at[length - 1] == '\t'))
		at[--length] = 0;
	if (length)
		*argument = at;
	return 0;
}

/* The script's interpreter becomes the program, the script its argument. *is_script: whether it was one. */
static int follow_script(struct exec *exec, const char *path, char *interpreter_path, bool *is_script)
{
	char line[SCRIPT_LINE];
	i64 size = file_read_kernel(exec->file, line, sizeof(line) - 1, 0);
	*is_script = size >= 2 && line[0] == '#' && line[1] == '!';
	if (size < 0)
		return (int)size;
	if (!*is_script)
		return 0;
	line[size] = 0;
	char *interpreter, *argument;
	int error = parse_script(line, &interpreter, &argument);
	struct exec_strings argv = { .pages = NULL };
	if (!error)
		error = exec_strings_add(&argv, interpreter);
	if (!error && argument)
		error = exec_strings_add(&argv, argument);
	if (!error)
		error = exec_strings_add(&argv, path);
	if (!error)
		error = exec_strings_append(&argv, exec->argv, 1);
	if (error) {
		exec_strings_free(&argv);
		return error;
	}
	exec_strings_free(&exec->script_argv);
	exec->script_argv = argv;
	exec->argv = &exec->script_argv;
	strcpy(interpreter_path, interpreter);
	struct file *file;
	error = open_program(exec->task, AT_FDCWD, interpreter, WALK_FOLLOW, &file);
	if (error)
		return error;
	file_put(exec->file);
	exec->file = file;
	return 0;
}

static int follow_scripts(struct exec *exec)
{
	char *paths = kmalloc(2 * SCRIPT_LINE); /* the interpreter's path, and that of the script it is for */
	if (!paths)
		return -ENOMEM;
	const char *path = exec->path;
	int error = 0;
	bool is_script = true;
	for (unsigned depth = 0; is_script && !error; depth++) {
		char *next = paths + depth % 2 * SCRIPT_LINE;
		if (depth > SCRIPT_DEPTH)
			error = -ELOOP;
		else
			error = follow_script(exec, path, next, &is_script);
		path = next;
	}
	kfree(paths);
	return error;
}

static int open_images(struct exec *exec)
{
	int error = elf_open(&exec->program, exec->file);
	if (error)
		return error;
	char *path;
	error = elf_interpreter(&exec->program, &path);
	if (error || !path)
		return error;
	error = open_program(exec->task, AT_FDCWD, path, WALK_FOLLOW, &exec->interpreter_file);
	kfree(path);
	if (error)
		return error;
	error = elf_open(&exec->interpreter, exec->interpreter_file);
	return error == -ENOEXEC ? -ELIBBAD : error;
}

/* --- the new address space --- */

static int map_stack(struct exec *exec)
{
	u32 prot = PROT_READ | PROT_WRITE;
	if (elf_wants_executable_stack(&exec->program))
		prot |= PROT_EXEC;
	u64 size = MAX(MIN(INITIAL_STACK_SIZE, ROUND_DOWN(exec->mm->limit_stack, PAGE_SIZE)), PAGE_SIZE);
	i64 va = mm_map(exec->mm, STACK_TOP - size, size, prot, REGION_STACK | REGION_GROWS_DOWN | REGION_MAY_WRITE,
	                MAP_PRIVATE | MAP_FIXED, NULL, 0);
	return va < 0 ? (int)va : 0;
}

static int map_all(struct exec *exec)
{
	struct mm *mm = exec->mm;
	bool has_interpreter = exec->interpreter_file;
	int error = map_stack(exec);
	/* A loader run by itself goes where libraries go: the program it will load wants PIE_BASE. */
	if (!error)
		error = elf_map(&exec->program, mm, has_interpreter ? PIE_BASE : 0);
	mm->brk_start = exec->program.high + exec->program.bias;
	if (!has_interpreter && exec->program.header.e_type == ET_DYN)
		mm->brk_start = PIE_BASE;
	mm->brk = mm->brk_start;
	if (!error && has_interpreter)
		error = elf_map(&exec->interpreter, mm, 0);
	if (error)
		return error;
	return vdso_map(mm);
}

static int build_mm(struct exec *exec)
{
	struct mm *mm = exec->mm = mm_create();
	if (!mm)
		return -ENOMEM;
	const struct abi_rlimit *limits = exec->task->process->limits;
	mm->limit_as = limits[RLIMIT_AS].rlim_cur;
	mm->limit_data = limits[RLIMIT_DATA].rlim_cur;
	mm->limit_stack = limits[RLIMIT_STACK].rlim_cur;
	u64 gap = MIN(MAX(mm->limit_stack, MMAP_GAP_MIN), MMAP_GAP_MAX);
	mm->mmap_top = ROUND_DOWN(STACK_TOP - STACK_GUARD_GAP - gap, PAGE_SIZE);
	mm->dumpable = true;
	mm->exe = exec->file;
	file_get(mm->exe);
	int error = file_deny_writes(mm->exe);
	return error < 0 ? error : map_all(exec);
}

/* Copies of what the process shares with others and the new program must have alone. */
static int unshare(struct exec *exec)
{
	struct process *process = exec->task->process;
	if (process->files->refs > 1) {
		exec->files = files_copy(process->files);
		if (!exec->files)
			return -ENOMEM;
	}
	if (process->handlers->refs > 1) {
		exec->handlers = handlers_create(process->handlers);
		if (!exec->handlers)
			return -ENOMEM;
	}
	return 0;
}

/* --- the point of no return --- */

/* The task takes the place and the number of the first one, which is gone. */
static void become_leader(struct task *task)
{
	struct process *process = task->process;
	struct task *old = process->leader;
	if (old == task)
		return;
	if (old->tracing)
		ptrace_detach(old);
	task_unhash(task);
	task_unhash(old);
	task_hash(task, process->pid);
	list_remove(&old->process_link);
	process->leader = task;
	task->refs++;
	task_put(old);
}

static void replace_mm(struct task *task, struct mm *mm)
{
	struct process *process = task->process;
	struct mm *old = process->mm;
	if (old)
		task_release_memory(task);
	process->mm = mm;
	task->hart->loaded = mm;
	pgtable_load(&mm->table);
	if (old) {
		process->max_rss = MAX(process->max_rss, old->peak_rss);
		mm_put(old);
	}
}

/* Set-user-ID and set-group-ID bits. Returns whether the program is more than its caller. */
static bool change_ids(struct exec *exec)
{
	struct process *process = exec->task->process;
	const struct inode *inode = exec->file->inode;
	u32 euid = process->euid, egid = process->egid;
	if (!process->no_new_privs && !exec->task->tracing) {
		if (inode->mode & S_ISUID)
			euid = inode->uid;
		if ((inode->mode & (S_ISGID | 010)) == (S_ISGID | 010))
			egid = inode->gid;
	}
	bool changed = euid != process->euid || egid != process->egid;
	process->euid = process->suid = process->fsuid = euid;
	process->egid = process->sgid = process->fsgid = egid;
	if (changed) {
		process->parent_death_signal = 0;
		process->mm->dumpable = false;
	}
	return euid != process->uid || egid != process->gid;
}

static void take_over(struct exec *exec)
{
	struct task *task = exec->task;
	struct process *process = task->process;
	replace_mm(task, exec->mm);
	exec->mm = NULL;
	if (exec->files) {
		files_put(process->files);
		process->files = exec->files;
		exec->files = NULL;
	}
	files_close_on_exec(process->files);
	if (exec->handlers) {
		handlers_put(process->handlers);
		process->handlers = exec->handlers;
		exec->handlers = NULL;
	}
	signal_reset_handlers(process);
	process->exec_done = true;
	process->exit_signal = SIGCHLD;
	task->alt_stack = (struct abi_stack){ .ss_flags = SS_DISABLE };
	task->restart.function = NULL;
	task->rseq_moved = false;
	const char *slash = strrchr(exec->path, '/');
	task_set_comm(task, slash ? slash + 1 : exec->path);
}

static int start_program(struct exec *exec)
{
	struct task *task = exec->task;
	bool has_interpreter = exec->interpreter_file;
	struct exec_stack stack = {
		.path = exec->path,
		.argv = exec->argv,
		.envp = exec->envp,
		.program = &exec->program,
		.interpreter_base = has_interpreter ? exec->interpreter.bias : 0,
		.secure = change_ids(exec),
	};
	i64 sp = exec_stack_fill(task, &stack);
	if (sp < 0)
		return (int)sp;
	int error = elf_clear_tails(&exec->program);
	if (!error && has_interpreter)
		error = elf_clear_tails(&exec->interpreter);
	if (error)
		return error;
	struct regs *regs = task->regs;
	fp_reset(task);
	memset(regs, 0, sizeof(*regs));
	regs->x[0] = elf_entry(has_interpreter ? &exec->interpreter : &exec->program);
	regs->x[REG_SP] = (u64)sp;
	regs->status = SSTATUS_SPIE | SSTATUS_FS_INITIAL | SSTATUS_UXL_64;
	regs->cause = ~0ul;
	return 0;
}

static i64 run(struct exec *exec)
{
	struct task *task = exec->task;
	if (exec->argv->count == 0) {
		int error = exec_strings_add(exec->argv, "");
		if (error)
			return error;
	}
	int error = follow_scripts(exec);
	if (!error)
		error = open_images(exec);
	if (!error)
		error = unshare(exec);
	if (!error)
		error = build_mm(exec);
	int old_tid = task->tid;
	if (!error)
		error = process_kill_other_tasks(task);
	if (error)
		return error;
	become_leader(task);
	take_over(exec);
	error = start_program(exec);
	if (error) {
		signal_force(task, SIGSEGV, SI_KERNEL, 0); /* as Linux: there is nothing to go back to */
		return error;
	}
	ptrace_event(task, PTRACE_EVENT_EXEC, (u64)old_tid);
	return 0;
}

/* Takes over the reference to the file. */
static i64 exec_file(struct task *task, struct file *file, const char *path, struct exec_strings *argv,
                     struct exec_strings *envp)
{
	struct exec *exec = kmalloc(sizeof(*exec));
	if (!exec) {
		file_put(file);
		return -ENOMEM;
	}
	exec->task = task;
	exec->path = path;
	exec->argv = argv;
	exec->envp = envp;
	exec->file = file;
	i64 result = run(exec);
	elf_close(&exec->program);
	elf_close(&exec->interpreter);
	if (exec->mm)
		mm_put(exec->mm);
	if (exec->files)
		files_put(exec->files);
	if (exec->handlers)
		handlers_put(exec->handlers);
	if (exec->interpreter_file)
		file_put(exec->interpreter_file);
	file_put(exec->file);
	exec_strings_free(&exec->script_argv);
	kfree(exec);
	return result;
}

i64 task_exec(struct task *task, const char *path, struct exec_strings *argv, struct exec_strings *envp)
{
	struct file *file;
	int error = open_program(task, AT_FDCWD, path, WALK_FOLLOW, &file);
	return error ? error : exec_file(task, file, path, argv, envp);
}

/* --- the calls --- */

/* With arguments from user memory. */
static i64 exec_user(struct task *task, struct file *file, const char *path, u64 argv_array, u64 envp_array)
{
	u64 budget = MIN(MAX(task->process->limits[RLIMIT_STACK].rlim_cur / 4, ARGUMENTS_MIN), ARGUMENTS_MAX);
	struct exec_strings argv = { .pages = NULL }, envp = { .pages = NULL };
	int error = exec_strings_collect(&argv, argv_array, &budget);
	if (!error)
		error = exec_strings_collect(&envp, envp_array, &budget);
	i64 result = error;
	if (error)
		file_put(file);
	else
		result = exec_file(task, file, path, &argv, &envp);
	exec_strings_free(&argv);
	exec_strings_free(&envp);
	return result;
}

i64 sys_execve(struct task *task, const u64 arg[6])
{
	char *path;
	int error = path_from_user(arg[0], &path);
	if (error)
		return error;
	struct file *file;
	error = open_program(task, AT_FDCWD, path, WALK_FOLLOW, &file);
	i64 result = error ? error : exec_user(task, file, path, arg[1], arg[2]);
	kfree(path);
	return result;
}

/* The name that a script's interpreter can open, and AT_EXECFN: "/dev/fd/N" or "/dev/fd/N/path". */
static char *descriptor_path(int fd, const char *path)
{
	char *text = kmalloc(PATH_SIZE + 32);
	if (text)
		format_text(text, PATH_SIZE + 32, "/dev/fd/%d%s%s", fd, *path ? "/" : "", path);
	return text;
}

i64 sys_execveat(struct task *task, const u64 arg[6])
{
	int dirfd = (int)arg[0];
	u32 flags = (u32)arg[4];
	if (flags & ~(u32)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	char *path;
	int error = path_from_user(arg[1], &path);
	if (error)
		return error;
	struct file *file = NULL;
	if (!*path && (flags & AT_EMPTY_PATH)) {
		struct file *open = files_get(task->process->files, dirfd);
		error = open && open->dentry ? file_open_dentry(open->dentry, O_RDONLY, &file) : -EBADF;
		if (open)
			file_put(open);
		if (!error && (file->inode->mode & S_IFMT) != S_IFREG)
			error = -EACCES;
		else if (!error)
			error = inode_permission(file->inode, task->process, 1);
	} else {
		error = open_program(task, dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW, &file);
	}
	if (!error && dirfd != AT_FDCWD && path[0] != '/') {
		char *name = descriptor_path(dirfd, path);
		kfree(path);
		path = name;
		if (!path)
			error = -ENOMEM;
	}
	i64 result = error;
	if (!error)
		result = exec_user(task, file, path, arg[2], arg[3]);
	else if (file)
		file_put(file);
	kfree(path);
	return result;
}
