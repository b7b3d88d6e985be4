/*
 * Between the machine's thread and a front's: the window (window.h) and the text interface (tui.h) run in a thread of
 * their own, so that drawing takes no time from the guest and a busy guest does not make the window stiff.
 *
 * The machine's side (display.c) hands over what is to be seen: rows of the screen that changed, bytes of the serial
 * port, a live view, and how the machine is. The front sends wishes: keys, pointer, what it wants to see, pause and
 * speed. Nothing of the machine is touched by the front; everything passes here, under one lock, and nothing waits for
 * the other side but serial bytes for room.
 *
 * Both sides sleep: each new thing wakes the front (by the function it gave) or the machine (by a descriptor that its
 * poll watches).
 */
#ifndef RVEMU_EMU_DISPLAY_LINK_H
#define RVEMU_EMU_DISPLAY_LINK_H

#include "devices/virtio_input.h"
#include "emu/display/picture.h"
#include "emu/observe/live.h"

struct link;

/* --- wishes: from the front to the machine --- */

enum wish_kind {
	WISH_QUIT,       /* rvemu shall end */
	WISH_KEY,        /* an event for the keyboard; a whole row with its EV_SYN is sent one by one */
	WISH_POINTER,    /* likewise for mouse or tablet */
	WISH_SERIAL,     /* bytes for the serial console */
	WISH_PAUSE,      /* hold the machine */
	WISH_CONTINUE,   /* let it go */
	WISH_STEP,       /* one instruction of request.hart, then hold it */
	WISH_STEP_WALK,  /* until the next walk */
	WISH_STEP_FAULT, /* until the next fault */
	WISH_SPEED,      /* number: steps a second; 0: full speed */
	WISH_LOOK,       /* what is to be seen: number is BIT(enum link_part); `request` is for the live view */
	WISH_SIZE, /* the window's inside: the GPU's display is to be number>>32 x (u32)number; only if the user wants
	              so */
};

enum link_part {
	LINK_SCREEN, /* the guest's screen */
	LINK_SERIAL, /* serial bytes (they come always; here for completeness) */
	LINK_LIVE,   /* the MMU */
};

struct wish {
	u8 kind;                         /* enum wish_kind */
	struct virtio_input_event event; /* WISH_KEY, WISH_POINTER */
	u64 number;
	struct live_request request;
	u32 size;     /* WISH_SERIAL: bytes in text */
	u8 text[512]; /* WISH_SERIAL */
};

/* --- how the machine is --- */

struct link_status {
	bool is_paused;    /* it stands still */
	bool has_terminal; /* rvemu was started from a terminal, which answers the guest's questions: the window does
	                      not */
	bool is_over;      /* the run has ended; `message` says how */
	bool has_screen;   /* the machine has a screen ... */
	bool was_drawn;    /* ... and the guest has drawn on it */
	bool has_keyboard;
	bool pointer_is_tablet, pointer_is_mouse;
	bool is_frozen;     /* a replay: keys go nowhere */
	u32 leds;           /* of the keyboard */
	u32 keys_waiting;   /* its events that the guest has not taken */
	u64 speed;          /* steps a second; 0: full */
	u64 instret;        /* instructions of all harts */
	u64 time_ns;        /* guest time */
	double mips;        /* millions of instructions a host second, lately */
	char guest[64];     /* file name of what is run */
	char message[256];  /* the last thing to tell the user, or "" */
	u32 message_number; /* counts them */
};

struct link *link_create(void);
void link_destroy(struct link *l);

/* --- the machine's side --- */

/* Readable when wishes wait; link_take() empties it. */
int link_descriptor(const struct link *l);
/* The next wish. False: none waits. */
bool link_take(struct link *l, struct wish *wish) must_check;
/* True if the front has taken the picture (the view) that was handed over last, and wants the next. */
bool link_wants_screen(struct link *l);
bool link_wants_live(struct link *l);
/* Rows first..first+count-1 of the image changed; they are copied. */
void link_put_screen(struct link *l, const struct picture *picture, u32 first, u32 count);
/* Swaps *view with one that the front does not need any more. */
void link_put_live(struct link *l, struct live_view **view);
/* Serial output. Waits while more than 1 MiB is not taken, unless the front has gone, or takes nothing for seconds:
 * then what does not fit is lost. */
void link_put_serial(struct link *l, const u8 *bytes, size_t size);
void link_put_status(struct link *l, const struct link_status *status);
/* The front has ended by itself (its window could not be made): nothing waits for it from now on. */
bool link_front_is_gone(struct link *l);

/* --- the front's side --- */

/* From now on `wake` is called, in the machine's thread, when there is something new. */
void link_listen(struct link *l, void (*wake)(void *arg), void *arg);
void link_gone(struct link *l);
void link_send(struct link *l, const struct wish *wish);
/* Bytes for the serial console, however many: WISH_SERIAL. */
void link_send_serial(struct link *l, const u8 *bytes, size_t size);
/* Rows that changed since the last call, copied into *picture (resized as needed). False: none. */
bool link_take_screen(struct link *l, struct picture *picture, u32 *first, u32 *count);
/* The newest view in *view, whose old one is given back. False: there is no newer one. */
bool link_take_live(struct link *l, struct live_view **view);
/* Serial bytes, malloc'ed; NULL: none. */
u8 *link_take_serial(struct link *l, size_t *size);
struct link_status link_status(struct link *l);
/* A picture (a view) that changed is wanted again: called after one was shown. */
void link_want(struct link *l, enum link_part part);

#endif
