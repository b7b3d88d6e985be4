/*
 * The keyboard of the virtual terminals: modifiers, the keys that the kernel keeps for itself (switching, scrolling
 * back), repeating; what a key types is keymap.c's. See vt.h.
 *
 * virtio's keyboards say when a key goes down and comes up, no more: that a key held down repeats is done here.
 */
#include "guest/abi/vt.h"
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/screen/keymap.h"
#include "guest/kernel/screen/vt.h"

#define REPEAT_DELAY_NS (NS_PER_S / 4)
#define REPEAT_NS (NS_PER_S / 30)
#define KEY_UP_BIT 0x80 /* of K_MEDIUMRAW */

/* Left and right ones are held apart: each may come up alone. */
enum held { LEFT_SHIFT = 1, RIGHT_SHIFT = 2, LEFT_CONTROL = 4, RIGHT_CONTROL = 8, LEFT_ALT = 16, RIGHT_ALT = 32 };

static void repeat(struct timer *timer);
static struct timer repeat_timer = { .expired = repeat };
static const struct keymap *map;
static struct key_state state = { .num_lock = true };
static u32 held;        /* enum held */
static u16 repeat_code; /* the key that repeats */

void vt_keys_init(void)
{
	char name[8] = "us";

	command_line_value("keymap", name, sizeof(name));
	map = keymap_find(name);
	if (map)
		return;
	printk("keymap=%s: there is no such layout (us, de); us it is\n", name);
	map = keymap_find("us");
}

static u32 modifier(u16 code)
{
	switch (code) {
	case KEY_LEFTSHIFT:
		return LEFT_SHIFT;
	case KEY_RIGHTSHIFT:
		return RIGHT_SHIFT;
	case KEY_LEFTCTRL:
		return LEFT_CONTROL;
	case KEY_RIGHTCTRL:
		return RIGHT_CONTROL;
	case KEY_LEFTALT:
		return LEFT_ALT;
	case KEY_RIGHTALT:
		return RIGHT_ALT;
	default:
		return 0;
	}
}

static void hold(u32 bit, bool down)
{
	held = down ? held | bit : held & ~bit;
	state.shift = held & (LEFT_SHIFT | RIGHT_SHIFT);
	state.control = held & (LEFT_CONTROL | RIGHT_CONTROL);
	state.alt = held & LEFT_ALT;
	state.altgr = held & RIGHT_ALT;
}

static bool is_any_alt(void)
{
	return state.alt || state.altgr;
}

/* The terminal next to the one in front that has been made. */
static void switch_by(struct vt *from, int step)
{
	u32 number = from->number;

	do
		number = (number - 1 + (u32)(VT_COUNT + step)) % VT_COUNT + 1;
	while (!vt_find(number));
	vt_switch(vt_find(number));
}

/* Alt-F1.., Alt-Left, Alt-Right, Shift-PageUp, Shift-PageDown; locks. true: the key was one of them. */
static bool is_for_kernel(struct vt *vt, u16 code)
{
	bool is_function = code >= KEY_F1 && code <= KEY_F10;

	if (code == KEY_CAPSLOCK) {
		state.caps_lock = !state.caps_lock;
	} else if (code == KEY_NUMLOCK) {
		state.num_lock = !state.num_lock;
	} else if (is_any_alt() && is_function) {
		u32 number = code - KEY_F1 + 1u;

		if (vt_find(number))
			vt_switch(vt_find(number));
	} else if (state.alt && !state.control && (code == KEY_LEFT || code == KEY_RIGHT)) {
		switch_by(vt, code == KEY_LEFT ? -1 : 1);
	} else if (state.shift && (code == KEY_PAGEUP || code == KEY_PAGEDOWN)) {
		i32 half = (i32)(vt->terminal.rows / 2);

		terminal_scroll_view(&vt->terminal, code == KEY_PAGEUP ? half : -half);
		vt_flush(vt);
	} else {
		return code == KEY_DELETE && state.control && is_any_alt();
	}
	return true;
}

static void type(struct vt *vt, u16 code)
{
	struct terminal *terminal = &vt->terminal;
	u8 bytes[KEY_BYTES_MAX];

	state.cursor_keys = terminal->cursor_keys;
	state.keypad = terminal->keypad;
	state.latin1 = terminal->latin1;
	u32 size = keymap_bytes(map, &state, code, bytes);
	if (size)
		terminal_scroll_view(terminal, -(i32)terminal->view);
	for (u32 i = 0; i < size; i++)
		tty_receive(&vt->tty, bytes[i]);
	vt_flush(vt);
}

static void press(u16 code)
{
	struct vt *vt = vt_front();

	if (is_for_kernel(vt, code))
		return;
	if (vt->keyboard == K_XLATE || vt->keyboard == K_UNICODE)
		type(vt, code);
	else if (vt->keyboard == K_MEDIUMRAW && code < KEY_UP_BIT)
		tty_receive(&vt->tty, (u8)code);
}

static void repeat(struct timer *timer)
{
	timer_start(timer, time_now_ns() + REPEAT_NS);
	vt_key(repeat_code, 2);
}

void vt_key(u16 code, i32 value)
{
	struct vt *vt = vt_front();
	u32 bit = modifier(code);

	if (!vt)
		return;
	if (bit)
		hold(bit, value != 0);
	if (value == 1) {
		repeat_code = code;
		if (bit || code == KEY_CAPSLOCK || code == KEY_NUMLOCK)
			timer_cancel(&repeat_timer);
		else
			timer_start(&repeat_timer, time_now_ns() + REPEAT_DELAY_NS);
	} else if (!value && code == repeat_code) {
		timer_cancel(&repeat_timer);
	}
	if (value && (!bit || vt->keyboard == K_MEDIUMRAW))
		press(code);
	else if (!value && vt->keyboard == K_MEDIUMRAW && code < KEY_UP_BIT)
		tty_receive(&vt->tty, (u8)(code | KEY_UP_BIT));
}
