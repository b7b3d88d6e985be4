/*
 * The screen's devices as programs see them: /dev/fb0, virtual terminals, /dev/vcs*. Run with a screen of the given
 * size (screen WIDTH HEIGHT), says "ok" or "FAIL" for each thing, and ends with 1 if anything failed. For our kernel
 * alone.
 *
 *     screen input     the keyboard's events until the Escape key comes up, one a line
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <linux/input.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PAGE 4096UL

static int failures;

static void check(int ok, const char *what)
{
	printf("%s %s\n", ok ? "ok  " : "FAIL", what);
	failures += !ok;
}

/* Whether the call failed with this errno. */
#define FAILS(call, wanted) (errno = 0, (long)(call) == -1 && errno == (wanted))

static sigjmp_buf caught;

static void on_signal(int signal)
{
	siglongjmp(caught, signal);
}

/* The signal that a store there raises; 0: none. */
static int poke(volatile uint32_t *at, uint32_t value)
{
	int signal = sigsetjmp(caught, 1);

	if (!signal)
		*at = value;
	return signal;
}

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* --- /dev/fb0 --- */

static void fb_bounds(int fb, size_t size)
{
	uint32_t pixel = 0x123456;
	void *volatile nowhere = (void *)16;

	check(FAILS(mmap(NULL, size + 1, PROT_READ, MAP_SHARED, fb, 0), EINVAL), "fb0: not more than there is");
	check(FAILS(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fb, (off_t)size), EINVAL), "fb0: nothing behind the end");
	check(FAILS(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fb, 1L << 62), EINVAL), "fb0: nothing far behind it");
	check(FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fb, 0), EINVAL), "fb0: no private copy");
	check(FAILS(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fb, 0), EACCES), "fb0: no code");
	check(pread(fb, &pixel, 4, (off_t)size) == 0, "fb0: reading ends at the end");
	check(FAILS(pwrite(fb, &pixel, 4, (off_t)size), ENOSPC), "fb0: writing, too");
	check(FAILS(pwrite(fb, &pixel, 4, (off_t)size + 1), EFBIG), "fb0: and not behind it");
	check(pwrite(fb, &pixel, 4, (off_t)size - 2) == 2, "fb0: a part is written");
	check(FAILS(pread(fb, nowhere, 4, 0), EFAULT), "fb0: EFAULT");
	check(lseek(fb, 0, SEEK_END) == (off_t)size && FAILS(lseek(fb, -1, SEEK_SET), EINVAL), "fb0: lseek");
}

static void fb_mapping(int fb, uint32_t *m, size_t size)
{
	size_t count = size / 4;
	uint32_t pixel = 0;
	long before = minor_faults();
	char *line;

	for (size_t i = 0; i < count; i += PAGE / 4)
		m[i] = (uint32_t)i;
	check(minor_faults() - before == (long)(size / PAGE), "fb0: a fault for each page, when it is touched");
	check(pread(fb, &pixel, 4, 8 * PAGE) == 4 && pixel == 8 * PAGE / 4, "fb0: what is stored is read");
	line = malloc(size);
	pixel = 0xabcdef;
	check(pwrite(fb, &pixel, 4, 4) == 4 && m[1] == 0xabcdef, "fb0: what is written is loaded");
	check(pread(fb, line, size, 0) == (ssize_t)size && !memcmp(line, m, size), "fb0: all of it");
	check(pread(fb, m, PAGE, PAGE) == PAGE && m[0] == PAGE / 4, "fb0: read() into the mapping");
	free(line);
}

