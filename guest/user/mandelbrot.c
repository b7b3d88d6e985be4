/*
 * mandelbrot: a picture that is drawn by page faults.
 *
 *     mandelbrot [--once] [--no-wait] [--zoom STEPS]
 *
 * --once: one picture, seen for five seconds; --no-wait: as fast as can be, and the end; else any key is the end.
 * The framebuffer is mapped, which costs nothing: no page of it is in the page table. The picture is then computed page
 * by page (1024 pixels each), in an order that jumps about, so that one sees where a page is touched for the first
 * time: it flashes, the fault brings it in, and the pixels follow. The strip at the bottom counts, with the kernel's
 * own numbers. The second time the same pages are drawn and nothing faults.
 *
 * The arithmetic is in fixed point, 28 bits behind the point: exact everywhere, the same picture on any machine.
 */
#include "guest/user/lib/picture.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define POINT 28       /* bits behind the binary point */
#define ITERATIONS 100 /* of a point, before it counts as one of the set */
#define PIXELS_PER_PAGE (PAGE / 4)
#define FLASH 0xffffffffu /* what a page looks like at its first touch */
#define ONCE_MS 5000      /* how long --once shows the picture */
#define STRIP 40          /* rows of the strip at the bottom */

/* One page is faulted in and drawn in about this time while somebody looks: the whole takes some seconds. */
#define PAGE_US 3000

/* The part of the plane that is seen. */
struct window {
	long left, top; /* of the first pixel, in fixed point */
	long step;      /* from pixel to pixel */
};

struct demo {
	struct picture screen;
	struct window window;
	size_t pages;               /* of the picture */
	size_t touched;             /* of them, at least once */
	bool *seen;                 /* for each page: it was touched */
	long flash_faults;          /* faults counted around first touches */
	long again_faults;          /* and around others */
	bool wait;                  /* slowly enough to be seen */
	struct terminal_input keys; /* typed meanwhile */
};

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* How many steps until the point leaves the circle of radius 2. */
static int iterate(long cx, long cy)
{
	long x = 0, y = 0;

	for (int i = 0; i < ITERATIONS; i++) {
		long xx = (x * x) >> POINT, yy = (y * y) >> POINT;

		if (xx + yy > 4l << POINT)
			return i;
		y = ((x * y) >> (POINT - 1)) + cy;
		x = xx - yy + cx;
	}
	return ITERATIONS;
}

/* The set itself is black; outside colours go from deep blue over white and orange, round and round. */
static unsigned colour(int steps)
{
	static const unsigned char stops[6][3] = { { 0, 7, 60 },    { 32, 107, 203 }, { 237, 255, 255 },
		                                   { 255, 170, 0 }, { 120, 20, 30 },  { 0, 7, 60 } };
	int at = steps % 40, stop = at / 8, part = at % 8;
	unsigned rgb = 0;

	if (steps == ITERATIONS)
		return 0;
	for (int i = 0; i < 3; i++)
		rgb = rgb << 8 | (unsigned)((stops[stop][i] * (8 - part) + stops[stop + 1][i] * part) / 8);
	return rgb;
}

/* Computes a page's pixels, then stores them. False: meanwhile another terminal has got the screen. */
static bool draw_page(struct demo *d, size_t page)
{
	size_t width = d->screen.stride / 4, first = page * PIXELS_PER_PAGE, count;
	size_t end = (d->screen.height - STRIP) * width; /* the strip is another's */
	unsigned pixels[PIXELS_PER_PAGE];

	count = first < end ? end - first < PIXELS_PER_PAGE ? end - first : PIXELS_PER_PAGE : 0;
	for (size_t i = 0; i < count; i++) {
		long x = (long)((first + i) % width), y = (long)((first + i) / width);

		pixels[i] = colour(iterate(d->window.left + x * d->window.step, d->window.top + y * d->window.step));
	}
	if (!picture_is_seen(&d->screen))
		return false;
	memcpy(d->screen.pixel + first, pixels, count * sizeof(*pixels));
	return true;
}

/* Touches a page: the first store is the fault that is to be seen. */
static void touch(struct demo *d, size_t page)
{
	volatile unsigned *first = &d->screen.pixel[page * PIXELS_PER_PAGE];
	long before = faults();

	*first = d->seen[page] ? *first : FLASH;
	*(d->seen[page] ? &d->again_faults : &d->flash_faults) += faults() - before;
	d->touched += !d->seen[page];
	d->seen[page] = true;
}

static void draw_strip(struct demo *d, const char *what)
{
	unsigned top = d->screen.height - STRIP;
	char text[160];

	for (size_t page = (size_t)top * d->screen.stride / PAGE; page < d->pages; page++)
		touch(d, page);
	snprintf(text, sizeof(text), "%-24s pages touched: %zu of %zu   page faults: %ld   ", what, d->touched,
	         d->pages, d->flash_faults + d->again_faults);
	picture_fill(&d->screen, 0, top, d->screen.width, STRIP, 0x101820);
	picture_fill(&d->screen, 0, top, (unsigned)(d->screen.width * d->touched / d->pages), 4, 0xffaa00);
	picture_text(&d->screen, 12, top + 14, text, 0xffffff, 0x101820);
}

