/*
 * mandelbrot: a picture that is drawn by page faults.
 *
 *     mandelbrot [--once] [--no-wait] [--zoom STEPS]
 *
 * The framebuffer is mapped, which costs nothing: no page of it is in the page table. The picture is then computed page by
 * page (1024 pixels each), in an order that jumps about, so that one sees where a page is touched for the first time: it
 * flashes, the fault brings it in, and the pixels follow. The strip at the bottom counts, with the kernel's own numbers.
 * The second time the same pages are drawn and nothing faults.
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

#define POINT 28           /* bits behind the binary point */
#define ITERATIONS 100     /* of a point, before it counts as one of the set */
#define PIXELS_PER_PAGE (PAGE / 4)
#define FLASH 0xffffffffu  /* what a page looks like at its first touch */
#define STRIP 40           /* rows of the strip at the bottom */
#define FRAME_MS 16        /* between two looks of whoever shows the screen */

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
	size_t pages;     /* of the picture */
	size_t touched;   /* of them, at least once */
	bool *seen;       /* for each page: it was touched */
	long faults_before; /* of this process, when the drawing began */
	long flash_faults;  /* faults counted around first touches */
	long again_faults;  /* and around others */
	bool wait;        /* slowly enough to be seen */
	struct terminal_input keys;
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
	static const unsigned char stops[6][3] = { { 0, 7, 60 },     { 32, 107, 203 }, { 237, 255, 255 },
		                                   { 255, 170, 0 },  { 120, 20, 30 },  { 0, 7, 60 } };
	int at = steps % 40, stop = at / 8, part = at % 8;
	unsigned rgb = 0;

	if (steps == ITERATIONS)
		return 0;
	for (int i = 0; i < 3; i++)
		rgb = rgb << 8 | (unsigned)((stops[stop][i] * (8 - part) + stops[stop + 1][i] * part) / 8);
	return rgb;
}

static void draw_page(struct demo *d, size_t page)
{
	size_t width = d->screen.stride / 4, at = page * PIXELS_PER_PAGE, end = at + PIXELS_PER_PAGE;

	for (; at < end && at < d->screen.height * width; at++) {
		long x = (long)(at % width), y = (long)(at / width);

		if (y < (long)d->screen.height - STRIP && x < (long)d->screen.width)
			d->screen.pixel[at] =
				colour(iterate(d->window.left + x * d->window.step, d->window.top + y * d->window.step));
	}
}

static void draw_strip(struct demo *d, const char *what)
{
	char text[160];
	unsigned top = d->screen.height - STRIP;

	snprintf(text, sizeof(text), "%s  pages touched %zu of %zu  page faults %ld  ", what, d->touched, d->pages,
	         d->flash_faults + d->again_faults);
	picture_fill(&d->screen, 0, top, d->screen.width, STRIP, 0x101820);
	picture_fill(&d->screen, 0, top, (unsigned)(d->screen.width * d->touched / d->pages), 4, 0xffaa00);
	picture_text(&d->screen, 12, top + 14, text, 0xffffff, 0x101820);
}

/* True when a key was typed. */
static bool pause_for(struct demo *d, int milliseconds)
{
	return d->wait && terminal_key(0, &d->keys, milliseconds, NULL) != KEY_NONE;
}

/* Touches a page: the first store is the fault that is to be seen. */
static void touch(struct demo *d, size_t page)
{
	long before = faults();

	*(volatile unsigned *)&d->screen.pixel[page * PIXELS_PER_PAGE] = FLASH;
	*(d->seen[page] ? &d->again_faults : &d->flash_faults) += faults() - before;
	d->touched += !d->seen[page];
	d->seen[page] = true;
}

static void flash(struct demo *d, size_t page)
{
	size_t at = page * PIXELS_PER_PAGE, all = d->screen.size / 4;

	for (size_t i = at; i < at + PIXELS_PER_PAGE && i < all; i++)
		d->screen.pixel[i] = FLASH;
}

/* All pages once, in steps of a number that has no common divisor with how many there are. False: a key ended it. */
static bool draw_all(struct demo *d, const char *what)
{
	size_t step = d->pages * 5 / 8 | 1, count = d->pages, page = 0, divisor, a, b;
	struct timespec start, now;

	for (;; step += 2) {
		for (a = count, b = step; b; a = divisor) {
			divisor = b;
			b = a % b;
		}
		if (a == 1)
			break;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < count; i++, page = (page + step) % count) {
		bool first = !d->seen[page];

		touch(d, page);
		if (d->wait && first)
			flash(d, page);
		if (i % 16 == 0) {
			draw_strip(d, what);
			clock_gettime(CLOCK_MONOTONIC, &now);
			long ahead = (long)i * PAGE_US / 1000 - ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
			if (first && pause_for(d, ahead > 0 ? (int)ahead : 0))
				return false;
		}
		draw_page(d, page);
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
	return (struct window){ x - scale * (long)(screen->width / 2), y - scale * (long)(screen->height / 2), scale };
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
		die("mandelbrot: no screen: /dev/fb0 (start rvemu with --screen)");
	demo.pages = (demo.screen.size + PAGE - 1) / PAGE;
	demo.seen = calloc(demo.pages, sizeof(*demo.seen));
	if (!demo.seen || demo.screen.height <= STRIP * 2)
		die("mandelbrot: the screen is too small");
	keyboard = terminal_take(0, true, "", "");
	demo.wait &= keyboard;
	picture_take_screen(&demo.screen);
	demo.faults_before = faults();
	goes_on = run(&demo, zooms);
	if (goes_on && demo.wait)
		terminal_key(0, &demo.keys, -1, NULL);
	picture_close(&demo.screen);
	terminal_give_back();
	printf("mandelbrot: %zu of %zu pages of the framebuffer touched, %ld page faults at first touches, %ld later\n",
	       demo.touched, demo.pages, demo.flash_faults, demo.again_faults);
	free(demo.seen);
	return !goes_on || (demo.flash_faults == (long)demo.touched && demo.again_faults == 0) ? 0 : 1;
}
