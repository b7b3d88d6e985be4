/*
 * The text interface's thread: waits for keys, for news from the machine, and for what rvemu says on standard error,
 * which would otherwise tear the picture; paints when something changed, PAINT_NS apart at most. When nothing happens
 * it looks four times a second whether the terminal has another size, and no more.
 */
#include "emu/display/tui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/display/grid.h"
#include "emu/display/tui_curses.h"
#include "emu/display/tui_screen.h"
#include "emu/host_io.h"

#define PAINT_NS 33000000ull     /* between two paintings */
#define ESCAPE_MS 30             /* so long after it ESC is a key of its own */
#define SIZE_MS 250              /* how often the terminal's size is looked at */
#define MESSAGE_NS 6000000000ull /* how long a message stays */
#define INPUT_MAX 1024
#define SAID_MAX 65536 /* bytes of standard error that are kept for the end: the last ones */
#define PREFIX 1       /* Ctrl-A */

struct tui {
	pthread_t thread;
	struct link *link;
	struct tui_curses *curses;
	int wake;         /* eventfd: something is new */
	atomic_bool ends; /* the thread shall end */

	struct sheet sheet;
	struct tui_screen screen;
	struct tui_mmu mmu;
	struct terminal *terminal;
	struct live_view *live;
	bool is_changed;      /* it must be painted */
	bool live_is_painted; /* the newest view was: the next is wanted */
	u64 painted_ns;       /* host time */

	u8 input[INPUT_MAX]; /* bytes that are no whole key yet */
	u32 input_size;
	bool input_ended;

	u32 message_number; /* of the status */
	u64 message_ns;     /* when it came */
	char message[256];

	int said[2];    /* a pipe in place of standard error, or -1 */
	int said_saved; /* standard error as it was, or -1 */
	char *said_text;
	size_t said_size;
};

/* --- to the machine --- */

static void send_wish(void *arg, const struct wish *wish)
{
	struct tui *t = arg;

	link_send(t->link, wish);
}

static void send_serial(void *arg, const u8 *bytes, size_t size)
{
	struct tui *t = arg;

	link_send_serial(t->link, bytes, size);
}

static bool sees_mmu(const struct tui *t)
{
	return t->screen.view != TUI_CONSOLE;
}

/* Tells what is looked at. */
static void look(struct tui *t)
{
	struct wish wish = { .kind = WISH_LOOK, .number = BIT(LINK_SERIAL), .request = t->mmu.request };

	if (sees_mmu(t))
		wish.number |= BIT(LINK_LIVE);
	link_send(t->link, &wish);
	if (sees_mmu(t))
		link_want(t->link, LINK_LIVE);
	t->live_is_painted = false;
	t->is_changed = true;
}

/* --- keys --- */

static void set_view(struct tui *t, enum tui_view view)
{
	t->screen.view = view;
	t->screen.mmu_has_keys = false;
	look(t);
}

static bool mmu_key(struct tui *t, const struct tui_key *key)
{
	struct live_request before = t->mmu.request;

	if (!tui_mmu_key(&t->mmu, key, t->live, &t->screen.status))
		return false;
	if (before.satp != t->mmu.request.satp || before.hart != t->mmu.request.hart ||
	    before.frame_pa != t->mmu.request.frame_pa)
		look(t);
	t->is_changed = true;
	return true;
}

static void scroll(struct tui *t, bool back)
{
	s32 lines = (s32)terminal_rows(t->terminal) / 2 + 1;

	terminal_scroll(t->terminal, back ? lines : -lines);
}