/* True when a key was typed. */
static bool pause_for(struct demo *d, long milliseconds)
{
	return d->wait && terminal_key(0, &d->keys, (int)milliseconds, NULL) != KEY_NONE;
}

static void flash(struct demo *d, size_t page)
{
	size_t at = page * PIXELS_PER_PAGE, all = d->screen.size / 4;

	for (size_t i = at; i < at + PIXELS_PER_PAGE && i < all; i++)
		d->screen.pixel[i] = FLASH;
}

/* A number that goes around all pages, far from one to the next: it has no divisor in common with how many there are.
 */
static size_t stride_of(size_t pages)
{
	for (size_t step = pages * 5 / 8 | 1;; step += 2) {
		size_t a = pages, b = step;

		while (b) {
			size_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return step;
	}
}

static long milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Shows the counters and keeps the pace. False: a key ended it. */
static bool look(struct demo *d, const char *what, long start, size_t done)
{
	long ahead = start + (long)done * PAGE_US / 1000 - milliseconds_now();

	draw_strip(d, what);
	return !pause_for(d, ahead > 0 ? ahead : 0);
}

/* All pages once. False: a key ended it. */
static bool draw_all(struct demo *d, const char *what)
{
	/* Once all are there the picture is drawn from the top. */
	size_t step = d->touched < d->pages ? stride_of(d->pages) : 1, page = 0;
	long start = milliseconds_now();

	for (size_t i = 0; i < d->pages; i++, page = (page + step) % d->pages) {
		bool first = !d->seen[page];

		touch(d, page);
		if (d->wait && first)
			flash(d, page);
		if (i % 8 == 0 && !look(d, what, start, first ? i : 0))
			return false;
		if (!draw_page(d, page)) { /* all over again when it comes back */
			picture_wait(&d->screen);
			i = (size_t)-1; /* this page is then the last one */
		}
	}
	draw_strip(d, what);
	return true;
}

/* Zoom into the seahorse valley, the step getting smaller by 3/4 each time. */
static struct window window_of(const struct picture *screen, int zoom)
{
	long scale = (13l << POINT) / 4 / (long)screen->width, x = (long)(-0.5 * (1l << POINT)), y = 0;

	for (int i = 0; i < zoom; i++) {
		long target_x = (long)(-0.743643887 * (1l << POINT)), target_y = (long)(0.131825904 * (1l << POINT));

		scale = scale * 3 / 4;
		x += (target_x - x) / 4;
		y += (target_y - y) / 4;
	}
	return (struct window){ x - scale * (long)(screen->width / 2), y - scale * (long)((screen->height - STRIP) / 2),
		                scale };
}

static bool run(struct demo *d, int zooms)
{
	char what[64];

	for (int zoom = 0; zoom <= zooms; zoom++) {
		snprintf(what, sizeof(what), zoom ? "Mandelbrot, zoom %d" : "Mandelbrot, first touch", zoom);
		d->window = window_of(&d->screen, zoom);
		if (!draw_all(d, what))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct demo demo = { .wait = !option_given(argc, argv, "--no-wait") };
	int zooms = (int)option_number(argc, argv, "--zoom", option_given(argc, argv, "--once") ? 0 : 3);
	bool goes_on, keyboard;

	check_usage(argc, argv, "mandelbrot [--once] [--no-wait] [--zoom N]");
	if (!picture_open(&demo.screen))
		die("mandelbrot: there is no screen here, /dev/fb0 (rvemu --screen gives one)");
	demo.pages = (demo.screen.size + PAGE - 1) / PAGE;
	demo.seen = calloc(demo.pages, sizeof(*demo.seen));
	if (!demo.seen || demo.screen.height <= STRIP * 2)
		die("mandelbrot: the screen is too small");
	keyboard = terminal_take(0, true, "", "");
	demo.wait &= keyboard;
	picture_take_screen(&demo.screen);
	goes_on = run(&demo, zooms);
	if (goes_on && demo.wait)
		terminal_key(0, &demo.keys, option_given(argc, argv, "--once") ? ONCE_MS : -1, NULL);
	picture_close(&demo.screen);
	terminal_give_back();
	printf("mandelbrot: %zu of %zu pages of the framebuffer touched, %ld page faults at first touches, %ld later\n",
	       demo.touched, demo.pages, demo.flash_faults, demo.again_faults);
	free(demo.seen);
	return !goes_on || (demo.flash_faults == (long)demo.touched && demo.again_faults == 0) ? 0 : 1;
}
