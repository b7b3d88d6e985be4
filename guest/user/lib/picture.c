/*
 * The framebuffer; see picture.h. Characters are those of the distribution's console font, a PSF file on the disk
 * (disk.py puts it there).
 */
#include "guest/user/lib/picture.h"
#include "guest/user/lib/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FONT "/usr/share/consolefonts/Terminus16.psf"

/* The terminal in graphics mode, for a signal that ends the program; -1: none. */
static int in_graphics = -1;

static void leave_graphics(void)
{
	if (in_graphics >= 0)
		ioctl(in_graphics, KDSETMODE, KD_TEXT);
	in_graphics = -1;
}

/* A file of either kind of PC Screen Font; only the pictures are used, which begin with those of ASCII. */
static void load_font(struct picture *p)
{
	unsigned char head[32];
	int fd = open(FONT, O_RDONLY | O_CLOEXEC);
	off_t start = 4;

	if (fd < 0 || pread(fd, head, sizeof(head), 0) != sizeof(head)) {
		p->font = NULL;
	} else if (head[0] == 0x36 && head[1] == 0x04) {
		p->glyph_size = p->glyph_height = head[3];
	} else if (memcmp(head, "\x72\xb5\x4a\x86", 4) == 0) {
		unsigned fields[8];

		memcpy(fields, head, sizeof(fields));
		start = fields[2];
		p->glyph_size = fields[5];
		p->glyph_height = fields[6];
	}
	if (p->glyph_size && p->glyph_size <= 64 && p->glyph_height == p->glyph_size)
		p->font = malloc(128 * p->glyph_size);
	if (p->font && pread(fd, p->font, 128 * p->glyph_size, start) != (ssize_t)(128 * p->glyph_size)) {
		free(p->font);
		p->font = NULL;
	}
	if (fd >= 0)
		close(fd);
}

bool picture_open(struct picture *p)
{
	struct fb_var_screeninfo variable;
	struct fb_fix_screeninfo fixed;

	*p = (struct picture){ .terminal = -1 };
	p->fd = open("/dev/fb0", O_RDWR | O_CLOEXEC);
	if (p->fd < 0)
		return false;
	if (ioctl(p->fd, FBIOGET_VSCREENINFO, &variable) == 0 && ioctl(p->fd, FBIOGET_FSCREENINFO, &fixed) == 0 &&
	    variable.bits_per_pixel == 32) {
		p->width = variable.xres;
		p->height = variable.yres;
		p->stride = fixed.line_length;
		p->size = (size_t)p->stride * p->height;
		p->pixel = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
		if (p->pixel != MAP_FAILED) {
			load_font(p);
			return true;
		}
	} else {
		errno = ENOTTY;
	}
	int error = errno;

	close(p->fd);
	errno = error;
	return false;
}

void picture_take_screen(struct picture *p)
{
	struct vt_stat state;

	/* The terminal it was started on, or, from the serial line, the one that is seen. */
	p->terminal = ioctl(0, VT_GETSTATE, &state) == 0 ? dup(0) : open("/dev/tty0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->terminal < 0 || ioctl(p->terminal, VT_GETSTATE, &state) < 0)
		return;
	p->number = state.v_active;
	terminal_guard(leave_graphics);
	in_graphics = p->terminal;
	ioctl(p->terminal, KDSETMODE, KD_GRAPHICS);
}

bool picture_is_seen(const struct picture *p)
{
	struct vt_stat state;

	return p->terminal < 0 || ioctl(p->terminal, VT_GETSTATE, &state) < 0 || state.v_active == p->number;
}

void picture_wait(const struct picture *p)
{
	while (!picture_is_seen(p))
		if (ioctl(p->terminal, VT_WAITACTIVE, p->number) < 0 && errno != EINTR)
			return;
}

void picture_close(struct picture *p)
{
	leave_graphics();
	if (p->terminal >= 0)
		close(p->terminal);
	munmap(p->pixel, p->size);
	close(p->fd);
	free(p->font);
}

void picture_fill(struct picture *p, unsigned left, unsigned top, unsigned width, unsigned height, unsigned colour)
{
	for (unsigned y = top; y < top + height && y < p->height; y++)
		for (unsigned x = left; x < left + width && x < p->width; x++)
			p->pixel[(size_t)y * (p->stride / 4) + x] = colour;
}

static void draw_character(struct picture *p, unsigned left, unsigned top, const unsigned char *glyph, unsigned colour,
                           unsigned ground)
{
	for (unsigned y = 0; y < p->glyph_height && top + y < p->height; y++)
		for (unsigned x = 0; x < 8 && left + x < p->width; x++)
			p->pixel[(size_t)(top + y) * (p->stride / 4) + left + x] =
				glyph[y] & (0x80 >> x) ? colour : ground;
}

void picture_text(struct picture *p, unsigned left, unsigned top, const char *text, unsigned colour, unsigned ground)
{
	for (; p->font && *text; text++, left += 8)
		draw_character(p, left, top, p->font + (size_t)(*text & 127) * p->glyph_size, colour, ground);
}
