/*
 * What the parts of the window share: window.c (its thread, what comes over the link), window_events.c (what the user
 * does), window_paint.c (pixels), window_screen.c (keys and pointer for the guest), window_serial.c (the terminal) and
 * window_keys.c (the window's own keys). Only those include it.
 */
#ifndef RVEMU_EMU_DISPLAY_WINDOW_INTERNAL_H
#define RVEMU_EMU_DISPLAY_WINDOW_INTERNAL_H

#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "emu/display/colours.h"
#include "emu/display/mmu_tab.h"
#include "emu/display/sdl.h"
#include "emu/display/terminal.h"
#include "emu/display/window.h"
#include "emu/display/window_layout.h"

#define WINDOW_NOTE_NS 6000000000ull      /* how long a message stays */
#define WINDOW_OVER_WAIT_NS 1000000000ull /* keys typed that soon after the end were not meant to close the window */
#define WINDOW_FULL_SCREEN_NOTE "Ctrl-Alt-F leaves full screen, Ctrl-Alt-S scales, Ctrl-Alt-H helps"
#define WINDOW_TABS 3

/* A picture and the texture that shows it. */
struct pane {
	struct picture picture;
	SDL_Texture *texture; /* NULL: to be made */
	u32 width, height;    /* of the texture */
};

/* How far the thread is. */
enum window_state { WINDOW_STARTING, WINDOW_OPEN, WINDOW_FAILED, WINDOW_CLOSED };

struct window {
	struct sdl sdl;
	struct display_config config;
	struct link *link;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* state did */
	u8 state;               /* enum window_state, under the lock */
	struct error error;     /* WINDOW_FAILED: why */
	atomic_bool is_woken;   /* an event that says "look at the link" is on its way */
	atomic_bool must_end;   /* window_destroy() wants the thread to end */

	/* From here on the thread's own. */
	SDL_Window *sdl_window;
	SDL_Renderer *renderer;
	bool is_closing;               /* the user closed it */
	bool is_visible;               /* it is not minimized */
	bool has_focus;                /* of the keyboard */
	u32 width, height;             /* pixels inside */
	float ratio;                   /* pixels of a unit of SDL's, which on dense screens is more than one */
	u32 asked_width, asked_height; /* units that it was last told to have */
	bool user_sized;               /* the user gave it another size */
	bool follows_window;           /* the guest's screen is to follow the window's size */
	char title[192];               /* what is in its title bar */

	struct window_layout layout;
	struct rect picture_at; /* where the guest's picture is */
	u8 tab;                 /* enum display_tab, never AUTO */
	u8 tab_before_mmu;      /* where F12 leads back to */
	bool tab_chosen;        /* by the user: nothing changes it any more */
	bool help_open;
	u64 note_until_ns; /* the note is to be seen that long; 0: there is none */
	char note[256];
	u64 over_since_ns; /* when the run ended; 0: it has not */

	struct link_status status;
	u32 look;                      /* BIT(enum link_part) that was asked for */
	struct live_request request;   /* likewise */
	bool screen_taken, live_taken; /* and shown when it is next painted: then the next is wanted */

	const struct font *font, *font_bold;          /* of the bar and the boxes */
	struct rect tab_at[WINDOW_TABS];              /* in the bar, by tab - DISPLAY_TAB_SCREEN */
	struct rect help_at, state_at;                /* likewise: the question mark; running or paused */
	char bar_text[128];                           /* what its right end says */
	struct pane bar, screen, face, box, note_box; /* face: what is painted for the other two tabs */
	bool bar_stale, face_stale, box_stale;        /* must be painted anew */
	bool is_stale;                                /* something must be shown anew */

	u8 held[KEY_CNT / 8]; /* keys that the guest believes down */
	u32 held_buttons;     /* BIT(n): BTN_LEFT + n, likewise */
	bool is_grabbed;      /* keyboard and pointer are the guest's alone */
	char *typing;         /* text that is being typed into the guest; NULL: none */
	const char *typing_at;
	u32 typing_lost;     /* characters of it that no key types */
	u64 typing_next_ns;  /* when the next character is due */
	u64 typing_heard_ns; /* when the guest last had few enough events left */

	struct terminal *terminal;
	bool answering;                /* what it sends now answers the guest: nobody has typed it */
	u32 font_size;                 /* of the terminal: index for font_get() */
	bool is_selecting;             /* the button is down */
	u32 select_column, select_row; /* where it went down */

	struct mmu_tab *mmu;
	struct live_view *view; /* the newest; NULL: none came */
};

u64 window_now_ns(void);
/* Something is to be said: shown in a box for a while. */
void window_note(struct window *w, const char *fmt, ...) printf_like(2, 3);
/* chosen: by the user. */
void window_show_tab(struct window *w, enum display_tab tab, bool chosen);
/* Puts everything in its place after a change of size, of the guest's picture, of the tab, or of full screen. */
void window_arrange(struct window *w);
/* Gives it the size at which the guest's picture is 1:1. */
void window_fit(struct window *w);
/* Title and bar say how things are. */
void window_tell(struct window *w);

/* window_paint.c. A false result: see err. */
bool window_paint_open(struct window *w, struct error *err) must_check;
void window_paint_close(struct window *w);
/* Textures are lost (a driver was reset): they are made anew. */
void window_paint_forget(struct window *w);
/* Rows of the guest's picture changed. */
void window_paint_rows(struct window *w, u32 first, u32 count);
void window_paint(struct window *w);

/* window_screen.c: what the guest is given. */
void window_screen_key(struct window *w, u32 scancode, bool is_down);
void window_screen_release(struct window *w);
void window_screen_motion(struct window *w, s32 x, s32 y, s32 moved_x, s32 moved_y);
void window_screen_button(struct window *w, u8 sdl_button, bool is_down, s32 x, s32 y);
void window_screen_wheel(struct window *w, s32 notches);
void window_screen_grab(struct window *w, bool on);
/* Types the text as if the user did; takes it over (malloc'ed). */
void window_screen_type(struct window *w, char *text);
/* Types what is due. When to come again: UINT64_MAX: there is no more. */
u64 window_screen_type_some(struct window *w, u64 now_ns);

/* window_serial.c */
void window_serial_open(struct window *w);
void window_serial_close(struct window *w);
void window_serial_arrange(struct window *w);
void window_serial_text(struct window *w, const char *text);
void window_serial_key(struct window *w, const SDL_KeyboardEvent *e);
/* x, y: in the face. */
void window_serial_pointer(struct window *w, s32 x, s32 y);
void window_serial_button(struct window *w, u8 sdl_button, bool is_down, s32 x, s32 y);
void window_serial_scroll(struct window *w, s32 lines);
void window_serial_copy(struct window *w);
void window_serial_zoom(struct window *w, s32 steps);

/* window_events.c: what the user did. */
void window_event(struct window *w, const SDL_Event *e);

/* window_keys.c. True: the key was one of the window's own. */
bool window_key(struct window *w, const SDL_KeyboardEvent *e) must_check;
/* The i-th line of the help; false: there is none. */
bool window_help_line(u32 i, const char **keys, const char **what);

#endif
