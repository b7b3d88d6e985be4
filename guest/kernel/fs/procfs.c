/*
 * The tree of /proc: directories, links and files as inodes that are made when they are looked up and go when nobody
 * uses them. What is in the files is in proc_system.c, proc_memory.c and proc_task.c.
 *
 * A node says what an inode stands for. It names its task by number: a file of a process that is gone gives ESRCH.
 */
#include "guest/kernel/fs/procfs.h"

#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"

static const struct inode_ops proc_inode_ops;
static const struct file_ops proc_directory_ops;

static struct proc_node *node_of(const struct inode *inode)
{
	return inode->private;
}

static u32 mode_of(const struct proc_node *node)
{
	switch (node->kind) {
	case NODE_FILE:
		return S_IFREG | node->file->mode;
	case NODE_SELF:
	case NODE_THREAD_SELF:
	case NODE_MOUNTS:
	case NODE_EXE:
	case NODE_CWD:
	case NODE_ROOT_LINK:
		return S_IFLNK | 0777;
	case NODE_FD:
		return S_IFLNK | 0700;
	default:
		return S_IFDIR | 0555;
	}
}

/* Unique while it lives: kinds and numbers, files by their place in memory. */
static u64 number_of(const struct proc_node *node)
{
	u64 what = node->file ? (u64)node->file >> 3 & 0xffff : (u64)node->kind + 1;

	for (const char *c = node->prefix; *c; c++)
		what = what * 31 + (u8)*c;
	return (u64)node->tid << 32 | (u64)node->is_thread << 31 | (u64)(node->fd & 0x7ff) << 20 | (what & 0xfffff);
}

/* An inode for a copy of the node. 0 or -ENOMEM. */
static int make_inode(struct fs *fs, const struct proc_node *node, struct inode **inode)
{
	struct proc_node *copy = kmalloc(sizeof(*copy));
	struct inode *made = copy ? inode_new_unhashed(fs) : NULL;

	if (!made) {
		kfree(copy);
		return -ENOMEM;
	}
	*copy = *node;
	made->ino = number_of(node);
	made->mode = mode_of(node);
	made->nlink = S_ISDIR(made->mode) ? 2 : 1;
	made->atime = made->mtime = made->ctime = time_stamp();
	made->ops = &proc_inode_ops;
	made->file_ops = S_ISDIR(made->mode) ? &proc_directory_ops : &proc_file_ops;
	made->private = copy;
	*inode = made;
	return 0;
}

static void proc_forget(struct inode *inode)
{
	kfree(inode->private);
}

/* --- names --- */

static int name_number(const char *name)
{
	const char *end = name;
	u64 number;

	return parse_number(&end, &number) && !*end && number < 0x7fffffff && (name[0] != '0' || !name[1]) ? (int)number
	                                                                                                   : -1;
}

/* The part of a path before the next '/', if the path goes on below the prefix; its length, 0: no match. */
static u64 component(const char *path, const char *prefix, bool *is_last)
{
	u64 skip = strlen(prefix);
	const char *slash;

	if (strncmp(path, prefix, skip))
		return 0;
	slash = strchr(path + skip, '/');
	*is_last = !slash;
	return slash ? (u64)(slash - path) - skip : strlen(path + skip);
}

/* Looks for prefix + name among the files of a table; a directory is a common beginning. */
static bool find_file(const struct proc_file *table, const char *prefix, const char *name, struct proc_node *node)
{
	for (const struct proc_file *file = table; file->path; file++) {
		bool is_last;
		u64 length = component(file->path, prefix, &is_last);

		if (!length || length != strlen(name) || strncmp(file->path + strlen(prefix), name, length))
			continue;
		if (is_last) {
			node->kind = NODE_FILE;
			node->file = file;
		} else {
			node->kind = NODE_DIRECTORY;
			format_text(node->prefix, sizeof(node->prefix), "%s%s/", prefix, name);
		}
		return true;
	}
	return false;
}

static bool find_system_file(const char *prefix, const char *name, struct proc_node *node)
{
	return find_file(proc_system_files, prefix, name, node) || find_file(proc_memory_files, prefix, name, node);
}

