/*
 * The machine's side of windows and text interfaces: see display.h.
 *
 * All of it runs in the machine's thread, within a look at the host (emu/host_io.h), so between two instructions. What
 * is due when: rows of the screen as soon as there are some, but SCREEN_NS apart; live views LIVE_NS apart while the
 * guest is at work and IDLE_NS apart while nothing happens; the status line STATUS_NS apart. When nothing is due
 * nothing wakes us: an idle guest whose MMU nobody looks at costs no time.
 */
#include "emu/display/display.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/virtio_gpu.h"
#include "emu/boot.h"
#include "emu/display/link.h"
#include "emu/display/screen.h"
#include "emu/display/tui.h"
#include "emu/display/window.h"
#include "emu/observe/observers.h"
#include "emu/options_devices.h"
#include "emu/session.h"

#define SCREEN_NS 16666667
#define LIVE_NS 100000000
#define IDLE_NS 500000000
#define STATUS_NS 250000000
#define SERIAL_SIZE 4096
#define REPLAY_TAKES_NO_INPUT "this is a replay: keys go nowhere"
#define SCREEN_SYMBOL "rvemu_has_screen_console" /* a kernel that has it shows a console on the screen */

struct display {
	struct display_parts parts;
	struct link *link;           /* to the front */
	struct window *window;       /* the front: one of the two */
	struct tui *tui;             /* likewise */
	struct host_watcher watcher; /* how we are called */
	u32 ticket;                  /* of the link's descriptor */
	struct machine *m;           /* the one that runs, or NULL */

	struct screen screen;                             /* as it was handed over last */
	struct live_view *view;                           /* to be filled and handed over */
	struct live_request request;                      /* what the front wants to see of the MMU */
	u32 looks_at;                                     /* BIT(enum link_part) */
	bool request_changed;                             /* the next live view is due at once */
	u64 live_steps;                                   /* steps at the last one */
	bool live_paused;                                 /* the machine stood still then */
	u64 next_screen_ns, next_live_ns, next_status_ns; /* host time before which none is handed over */

	struct link_status status; /* as it was handed over last */
	bool status_changed;       /* there is something new to say */
	u64 counted_steps;         /* for the speed that is shown: steps ... */
	u64 counted_ns;            /* ... and when they were */

	u8 serial[SERIAL_SIZE]; /* what the guest wrote and the front has not got */
	u32 serial_count;
};

/* --- handing over --- */

static void flush_serial(struct display *d)
{
	if (d->serial_count)
		link_put_serial(d->link, d->serial, d->serial_count);
	d->serial_count = 0;
}

static void put_serial(struct display *d, u8 byte)
{
	d->serial[d->serial_count++] = byte;
	if (d->serial_count == SERIAL_SIZE)
		flush_serial(d);
}

void display_serial(struct display *d, u8 byte)
{
	if (!d || !d->link)
		return;
	/* As the host's terminals do it, for guests that end lines with LF alone. */
	if (byte == '\n')
		put_serial(d, '\r');
	put_serial(d, byte);
}

static bool looks_at(const struct display *d, enum link_part part)
{
	return d->looks_at & BIT(part);
}

static u64 steps_now(const struct display *d)
{
	return d->m ? machine_steps(d->m) : 0;
}

/* When the next rows are due; UINT64_MAX: there are none, or nobody wants them. Before the guest drew for the first
 * time we look even if nobody does: the window shows its screen then. */
static u64 screen_due_ns(const struct display *d)
{
	if (!d->m || !screen_is_dirty(&d->screen, d->m))
		return UINT64_MAX;
	bool wanted = looks_at(d, LINK_SCREEN) && link_wants_screen(d->link);
	return wanted || !d->screen.was_drawn ? d->next_screen_ns : UINT64_MAX;
}

static u64 live_due_ns(const struct display *d)
{
	if (!d->m || !looks_at(d, LINK_LIVE) || !link_wants_live(d->link))
		return UINT64_MAX;
	bool is_news = d->request_changed || d->parts.control->paused != d->live_paused;
	bool is_idle = !is_news && steps_now(d) == d->live_steps;
	return d->next_live_ns + (is_idle ? IDLE_NS : 0);
}