/* The key behind Ctrl-A. */
static void prefixed_key(struct tui *t, const struct tui_key *key)
{
	struct wish quit = { .kind = WISH_QUIT };
	u32 c = key->is_text ? key->code_point : 0;

	if (c == 'x' || c == 'q')
		link_send(t->link, &quit);
	else if (c == 'm')
		set_view(t, tui_next_view(t->screen.view, t->sheet.columns, t->sheet.rows));
	else if (c == 'h' || c == '?')
		t->screen.shows_help = true;
	else if (c == '\t')
		t->screen.mmu_has_keys = !t->screen.mmu_has_keys;
	else if (c == 'a' || c == PREFIX)
		send_serial(t, (const u8[]){ PREFIX }, 1);
	else if (!key->is_text && (key->key == TERMINAL_PAGE_UP || key->key == TERMINAL_PAGE_DOWN))
		scroll(t, key->key == TERMINAL_PAGE_UP);
	else
		mmu_key(t, key);
}

static void console_key(struct tui *t, const struct tui_key *key)
{
	bool is_page = key->key == TERMINAL_PAGE_UP || key->key == TERMINAL_PAGE_DOWN;

	if (!key->is_text && !key->is_unknown && is_page && key->modifiers == TERMINAL_SHIFT) {
		scroll(t, key->key == TERMINAL_PAGE_UP);
	} else if (key->is_text || key->is_unknown) {
		terminal_scroll(t->terminal, INT32_MIN);
		send_serial(t, key->bytes, key->size);
	} else {
		terminal_key(t->terminal, key->key, key->modifiers);
	}
}

static void one_key(struct tui *t, const struct tui_key *key)
{
	bool is_mmu = t->screen.view == TUI_MMU || (t->screen.view == TUI_BOTH && t->screen.mmu_has_keys);
	u32 c = key->is_text ? key->code_point : 0;

	t->is_changed = true;
	if (t->screen.has_prefix) {
		t->screen.has_prefix = false;
		prefixed_key(t, key);
	} else if (c == PREFIX) {
		t->screen.has_prefix = true;
	} else if (t->screen.shows_help) {
		t->screen.shows_help = false;
	} else if (!key->is_text && !key->is_unknown && key->key == TERMINAL_F12 && !key->modifiers) {
		set_view(t, tui_next_view(t->screen.view, t->sheet.columns, t->sheet.rows));
	} else if (!is_mmu) {
		console_key(t, key);
	} else if (c == 'q') {
		set_view(t, TUI_CONSOLE);
	} else if (c == 'h' || c == '?') {
		t->screen.shows_help = true;
	} else {
		mmu_key(t, key);
	}
}

static void take_keys(struct tui *t, bool is_all)
{
	u32 at = 0;

	while (at < t->input_size) {
		struct tui_key key;
		size_t size = tui_key_next(t->input + at, t->input_size - at, is_all, &key);

		if (size == 0)
			break;
		at += (u32)size;
		one_key(t, &key);
	}
	t->input_size -= at;
	memmove(t->input, t->input + at, t->input_size);
}

static void read_keys(struct tui *t)
{
	ssize_t size = read(STDIN_FILENO, t->input + t->input_size, INPUT_MAX - t->input_size);
	struct wish quit = { .kind = WISH_QUIT };

	if (size > 0) {
		t->input_size += (u32)size;
		take_keys(t, false);
	} else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* The terminal has gone. */
		t->input_ended = true;
		link_send(t->link, &quit);
	}
}

/* --- what rvemu says on standard error --- */

static void take_over_stderr(struct tui *t)
{
	struct stat err, out;

	t->said[0] = t->said[1] = t->said_saved = -1;
	if (fstat(STDERR_FILENO, &err) || fstat(STDOUT_FILENO, &out) || err.st_rdev != out.st_rdev ||
	    !isatty(STDERR_FILENO))
		return;
	if (pipe2(t->said, O_CLOEXEC))
		return;
	fflush(stderr);
	t->said_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(t->said[1], STDERR_FILENO);
	fcntl(t->said[0], F_SETFL, O_NONBLOCK);
}

static void say(struct tui *t, const char *text)
{
	snprintf(t->message, sizeof(t->message), "%.*s", (int)sizeof(t->message) - 1, text);
	t->message_ns = host_now_ns();
	t->is_changed = true;
}

