/*
 * The loader: reads a guest's file (ELF, Linux Image, either of them gzipped, or raw bytes) and puts it into RAM.
 *
 * An image is opened and checked once, and may be put into RAM as often as the machine is reset. Whatever the file
 * holds, the worst that happens is a line that names the file and what is wrong with it. Where images go relative to
 * each other is emu/boot.c's business.
 */
#ifndef RVEMU_EMU_LOADER_H
#define RVEMU_EMU_LOADER_H

#include "devices/bus.h"
#include "emu/symbols.h"

enum image_kind {
	IMAGE_ELF,   /* placed by its program headers */
	IMAGE_LINUX, /* a Linux Image: raw, but says how much room it needs */
	IMAGE_RAW,   /* bytes; starts at its first one */
};

/* A run of bytes in RAM. */
struct segment {
	u64 pa;          /* physical address */
	u64 va;          /* virtual address it was linked for */
	u64 file_size;   /* bytes from the file */
	u64 mem_size;    /* bytes in RAM: zeros follow those from the file */
	const u8 *bytes; /* in the image's file */
};

struct image {
	const char *path; /* as the user named it */
	enum image_kind kind;
	u8 *file;                 /* its bytes, unpacked */
	u64 file_size;            /* how many */
	struct segment *segments; /* at least one */
	u32 segment_count;        /* how many */
	u64 entry;                /* physical address of the first instruction */
	u64 text_offset;          /* Linux: where it wants to be, from the start of RAM */
	struct symbols symbols;   /* ELF only */
};

/*
 * Reads the file. ELF: RV64, little-endian, EXEC, or DYN, which is moved to `base` if it is linked below it. Others lie
 * at `base` until image_move(). False: *image is empty, see err.
 */
bool image_open(struct image *image, const char *path, u64 base, struct error *err) must_check;

/* Makes a raw image of bytes that rvemu itself has; they are copied. `name` is what messages call it. */
void image_of_bytes(struct image *image, const char *name, const u8 *bytes, u64 size, u64 base);

/* Frees it; an empty one (zeroed) too. */
void image_close(struct image *image);

/* Moves an image that is not an ELF to another address. */
void image_move(struct image *image, u64 base);

/* The first address it takes and the one behind the last. */
void image_range(const struct image *image, u64 *start, u64 *end);

/* True if one of its segments takes some of pa..pa+size-1. */
bool image_overlaps(const struct image *image, u64 pa, u64 size);

/* Copies it into RAM that is zeroed: what the file leaves out is not touched. False: a segment is not all in RAM; err
 * names the addresses. */
bool image_load(const struct image *image, struct bus *bus, struct error *err) must_check;

/* The physical address of an ELF symbol, or false. */
bool image_symbol_pa(const struct image *image, const char *name, u64 *pa) must_check;

#endif
