/*
 * One lock, two sides: see link.h.
 */
#include "emu/display/link.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STALL_S 2
#define SERIAL_MAX MIB /* bytes that wait for the front; then the machine waits */

struct link {
	pthread_mutex_t lock;
	pthread_cond_t serial_taken; /* there is room for serial bytes again */
	int wishes_came;             /* eventfd: the machine's poll looks at it */
	void (*wake)(void *arg);     /* wakes the front; NULL: not there yet, or gone */
	void *wake_arg;
	bool gone; /* the front has ended */

	struct wish *wishes; /* not yet taken */
	u32 wish_count, wish_room;
	u32 wish_next; /* the first of them that is not taken */

	struct picture screen;      /* as the machine handed it over */
	u32 dirty_first, dirty_end; /* rows of it that the front has not taken; none if equal */
	bool screen_wanted;

	struct live_view *fresh; /* the newest view, not taken; or NULL */
	struct live_view *spare; /* one that nobody uses; or NULL */
	bool live_wanted;

	bool is_stalled; /* the front takes no serial bytes: what does not fit is lost */
	u8 *serial;
	size_t serial_size, serial_room;
	struct link_status status;
};

struct link *link_create(void)
{
	struct link *l = xcalloc(1, sizeof(*l));
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->serial_taken, NULL);
	l->wishes_came = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	BUG_ON(l->wishes_came < 0);
	return l;
}

void link_destroy(struct link *l)
{
	if (!l)
		return;
	if (l->fresh)
		live_view_destroy(l->fresh);
	if (l->spare)
		live_view_destroy(l->spare);
	picture_free(&l->screen);
	free(l->serial);
	free(l->wishes);
	close(l->wishes_came);
	pthread_cond_destroy(&l->serial_taken);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* Under the lock: the front may not go while it is called. */
static void wake_front(struct link *l)
{
	if (l->wake)
		l->wake(l->wake_arg);
}

/* --- the machine's side --- */

int link_descriptor(const struct link *l)
{
	return l->wishes_came;
}

bool link_take(struct link *l, struct wish *wish)
{
	eventfd_t count;
	pthread_mutex_lock(&l->lock);
	bool is_there = l->wish_next < l->wish_count;
	if (is_there) {
		*wish = l->wishes[l->wish_next++];
	} else {
		l->wish_next = l->wish_count = 0;
		(void)!eventfd_read(l->wishes_came, &count);
	}
	pthread_mutex_unlock(&l->lock);
	return is_there;
}

/* One of the flags, read under the lock. */
static bool read_flag(struct link *l, const bool *flag)
{
	pthread_mutex_lock(&l->lock);
	bool value = *flag;
	pthread_mutex_unlock(&l->lock);
	return value;
}

bool link_wants_screen(struct link *l)
{
	return read_flag(l, &l->screen_wanted);
}

bool link_wants_live(struct link *l)
{
	return read_flag(l, &l->live_wanted);
}

bool link_front_is_gone(struct link *l)
{
	return read_flag(l, &l->gone);
}

void link_put_screen(struct link *l, const struct picture *picture, u32 first, u32 count)
{
	pthread_mutex_lock(&l->lock);
	bool resized = l->screen.width != picture->width || l->screen.height != picture->height;
	if (resized) {
		picture_resize(&l->screen, picture->width, picture->height);
		first = 0;
		count = picture->height;
	}
	size_t row = picture->width;
	memcpy(l->screen.pixels + first * row, picture->pixels + first * row, count * row * sizeof(u32));
	bool none = l->dirty_first == l->dirty_end || resized;
	u32 end = first + count;
	l->dirty_first = none || first < l->dirty_first ? first : l->dirty_first;
	l->dirty_end = none || end > l->dirty_end ? end : l->dirty_end;
	l->screen_wanted = false;
	wake_front(l);
	pthread_mutex_unlock(&l->lock);
}

void link_put_live(struct link *l, struct live_view **view)
{
	pthread_mutex_lock(&l->lock);
	struct live_view *old = l->fresh ? l->fresh : l->spare;
	if (!l->fresh)
		l->spare = NULL;
	l->fresh = *view;
	l->live_wanted = false;
	wake_front(l);
	pthread_mutex_unlock(&l->lock);
	*view = old ? old : live_view_create();
}

/* Waits for room for so many bytes. A front that takes nothing for STALL_S (its terminal's line is broken, its X server
 * stopped) is not waited for any more, until it takes something: false. */
static bool wait_for_room(struct link *l, size_t size)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STALL_S;
	while (l->serial_size + size > SERIAL_MAX && l->serial_size && !l->gone && l->wake) {
		if (l->is_stalled)
			return false;
		l->is_stalled = pthread_cond_timedwait(&l->serial_taken, &l->lock, &until) != 0;
	}
	return true;
}