/* False: there is nothing more to read. */
static bool read_said(struct tui *t)
{
	char text[512];
	ssize_t size = t->said[0] < 0 ? -1 : read(t->said[0], text, sizeof(text) - 1);

	if (size <= 0)
		return false;
	text[size] = 0;
	if (t->said_size + (size_t)size > SAID_MAX) {
		/* The older half goes, not byte by byte: how the run ended is said last. */
		t->said_size -= SAID_MAX / 2;
		memmove(t->said_text, t->said_text + SAID_MAX / 2, t->said_size);
	}
	t->said_text = xrealloc(t->said_text, t->said_size + (size_t)size);
	memcpy(t->said_text + t->said_size, text, (size_t)size);
	t->said_size += (size_t)size;
	text[strcspn(text, "\n")] = 0;
	say(t, text);
	return true;
}

/* Standard error is itself again; what was said is said again, for the picture is gone. */
static void give_back_stderr(struct tui *t)
{
	if (t->said_saved >= 0) {
		fflush(stderr);
		dup2(t->said_saved, STDERR_FILENO);
		close(t->said_saved);
	}
}

static void say_again(struct tui *t)
{
	if (t->said[0] >= 0) {
		while (read_said(t))
			;
		close(t->said[0]);
		close(t->said[1]);
	}
	if (t->said_size)
		fwrite(t->said_text, 1, t->said_size, stderr);
	free(t->said_text);
}

/* Who has the terminal: for the handler of SIGABRT, which has no argument. */
static struct tui *terminal;

/* Our own bug: what was said of it must be seen. */
static void on_abort(int number)
{
	struct tui *t = terminal;

	/* Its default again, as soon as we return. */
	raise(number);
	if (!t)
		return;
	tui_curses_abandon();
	if (t->said_saved < 0)
		return;
	dup2(t->said_saved, STDERR_FILENO);
	for (char text[512];;) {
		ssize_t size = read(t->said[0], text, sizeof(text));

		if (size <= 0 || write(STDERR_FILENO, text, (size_t)size) < 0)
			break;
	}
}

static void watch_aborts(struct tui *t)
{
	struct sigaction action = { .sa_handler = t ? on_abort : SIG_DFL, .sa_flags = (int)SA_RESETHAND };

	terminal = t;
	sigaction(SIGABRT, &action, NULL);
}

/* --- from the machine --- */

static void take_news(struct tui *t)
{
	struct link_status status = link_status(t->link);
	size_t size;
	u8 *bytes = link_take_serial(t->link, &size);

	if (bytes)
		terminal_write(t->terminal, bytes, size);
	free(bytes);
	if (link_take_live(t->link, &t->live)) {
		t->screen.live = t->live;
		t->live_is_painted = false;
		t->is_changed = true;
	}
	t->is_changed |= status.is_paused != t->screen.status.is_paused || status.speed != t->screen.status.speed ||
	                 status.mips != t->screen.status.mips || status.is_over != t->screen.status.is_over;
	t->screen.status = status;
	if (status.message_number != t->message_number)
		say(t, status.message);
	t->message_number = status.message_number;
	t->is_changed |= terminal_take_changed(t->terminal);
}

static void paint(struct tui *t, u64 now)
{
	t->screen.message = t->message;
	t->is_changed = false;
	t->painted_ns = now;
	tui_screen_paint(&t->screen, &t->sheet);
	tui_curses_show(t->curses, &t->sheet, t->screen.has_cursor, t->screen.cursor_x, t->screen.cursor_y);
	if (sees_mmu(t) && t->live && !t->live_is_painted)
		link_want(t->link, LINK_LIVE);
	t->live_is_painted = true;
}

/* What the terminal's size is now, and whether the message has been there long enough. */
static void look_around(struct tui *t, u64 now)
{
	if (tui_curses_fit(t->curses, &t->sheet)) {
		terminal_resize(t->terminal, t->sheet.columns, t->sheet.rows - 1);
		t->is_changed = true;
	}
	if (t->message[0] && now - t->message_ns > MESSAGE_NS && !t->screen.status.is_over) {
		t->message[0] = 0;
		t->is_changed = true;
	}
}

