/*
 * futex(2): sleeping on a word of user memory, and robust futexes (set_robust_list(2)). Who waits is found by a key
 * that says what memory the word is in: an address of one address space, or a place in a file that is mapped shared.
 *
 * A waiter is queued before its word is read: the read may sleep, but a wake-up after it finds the waiter. Priority
 * inheritance is not offered (-ENOSYS).
 */
#include "guest/abi/futex.h"

#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/smp.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

#define BUCKETS 64

/* (mm, va) or (inode, offset). */
struct futex_key {
	const void *object;
	u64 offset;
};

/* On the sleeper's stack. */
struct futex_waiter {
	struct list link;
	struct futex_key key;
	struct task *task;
	u32 bitset;
	bool woken;
};

static struct list buckets[BUCKETS]; /* a list that was never used is all zero */

static struct list *bucket_of(const struct futex_key *key)
{
	u64 hash = ((u64)key->object >> 6) ^ (key->offset >> 2) ^ (key->offset >> PAGE_SHIFT);
	struct list *bucket = &buckets[hash % BUCKETS];
	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

/* 0, -EINVAL (misaligned), -EFAULT. May sleep. */
static int make_key(struct task *task, u64 address, bool is_private, struct futex_key *key)
{
	struct mm *mm = task->process->mm;
	if (address % sizeof(u32))
		return -EINVAL;
	if (address >= USER_TOP)
		return -EFAULT;
	*key = (struct futex_key){ mm, address };
	if (is_private)
		return 0;
	mutex_lock(&mm->lock);
	const struct region *region = mm_find(mm, address);
	if (region && (region->flags & REGION_SHARED) && region->file)
		*key = (struct futex_key){ region->file->inode, address - region->start + region->offset };
	mutex_unlock(&mm->lock);
	return region ? 0 : -EFAULT;
}

static void wake_waiter(struct futex_waiter *waiter)
{
	list_remove(&waiter->link);
	waiter->woken = true;
	task_wake(waiter->task, SLEEP);
}

/* Wakes up to n waiters of the key that have a bit of the set. */
static int wake_key(const struct futex_key *key, u32 n, u32 bitset)
{
	u32 woken = 0;
	LIST_FOR_EACH_SAFE(node, following, bucket_of(key)) {
		struct futex_waiter *waiter = LIST_ENTRY(node, struct futex_waiter, link);
		if (woken >= n)
			break;
		if (!same_key(&waiter->key, key) || !(waiter->bitset & bitset))
			continue;
		wake_waiter(waiter);
		woken++;
	}
	return (int)woken;
}

i64 futex_wake_address(struct task *task, u64 address, unsigned n)
{
	struct futex_key key;
	/* Both kinds of key: nobody says here which one the waiter uses. */
	int woken = 0;
	if (make_key(task, address, true, &key) == 0)
		woken = wake_key(&key, n, FUTEX_BITSET_MATCH_ANY);
	if (make_key(task, address, false, &key) == 0 && key.object != task->process->mm)
		woken += wake_key(&key, n, FUTEX_BITSET_MATCH_ANY);
	return woken;
}

/* --- waiting --- */

static i64 wait_on(struct task *task, u64 address, u32 expected, u32 bitset, bool is_private, u64 deadline_ns);

static i64 restart_wait(struct task *task, struct restart *restart)
{
	return wait_on(task, restart->arg[0], (u32)restart->arg[1], (u32)restart->arg[2], restart->arg[3],
	               restart->deadline_ns);
}

static i64 wait_interrupted(struct task *task, u64 address, u32 expected, u32 bitset, bool is_private, u64 deadline_ns)
{
	if (deadline_ns == FOREVER)
		return -ERESTARTSYS;
	task->restart = (struct restart){
		.function = restart_wait,
		.arg = { address, expected, bitset, is_private },
		.deadline_ns = deadline_ns,
	};
	return -ERESTART_RESTARTBLOCK;
}

static i64 wait_on(struct task *task, u64 address, u32 expected, u32 bitset, bool is_private, u64 deadline_ns)
{
	struct futex_waiter waiter = { .task = task, .bitset = bitset };
	if (!bitset)
		return -EINVAL;
	int error = make_key(task, address, is_private, &waiter.key);
	if (error)
		return error;
	list_add_last(bucket_of(&waiter.key), &waiter.link);
	u32 value;
	if (load_user_u32(address, &value))
		error = -EFAULT;
	else if (value != expected)
		error = -EAGAIN;
	while (!waiter.woken && !error) {
		task->sleep_reason = "futex";
		error = sleep_any(SLEEP_SIGNAL, deadline_ns);
	}
	list_remove(&waiter.link);
	if (waiter.woken)
		return 0;
	if (error == -EINTR)
		return wait_interrupted(task, address, expected, bitset, is_private, deadline_ns);
	return error;
}

/* --- requeueing and operating --- */

static i64 requeue(struct task *task, const u64 arg[6], bool is_private, bool compare)
{
	struct futex_key from, to;
	u32 wake = (u32)arg[2], move = (u32)arg[3];
	if ((int)wake < 0 || (int)move < 0)
		return -EINVAL;
	int error = make_key(task, arg[0], is_private, &from);
	if (!error)
		error = make_key(task, arg[4], is_private, &to);
	if (error)
		return error;
	u32 value;
	if (compare && load_user_u32(arg[0], &value))
		return -EFAULT;
	if (compare && value != (u32)arg[5])
		return -EAGAIN;
	int woken = wake_key(&from, wake, FUTEX_BITSET_MATCH_ANY);
	u32 moved = 0;
	if (same_key(&from, &to))
		return woken;
	LIST_FOR_EACH_SAFE(node, following, bucket_of(&from)) {
		struct futex_waiter *waiter = LIST_ENTRY(node, struct futex_waiter, link);
		if (moved >= move)
			break;
		if (!same_key(&waiter->key, &from))
			continue;
		list_remove(node);
		waiter->key = to;
		list_add_last(bucket_of(&to), node);
		moved++;
	}
	return compare ? woken + (int)moved : woken;
}

static int operate(u32 op, u32 old, u32 argument, u32 *new)
{
	switch (op & 7) {
	case FUTEX_OP_SET:
		*new = argument;
		return 0;
	case FUTEX_OP_ADD:
		*new = old + argument;
		return 0;
	case FUTEX_OP_OR:
		*new = old | argument;
		return 0;
	case FUTEX_OP_ANDN:
		*new = old & ~argument;
		return 0;
	case FUTEX_OP_XOR:
		*new = old ^ argument;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int compare_op(u32 comparison, i32 old, i32 argument)
{
	switch (comparison) {
	case FUTEX_OP_CMP_EQ:
		return old == argument;
	case FUTEX_OP_CMP_NE:
		return old != argument;
	case FUTEX_OP_CMP_LT:
		return old < argument;
	case FUTEX_OP_CMP_LE:
		return old <= argument;
	case FUTEX_OP_CMP_GT:
		return old > argument;
	case FUTEX_OP_CMP_GE:
		return old >= argument;
	default:
		return -ENOSYS;
	}
}

/* A 12-bit field with its sign. */
static i32 sign_extend_12(u32 field)
{
	return (i32)(field << 20) >> 20;
}

static i64 wake_op(struct task *task, const u64 arg[6], bool is_private)
{
	struct futex_key first, second;
	u32 encoded = (u32)arg[5];
	u32 op = encoded >> 28;
	u32 argument = (u32)sign_extend_12(encoded >> 12 & 0xfff);
	if (op & FUTEX_OP_OPARG_SHIFT)
		argument = 1u << (argument & 31);
	int error = make_key(task, arg[0], is_private, &first);
	if (!error)
		error = make_key(task, arg[4], is_private, &second);
	u32 old, seen, new;
	if (!error)
		error = load_user_u32(arg[4], &old);
	while (!error) {
		error = operate(op, old, argument, &new);
		if (!error)
			error = exchange_user_u32(arg[4], old, new, &seen);
		if (!error && seen == old)
			break;
		if (signal_is_fatal(task))
			error = -EINTR;
		old = seen;
	}
	if (error)
		return error;
	int second_too = compare_op(encoded >> 24 & 15, (i32)old, sign_extend_12(encoded & 0xfff));
	if (second_too < 0)
		return second_too;
	int woken = wake_key(&first, (u32)arg[2], FUTEX_BITSET_MATCH_ANY);
	if (second_too)
		woken += wake_key(&second, (u32)arg[3], FUTEX_BITSET_MATCH_ANY);
	return woken;
}

/* --- the call --- */

/* The deadline in time_now_ns(): FUTEX_WAIT's time is a duration, FUTEX_WAIT_BITSET's a time of day of one of two
 * clocks. */
static int load_deadline(u64 address, bool absolute, bool realtime, u64 *deadline_ns)
{
	*deadline_ns = FOREVER;
	if (!address)
		return 0;
	struct abi_timespec time;
	if (copy_from_user(&time, address, sizeof(time)))
		return -EFAULT;
	if (time.tv_sec < 0 || (u64)time.tv_nsec >= NS_PER_S)
		return -EINVAL;
	if ((u64)time.tv_sec >= FOREVER / NS_PER_S / 2)
		return 0;
	u64 ns = (u64)time.tv_sec * NS_PER_S + (u64)time.tv_nsec;
	u64 now = time_now_ns();
	if (!absolute)
		*deadline_ns = now + ns;
	else if (!realtime)
		*deadline_ns = ns;
	else
		*deadline_ns = ns > time_real_ns() ? now + (ns - time_real_ns()) : now;
	return 0;
}

i64 sys_futex(struct task *task, const u64 arg[6])
{
	u32 op = (u32)arg[1];
	u32 command = op & (u32)FUTEX_CMD_MASK;
	bool is_private = op & FUTEX_PRIVATE_FLAG;
	bool realtime = op & FUTEX_CLOCK_REALTIME;
	if (realtime && command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	u64 deadline;
	struct futex_key key;
	int error;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		error = load_deadline(arg[3], command == FUTEX_WAIT_BITSET, realtime, &deadline);
		if (error)
			return error;
		return wait_on(task, arg[0], (u32)arg[2], command == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY : (u32)arg[5],
		               is_private, deadline);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		error = make_key(task, arg[0], is_private, &key);
		if (error)
			return error;
		if (command == FUTEX_WAKE_BITSET && !(u32)arg[5])
			return -EINVAL;
		return wake_key(&key, (u32)MAX((int)arg[2], 1),
		                command == FUTEX_WAKE ? FUTEX_BITSET_MATCH_ANY : (u32)arg[5]);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return requeue(task, arg, is_private, command == FUTEX_CMP_REQUEUE);
	case FUTEX_WAKE_OP:
		return wake_op(task, arg, is_private);
	default:
		return -ENOSYS;
	}
}

/* --- robust lists --- */

/* Marks a lock that the dying task holds, and wakes one who waits for it. */
static int owner_died(struct task *task, u64 address, bool is_pending)
{
	u32 value, seen;
	if (address % sizeof(u32) || load_user_u32(address, &value))
		return -EFAULT;
	/* Died between setting the word to 0 and waking. */
	if (is_pending && value == 0) {
		(void)futex_wake_address(task, address, 1);
		return 0;
	}
	while ((value & FUTEX_TID_MASK) == (u32)task->tid) {
		if (exchange_user_u32(address, value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -EFAULT;
		if (seen == value) {
			if (value & FUTEX_WAITERS)
				(void)futex_wake_address(task, address, 1);
			return 0;
		}
		value = seen;
	}
	return 0;
}

void futex_exit(struct task *task)
{
	u64 head = task->robust_list;
	struct abi_robust_list_head list;
	if (!head || copy_from_user(&list, head, sizeof(list)))
		return;
	/* Bit 0 of an entry says that it is a priority-inheriting one. */
	u64 pending = list.list_op_pending & ~1ul;
	u64 entry = list.list & ~1ul;
	for (unsigned i = 0; i < ROBUST_LIST_LIMIT && entry != head; i++) {
		u64 next;
		bool has_next = load_user_u64(entry, &next) == 0;
		if (entry != pending && owner_died(task, entry + (u64)list.futex_offset, false))
			return;
		if (!has_next)
			break;
		entry = next & ~1ul;
	}
	if (pending)
		(void)owner_died(task, pending + (u64)list.futex_offset, true);
}

i64 sys_set_robust_list(struct task *task, const u64 arg[6])
{
	if (arg[1] != sizeof(struct abi_robust_list_head))
		return -EINVAL;
	task->robust_list = arg[0];
	return 0;
}

i64 sys_get_robust_list(struct task *task, const u64 arg[6])
{
	int tid = (int)arg[0];
	u64 head = task->robust_list;
	if (tid != 0) {
		struct task *other = task_find(tid);
		if (!other)
			return -ESRCH;
		head = other->robust_list;
		bool allowed = task->process->euid == 0 || task->process->uid == other->process->uid;
		task_put(other);
		if (!allowed)
			return -EPERM;
	}
	if (store_user_u64(arg[2], sizeof(struct abi_robust_list_head)) || store_user_u64(arg[1], head))
		return -EFAULT;
	return 0;
}

/* membarrier(2): the firmware's fence.i on other harts is waited for and orders their memory accesses, too. */
i64 sys_membarrier(struct task *task, const u64 arg[6])
{
	const i64 commands = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
	                     MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
	                     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |
	                     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
	if (arg[1])
		return -EINVAL;
	switch ((int)arg[0]) {
	case MEMBARRIER_CMD_QUERY:
		return commands;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (hart_count() > 1)
			sbi_remote_fence_i(smp_hart_ids(~0ul >> (64 - hart_count())) & ~(1ul << task->hart->id));
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		pgtable_fence_code(&task->process->mm->table);
		return 0;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		return 0;
	default:
		return -EINVAL;
	}
}
