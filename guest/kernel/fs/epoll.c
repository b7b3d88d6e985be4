/*
 * epoll(7): a file that is a list of watched files. Each epoll_pwait asks all of them, as ppoll does, so that nothing
 * has to be told from inside a wake-up; that is right for the tens of descriptors that programs here have.
 *
 * Edge-triggered watches (EPOLLET) look at how often something has happened to the file (poll_edges); a file that does
 * not count that is served as if the watch were level-triggered. An epoll file can watch another, one deep.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define KNOWN_EVENTS 0xffffu
#define ITEMS_MAX FILES_MAX
#define EVENTS_AT_ONCE 12 /* an epoll_pwait returns no more; the others have their turn next */

struct epoll {
	struct list items;
	u64 count;
	struct wait_queue queue; /* woken when the list changes */
};

struct item {
	struct list link;         /* in epoll->items */
	struct list watcher_link; /* in file->watchers */
	struct epoll *epoll;
	struct file *file; /* no reference: epoll_forget takes it out */
	int fd;
	struct abi_epoll_event event;
	bool spent; /* EPOLLONESHOT has fired */
	bool told;  /* EPOLLET: reported at least once, at this count of edges: */
	u64 edges;
};

static const struct file_ops epoll_file_ops;

static void item_free(struct item *item)
{
	item->epoll->count--;
	list_remove(&item->link);
	list_remove(&item->watcher_link);
	kfree(item);
}

void epoll_forget(struct file *file)
{
	LIST_FOR_EACH_SAFE(node, next, &file->watchers)
		item_free(LIST_ENTRY(node, struct item, watcher_link));
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->private;

	LIST_FOR_EACH_SAFE(node, next, &epoll->items)
		item_free(LIST_ENTRY(node, struct item, link));
	kfree(epoll);
}

static u32 item_events(struct item *item, struct poll_table *table)
{
	if (item->spent)
		return 0;
	return poll_file(item->file, table) & ((item->event.events & KNOWN_EVENTS) | EPOLLERR | EPOLLHUP);
}

/* EPOLLET: whether all that the file's poll operation has just told the table was reported before. */
static bool is_old_news(const struct item *item, const struct poll_table *table)
{
	return (item->event.events & EPOLLET) && item->told && table->has_edges && table->edges == item->edges;
}

/* An epoll file is readable when one of its files is ready. The waiters count as those of the file that is asked. */
static u32 epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->private;
	u32 events = 0;

	poll_wait(table, &epoll->queue);
	LIST_FOR_EACH(node, &epoll->items)
		if (item_events(LIST_ENTRY(node, struct item, link), table))
			events = POLLIN | POLLRDNORM;
	return events;
}

static const struct file_ops epoll_file_ops = { .poll = epoll_poll, .release = epoll_release };

i64 sys_epoll_create1(struct task *task, const u64 arg[6])
{
	struct epoll *epoll;
	struct file *file;
	int fd;

	if (arg[0] & ~(u64)EPOLL_CLOEXEC)
		return -EINVAL;
	epoll = kmalloc(sizeof(*epoll));
	file = epoll ? file_new(&epoll_file_ops, O_RDWR) : NULL;
	if (!file) {
		kfree(epoll);
		return -ENOMEM;
	}
	list_init(&epoll->items);
	wait_queue_init(&epoll->queue);
	file->private = epoll;
	file->label = "anon_inode:[eventpoll]";
	fd = files_add(task->process->files, file, 0, arg[0] & EPOLL_CLOEXEC,
	               task->process->limits[RLIMIT_NOFILE].rlim_cur);
	if (fd < 0)
		file_put(file);
	return fd;
}

static struct item *find_item(struct epoll *epoll, const struct file *file, int fd)
{
	LIST_FOR_EACH(node, &epoll->items) {
		struct item *item = LIST_ENTRY(node, struct item, link);

		if (item->file == file && item->fd == fd)
			return item;
	}
	return NULL;
}

/* Whether an epoll may watch the file: of epolls only those that watch and are watched by no other one. */
static int check_nesting(const struct file *epoll_file, const struct file *file)
{
	const struct epoll *inner = file->private;

	if (!file->ops->poll)
		return -EPERM;
	if (file->ops != &epoll_file_ops)
		return 0;
	LIST_FOR_EACH(node, &inner->items)
		if (LIST_ENTRY(node, struct item, link)->file->ops == &epoll_file_ops)
			return -ELOOP;
	return list_is_empty(&epoll_file->watchers) ? 0 : -ELOOP;
}