static void fb_protection(uint32_t *m, size_t size)
{
	unsigned char in_core = 0;
	uint32_t *moved;

	check(!mprotect(m, PAGE, PROT_READ) && poke(m, 1) == SIGSEGV, "fb0: mprotect takes writing");
	check(!mprotect(m, PAGE, PROT_NONE) && poke(m, 1) == SIGSEGV, "fb0: and everything");
	check(!mprotect(m, PAGE, PROT_READ | PROT_WRITE) && !poke(m, 7) && m[0] == 7, "fb0: and gives it back");
	check(FAILS(mprotect(m, PAGE, PROT_READ | PROT_EXEC), EACCES), "fb0: but never makes code of it");
	check(!madvise(m, size, MADV_DONTNEED) && m[0] == 7, "fb0: MADV_DONTNEED loses nothing");
	check(!mincore(m, PAGE, &in_core) && in_core, "fb0: mincore");
	check(!mlock(m, 4 * PAGE) && !munlock(m, 4 * PAGE), "fb0: mlock");
	check(!msync(m, size, MS_SYNC), "fb0: msync");
	moved = mremap(m, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)m + 2 * size);
	check(moved != MAP_FAILED && moved[0] == 7 && poke(m, 1) == SIGSEGV, "fb0: mremap moves it");
	munmap(moved, PAGE);
	check(poke(moved, 1) == SIGSEGV && !poke(m + PAGE / 4, 1), "fb0: munmap takes what it is told");
}

static void fb_fork(uint32_t *m)
{
	int status = -1;
	pid_t child;

	m[PAGE] = 1;
	child = fork();
	if (!child) {
		m[PAGE]++;
		_exit(m[PAGE + 1] != 0);
	}
	waitpid(child, &status, 0);
	check(status == 0 && m[PAGE] == 2, "fb0: a child shares it");
	for (int i = 0; i < 50; i++) {
		child = fork();
		if (!child) {
			for (size_t k = PAGE; k < 40 * PAGE; k += PAGE / 4)
				m[k] = 0;
			_exit(0);
		}
		waitpid(child, &status, 0);
	}
	check(status == 0, "fb0: fifty children come and go");
}

static void fb_looked_at(uint32_t *m, uint64_t pa)
{
	uint64_t entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY), mem = open("/proc/self/mem", O_RDWR);
	uint32_t word;
	int pipes[2];

	m[0] = 1;
	check(pread(pagemap, &entry, 8, (off_t)((uintptr_t)m / PAGE * 8)) == 8 &&
	              (entry & ((1UL << 55) - 1)) == pa / PAGE && entry >> 63,
	      "fb0: pagemap shows the device's frame");
	check(FAILS(pread(mem, &word, 4, (off_t)(uintptr_t)m), EIO), "fb0: /proc/self/mem refuses");
	check(pipe(pipes) == 0 && write(pipes[1], m, 4) == 4 && read(pipes[0], &word, 4) == 4 && word == 1,
	      "fb0: write() out of the mapping");
	close(pagemap);
	close(mem);
}

static void fb_tests(unsigned width, unsigned height)
{
	struct fb_var_screeninfo var = { 0 };
	struct fb_fix_screeninfo fix = { 0 };
	int fb = open("/dev/fb0", O_RDWR);
	size_t size;
	uint32_t *m;

	check(fb >= 0 && !ioctl(fb, FBIOGET_VSCREENINFO, &var) && !ioctl(fb, FBIOGET_FSCREENINFO, &fix), "fb0 opens");
	check(var.xres == width && var.yres == height && var.bits_per_pixel == 32, "fb0: its size");
	check(var.red.offset == 16 && var.green.offset == 8 && var.blue.offset == 0 && var.red.length == 8,
	      "fb0: its colours");
	check(fix.line_length == 4 * width && fix.smem_len >= fix.line_length * height, "fb0: its memory");
	check(!ioctl(fb, FBIOPUT_VSCREENINFO, &var) && !ioctl(fb, FBIOPAN_DISPLAY, &var), "fb0: what it is may be set");
	var.xres++;
	check(FAILS(ioctl(fb, FBIOPUT_VSCREENINFO, &var), EINVAL), "fb0: what it is not may not");
	check(!ioctl(fb, FBIOBLANK, 0) && FAILS(ioctl(fb, 0x46ff, 0), ENOTTY), "fb0: other requests");
	size = fix.smem_len;
	m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fb, 0);
	check(m != MAP_FAILED, "fb0: mmap");
	if (m == MAP_FAILED)
		return;
	fb_bounds(fb, fix.line_length * height);
	fb_mapping(fb, m, fix.line_length * height);
	fb_fork(m);
	fb_looked_at(m, fix.smem_start);
	fb_protection(m, size);
	close(fb);
}

