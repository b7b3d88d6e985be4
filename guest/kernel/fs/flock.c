/*
 * File locks: byte ranges of processes (fcntl F_SETLK) and of open files (F_OFD_SETLK), which exclude each other, and
 * whole files (flock). fcntl(2), flock(2). Advisory: read and write do not look at them.
 *
 * The locks of a file are a list at its inode. Locks of one owner never overlap. Who must wait sleeps on one queue,
 * which every release wakes: locks are held shortly and waiters are few.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define OFFSET_MAX 0x7ffffffffffffffful
#define LOCKS_MAX 4096 /* of one file */
#define CHAIN_MAX 64   /* of waiters looked at for a deadlock */

enum lock_kind { LOCK_PROCESS, LOCK_OPEN_FILE, LOCK_WHOLE };

struct lock {
	struct list link; /* in inode->flocks */
	enum lock_kind kind;
	const void *owner; /* struct files of a process, struct file of the others */
	int pid;           /* for F_GETLK; -1 for open files' */
	bool exclusive;
	u64 start, end; /* bytes; the end is part of it */
};

/* A process that waits for a POSIX lock. */
struct blocked {
	struct list link;
	const void *owner;     /* who waits */
	const void *waits_for; /* the owner of the lock in its way */
};

static struct wait_queue released = { { &released.waiters, &released.waiters } };
static struct list blocked_list = { &blocked_list, &blocked_list };

static bool conflict(const struct lock *a, const struct lock *b)
{
	if ((a->kind == LOCK_WHOLE) != (b->kind == LOCK_WHOLE) || a->owner == b->owner)
		return false;
	return (a->exclusive || b->exclusive) && a->start <= b->end && b->start <= a->end;
}

static struct lock *find_conflict(struct inode *inode, const struct lock *wanted)
{
	LIST_FOR_EACH(node, &inode->flocks) {
		struct lock *lock = LIST_ENTRY(node, struct lock, link);

		if (conflict(lock, wanted))
			return lock;
	}
	return NULL;
}

static void lock_free(struct lock *lock)
{
	list_remove(&lock->link);
	kfree(lock);
}

static u64 count_locks(const struct inode *inode)
{
	u64 count = 0;

	LIST_FOR_EACH(node, &inode->flocks)
		count++;
	return count;
}

/* Takes the range out of what the owner holds, and with `exclusive` and `keep` as the new lock joins neighbours of the
 * same kind to it. *spare becomes the second half of a lock that is cut in two. */
static void carve(struct inode *inode, struct lock *range, bool join, struct lock **spare)
{
	LIST_FOR_EACH_SAFE(node, next, &inode->flocks) {
		struct lock *lock = LIST_ENTRY(node, struct lock, link);
		u64 before = range->start ? range->start - 1 : 0,
		    after = range->end < OFFSET_MAX ? range->end + 1 : OFFSET_MAX;

		if (lock->owner != range->owner || lock->kind != range->kind)
			continue;
		if (join && lock->exclusive == range->exclusive && lock->end >= before && lock->start <= after) {
			range->start = MIN(range->start, lock->start);
			range->end = MAX(range->end, lock->end);
			lock_free(lock);
			continue;
		}
		if (lock->start > range->end || lock->end < range->start)
			continue;
		if (lock->start >= range->start && lock->end <= range->end) {
			lock_free(lock);
		} else if (lock->start >= range->start) {
			lock->start = range->end + 1;
		} else if (lock->end <= range->end) {
			lock->end = range->start - 1;
		} else {
			**spare = *lock;
			(*spare)->start = range->end + 1;
			list_add_first(&lock->link, &(*spare)->link);
			*spare = NULL;
			lock->end = range->start - 1;
		}
	}
}

/* Does a lock or (no `join`) an unlock that nothing is in the way of. 0, -ENOMEM, -ENOLCK. May sleep; *again: somebody
 * else got in the way meanwhile. */
static int apply(struct inode *inode, const struct lock *wanted, bool lock_it, bool *again)
{
	struct lock *fresh = lock_it ? kmalloc(sizeof(*fresh)) : NULL, *spare = kmalloc(sizeof(*spare));
	struct lock range = *wanted;
	int error = (lock_it && !fresh) || !spare ? -ENOMEM : 0;

	*again = !error && lock_it && find_conflict(inode, wanted);
	if (!error && lock_it && count_locks(inode) >= LOCKS_MAX)
		error = -ENOLCK;
	if (!error && !*again) {
		carve(inode, &range, lock_it, &spare);
		if (lock_it) {
			*fresh = range;
			list_add_last(&inode->flocks, &fresh->link);
			fresh = NULL;
		}
		wake_all(&released);
	}
	kfree(fresh);
	kfree(spare);
	return error;
}

/* Whether waiting for `owner` would wait for oneself. */
static bool is_deadlock(const void *self, const void *owner)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		const void *next = NULL;

		if (owner == self)
			return true;
		LIST_FOR_EACH(node, &blocked_list) {
			struct blocked *blocked = LIST_ENTRY(node, struct blocked, link);

			if (blocked->owner == owner)
				next = blocked->waits_for;
		}
		if (!next)
			return false;
		owner = next;
	}
	return false;
}

