/*
 * Waiting for several files at once: ppoll(2), pselect6(2), and what epoll uses of it.
 *
 * A round asks each file what holds and, in passing, puts a waiter into each queue that a change would wake. Nothing
 * can change between that and the sleep. After it all waiters are taken out again and the next round begins. While it
 * sleeps the table holds references to the files, so that their queues stay.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define QUEUES_PER_FILE 2
#define OVERFLOW_NS 10000000ul /* how long to sleep at most where some queues found no room */

/* --- the table --- */

int poll_table_init(struct poll_table *table, u64 files)
{
	table->count = 0;
	table->overflow = table->asks_only = table->has_edges = false;
	table->file = NULL;
	table->room = POLL_FEW;
	table->entries = table->few;
	if (files * QUEUES_PER_FILE <= POLL_FEW)
		return 0;
	table->room = (unsigned)(files * QUEUES_PER_FILE);
	table->entries = kmalloc(table->room * sizeof(*table->entries));
	return table->entries ? 0 : -ENOMEM;
}

void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	struct poll_entry *entry;

	if (!table || table->asks_only)
		return;
	if (table->count == table->room) {
		table->overflow = true;
		return;
	}
	entry = &table->entries[table->count++];
	file_get(entry->file = table->file);
	waiter_add(queue, &entry->waiter);
}

void poll_edges(struct poll_table *table, u64 count)
{
	if (!table)
		return;
	table->has_edges = true;
	table->edges += count;
}

u32 poll_file(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	if (table)
		table->file = file;
	return file->ops->poll(file, table);
}

void poll_table_empty(struct poll_table *table)
{
	unsigned count = table->count;

	for (unsigned i = 0; i < count; i++)
		waiter_remove(&table->entries[i].waiter);
	table->count = 0;
	table->overflow = false;
	for (unsigned i = 0; i < count; i++)
		file_put(table->entries[i].file);
}

int poll_table_sleep(struct poll_table *table, u64 deadline_ns)
{
	u64 soon = time_now_ns() + OVERFLOW_NS;
	bool shortened = table->overflow && soon < deadline_ns;
	int error = sleep_any(SLEEP_SIGNAL, shortened ? soon : deadline_ns);

	poll_table_empty(table);
	return shortened && error == -ETIMEDOUT ? 0 : error;
}

void poll_table_free(struct poll_table *table)
{
	poll_table_empty(table);
	if (table->entries != table->few)
		kfree(table->entries);
}

/* --- what a program passes --- */

static int deadline_of(const struct abi_timespec *timespec, u64 *deadline_ns)
{
	u64 now = time_now_ns();

	if (timespec->tv_sec < 0 || (u64)timespec->tv_nsec >= NS_PER_S)
		return -EINVAL;
	*deadline_ns = FOREVER;
	if ((u64)timespec->tv_sec < (FOREVER - now) / NS_PER_S - 1)
		*deadline_ns = now + (u64)timespec->tv_sec * NS_PER_S + (u64)timespec->tv_nsec;
	return 0;
}

int deadline_from_user(u64 timespec, u64 *deadline_ns)
{
	struct abi_timespec value;

	*deadline_ns = FOREVER;
	if (!timespec)
		return 0;
	if (copy_from_user(&value, timespec, sizeof(value)))
		return -EFAULT;
	return deadline_of(&value, deadline_ns);
}

/* Stores what is left of the time, as Linux does. */
static void store_time_left(u64 timespec, u64 deadline_ns)
{
	u64 now = time_now_ns(), left = deadline_ns > now ? deadline_ns - now : 0;
	struct abi_timespec value = { (i64)(left / NS_PER_S), (i64)(left % NS_PER_S) };

	if (timespec && deadline_ns != FOREVER && copy_to_user(timespec, &value, sizeof(value)))
		return; /* read-only memory is no error */
}