/* --- virtual terminals --- */

static void say(const char *terminal, const char *text)
{
	int fd = open(terminal, O_WRONLY | O_NOCTTY);

	check(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "it prints");
	close(fd);
}

/* Whether row y of the terminal begins with the text, by /dev/vcs. */
static int shows(const char *vcs, int columns, int y, const char *text)
{
	char line[512] = "";
	int fd = open(vcs, O_RDONLY);
	ssize_t size = pread(fd, line, strlen(text), (off_t)y * columns);

	close(fd);
	return size == (ssize_t)strlen(text) && !memcmp(line, text, strlen(text));
}

static void text_tests(int columns, int rows)
{
	unsigned char header[6] = { 0 };
	uint32_t codes[3] = { 0 };
	int fd;

	say("/dev/tty6", "\033cone\r\ntwo\033[5;10H\033[1;33;44mX\xe2\x94\x8c\xe2\x94\x90");
	check(shows("/dev/vcs6", columns, 0, "one ") && shows("/dev/vcs6", columns, 1, "two "), "vcs: the text");
	fd = open("/dev/vcsu6", O_RDONLY);
	check(pread(fd, codes, 12, (4 * columns + 9) * 4) == 12 && codes[0] == 'X' && codes[1] == 0x250c &&
	              codes[2] == 0x2510,
	      "vcsu: its Unicode");
	check(lseek(fd, 0, SEEK_END) == 4L * columns * rows && read(fd, codes, 4) == 0, "vcsu: its size");
	close(fd);
	fd = open("/dev/vcsa6", O_RDONLY);
	check(pread(fd, header, 4, 0) == 4 && header[0] == rows && header[1] == columns && header[2] == 12 &&
	              header[3] == 4,
	      "vcsa: size and cursor");
	check(pread(fd, header, 2, 4 + (4 * columns + 9) * 2) == 2 && header[0] == 'X' && header[1] == 0x4b,
	      "vcsa: colours");
	close(fd);
	check(FAILS(open("/dev/vcs9", O_RDONLY), ENOENT), "no vcs9");
}

/* What the terminal answers to a query, in raw mode. */
static void answer_tests(void)
{
	struct termios usual, raw;
	char answer[32] = "";
	int fd = open("/dev/tty6", O_RDWR | O_NOCTTY);
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	tcgetattr(fd, &usual);
	raw = usual;
	cfmakeraw(&raw);
	tcsetattr(fd, TCSANOW, &raw);
	check(write(fd, "\033[3;7H\033[6n\033[c", 13) == 13 && poll(&polled, 1, 1000) == 1 &&
	              read(fd, answer, sizeof(answer) - 1) == 11 && !strcmp(answer, "\033[3;7R\033[?6c"),
	      "it answers where the cursor is, and what it is");
	tcsetattr(fd, TCSANOW, &usual);
	close(fd);
}

