/*
 * Which line of which file an instruction of the guest came from: the DWARF line tables of the guest's ELF files, read
 * by libdw. A convenience for people: what is missing, stripped or damaged has no lines, and nobody is told.
 *
 * Lazy: a file's debug information is looked at when the first pc in it is asked about, and the lines of a compilation
 * unit when the first pc in that is. The ELF may be anybody's: how much of it is believed is limited.
 *
 * Names of functions are emu/symbols.h's business.
 */
#ifndef RVEMU_EMU_OBSERVE_SOURCE_LINES_H
#define RVEMU_EMU_OBSERVE_SOURCE_LINES_H

#include "emu/loader.h"

/* Room for what source_lines_describe() writes, as a rule. */
#define SOURCE_LINE_SIZE 160

struct source_lines;

/* Knows no file yet. */
struct source_lines *source_lines_create(void);

/* s may be NULL. */
void source_lines_destroy(struct source_lines *s);

/* Asks this image too, if it is an ELF file; one that was added already is not added again. It must live as long. */
void source_lines_add(struct source_lines *s, const struct image *image);

/* The address that pc was linked for: where a kernel runs at the physical addresses that it was loaded to, before it
 * has turned translation on, the virtual one; pc itself where it lies in no file's segments. For symbols. */
u64 source_lines_linked(const struct source_lines *s, u64 pc);

/* Writes "guest/kernel/mm/fault.c:123", relative to the directory it was compiled in, for the instruction at pc (as
 * linked, or where it was loaded); names are made printable, and cut in front where they do not fit. False: no line is
 * known, and buf is empty. s may be NULL. */
bool source_lines_describe(struct source_lines *s, u64 pc, char *buf, size_t size);

#endif
