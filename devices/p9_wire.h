/*
 * The bytes of 9P messages: numbers are little-endian, strings have two bytes of length in front (9P2000's intro(5),
 * "string[s]"). Reading and writing keep a flag instead of failing one by one: look at it at the end.
 *
 * Not here: what messages mean (devices/p9.c).
 */
#ifndef RVEMU_DEVICES_P9_WIRE_H
#define RVEMU_DEVICES_P9_WIRE_H

#include "emu/base/base.h"

#define P9_HEADER_SIZE 7 /* size[4] type[1] tag[2] */
#define P9_NAME_MAX 255  /* bytes in the name of a file */
#define P9_TEXT_MAX 4095 /* bytes in a symbolic link, or in a string that is not a name */

/* A message being read. */
struct p9_in {
	const u8 *at; /* the next byte */
	u32 left;     /* how many there are */
	bool bad;     /* something was read behind the end, or a string is none; everything read since is zero */
};

/* A message being written. */
struct p9_out {
	u8 *start; /* its first byte */
	u32 used;  /* bytes written */
	u32 room;  /* bytes there is room for */
	bool full; /* something did not fit, and was left out */
};

/* A kind of file and which file it is, as 9P has it. */
struct p9_qid {
	u8 type;     /* P9_QID_... */
	u32 version; /* changes with the contents */
	u64 path;    /* which file */
};

#define P9_QID_DIRECTORY 0x80
#define P9_QID_SYMLINK 0x02
#define P9_QID_FILE 0x00

u8 p9_get_u8(struct p9_in *in);
u16 p9_get_u16(struct p9_in *in);
u32 p9_get_u32(struct p9_in *in);
u64 p9_get_u64(struct p9_in *in);

/* The next `size` bytes where they are; NULL, and in->bad, if there are fewer. */
const u8 *p9_get_bytes(struct p9_in *in, u32 size);

/* Copies the next string, with a zero behind it, to `text` of room bytes. One that is longer or has a zero inside is
 * bad. */
void p9_get_string(struct p9_in *in, char *text, u32 room);

void p9_put_u8(struct p9_out *out, u8 value);
void p9_put_u16(struct p9_out *out, u16 value);
void p9_put_u32(struct p9_out *out, u32 value);
void p9_put_u64(struct p9_out *out, u64 value);
void p9_put_qid(struct p9_out *out, struct p9_qid qid);
void p9_put_string(struct p9_out *out, const char *text);

/* Writes a number over what stands at `offset`, which was written before. */
void p9_patch_u32(struct p9_out *out, u32 offset, u32 value);

#endif
