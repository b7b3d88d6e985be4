/*
 * The guest's screen as one picture: the virtio GPU's scanout if the guest has set one up, or else the simple
 * framebuffer, with the GPU's cursor on it. The machine's thread only.
 */
#ifndef RVEMU_EMU_DISPLAY_SCREEN_H
#define RVEMU_EMU_DISPLAY_SCREEN_H

#include "emu/display/picture.h"

struct machine;

/* NOTHING: there is no screen, or the guest has switched the GPU's off and there is no framebuffer. */
enum screen_source { SCREEN_NOTHING, SCREEN_FRAMEBUFFER, SCREEN_GPU };

struct screen {
	struct picture picture; /* what was to be seen at the last screen_update() */
	u8 source;              /* enum screen_source: whose picture it is */
	bool was_drawn;         /* the guest has drawn something since it started: the framebuffer was written, or a
	                           scanout set up */
	u32 cursor_serial;      /* of the cursor that is on it */
	u32 cursor_first, cursor_count; /* the rows that it covers */
};

/* Zeroed it is empty. */
void screen_free(struct screen *s);

/* True if something changed since the last update; costs next to nothing if not. */
bool screen_is_dirty(const struct screen *s, const struct machine *m);

/* Brings the image up to date. Rows first..first+count-1 changed (a change of size: all). False: nothing did. Between
 * two instructions only. */
bool screen_update(struct screen *s, struct machine *m, u32 *first, u32 *count);

/* Writes what is to be seen now into a PNG file; who updates a struct screen misses nothing by it. False: the machine
 * has no screen, or the file cannot be written; see err. Between two instructions only. */
bool screen_dump(const struct machine *m, const char *path, struct error *err) must_check;

#endif