static const struct {
	const char *name;
	enum proc_node_kind kind;
} root_links[] = { { "self", NODE_SELF }, { "thread-self", NODE_THREAD_SELF }, { "mounts", NODE_MOUNTS } },
  task_entries[] = { { "fd", NODE_FDS },
	             { "task", NODE_TASKS },
	             { "exe", NODE_EXE },
	             { "cwd", NODE_CWD },
	             { "root", NODE_ROOT_LINK } };

/* A living process or thread of this number. */
static bool is_task(int tid, bool must_be_leader)
{
	struct task *task = tid > 0 ? task_find(tid) : NULL;
	bool ok = task && task->process->pid && (!must_be_leader || task->tid == task->process->pid);

	if (task)
		task_put(task);
	return ok;
}

static bool is_open_fd(int tid, int fd)
{
	struct task *task = task_find(tid);
	struct files *files = task ? task->process->files : NULL;
	bool ok = files && fd >= 0 && (u32)fd < files->room && files->table[fd];

	if (task)
		task_put(task);
	return ok;
}

static bool same_process(int pid, int tid)
{
	struct task *task = task_find(tid);
	bool same = task && task->process->pid == pid;

	if (task)
		task_put(task);
	return same;
}

/* What `name` is in the directory of the node; false: nothing. */
static bool find_entry(const struct proc_node *directory, const char *name, struct proc_node *found)
{
	int number = name_number(name);

	*found = (struct proc_node){ .tid = directory->tid, .is_thread = directory->is_thread };
	switch (directory->kind) {
	case NODE_ROOT:
		for (u32 i = 0; i < ARRAY_SIZE(root_links); i++)
			if (!strcmp(name, root_links[i].name)) {
				found->kind = root_links[i].kind;
				return true;
			}
		found->kind = NODE_TASK;
		found->tid = number;
		if (number > 0)
			return is_task(number, true);
		found->tid = 0;
		return find_system_file("", name, found);
	case NODE_DIRECTORY:
		return find_system_file(directory->prefix, name, found);
	case NODE_TASK:
		for (u32 i = 0; i < ARRAY_SIZE(task_entries); i++)
			if (!strcmp(name, task_entries[i].name) &&
			    !(directory->is_thread && task_entries[i].kind == NODE_TASKS)) {
				found->kind = task_entries[i].kind;
				return true;
			}
		return find_file(proc_task_files, "", name, found) ||
		       find_file(proc_task_memory_files, "", name, found);
	case NODE_TASKS:
		found->kind = NODE_TASK;
		found->tid = number;
		found->is_thread = true;
		return same_process(directory->tid, number);
	case NODE_FDS:
		found->kind = NODE_FD;
		found->fd = number;
		return is_open_fd(directory->tid, number);
	default:
		return false;
	}
}

static int proc_lookup(struct inode *directory, const char *name, struct inode **inode)
{
	struct proc_node found;

	if (!find_entry(node_of(directory), name, &found))
		return -ENOENT;
	return make_inode(directory->fs, &found, inode);
}

/* --- links --- */

static int copy_dentry(struct dentry *from, struct dentry **to)
{
	if (!from)
		return -ENOENT;
	dentry_get(from);
	*to = from;
	return 0;
}

static int follow_fd(struct task *task, int fd, struct dentry **dentry)
{
	struct file *file = task->process->files ? files_get(task->process->files, fd) : NULL;
	int error;

	if (!file)
		return -ENOENT;
	error = file_get_dentry(file, dentry); /* a pipe has one, too */
	file_put(file);
	return error;
}

/* Whether the caller may look into what the task holds: root, or the same user. */
static bool may_look(const struct task *task)
{
	const struct process *self = current_task->process, *other = task->process;

	return self == other || !self->fsuid ||
	       (self->fsuid == other->uid && self->fsuid == other->euid && self->fsuid == other->suid);
}

/* The dentry itself, so that a name that has been removed or hidden does not matter. */
static int proc_follow(struct inode *inode, struct dentry **dentry)
{
	struct proc_node *node = node_of(inode);
	struct task *task = node->tid ? task_find(node->tid) : NULL;
	struct mm *mm;
	int error = -EINVAL;

	if (!task)
		return -EINVAL; /* a link with a text */
	if (!may_look(task)) {
		task_put(task);
		return -EACCES;
	}
	switch (node->kind) {
	case NODE_CWD:
		error = copy_dentry(task->process->cwd, dentry);
		break;
	case NODE_ROOT_LINK:
		error = copy_dentry(task->process->root, dentry);
		break;
	case NODE_EXE:
		mm = proc_get_mm(task);
		error = mm && mm->exe ? copy_dentry(mm->exe->dentry, dentry) : -ENOENT;
		if (mm)
			mm_put(mm);
		break;
	case NODE_FD:
		error = follow_fd(task, node->fd, dentry);
		break;
	default:
		break;
	}
	task_put(task);
	return error;
}