static void switch_tests(void)
{
	struct vt_stat state = { 0 };
	int fd = open("/dev/tty0", O_RDWR | O_NOCTTY), mode = -1, number = 0, type = 0;

	check(!ioctl(fd, VT_GETSTATE, &state) && state.v_active == 1, "tty1 is in front");
	check(!ioctl(fd, VT_ACTIVATE, 6) && !ioctl(fd, VT_WAITACTIVE, 6), "tty6 comes to the front");
	check(!ioctl(fd, VT_GETSTATE, &state) && state.v_active == 6, "tty6 is");
	check(FAILS(ioctl(fd, VT_ACTIVATE, 7), ENXIO) && FAILS(ioctl(fd, VT_ACTIVATE, 0), ENXIO), "there is no tty7");
	check(!ioctl(fd, VT_OPENQRY, &number) && number >= 2 && number <= 6, "some terminal is free");
	check(!ioctl(fd, KDGETMODE, &mode) && mode == KD_TEXT, "it shows text");
	check(!ioctl(fd, KDSETMODE, KD_GRAPHICS) && !ioctl(fd, KDGETMODE, &mode) && mode == KD_GRAPHICS, "graphics");
	check(FAILS(ioctl(fd, KDSETMODE, 9), EINVAL), "no other mode");
	check(!ioctl(fd, KDSETMODE, KD_TEXT), "text again");
	check(!ioctl(fd, KDGKBTYPE, &type) && !ioctl(fd, KDGKBMODE, &mode) && mode == K_UNICODE, "keys are Unicode");
	check(!ioctl(fd, VT_ACTIVATE, 1) && !ioctl(fd, VT_WAITACTIVE, 1), "tty1 comes back");
	pid_t child = fork();
	if (!child) {
		ioctl(fd, KDSETMODE, KD_GRAPHICS);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	check(write(fd, "x", 1) == 1 && !ioctl(fd, KDGETMODE, &mode) && mode == KD_TEXT,
	      "who drew is gone: text again");
	close(fd);
}

static void size_tests(int columns, int rows)
{
	struct winsize size = { 0 };
	int fd = open("/dev/tty1", O_RDWR | O_NOCTTY), mode;

	check(!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col == columns && size.ws_row == rows, "its size in cells");
	check(isatty(fd) && !strcmp(ttyname(fd), "/dev/tty1"), "its name");
	close(fd);
	fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
	check(FAILS(ioctl(fd, KDGETMODE, &mode), ENOTTY), "the serial line is no screen");
	close(fd);
}

/* --- /dev/input/event0 --- */

static int show_events(void)
{
	struct input_event event = { 0 };
	unsigned char keys[64] = { 0 }, types[4] = { 0 }, down[64] = { 0 }, none[64] = { 0 };
	char name[64] = "";
	int fd = open("/dev/input/event0", O_RDONLY | O_NONBLOCK);
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	check(ioctl(fd, EVIOCGNAME(sizeof(name)), name) > 0 && strstr(name, "eyboard"), "event0: a keyboard");
	check(ioctl(fd, EVIOCGBIT(0, sizeof(types)), types) > 0 && types[0] & 1 << EV_KEY, "event0: it has keys");
	check(ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) > 0 && keys[KEY_A / 8] >> KEY_A % 8 & 1,
	      "event0: and A");
	do { /* the Enter key that started us may still be down */
		usleep(20000);
		ioctl(fd, EVIOCGKEY(sizeof(down)), down);
	} while (memcmp(down, none, sizeof(down)));
	while (read(fd, &event, sizeof(event)) > 0)
		continue;
	check(FAILS(read(fd, &event, sizeof(event)), EAGAIN) && FAILS(read(fd, &event, 4), EINVAL),
	      "event0: nothing yet");
	check(!ioctl(fd, EVIOCGRAB, 1), "event0: for us alone");
	printf("press keys\n");
	fflush(stdout);
	while (event.type != EV_KEY || event.code != KEY_ESC || event.value) {
		poll(&polled, 1, -1);
		if (read(fd, &event, sizeof(event)) == sizeof(event) && event.type == EV_KEY)
			printf("key %d %d\n", event.code, event.value);
	}
	close(fd);
	printf("%d failed\n", failures);
	return failures != 0;
}

int main(int argc, char **argv)
{
	unsigned width = argc > 2 ? (unsigned)atoi(argv[1]) : 0, height = argc > 2 ? (unsigned)atoi(argv[2]) : 0;

	if (argc > 1 && !strcmp(argv[1], "input"))
		return show_events();
	signal(SIGSEGV, on_signal);
	signal(SIGBUS, on_signal);
	size_tests((int)width / 8, (int)height / 16);
	text_tests((int)width / 8, (int)height / 16);
	answer_tests();
	switch_tests();
	fb_tests(width, height);
	printf("%d failed\n", failures);
	return failures != 0;
}