static int wait_ms(const struct tui *t, u64 now)
{
	u64 due = t->painted_ns + PAINT_NS;
	int wait = t->input_size ? ESCAPE_MS : SIZE_MS;

	if (!t->is_changed)
		return wait;
	return due <= now ? 0 : due - now < (u64)wait * 1000000 ? (int)((due - now) / 1000000 + 1) : wait;
}

static void *run(void *arg)
{
	struct tui *t = arg;

	look(t);
	while (!atomic_load(&t->ends)) {
		u64 now = host_now_ns();
		struct pollfd fds[] = {
			{ t->input_ended ? -1 : STDIN_FILENO, POLLIN, 0 },
			{ t->wake, POLLIN, 0 },
			{ t->said[0], POLLIN, 0 },
		};
		eventfd_t count;

		look_around(t, now);
		if (t->is_changed && now - t->painted_ns >= PAINT_NS)
			paint(t, now);
		if (poll(fds, ARRAY_SIZE(fds), wait_ms(t, now)) == 0)
			take_keys(t, true);
		if (fds[0].revents)
			read_keys(t);
		if (fds[1].revents)
			(void)!eventfd_read(t->wake, &count);
		if (fds[2].revents)
			(void)read_said(t);
		take_news(t);
	}
	return NULL;
}

/* --- making and ending --- */

static void wake(void *arg)
{
	struct tui *t = arg;

	eventfd_write(t->wake, 1);
}

/* Signals are for the machine's thread. */
static bool start_thread(struct tui *t)
{
	sigset_t all, before;
	bool ok;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&t->thread, NULL, run, t) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

struct tui *tui_create(const struct display_config *config, struct link *link, struct error *err)
{
	struct tui_curses *curses = tui_curses_create(err);
	struct tui *t;

	if (!curses)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->link = link;
	t->curses = curses;
	t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(t->wake < 0);
	tui_curses_fit(curses, &t->sheet);
	t->terminal = terminal_create(t->sheet.columns, t->sheet.rows - 1, send_serial, t);
	tui_mmu_init(&t->mmu, send_wish, t);
	t->screen.terminal = t->terminal;
	t->screen.mmu = &t->mmu;
	t->screen.view = config->tab == DISPLAY_TAB_MMU ? TUI_MMU : TUI_CONSOLE;
	t->is_changed = true;
	take_over_stderr(t);
	watch_aborts(t);
	link_listen(link, wake, t);
	BUG_ON(!start_thread(t));
	return t;
}

/* What the console showed last goes where it would be without us: the picture vanishes with ncurses. */
static void leave_text(const struct terminal *t)
{
	u32 blank_lines = 0;

	for (u32 row = 0; row < terminal_rows(t); row++) {
		char line[4 * GRID_SIDE_MAX + 1];
		size_t length = 0, end = 0;

		for (u32 column = 0; column < terminal_columns(t); column++) {
			struct terminal_cell cell;

			terminal_cell(t, column, row, &cell);
			length += utf8_put(line + length, cell.code_point ? cell.code_point : ' ');
			end = cell.code_point && cell.code_point != ' ' ? length : end;
			column += cell.wide;
		}
		blank_lines = end ? blank_lines : blank_lines + 1;
		if (end == 0)
			continue;
		for (; blank_lines; blank_lines--)
			putchar('\n');
		printf("%.*s\n", (int)end, line);
	}
	fflush(stdout);
}

void tui_destroy(struct tui *t)
{
	if (!t)
		return;
	link_gone(t->link);
	watch_aborts(NULL);
	give_back_stderr(t);
	atomic_store(&t->ends, true);
	wake(t);
	pthread_join(t->thread, NULL);
	take_news(t);
	tui_curses_destroy(t->curses);
	terminal_scroll(t->terminal, INT32_MIN);
	leave_text(t->terminal);
	say_again(t);
	terminal_destroy(t->terminal);
	if (t->live)
		live_view_destroy(t->live);
	sheet_free(&t->sheet);
	close(t->wake);
	free(t);
}
