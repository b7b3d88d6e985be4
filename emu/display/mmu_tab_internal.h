/*
 * What the parts of the MMU tab share: the tab itself, the drawing context of one picture, and zones.
 *
 * Everything that can be pointed at is a zone, noted by the code that paints it: what the pointer hits is looked up in
 * the zones of the last picture, so that painting and hitting cannot differ. A zone may be a grid of cells of equal
 * size. A newer view may have come since; who reads a zone's index must check it against the view.
 */
#ifndef RVEMU_EMU_DISPLAY_MMU_TAB_INTERNAL_H
#define RVEMU_EMU_DISPLAY_MMU_TAB_INTERNAL_H

#include "emu/display/colours.h"
#include "emu/display/mmu_tab.h"

#define TAB_ZONES_MAX 2048
#define TAB_FLASH_NS 500000000ull /* how long a cell of the frame map flashes */
#define TAB_BLINK_NS 300000000ull /* half a period of a stale TLB entry */
#define TAB_TIP_LINES 12
#define TAB_TIP_BYTES 120

enum tab_part { PART_FRAMES, PART_WALK, PART_TREE, PART_TLB, PART_PLOTS, TAB_PARTS };

enum zone_kind {
	ZONE_NONE,
	ZONE_PART,     /* a part's title; index: enum tab_part */
	ZONE_BODY,     /* a whole part, below all other zones of it */
	ZONE_BUTTON,   /* index: the key that does the same */
	ZONE_SPEED,    /* grid: the stops of the slider */
	ZONE_STATUS,   /* index: enum tab_status */
	ZONE_FRAMES,   /* grid: cells of the frame map, `fold` of them in one */
	ZONE_KIND,     /* legend of the frame map; index: enum guest_frame_kind */
	ZONE_MARK,     /* likewise; index: enum tab_mark */
	ZONE_SPACE,    /* index: of the view's spaces */
	ZONE_TABLE,    /* index: of the view's tables; grid: entries */
	ZONE_ENTRY,    /* legend of the tree; index: enum tab_entry */
	ZONE_TLB,      /* index: of the view's arrays; grid: slots, `fold` of them in one */
	ZONE_TLB_KIND, /* legend of the TLB; index: enum tab_tlb_kind */
	ZONE_STALE,    /* index: of the view's TLB entries */
	ZONE_FIELD,    /* a field of the walked address; index: level, or TAB_FIELD_* */
	ZONE_STEP,     /* index: of the walk's steps */
	ZONE_SATP,     /* where the walk starts */
	ZONE_LANDED,   /* where it ended */
	ZONE_WALK,     /* a walk in the list; index: of the view's walks */
	ZONE_FAILED,   /* the last walk that failed */
	ZONE_PLOT,     /* index: enum tab_plot */
	ZONE_POPUP,    /* what lies above all others */
};

enum tab_status {
	STATUS_STATE,
	STATUS_HART,
	STATUS_MODE,
	STATUS_PROCESS,
	STATUS_PC,
	STATUS_SATP,
	STATUS_TIME,
	STATUS_SPEED,
};
enum tab_mark { MARK_BRIGHT, MARK_DIRTY, MARK_MAPS, MARK_FLASH, TAB_MARKS };
enum tab_entry { ENTRY_R, ENTRY_RW, ENTRY_RX, ENTRY_RWX, ENTRY_KERNEL, ENTRY_POINTER, ENTRY_SOFTWARE, TAB_ENTRIES };
enum tab_tlb_kind { TLB_CURRENT, TLB_GLOBAL, TLB_OTHER, TLB_STALE, TLB_EMPTY, TAB_TLB_KINDS };
enum tab_plot {
	PLOT_INSTRET,
	PLOT_WALKS,
	PLOT_FAULTS,
	PLOT_HITS,
	PLOT_SWAP_IN,
	PLOT_SWAP_OUT,
	PLOT_FREE,
	PLOT_FENCES,
	TAB_PLOTS,
};
#define TAB_FIELD_OFFSET 16 /* the part of an address that no table translates */
#define TAB_FIELD_SIGN 17   /* copies of the highest translated bit */