static u32 keys_waiting(const struct display *d)
{
	return input_events_count(d->parts.events, INPUT_KEYBOARD);
}

static u64 status_due_ns(const struct display *d)
{
	bool is_news = d->status_changed || (d->m && steps_now(d) != d->counted_steps) || d->status.mips != 0 ||
	               keys_waiting(d) != d->status.keys_waiting || d->status.is_paused != d->parts.control->paused;
	return is_news ? d->next_status_ns : UINT64_MAX;
}

static void put_screen(struct display *d, u64 now)
{
	u32 first, count;
	bool drawn = d->screen.was_drawn;
	d->next_screen_ns = now + SCREEN_NS;
	if (screen_update(&d->screen, d->m, &first, &count))
		link_put_screen(d->link, &d->screen.picture, first, count);
	if (d->screen.was_drawn != drawn) {
		d->status_changed = true;
		d->next_status_ns = now;
	}
}

static void put_live(struct display *d, u64 now)
{
	struct live *live = observers_live(d->parts.observers);
	d->next_live_ns = now + LIVE_NS;
	d->live_steps = steps_now(d);
	d->live_paused = d->parts.control->paused;
	d->request_changed = false;
	if (!d->view)
		d->view = live_view_create();
	live_sample(live, now);
	live_collect(live, &d->request, d->view);
	if (live_take_turns(live, d->view))
		observers_apply(d->parts.observers, d->m);
	link_put_live(d->link, &d->view);
}

/* Millions of steps a second since the last time it was asked. */
static double measure_speed(struct display *d, u64 now)
{
	u64 steps = steps_now(d), passed = now - d->counted_ns;
	double mips =
		passed && steps > d->counted_steps ? (double)(steps - d->counted_steps) * 1000 / (double)passed : 0;
	d->counted_steps = steps;
	d->counted_ns = now;
	return mips;
}

/* Nobody may put anything into a replay but what its recording has. */
static bool is_replay(const struct display *d)
{
	return d->parts.config->replay != NULL;
}

static void put_status(struct display *d, u64 now)
{
	struct link_status *s = &d->status;
	d->next_status_ns = now + STATUS_NS;
	d->status_changed = false;
	s->is_paused = d->parts.control->paused;
	s->is_frozen = is_replay(d);
	s->was_drawn = d->screen.was_drawn;
	s->speed = d->parts.control->pace.per_second;
	s->keys_waiting = keys_waiting(d);
	s->mips = measure_speed(d, now);
	if (d->m) {
		s->instret = machine_instret(d->m);
		s->time_ns = d->m->clock.now_ns;
		s->leds = d->m->slots.keyboard ? virtio_input_leds(d->m->slots.keyboard) : 0;
	}
	link_put_status(d->link, s);
}

static void hand_over(struct display *d)
{
	u64 now = host_now_ns();
	flush_serial(d);
	if (screen_due_ns(d) <= now)
		put_screen(d, now);
	if (live_due_ns(d) <= now)
		put_live(d, now);
	if (status_due_ns(d) <= now)
		put_status(d, now);
}

/* --- wishes --- */

/* A line for the user. */
static void tell(struct display *d, const char *text)
{
	snprintf(d->status.message, sizeof(d->status.message), "%s", text);
	d->status.message_number++;
	d->status_changed = true;
	d->next_status_ns = 0;
}

static void look(struct display *d, const struct wish *w)
{
	struct live *live = observers_live(d->parts.observers);
	d->looks_at = (u32)w->number;
	d->request = w->request;
	if (!d->m || d->request.hart >= d->m->hart_count)
		d->request.hart = 0;
	d->request_changed = true;
	d->next_live_ns = 0;
	if (d->m && live_look(live, looks_at(d, LINK_LIVE)))
		observers_apply(d->parts.observers, d->m);
}

/* Runs on to what is waited for, or calls that off. */
static void wait_for(struct display *d, enum live_step what)
{
	struct observers *o = d->parts.observers;
	if (live_step(observers_live(o), d->parts.control, what) && d->m)
		observers_apply(o, d->m);
}

