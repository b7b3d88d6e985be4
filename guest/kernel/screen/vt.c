/*
 * Virtual terminals: see vt.h. Output goes into cells at once, and from there to the screen at most once in FRAME_NS,
 * however much is printed: whoever prints more only pays for what somebody could have seen.
 */
#include "guest/kernel/screen/vt.h"

#include "guest/abi/vt.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/frame.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/screen/screen.h"

#define FRAME_NS (NS_PER_S / 60)
#define HISTORY 512    /* lines scrolled off that are kept */
#define MEMORY_PART 64 /* a terminal may take this part of the RAM: where that is little it keeps fewer lines */
#define HISTORY_LEAST 64

static struct vt *vts[VT_COUNT + 1]; /* by number; NULL: not made yet */
static struct vt *front;             /* NULL: no screen */
static const struct screen *screen;
struct wait_queue vt_switched;

/* --- drawing --- */

static void draw_timer_expired(struct timer *timer);
static struct timer draw_timer = { .expired = draw_timer_expired };
static u64 drawn_ns; /* when it was drawn last */

static void draw(void)
{
	timer_cancel(&draw_timer);
	drawn_ns = time_now_ns();
	screen_draw(&front->terminal);
}

/* After others have drawn. */
static void redraw(void)
{
	screen_forget();
	terminal_touch_all(&front->terminal);
	draw();
}

static void draw_timer_expired(struct timer *timer)
{
	(void)timer;
	if (!front->is_graphic)
		draw();
}

/* Who asked for graphics may have been killed: nobody else would bring text and keyboard back. */
static bool is_graphic(struct vt *vt)
{
	struct process *process = vt->is_graphic ? process_find(vt->graphic_pid) : NULL;
	bool is_alive = process && !process->zombie;

	if (process)
		process_put(process);
	if (vt->is_graphic && !is_alive) {
		vt->keyboard = K_UNICODE;
		vt_set_graphic(vt, false, 0);
	}
	return vt->is_graphic;
}

void vt_flush(struct vt *vt)
{
	u64 now;

	if (vt != front || is_graphic(vt) || draw_timer.pending)
		return;
	now = time_now_ns();
	if (now >= drawn_ns + FRAME_NS)
		draw();
	else
		timer_start(&draw_timer, drawn_ns + FRAME_NS);
}

void vt_redraw(void)
{
	if (front && !is_graphic(front))
		redraw();
	else
		screen_forget();
}

void vt_draw_last(bool is_panic)
{
	if (!front || (front->is_graphic && !is_panic))
		return;
	if (front->is_graphic) {
		screen_forget();
		terminal_touch_all(&front->terminal);
	}
	screen_draw(&front->terminal);
}

void vt_set_graphic(struct vt *vt, bool graphic, int pid)
{
	bool was_graphic = vt->is_graphic;

	vt->is_graphic = graphic;
	vt->graphic_pid = pid;
	if (vt != front || !was_graphic || graphic)
		return;
	redraw();
}

void vt_switch(struct vt *vt)
{
	bool was_graphic = front->is_graphic;

	if (vt == front)
		return;
	front = vt;
	if (!is_graphic(vt) && was_graphic)
		redraw();
	else if (!vt->is_graphic)
		draw();
	wake_all(&vt_switched);
}

/* --- output --- */

struct vt *vt_of(struct tty *tty)
{
	return container_of(tty, struct vt, tty);
}

static u64 vt_room(struct tty *tty)
{
	return tty->stopped ? 0 : TTY_BUFFER;
}

/* Answers to queries are typed in. Their echo goes through here again, but asks nothing. */
static void take_answer(struct vt *vt)
{
	char answer[TERMINAL_ANSWER_SIZE];
	u32 size = vt->terminal.answer_size;

	memcpy(answer, vt->terminal.answer, size);
	vt->terminal.answer_size = 0;
	for (u32 i = 0; i < size; i++)
		tty_receive(&vt->tty, (u8)answer[i]);
}

static void vt_output(struct tty *tty, const u8 *data, u64 size)
{
	struct vt *vt = vt_of(tty);

	terminal_write(&vt->terminal, data, size);
	if (vt->terminal.answer_size)
		take_answer(vt);
}