struct zone {
	struct rect r;
	u8 kind;           /* enum zone_kind */
	u32 index;         /* see there */
	u16 columns, rows; /* of a grid; else 1, 1 */
	u32 fold;          /* things in one cell of a grid */
};

struct mmu_tab {
	void (*send)(void *arg, const struct wish *wish);
	void *arg;
	const struct live_view *view; /* NULL: none yet */
	u64 view_number;              /* its number */
	struct link_status status;    /* with it */
	struct live_request request;  /* what it wants to see */
	s32 x, y;                     /* the pointer; -1: elsewhere */
	u32 stepping;                 /* key of a step that is under way; 0: none */
	u64 step_from;                /* instructions when it was asked for */
	bool shows_help;              /* the page that explains all */
	bool is_fresh;                /* the view was not painted yet */
	u8 zoomed;                    /* enum tab_part that has all the room; TAB_PARTS: none */
	s32 tree_scroll;              /* pixels */
	s32 tree_scroll_max;          /* as of the last picture */
	s32 tlb_scroll;               /* likewise */
	s32 tlb_scroll_max;
	bool has_walk;         /* a walk was chosen; else the newest is shown */
	struct live_walk walk; /* that one: it may be forgotten elsewhere */
	u32 *flash_ms;         /* LIVE_CELLS_MAX: when each cell's flash began, on the clock of paint; 0: never */
	u64 flash_until_ns;    /* some cell flashes until then */
	u32 zone_count;        /* of the last picture */
	struct zone zones[TAB_ZONES_MAX];
};

/* One picture at work. */
struct ui {
	struct mmu_tab *tab;
	const struct live_view *v;
	struct canvas c;
	const struct font *font, *bold, *small; /* small: for captions in pictures */
	s32 em, line;                           /* a character's width, a line's height with its gap */
	s32 gap;                                /* between things */
	u64 now_ns;
};

struct tip {
	u32 count;
	char lines[TAB_TIP_LINES][TAB_TIP_BYTES]; /* the first one is a headline */
};

/* --- mmu_tab.c --- */

struct zone *tab_zone(const struct ui *ui, struct rect r, enum zone_kind kind, u32 index);
/* The same as a grid. */
struct zone *tab_grid(const struct ui *ui, struct rect r, enum zone_kind kind, u32 index, u32 columns, u32 rows);
/* The uppermost zone under the pointer; NULL: none. */
const struct zone *tab_zone_at(const struct mmu_tab *tab, s32 x, s32 y);
/* The number of the cell there, row by row. */
u32 zone_cell(const struct zone *z, s32 x, s32 y);
struct rect zone_cell_rect(const struct zone *z, u32 cell);
/* The zone under the pointer if it is that one; else NULL. */
const struct zone *tab_hover(const struct ui *ui, enum zone_kind kind, u32 index);
void tab_wish(struct mmu_tab *tab, enum wish_kind kind, u64 number);
/* Tells the machine what is to be seen now. */
void tab_look(struct mmu_tab *tab);
/* Chooses the walk `by` places older than the one shown; negative: newer. */
void tab_walk_older(struct mmu_tab *tab, s32 by);
/* The walk that is shown; NULL: there is none. */
const struct live_walk *tab_walk(const struct mmu_tab *tab);
/* The stops of the speed slider: steps a second, the last one 0. */
u32 tab_speed_stops(void);
u64 tab_speed_stop(u32 i);
/* The stop nearest to the machine's speed. */
u32 tab_speed_now(const struct mmu_tab *tab);
/* Acts on a press there. */
bool tab_press(struct mmu_tab *tab, s32 x, s32 y);

/* --- mmu_tab_draw.c --- */

struct ui ui_begin(struct mmu_tab *tab, const struct canvas *c, struct rect r, u64 now_ns);
/* Formatted text; returns the x behind it. */
s32 ui_put(const struct ui *ui, const struct font *font, s32 x, s32 y, u32 colour, const char *fmt, ...)
	printf_like(6, 7);
/* The same, cut to `width`. */
s32 ui_fit(const struct ui *ui, const struct font *font, s32 x, s32 y, s32 width, u32 colour, const char *fmt, ...)
	printf_like(7, 8);