int mask_from_user(struct task *task, u64 mask, u64 size)
{
	u64 blocked;

	if (!mask)
		return 0;
	if (size != sizeof(blocked))
		return -EINVAL;
	if (load_user_u64(mask, &blocked))
		return -EFAULT;
	task->saved_blocked = task->blocked;
	task->restore_blocked = true;
	task->attention = true; /* signal_deliver() puts the old mask back */
	signal_set_blocked(task, blocked);
	return 0;
}

void mask_restore(struct task *task, u64 mask, i64 result)
{
	if (!mask || !task->restore_blocked || result == -EINTR || result == -ERESTARTNOHAND)
		return;
	signal_set_blocked(task, task->saved_blocked);
	task->restore_blocked = false;
}

/* --- ppoll --- */

/* One round: fills in revents; returns how many are not 0. */
static i64 poll_round(struct task *task, struct abi_pollfd *fds, u64 count, struct poll_table *table)
{
	i64 ready = 0;

	for (u64 i = 0; i < count; i++) {
		struct file *file = fds[i].fd < 0 ? NULL : files_get(task->process->files, fds[i].fd);
		u32 events = 0;

		if (file) {
			events = poll_file(file, ready ? NULL : table) & ((u16)fds[i].events | POLLERR | POLLHUP);
			file_put(file);
		} else if (fds[i].fd >= 0) {
			events = POLLNVAL;
		}
		fds[i].revents = (i16)events;
		ready += events != 0;
	}
	return ready;
}

static i64 poll_until(struct task *task, struct abi_pollfd *fds, u64 count, u64 deadline_ns)
{
	struct poll_table table;
	i64 ready = poll_table_init(&table, count);
	bool waits = deadline_ns > time_now_ns();

	while (!ready) {
		int error;

		ready = poll_round(task, fds, count, waits ? &table : NULL);
		if (ready || !waits)
			break;
		error = poll_table_sleep(&table, deadline_ns);
		if (error == -EINTR)
			ready = -ERESTARTNOHAND;
		waits = error != -ETIMEDOUT; /* then one last look */
	}
	if (table.entries)
		poll_table_free(&table);
	return ready;
}

#define FEW_FDS 8

static i64 do_poll(struct task *task, u64 user, u64 count, u64 deadline_ns)
{
	struct abi_pollfd few[FEW_FDS], *fds = few;
	i64 ready = -EFAULT;

	if (count > FEW_FDS) {
		fds = kmalloc(count * sizeof(*fds));
		if (!fds)
			return -ENOMEM;
	}
	if (!copy_from_user(fds, user, count * sizeof(*fds)))
		ready = poll_until(task, fds, count, deadline_ns);
	for (u64 i = 0; ready >= 0 && i < count; i++) {
		u64 at = user + i * sizeof(*fds) + offsetof(struct abi_pollfd, revents);

		if (copy_to_user(at, &fds[i].revents, sizeof(fds[i].revents)))
			ready = -EFAULT;
	}
	if (fds != few)
		kfree(fds);
	return ready;
}

i64 sys_ppoll(struct task *task, const u64 arg[6])
{
	u64 count = (u32)arg[1], deadline_ns;
	i64 result = deadline_from_user(arg[2], &deadline_ns);

	if (result)
		return result;
	if (count > task->process->limits[RLIMIT_NOFILE].rlim_cur || count > FILES_MAX)
		return -EINVAL;
	result = mask_from_user(task, arg[3], arg[4]);
	if (result)
		return result;
	result = do_poll(task, arg[0], count, deadline_ns);
	store_time_left(arg[2], deadline_ns);
	mask_restore(task, arg[3], result);
	return result;
}

/* --- pselect6 --- */

enum { SET_READ, SET_WRITE, SET_EXCEPT, SETS };

/* The program's three bitmaps, and what holds of them. */
struct selection {
	u64 asked[SETS][FILES_MAX / 64];
	u64 ready[SETS][FILES_MAX / 64];
	u64 files; /* asked for */
};