static void vt_flush_tty(struct tty *tty)
{
	vt_flush(vt_of(tty));
}

/* A line ends in CR and NL already. */
void vt_print(const char *text, u64 size)
{
	if (!front)
		return;
	terminal_write_message(&front->terminal, (const u8 *)text, size);
	if (size && text[size - 1] == '\n')
		vt_flush(front);
}

/* --- making --- */

/* `count` lines in whole frames. false: no memory; what there is stays in `lines`. May sleep. */
static bool allocate_lines(struct cell **lines, u32 count)
{
	u64 size = screen->columns * sizeof(struct cell);
	u32 in_frame = (u32)(PAGE_SIZE / size);

	for (u32 i = 0; i < count; i += in_frame) {
		struct frame *frame = frame_alloc(FRAME_KERNEL, 0);

		if (!frame)
			return false;
		for (u32 k = 0; k < in_frame && i + k < count; k++)
			lines[i + k] = (struct cell *)((u8 *)frame_data(frame) + k * size);
	}
	return true;
}

static void free_lines(struct cell **lines, u32 count)
{
	for (u32 i = 0; lines && i < count; i++)
		if (lines[i] && (u64)lines[i] % PAGE_SIZE == 0)
			frame_put(frame_of_virtual(lines[i]));
	kfree(lines);
}

static u32 history_lines(void)
{
	u64 bytes = frame_counts().total * PAGE_SIZE / MEMORY_PART;
	u64 lines = bytes / (screen->columns * sizeof(struct cell));

	return (u32)MAX(MIN(lines, (u64)HISTORY), (u64)HISTORY_LEAST);
}

static void setup(struct vt *vt, u32 number)
{
	char name[8];

	format_text(name, sizeof(name), "tty%u", number);
	tty_setup(&vt->tty, name, DEVICE(VT_MAJOR, number));
	vt->tty.termios.c_iflag |= IUTF8;
	vt->tty.winsize = (struct abi_winsize){
		.ws_row = (u16)screen->rows,
		.ws_col = (u16)screen->columns,
		.ws_xpixel = (u16)screen->width,
		.ws_ypixel = (u16)screen->height,
	};
	vt->tty.room = vt_room;
	vt->tty.output = vt_output;
	vt->tty.flush = vt_flush_tty;
	vt->tty.ioctl = vt_ioctl;
	vt->number = number;
	vt->keyboard = K_UNICODE;
}

static struct vt *make(u32 number)
{
	u32 count = screen->rows + history_lines();
	struct vt *vt = kmalloc(sizeof(*vt));
	struct cell **lines = kmalloc(count * sizeof(*lines)), **alternate = kmalloc(screen->rows * sizeof(*lines));

	if (!vt || !lines || !alternate || !allocate_lines(lines, count) || !allocate_lines(alternate, screen->rows) ||
	    vts[number]) {
		free_lines(lines, count);
		free_lines(alternate, screen->rows);
		kfree(vt);
		return vts[number]; /* another task was faster while we slept */
	}
	setup(vt, number);
	terminal_init(&vt->terminal, screen->columns, screen->rows, lines, count, alternate);
	vts[number] = vt;
	return vt;
}

struct vt *vt_find(u32 number)
{
	return number > VT_COUNT ? NULL : number ? vts[number] : front;
}

struct vt *vt_get(u32 number)
{
	struct vt *vt = vt_find(number);

	return vt || !screen || number > VT_COUNT ? vt : make(number);
}

struct vt *vt_front(void)
{
	return front;
}

bool vt_is_there(void)
{
	return front != NULL;
}

void vt_init(void)
{
	wait_queue_init(&vt_switched);
	screen = screen_init();
	if (!screen)
		return;
	struct vt *vt = make(1);
	if (!vt) {
		printk("screen: no memory for a terminal\n");
		return;
	}
	front = vt;
	print_again(vt_print);
	vt_keys_init();
	printk("screen: %u x %u, %u columns, %u rows\n", screen->width, screen->height, screen->columns, screen->rows);
}
