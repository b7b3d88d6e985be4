/*
 * The colours of the window and of the text interface, all in one place: those of the report page's dark form
 * (emu/observe/page/), so that a kind of frame looks the same wherever it is seen. 0x00RRGGBB. They differ in
 * brightness too, for people who tell few hues apart; nothing is said by colour alone.
 */
#ifndef RVEMU_EMU_DISPLAY_COLOURS_H
#define RVEMU_EMU_DISPLAY_COLOURS_H

#include "emu/observe/guest_view.h"

enum colour {
	COLOUR_BACKGROUND = 0x14171b,  /* of everything */
	COLOUR_CARD = 0x1c2025,        /* of a box on it */
	COLOUR_SUNK = 0x0f1215,        /* of a plot or a field in a box */
	COLOUR_LINE = 0x323840,        /* frames and rules */
	COLOUR_INK = 0xe4e6e9,         /* text */
	COLOUR_QUIET = 0x9aa1aa,       /* text that explains */
	COLOUR_FAINT = 0x646b74,       /* text that is off, and marks */
	COLOUR_ACCENT = 0x7fb0ee,      /* what is chosen or can be pressed */
	COLOUR_ACCENT_SOFT = 0x24364d, /* background of that */
	COLOUR_BAD = 0xf28b92,         /* faults, stale entries */
	COLOUR_BAD_SOFT = 0x44262b,    /* background of that */
	COLOUR_GOOD = 0x74c98d,        /* what worked */
	COLOUR_WARN = 0xe8b34c,        /* held, slowed */
};

/* A frame's, by enum guest_frame_kind. */
static inline u32 colour_of_kind(u8 kind)
{
	static const u32 colours[GUEST_FRAME_KINDS] = {
		[GUEST_FRAME_UNKNOWN] = 0x262b31, [GUEST_FRAME_FREE] = 0x2f4436, [GUEST_FRAME_KERNEL] = 0x7f8894,
		[GUEST_FRAME_TABLE] = 0xc86aa4,   [GUEST_FRAME_ANON] = 0x5f93d6, [GUEST_FRAME_FILE] = 0x4fae68,
		[GUEST_FRAME_SHARED] = 0x6fd0e6,  [GUEST_FRAME_SWAP] = 0xf0788a, [GUEST_FRAME_USER] = 0x8db1e2,
	};
	return kind < GUEST_FRAME_KINDS ? colours[kind] : colours[GUEST_FRAME_UNKNOWN];
}

/* A mapping's, by the R, W and X bits of its PTE (in their places: 2, 4, 8); none of them: a pointer to a table. */
static inline u32 colour_of_permissions(u64 pte)
{
	static const u32 colours[8] = {
		0x727a84, 0x6a9bd1, 0xf0697a, 0x45b89f, 0xc2954a, 0xe8b34c, 0xf0697a, 0xf0697a,
	};
	return colours[bits(pte, 3, 1)];
}

#endif