static const u32 set_events[SETS] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	POLLPRI,
};

static int load_sets(struct selection *selection, const u64 user[SETS], u64 count)
{
	for (unsigned set = 0; set < SETS; set++) {
		u64 *asked = selection->asked[set];

		if (user[set] && copy_from_user(asked, user[set], (count + 63) / 64 * 8))
			return -EFAULT;
		for (u64 fd = count; fd % 64; fd++) /* bits beyond nfds do not count */
			asked[fd / 64] &= ~(1ul << fd % 64);
	}
	for (u64 fd = 0; fd < count; fd++)
		selection->files +=
			(selection->asked[0][fd / 64] | selection->asked[1][fd / 64] | selection->asked[2][fd / 64]) >>
				fd % 64 &
			1;
	return 0;
}

static int store_sets(const struct selection *selection, const u64 user[SETS], u64 count)
{
	for (unsigned set = 0; set < SETS; set++)
		if (user[set] && copy_to_user(user[set], selection->ready[set], (count + 63) / 64 * 8))
			return -EFAULT;
	return 0;
}

/* One round over all descriptors asked for: the number of bits set, or -EBADF. */
static i64 select_round(struct task *task, struct selection *selection, u64 count, struct poll_table *table)
{
	i64 ready = 0;

	for (u64 fd = 0; fd < count; fd++) {
		u64 bit = 1ul << fd % 64, word = fd / 64;
		struct file *file;
		u32 events;

		if (!((selection->asked[0][word] | selection->asked[1][word] | selection->asked[2][word]) & bit))
			continue;
		file = files_get(task->process->files, (int)fd);
		if (!file)
			return -EBADF;
		events = poll_file(file, ready ? NULL : table);
		file_put(file);
		for (unsigned set = 0; set < SETS; set++)
			if ((selection->asked[set][word] & bit) && (events & set_events[set])) {
				selection->ready[set][word] |= bit;
				ready++;
			}
	}
	return ready;
}

static i64 select_until(struct task *task, struct selection *selection, u64 count, u64 deadline_ns)
{
	struct poll_table table;
	i64 ready = poll_table_init(&table, selection->files);
	bool waits = deadline_ns > time_now_ns();

	while (!ready) {
		int error;

		ready = select_round(task, selection, count, waits ? &table : NULL);
		if (ready || !waits)
			break;
		error = poll_table_sleep(&table, deadline_ns);
		if (error == -EINTR)
			ready = -ERESTARTNOHAND;
		waits = error != -ETIMEDOUT;
	}
	if (table.entries)
		poll_table_free(&table);
	return ready;
}

static i64 do_select(struct task *task, i64 nfds, const u64 user[SETS], u64 deadline_ns)
{
	u64 count = MIN((u64)nfds, (u64)FILES_MAX);
	struct selection *selection;
	i64 ready;

	if (nfds < 0)
		return -EINVAL;
	selection = kmalloc(sizeof(*selection));
	if (!selection)
		return -ENOMEM;
	ready = load_sets(selection, user, count);
	if (!ready)
		ready = select_until(task, selection, count, deadline_ns);
	if (ready >= 0 && store_sets(selection, user, count))
		ready = -EFAULT;
	kfree(selection);
	return ready;
}

i64 sys_pselect6(struct task *task, const u64 arg[6])
{
	struct abi_sigset_argpack pack = { 0, 0 };
	u64 deadline_ns;
	i64 result = deadline_from_user(arg[4], &deadline_ns);

	if (!result && arg[5] && copy_from_user(&pack, arg[5], sizeof(pack)))
		result = -EFAULT;
	if (!result)
		result = mask_from_user(task, pack.sigset, pack.size);
	if (result)
		return result;
	result = do_select(task, (i32)arg[0], &arg[1], deadline_ns);
	store_time_left(arg[4], deadline_ns);
	mask_restore(task, pack.sigset, result);
	return result;
}