void link_put_serial(struct link *l, const u8 *bytes, size_t size)
{
	pthread_mutex_lock(&l->lock);
	if (wait_for_room(l, size) && !l->gone) {
		if (l->serial_size + size > l->serial_room) {
			l->serial_room = 2 * (l->serial_size + size);
			l->serial = xrealloc(l->serial, l->serial_room);
		}
		memcpy(l->serial + l->serial_size, bytes, size);
		l->serial_size += size;
		wake_front(l);
	}
	pthread_mutex_unlock(&l->lock);
}

void link_put_status(struct link *l, const struct link_status *status)
{
	pthread_mutex_lock(&l->lock);
	l->status = *status;
	wake_front(l);
	pthread_mutex_unlock(&l->lock);
}

/* --- the front's side --- */

void link_listen(struct link *l, void (*wake)(void *arg), void *arg)
{
	pthread_mutex_lock(&l->lock);
	l->wake = wake;
	l->wake_arg = arg;
	pthread_mutex_unlock(&l->lock);
}

void link_gone(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	l->wake = NULL;
	l->gone = true;
	pthread_cond_broadcast(&l->serial_taken);
	eventfd_write(l->wishes_came, 1);
	pthread_mutex_unlock(&l->lock);
}

/* Puts serial bytes behind those of the last wish, if that is of the same kind, waits, and has room: a guest that asks
 * a terminal for thousands of answers is not to take a whole wish for each. */
static bool join_serial(struct link *l, const struct wish *wish)
{
	struct wish *last = l->wish_next < l->wish_count ? &l->wishes[l->wish_count - 1] : NULL;
	if (!last || wish->kind != WISH_SERIAL || last->kind != WISH_SERIAL ||
	    last->size + wish->size > sizeof(last->text))
		return false;
	memcpy(last->text + last->size, wish->text, wish->size);
	last->size += wish->size;
	return true;
}

static void add_wish(struct link *l, const struct wish *wish)
{
	if (l->wish_count == l->wish_room) {
		l->wish_room = l->wish_room ? 2 * l->wish_room : 16;
		l->wishes = xrealloc(l->wishes, l->wish_room * sizeof(*l->wishes));
	}
	l->wishes[l->wish_count++] = *wish;
}

void link_send(struct link *l, const struct wish *wish)
{
	pthread_mutex_lock(&l->lock);
	if (!join_serial(l, wish))
		add_wish(l, wish);
	eventfd_write(l->wishes_came, 1);
	pthread_mutex_unlock(&l->lock);
}

void link_send_serial(struct link *l, const u8 *bytes, size_t size)
{
	while (size) {
		struct wish wish = { .kind = WISH_SERIAL };
		wish.size = (u32)(size < sizeof(wish.text) ? size : sizeof(wish.text));
		memcpy(wish.text, bytes, wish.size);
		link_send(l, &wish);
		bytes += wish.size;
		size -= wish.size;
	}
}

bool link_take_screen(struct link *l, struct picture *picture, u32 *first, u32 *count)
{
	pthread_mutex_lock(&l->lock);
	bool changed = l->dirty_first != l->dirty_end;
	if (changed && (picture->width != l->screen.width || picture->height != l->screen.height)) {
		picture_resize(picture, l->screen.width, l->screen.height);
		l->dirty_first = 0;
		l->dirty_end = l->screen.height;
	}
	*first = l->dirty_first;
	*count = l->dirty_end - l->dirty_first;
	size_t row = l->screen.width;
	if (changed)
		memcpy(picture->pixels + *first * row, l->screen.pixels + *first * row, *count * row * sizeof(u32));
	l->dirty_first = l->dirty_end = 0;
	pthread_mutex_unlock(&l->lock);
	return changed;
}

bool link_take_live(struct link *l, struct live_view **view)
{
	pthread_mutex_lock(&l->lock);
	bool is_there = l->fresh != NULL;
	if (is_there) {
		if (*view && l->spare)
			live_view_destroy(l->spare);
		if (*view)
			l->spare = *view;
		*view = l->fresh;
		l->fresh = NULL;
	}
	pthread_mutex_unlock(&l->lock);
	return is_there;
}

u8 *link_take_serial(struct link *l, size_t *size)
{
	pthread_mutex_lock(&l->lock);
	u8 *bytes = l->serial_size ? l->serial : NULL;
	*size = l->serial_size;
	if (bytes) {
		l->serial = NULL;
		l->serial_size = l->serial_room = 0;
		l->is_stalled = false;
		pthread_cond_broadcast(&l->serial_taken);
	}
	pthread_mutex_unlock(&l->lock);
	return bytes;
}

struct link_status link_status(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	struct link_status status = l->status;
	pthread_mutex_unlock(&l->lock);
	return status;
}

void link_want(struct link *l, enum link_part part)
{
	pthread_mutex_lock(&l->lock);
	if (part == LINK_SCREEN)
		l->screen_wanted = true;
	else if (part == LINK_LIVE)
		l->live_wanted = true;
	eventfd_write(l->wishes_came, 1);
	pthread_mutex_unlock(&l->lock);
}
