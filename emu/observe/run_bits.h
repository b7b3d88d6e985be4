/*
 * The bytes of a payload of a run file: numbers, and groups of flags, written or read by the same calls. Used by
 * run_codec.c alone.
 */
#ifndef RVEMU_EMU_OBSERVE_RUN_BITS_H
#define RVEMU_EMU_OBSERVE_RUN_BITS_H

#include "emu/base/base.h"

/* One payload at work. */
struct codec {
	bool reading;  /* unpacks */
	bool bad;      /* what is read is no event */
	u8 *at, *end;  /* the next byte; behind the last one */
	u8 *flags_at;  /* writing: where the flags go */
	u32 flag_size; /* bytes of them */
	u32 flag_next; /* how many bits are used up */
	u64 flags;     /* they */
};

/* A number as LEB128, and as its distance from a guess, which is short whichever way it goes. */
void codec_number(struct codec *c, u64 *v);
void codec_distance(struct codec *c, u64 *v, u64 guess);

/* Begins a group with `size` bytes of flags, at most 8; ends it. What is put between goes behind them. */
void codec_begin(struct codec *c, u32 size);
void codec_finish(struct codec *c);

/* A small number among the flags; at most `max` is good. */
u32 codec_field(struct codec *c, u32 v, u32 width, u32 max);
bool codec_flag(struct codec *c, bool v);

/* A value with one guess (1 flag); with three (2 flags), the first of which is also what the distance is from. */
void codec_guessed(struct codec *c, u64 *v, u64 guess);
void codec_guessed3(struct codec *c, u64 *v, u64 first, u64 second, u64 third);

/* A narrow value with one guess; at most `max` is good. */
u32 codec_narrow(struct codec *c, u32 v, u32 guess, u32 max);

#endif