/* A descriptor's name: a path, or "pipe:[12]" and the like. */
static int read_fd_link(struct task *task, int fd, char *target)
{
	struct file *file;

	if (!may_look(task))
		return -EACCES;
	file = task->process->files ? files_get(task->process->files, fd) : NULL;
	if (!file)
		return -ENOENT;
	format_text(target, PATH_SIZE, "%s", file_path(file, target, PATH_SIZE));
	file_put(file);
	return 0;
}

static int read_path_link(struct inode *inode, struct task *task, char *target)
{
	struct dentry *dentry;
	int error = proc_follow(inode, &dentry);
	char *path;

	if (error)
		return error;
	path = dentry_path(dentry, task->process->root, target, PATH_SIZE);
	if (path)
		memmove(target, path, strlen(path) + 1);
	dentry_put(dentry);
	return path ? 0 : -ENAMETOOLONG;
}

static int proc_readlink(struct inode *inode, char *target)
{
	struct proc_node *node = node_of(inode);
	struct task *task;
	int error;

	switch (node->kind) {
	case NODE_SELF:
		format_text(target, PATH_SIZE, "%d", current_task->process->pid);
		return 0;
	case NODE_THREAD_SELF:
		format_text(target, PATH_SIZE, "%d/task/%d", current_task->process->pid, current_task->tid);
		return 0;
	case NODE_MOUNTS:
		format_text(target, PATH_SIZE, "self/mounts");
		return 0;
	default:
		break;
	}
	task = task_find(node->tid);
	if (!task)
		return -ESRCH;
	error = node->kind == NODE_FD ? read_fd_link(task, node->fd, target) : read_path_link(inode, task, target);
	task_put(task);
	return error;
}

static const struct inode_ops proc_inode_ops = {
	.lookup = proc_lookup,
	.readlink = proc_readlink,
	.follow = proc_follow,
	.forget = proc_forget,
};

/* --- directories --- */

/* A listing under way. Positions: 0 and 1 are . and .., fixed names follow from 2, numbers (pids, fds) from NUMBERS. */
#define NUMBERS 0x10000ul

struct listing {
	struct inode *inode;
	u64 *pos;
	bool (*emit)(void *context, const char *name, u64 ino, u8 type, u64 next);
	void *context;
};

/* One name at position `at`; false: the buffer is full. */
static bool list_name(struct listing *listing, const char *name, u64 at)
{
	struct proc_node found;
	u64 ino = listing->inode->ino;
	u32 mode = S_IFDIR;

	if (at < *listing->pos)
		return true;
	if (strcmp(name, ".") && strcmp(name, "..")) {
		if (!find_entry(node_of(listing->inode), name, &found))
			return true;
		ino = number_of(&found);
		mode = mode_of(&found);
	}
	if (!listing->emit(listing->context, name, ino, (u8)(mode >> 12), at + 1))
		return false;
	*listing->pos = at + 1;
	return true;
}

/* The components that come right below the prefix, each once: equal ones are neighbours in a table, and the table
 * `before` (or NULL) has been listed already. */
static bool list_table(struct listing *listing, const struct proc_file *table, const struct proc_file *before,
                       const char *prefix, u64 *at)
{
	char last[NAME_SIZE / 4] = "", name[NAME_SIZE / 4];
	struct proc_node listed;

	for (const struct proc_file *file = table; file->path; file++) {
		bool is_last;
		u64 length = component(file->path, prefix, &is_last);

		if (!length || length >= sizeof(name))
			continue;
		memcpy(name, file->path + strlen(prefix), length);
		name[length] = 0;
		if (!strcmp(name, last) || (before && find_file(before, prefix, name, &listed)))
			continue;
		strcpy(last, name);
		if (!list_name(listing, name, (*at)++))
			return false;
	}
	return true;
}

static bool list_number(struct listing *listing, u64 number)
{
	char name[16];

	format_text(name, sizeof(name), "%lu", number);
	return list_name(listing, name, NUMBERS + number);
}