/* In the middle of r. */
void ui_centre(const struct ui *ui, const struct font *font, struct rect r, u32 colour, const char *fmt, ...)
	printf_like(5, 6);
/* Breaks the text into lines of r's width, as many as fit its height; returns the y below them. */
s32 ui_wrap(const struct ui *ui, const struct font *font, struct rect r, u32 colour, const char *text);
/* How many lines that needs, about. */
u32 ui_lines(const struct font *font, s32 width, const char *text);
/* A part's box with its title and a remark to the right; returns the room inside. */
struct rect ui_part(const struct ui *ui, struct rect r, enum tab_part part, const char *title, const char *remark);
/* A button with its key on it; returns the x behind it. */
s32 ui_button(const struct ui *ui, s32 x, s32 y, u32 key, const char *key_name, const char *text, bool is_on);
/* An arrow head at (x, y), pointing right (dx 1), left (-1) or down (dy 1). */
void ui_arrow_head(const struct ui *ui, s32 x, s32 y, s32 dx, s32 dy, u32 colour);
/* Lines that slope down from the left, over r. */
void ui_hatch(const struct ui *ui, struct rect r, u32 colour);
struct rect rect_inset(struct rect r, s32 by);
/* Fills without a call for what is inside of the clip: for many small cells. */
static inline void ui_fill(const struct canvas *c, s32 x, s32 y, s32 w, s32 h, u32 colour)
{
	struct rect clip = c->clip;
	if (x < clip.x || y < clip.y || x + w > clip.x + clip.w || y + h > clip.y + clip.h) {
		paint_rect(c, (struct rect){ x, y, w, h }, colour);
		return;
	}
	u32 *row = c->picture->pixels + (size_t)y * c->picture->width + (size_t)x;
	for (s32 j = 0; j < h; j++, row += c->picture->width) {
		for (s32 i = 0; i < w; i++)
			row[i] = colour;
	}
}

/* Words: each writes into `text` and returns it. */
#define WORDS_BYTES 96
const char *words_count(char text[WORDS_BYTES], double n); /* 12, 3.4K, 56M */
const char *words_size(char text[WORDS_BYTES], u64 bytes); /* 4 KiB, 2 MiB */
const char *words_flags(char text[WORDS_BYTES], u64 pte);  /* DAGUXWRV, or - */
const char *words_satp(char text[WORDS_BYTES], u64 satp);  /* Sv39, ASID 3, root 0x80123000 */
const char *words_space(char text[WORDS_BYTES], const struct live_space *space);
const char *words_pid(char text[WORDS_BYTES], const struct live_view *v, u32 pid); /* sh (pid 3) */
const char *words_age(char text[WORDS_BYTES], u8 age);                             /* about 4K instructions ago */
const char *words_mode(u8 priv);
const char *words_access(u8 access);
/* 0: not used for long, or never; 255: now. */
u32 age_brightness(u8 age);

/* --- the parts: each paints itself into r --- */

void tab_paint_controls(const struct ui *ui, struct rect r);
void tab_paint_status(const struct ui *ui, struct rect r);
void tab_paint_frames(const struct ui *ui, struct rect r);
void tab_paint_tree(const struct ui *ui, struct rect r);
void tab_paint_tlb(const struct ui *ui, struct rect r);
void tab_paint_walk(const struct ui *ui, struct rect r);
void tab_paint_plots(const struct ui *ui, struct rect r);
/* The panel of the frame that was clicked, the help, and the tooltip: above all others. */
void tab_paint_frame_panel(const struct ui *ui, struct rect r);
void tab_paint_help(const struct ui *ui, struct rect r);
void tab_paint_tip(const struct ui *ui, struct rect r);

/* What is under the pointer, in words. False: nothing to say. */
bool tab_tip(const struct mmu_tab *tab, s32 x, s32 y, struct tip *tip);
void tip_add(struct tip *tip, const char *fmt, ...) printf_like(2, 3);
void tip_frames(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip);
void tip_tree(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip);
void tip_tlb(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip);
void tip_walk(const struct mmu_tab *tab, const struct zone *z, struct tip *tip);
void tip_plot(const struct mmu_tab *tab, const struct zone *z, struct tip *tip);
void tip_controls(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip);

#endif