static void hold(struct display *d)
{
	struct control *control = d->parts.control;
	wait_for(d, LIVE_STEP_NONE);
	if (!control->paused)
		control_pause(control, PAUSE_ASKED, d->request.hart);
}

/* What holds, steps and slows the machine. A step begins with letting it go. */
static void drive(struct display *d, const struct wish *w)
{
	struct control *control = d->parts.control;
	if (control->on_pause && w->kind != WISH_PAUSE && w->kind != WISH_SPEED) {
		tell(d, "a debugger has the machine: continue and step there");
		return;
	}
	d->status_changed = true;
	d->next_status_ns = 0;
	switch (w->kind) {
	case WISH_PAUSE:
		hold(d);
		break;
	case WISH_CONTINUE:
		wait_for(d, LIVE_STEP_NONE);
		control_continue(control);
		control_by_front(control);
		break;
	case WISH_STEP:
		wait_for(d, LIVE_STEP_NONE);
		control_step(control, d->request.hart);
		control_by_front(control);
		break;
	case WISH_STEP_WALK:
	case WISH_STEP_FAULT:
		wait_for(d, w->kind == WISH_STEP_WALK ? LIVE_STEP_WALK : LIVE_STEP_FAULT);
		control_continue(control);
		control_by_front(control);
		break;
	default:
		pace_set(&control->pace, w->number, host_now_ns());
		break;
	}
}

static void put_event(struct display *d, enum input_port port, const struct wish *w)
{
	if (!is_replay(d))
		input_events_put(d->parts.events, port, w->event);
	else
		tell(d, REPLAY_TAKES_NO_INPUT);
}

static void grant(struct display *d, const struct wish *w)
{
	switch (w->kind) {
	case WISH_QUIT:
		d->parts.control->quit = true;
		break;
	case WISH_KEY:
		put_event(d, INPUT_KEYBOARD, w);
		break;
	case WISH_POINTER:
		put_event(d, INPUT_POINTER, w);
		break;
	case WISH_SERIAL:
		if (is_replay(d))
			tell(d, REPLAY_TAKES_NO_INPUT);
		else
			console_type(d->parts.console, w->text, w->size);
		break;
	case WISH_LOOK:
		look(d, w);
		break;
	case WISH_SIZE:
		if (!is_replay(d))
			input_events_resize(d->parts.events, (u32)(w->number >> 32), (u32)w->number);
		break;
	default:
		drive(d, w);
		break;
	}
}

/* --- the watcher --- */

static void before_look(void *display, struct host_io *io)
{
	struct display *d = display;
	u64 now = host_now_ns();
	u64 dues[] = { screen_due_ns(d), live_due_ns(d), status_due_ns(d) };
	flush_serial(d);
	d->ticket = host_io_want(io, link_descriptor(d->link), POLLIN);
	for (u32 i = 0; i < ARRAY_SIZE(dues); i++)
		if (dues[i] != UINT64_MAX)
			host_io_wake_in(io, dues[i] > now ? dues[i] - now : 0);
}

static void after_look(void *display, struct host_io *io)
{
	struct display *d = display;
	struct wish wish;
	if (host_io_got(io, d->ticket)) {
		while (link_take(d->link, &wish))
			grant(d, &wish);
		if (link_front_is_gone(d->link))
			d->parts.control->quit = true;
	}
	hand_over(d);
}

/* --- making and ending --- */

/* A desktop is there, and a person at the terminal. */
static bool has_desktop(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
	return ((x && *x) || (wayland && *wayland)) && isatty(STDIN_FILENO);
}

/* Linux puts its console on the screen for console=tty0 and its like, but ttyS0 is the serial port. */
static bool asks_for_screen(const char *command_line)
{
	static const char word[] = "console=tty";
	for (const char *at = command_line; at && (at = strstr(at, word)); at++)
		if (at[strlen(word)] != 'S' && at[strlen(word)] != 'A')
			return true;
	return false;
}

bool display_settle(struct config *config, const struct boot *boot, struct error *err)
{
	struct error why;
	u64 pa;
	if (config->display.kind != DISPLAY_AUTO)
		return true;
	bool shows = asks_for_screen(config->append) || boot_symbol_pa(boot, SCREEN_SYMBOL, &pa);
	bool window = shows && has_desktop() && config->screen.wanted != SCREEN_WANTED_OFF && window_can_open(&why);
	config->display.kind = window ? DISPLAY_SDL : DISPLAY_NONE;
	config->display.by_itself = window;
	return device_options_add_screen(config, err);
}