/* Sleeps until locks were released. */
static int wait_for_release(const struct lock *wanted, const struct lock *obstacle)
{
	struct blocked blocked = { .owner = wanted->owner, .waits_for = obstacle->owner };
	bool checked = wanted->kind == LOCK_PROCESS && obstacle->kind == LOCK_PROCESS;
	int error;

	if (checked && is_deadlock(wanted->owner, obstacle->owner))
		return -EDEADLK;
	list_init(&blocked.link);
	if (checked)
		list_add_last(&blocked_list, &blocked.link);
	error = sleep_on(&released, SLEEP_SIGNAL, FOREVER);
	list_remove(&blocked.link);
	return error ? -ERESTARTSYS : 0;
}

static int set_lock(struct inode *inode, const struct lock *wanted, bool waits)
{
	for (;;) {
		struct lock *obstacle = find_conflict(inode, wanted);
		bool again = false;
		int error;

		if (!obstacle)
			error = apply(inode, wanted, true, &again);
		else
			error = waits ? wait_for_release(wanted, obstacle) : -EAGAIN;
		if (error || (!obstacle && !again))
			return error;
	}
}

/* The range a program names. 0, -EINVAL, -EOVERFLOW. */
static int range_of(const struct file *file, const struct abi_flock *flock, struct lock *lock)
{
	u64 base = flock->l_whence == SEEK_CUR ? file->pos : flock->l_whence == SEEK_END ? file->inode->size : 0;
	u64 start, size = (u64)flock->l_len;

	if (flock->l_whence < SEEK_SET || flock->l_whence > SEEK_END)
		return -EINVAL;
	if (__builtin_add_overflow((i64)base, flock->l_start, (i64 *)&start))
		return -EOVERFLOW;
	if ((i64)size < 0) {
		size = -size;
		start -= size; /* below 0 after a wrap, too: start was not negative */
	}
	if ((i64)start < 0 || (i64)size < 0)
		return -EINVAL;
	lock->start = start;
	if (size && size - 1 > OFFSET_MAX - start)
		return -EOVERFLOW;
	lock->end = size ? start + size - 1 : OFFSET_MAX;
	return 0;
}

/* F_GETLK: who is in the way. */
static i64 report(struct inode *inode, const struct lock *wanted, struct abi_flock *flock, u64 user)
{
	struct lock *lock = find_conflict(inode, wanted);

	flock->l_type = F_UNLCK;
	if (lock) {
		flock->l_type = lock->exclusive ? F_WRLCK : F_RDLCK;
		flock->l_whence = SEEK_SET;
		flock->l_start = (i64)lock->start;
		flock->l_len = lock->end == OFFSET_MAX ? 0 : (i64)(lock->end - lock->start + 1);
		flock->l_pid = lock->pid;
	}
	return copy_to_user(user, flock, sizeof(*flock));
}

i64 flock_fcntl(struct task *task, struct file *file, u32 command, u64 argument)
{
	bool of_file = command >= F_OFD_GETLK, again;
	struct lock lock = { .kind = of_file ? LOCK_OPEN_FILE : LOCK_PROCESS,
		             .owner = of_file ? (const void *)file : task->process->files,
		             .pid = of_file ? -1 : task->process->pid };
	struct abi_flock flock;
	int error;

	if (copy_from_user(&flock, argument, sizeof(flock)))
		return -EFAULT;
	if (flock.l_type < F_RDLCK || flock.l_type > F_UNLCK || !file->inode || (of_file && flock.l_pid))
		return -EINVAL;
	error = range_of(file, &flock, &lock);
	if (error)
		return error;
	lock.exclusive = flock.l_type == F_WRLCK;
	if (command == F_GETLK || command == F_OFD_GETLK)
		return flock.l_type == F_UNLCK ? -EINVAL : report(file->inode, &lock, &flock, argument);
	if ((flock.l_type == F_RDLCK && !file_may_read(file)) || (flock.l_type == F_WRLCK && !file_may_write(file)))
		return -EBADF;
	if (flock.l_type == F_UNLCK)
		return apply(file->inode, &lock, false, &again);
	return set_lock(file->inode, &lock, command == F_SETLKW || command == F_OFD_SETLKW);
}

static void release_owned(struct inode *inode, const void *owner)
{
	bool any = false;

	LIST_FOR_EACH_SAFE(node, next, &inode->flocks) {
		struct lock *lock = LIST_ENTRY(node, struct lock, link);

		if (lock->owner == owner) {
			lock_free(lock);
			any = true;
		}
	}
	if (any)
		wake_all(&released);
}

/* A conversion is a release and a new lock, as on Linux: another process may get in between. */
i64 flock_whole(struct file *file, u32 operation)
{
	struct lock wanted = { .kind = LOCK_WHOLE, .owner = file, .pid = -1, .end = OFFSET_MAX };
	bool again;

	wanted.exclusive = (operation & ~(u32)LOCK_NB) == LOCK_EX;
	switch (operation & ~(u32)LOCK_NB) {
	case LOCK_UN:
		return file->inode ? apply(file->inode, &wanted, false, &again) : -EBADF;
	case LOCK_SH:
	case LOCK_EX:
		if (!file->inode)
			return -EBADF;
		return set_lock(file->inode, &wanted, !(operation & LOCK_NB));
	default:
		return -EINVAL;
	}
}

void flock_release_posix(struct inode *inode, const struct files *owner)
{
	release_owned(inode, owner);
}

void flock_release_file(struct file *file)
{
	release_owned(file->inode, file);
}