static int item_add(struct file *epoll_file, struct file *file, int fd, const struct abi_epoll_event *event)
{
	struct epoll *epoll = epoll_file->private;
	struct item *item = kmalloc(sizeof(*item)); /* first: it may sleep, and what is checked must stay so */
	int error = find_item(epoll, file, fd) ? -EEXIST : check_nesting(epoll_file, file);

	if (!error && epoll->count >= ITEMS_MAX)
		error = -ENOSPC;
	if (!item || error) {
		kfree(item);
		return error ? error : -ENOMEM;
	}
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	list_add_last(&epoll->items, &item->link);
	list_add_last(&file->watchers, &item->watcher_link);
	epoll->count++;
	return 0;
}

static int control(struct file *epoll_file, struct file *file, int operation, int fd,
                   const struct abi_epoll_event *event)
{
	struct epoll *epoll = epoll_file->private;
	struct item *item;
	int error = 0;

	if (epoll_file->ops != &epoll_file_ops || epoll_file == file)
		return -EINVAL;
	item = find_item(epoll, file, fd);
	if (operation == EPOLL_CTL_ADD) {
		error = item_add(epoll_file, file, fd, event);
	} else if (operation != EPOLL_CTL_DEL && operation != EPOLL_CTL_MOD) {
		error = -EINVAL;
	} else if (!item) {
		error = -ENOENT;
	} else if (operation == EPOLL_CTL_DEL) {
		item_free(item);
	} else {
		item->event = *event;
		item->spent = item->told = false;
	}
	if (!error)
		wake_all(&epoll->queue);
	return error;
}

i64 sys_epoll_ctl(struct task *task, const u64 arg[6])
{
	struct abi_epoll_event event = { 0, 0 };
	struct file *epoll_file, *file;
	int error;

	if ((int)arg[1] != EPOLL_CTL_DEL && copy_from_user(&event, arg[3], sizeof(event)))
		return -EFAULT;
	error = file_of(task, arg[0], false, &epoll_file);
	if (error)
		return error;
	error = file_of(task, arg[2], false, &file);
	if (!error) {
		error = control(epoll_file, file, (int)arg[1], (int)arg[2], &event);
		file_put(file);
	}
	file_put(epoll_file);
	return error;
}

/* One round: what is ready, at most `max` events, from the front; what is found goes to the back, so that each has its
 * turn. Returns their number. */
static i64 epoll_round(struct epoll *epoll, struct abi_epoll_event *events, i64 max, struct poll_table *table)
{
	struct list *node = epoll->items.next;
	i64 found = 0;

	for (u64 left = epoll->count; left && found < max; left--) {
		struct item *item = LIST_ENTRY(node, struct item, link);
		u32 holds;

		node = node->next;
		table->has_edges = false;
		table->edges = 0;
		holds = item_events(item, table);
		if (!holds || is_old_news(item, table))
			continue;
		table->asks_only = true;
		item->told = true;
		item->edges = table->edges;
		events[found++] = (struct abi_epoll_event){ holds, item->event.data };
		item->spent = item->event.events & EPOLLONESHOT;
		list_remove(&item->link);
		list_add_last(&epoll->items, &item->link);
	}
	return found;
}

/* Waits until something is ready: the number of events, 0 at the deadline, -EINTR, -ENOMEM. */
static i64 epoll_until(struct file *file, struct abi_epoll_event *events, i64 max, u64 deadline_ns)
{
	struct epoll *epoll = file->private;
	bool waits = deadline_ns > time_now_ns();
	struct poll_table table;
	i64 ready = 0;

	do {
		int error = poll_table_init(&table, waits ? epoll->count + 1 : 0);

		if (error)
			return error;
		table.asks_only = !waits;
		table.file = file;
		poll_wait(&table, &epoll->queue);
		ready = epoll_round(epoll, events, max, &table);
		if (!waits || ready) {
			poll_table_free(&table);
			break;
		}
		error = poll_table_sleep(&table, deadline_ns);
		poll_table_free(&table);
		if (error == -EINTR)
			return -EINTR;
		waits = error != -ETIMEDOUT; /* then one last look */
	} while (!ready);
	return ready;
}

i64 sys_epoll_pwait(struct task *task, const u64 arg[6])
{
	i32 max = (i32)arg[2], timeout_ms = (i32)arg[3];
	u64 deadline_ns = timeout_ms < 0 ? FOREVER : time_now_ns() + (u64)timeout_ms * 1000000;
	struct abi_epoll_event events[EVENTS_AT_ONCE];
	struct file *file;
	i64 result;

	if (max <= 0 || max > 0x7ffffff)
		return -EINVAL;
	result = file_of(task, arg[0], false, &file);
	if (result)
		return result;
	if (file->ops != &epoll_file_ops)
		result = -EINVAL;
	if (!result)
		result = mask_from_user(task, arg[4], arg[5]);
	if (!result) {
		result = epoll_until(file, events, MIN(max, EVENTS_AT_ONCE), deadline_ns);
		if (result > 0 && copy_to_user(arg[1], events, (u64)result * sizeof(events[0])))
			result = -EFAULT;
		mask_restore(task, arg[4], result);
	}
	file_put(file);
	return result;
}