/* A window that came by itself may fail to: then it is the terminal alone. */
static bool may_do_without(const struct display *d, const struct error *why)
{
	if (!d->parts.config->display.by_itself)
		return false;
	log_warn("no window: %s", why->text);
	return true;
}

static bool open_front(struct display *d, struct error *err)
{
	const struct display_config *config = &d->parts.config->display;
	if (config->kind == DISPLAY_SDL) {
		d->window = window_create(config, d->link, err);
		return d->window != NULL;
	}
	d->tui = tui_create(config, d->link, err);
	return d->tui != NULL;
}

/* The name of what is run, without its folders. */
static const char *guest_name(const struct config *config)
{
	const char *path = config->kernel ? config->kernel : config->guest ? config->guest : "rvemu";
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

struct display *display_create(const struct display_parts *parts, bool *ok, struct error *err)
{
	*ok = true;
	if (parts->config->display.kind != DISPLAY_SDL && parts->config->display.kind != DISPLAY_TUI)
		return NULL;
	struct display *d = xcalloc(1, sizeof(*d));
	d->parts = *parts;
	d->request.frame_pa = UINT64_MAX;
	snprintf(d->status.guest, sizeof(d->status.guest), "%s", guest_name(parts->config));
	d->status.is_paused = parts->control->paused;
	d->status.has_terminal = console_is_interactive(parts->console);
	d->link = link_create();
	link_put_status(d->link, &d->status);
	*ok = open_front(d, err);
	if (!*ok) {
		*ok = may_do_without(d, err);
		display_destroy(d);
		return NULL;
	}
	d->watcher = (struct host_watcher){ .before = before_look, .after = after_look, .arg = d };
	host_io_add(parts->io, &d->watcher);
	return d;
}

void display_destroy(struct display *d)
{
	if (!d)
		return;
	host_io_remove(d->parts.io, &d->watcher);
	window_destroy(d->window);
	tui_destroy(d->tui);
	link_destroy(d->link);
	screen_free(&d->screen);
	if (d->view)
		live_view_destroy(d->view);
	free(d);
}

static bool has_input(const struct config *config, enum virtio_input_kind kind)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (config->slots[i].kind == SLOT_INPUT && config->slots[i].index == kind)
			return true;
	return false;
}

void display_attach(struct display *d, struct machine *m)
{
	if (!d)
		return;
	d->m = m;
	d->counted_steps = 0;
	d->next_live_ns = 0;
	if (!m)
		return;
	d->status.has_screen = m->framebuffer || m->slots.gpu;
	d->status.has_keyboard = m->slots.keyboard != NULL;
	d->status.pointer_is_tablet = has_input(m->config, VIRTIO_INPUT_TABLET);
	d->status.pointer_is_mouse = !d->status.pointer_is_tablet && has_input(m->config, VIRTIO_INPUT_MOUSE);
	d->screen.was_drawn = false;
	d->request_changed = d->status_changed = true;
	if (live_look(observers_live(d->parts.observers), looks_at(d, LINK_LIVE)))
		observers_apply(d->parts.observers, m);
}

void display_finish(struct display *d, struct machine *m, int status)
{
	u32 first, count;
	if (!d)
		return;
	flush_serial(d);
	if (screen_update(&d->screen, m, &first, &count))
		link_put_screen(d->link, &d->screen.picture, first, count);
	d->status.is_over = true;
	const char *how = status == SESSION_STUCK ? "the guest is stuck: the terminal says why" : "the guest has ended";
	snprintf(d->status.message, sizeof(d->status.message), "%s (exit status %d)", how, status);
	d->status.message_number++;
	put_status(d, host_now_ns());
	bool is_failure = status != 0 && status != SESSION_LIMIT;
	while (d->window && is_failure && !d->parts.control->quit && console_wish(d->parts.console) != CONSOLE_QUIT)
		host_io_poll(d->parts.io, HOST_IO_FOREVER);
}