static u64 first_number(const struct listing *listing)
{
	return *listing->pos > NUMBERS ? *listing->pos - NUMBERS : 0;
}

static bool list_processes(struct listing *listing)
{
	int pid = (int)first_number(listing) - 1;
	struct process *process;

	while ((process = process_next(pid))) {
		pid = process->pid;
		process_put(process);
		if (!list_number(listing, (u64)pid))
			return false;
	}
	return true;
}

static void list_threads(struct listing *listing, struct task *task)
{
	for (u64 tid = first_number(listing); tid <= PID_MAX;) {
		u64 next = PID_MAX + 1;

		LIST_FOR_EACH(node, &task->process->tasks) {
			u64 other = (u64)LIST_ENTRY(node, struct task, process_link)->tid;

			if (other >= tid && other < next)
				next = other;
		}
		if (next > PID_MAX || !list_number(listing, next))
			return;
		tid = next + 1;
	}
}

static void list_descriptors(struct listing *listing, struct task *task)
{
	for (u64 fd = first_number(listing); task->process->files && fd < task->process->files->room; fd++)
		if (task->process->files->table[fd] && !list_number(listing, fd))
			return;
}

static bool list_fixed(struct listing *listing, const struct proc_node *node, u64 *at)
{
	switch (node->kind) {
	case NODE_ROOT:
		for (u32 i = 0; i < ARRAY_SIZE(root_links); i++)
			if (!list_name(listing, root_links[i].name, (*at)++))
				return false;
		return list_table(listing, proc_system_files, NULL, "", at) &&
		       list_table(listing, proc_memory_files, proc_system_files, "", at) && list_processes(listing);
	case NODE_DIRECTORY:
		return list_table(listing, proc_system_files, NULL, node->prefix, at) &&
		       list_table(listing, proc_memory_files, proc_system_files, node->prefix, at);
	case NODE_TASK:
		for (u32 i = 0; i < ARRAY_SIZE(task_entries); i++)
			if (!list_name(listing, task_entries[i].name, (*at)++))
				return false;
		return list_table(listing, proc_task_files, NULL, "", at) &&
		       list_table(listing, proc_task_memory_files, NULL, "", at);
	default:
		return true;
	}
}

static int proc_readdir(struct file *file, u64 *pos,
                        bool (*emit)(void *context, const char *name, u64 ino, u8 type, u64 next), void *context)
{
	struct proc_node *node = node_of(file->inode);
	struct listing listing = { .inode = file->inode, .pos = pos, .emit = emit, .context = context };
	struct task *task = node->tid ? task_find(node->tid) : NULL;
	u64 at = 2;

	if (node->tid && !task)
		return -ENOENT;
	if (list_name(&listing, ".", 0) && list_name(&listing, "..", 1) && list_fixed(&listing, node, &at)) {
		if (node->kind == NODE_TASKS)
			list_threads(&listing, task);
		else if (node->kind == NODE_FDS)
			list_descriptors(&listing, task);
	}
	if (task)
		task_put(task);
	return 0;
}

static const struct file_ops proc_directory_ops = { .readdir = proc_readdir };

/* --- the file system --- */

static int proc_statfs(struct fs *fs, struct abi_statfs *statfs)
{
	(void)fs;
	statfs->f_type = 0x9fa0;
	statfs->f_bsize = statfs->f_frsize = PAGE_SIZE;
	statfs->f_namelen = NAME_SIZE - 1;
	return 0;
}

static const struct fs_ops proc_fs_ops = { .statfs = proc_statfs };

static int proc_mount(struct inode *device, bool read_only, struct fs **made)
{
	struct fs *fs = kmalloc(sizeof(*fs));
	struct proc_node root = { .kind = NODE_ROOT };
	struct inode *inode;

	(void)device, (void)read_only;
	if (!fs)
		return -ENOMEM;
	fs->type = "proc";
	fs->ops = &proc_fs_ops;
	mutex_init(&fs->rename_lock);
	mutex_init(&fs->alloc_lock);
	if (make_inode(fs, &root, &inode)) {
		kfree(fs);
		return -ENOMEM;
	}
	fs->root = dentry_new(NULL, "", inode);
	if (!fs->root) {
		inode_put(inode);
		kfree(fs);
		return -ENOMEM;
	}
	*made = fs;
	return 0;
}

const struct fs_type proc_type = { .name = "proc", .mount = proc_mount };
