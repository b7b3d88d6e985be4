/*
 * Virtual terminals: /dev/tty1 to tty6, which share one screen and one keyboard. Each is a struct tty (line discipline,
 * job control) in front of a struct terminal (cells). One is in front: it is what the screen shows, and what the
 * keyboard types on.
 *
 * A terminal is made when it is first asked for, and stays. Without a framebuffer there is none of this.
 *
 * vt.c makes, draws and switches them, vt_ioctl.c is ioctl_console(2), vt_keys.c the keyboard, vcs.c /dev/vcs*.
 */
#ifndef GUEST_KERNEL_SCREEN_VT_H
#define GUEST_KERNEL_SCREEN_VT_H

#include "guest/kernel/dev/tty.h"
#include "guest/kernel/screen/terminal.h"

#define VT_COUNT 6
#define VT_MAJOR 4 /* of /dev/ttyN, N being the minor number */

struct vt {
	struct tty tty;
	struct terminal terminal;
	u32 number;      /* 1..VT_COUNT */
	bool is_graphic; /* KD_GRAPHICS: the console does not draw */
	int graphic_pid; /* who asked for that */
	u8 keyboard;     /* K_XLATE etc.: what keys become */
};

/* Looks for a screen and makes the first terminal; messages printed so far appear there. After time and memory, before
 * tty_init(). May sleep. */
void vt_init(void);
bool vt_is_there(void);
/* The terminal of this number, made if it must be; 0: the one in front. NULL: no such, or no memory. May sleep. */
struct vt *vt_get(u32 number);
/* The same, but never makes one. */
struct vt *vt_find(u32 number);
/* Whose it is. */
struct vt *vt_of(struct tty *tty);
struct vt *vt_front(void);
/* Brings it to the front. */
void vt_switch(struct vt *vt);
/* Wakes up when another one comes to the front. */
extern struct wait_queue vt_switched;

/* What was printed must come to the screen soon: at once, or a frame's time after the last drawing. */
void vt_flush(struct vt *vt);
/* Somebody else may have drawn over the terminal in front: all of it is drawn again, unless a program has it. */
void vt_redraw(void);
/* At once, before the machine stops; over what a program has drawn only to say why (is_panic). */
void vt_draw_last(bool is_panic);
/* A message of the kernel's, to the terminal in front; nothing without a screen. */
void vt_print(const char *text, u64 size);

/* vt_ioctl.c: -ENOTTY: no request of this kind. */
i64 vt_ioctl(struct tty *tty, struct task *task, u64 request, u64 argument);
/* KD_TEXT or KD_GRAPHICS. */
void vt_set_graphic(struct vt *vt, bool is_graphic, int pid);

/* vt_keys.c: a key goes down (1), comes up (0), or repeats (2); code as in linux/input-event-codes.h. Does not sleep.
 */
void vt_key(u16 code, i32 value);
/* Chooses the layout by the kernel command line: keymap=de. */
void vt_keys_init(void);

/* vcs.c: registers /dev/vcs*, vcsa*, vcsu*. */
void vcs_init(void);

#endif
