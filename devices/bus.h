/*
 * The physical address space: regions of RAM or devices, found by physical address.
 *
 * RAM regions are one host mapping each, so that the MMU's fast path can point straight into them. Everything else is a
 * device with a load and a store function. An access that no region takes whole fails: the hart turns that into an
 * access fault. The bus knows no hart and no MMU.
 *
 * RAM keeps a map of the 64-byte granules that hold decoded code, so that whoever writes RAM past the fast path (a slow
 * store, a device's DMA) can tell the block cache: see `code_map`.
 */
#ifndef RVEMU_DEVICES_BUS_H
#define RVEMU_DEVICES_BUS_H

#include "emu/base/base.h"

struct state;

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define BUS_REGIONS_MAX 32
#define BUS_PINS_MAX 8

/*
 * A device's registers. `offset` is from the region's start, `size` is 1, 2, 4 or 8, naturally aligned; the value lies
 * in the low bits. Returning false means the device refuses the access (an access fault, as a bus error would be).
 */
struct device_ops {
	bool (*load)(void *device, u64 offset, u32 size, u64 *value) must_check;
	bool (*store)(void *device, u64 offset, u32 size, u64 value) must_check;
};

struct bus_region {
	const char *name; /* for messages and `info devices`; static storage */
	u64 base;         /* first physical address */
	u64 size;         /* bytes */
	u8 *ram;          /* host address of a RAM region's first byte; NULL for devices */
	u64 *code_map;    /* RAM: one word a page, bit i: bytes 64*i..64*i+63 hold decoded code */
	u64 *watch_map;   /* RAM: likewise, granules that bus.watched_written wants to hear of; NULL: none ever */
	u8 *clean_map;    /* RAM whose stores somebody wants to know of by page (devices/framebuffer.h): 1: not written
	                     since it was set; such pages are kept out of the fast path. NULL: nobody does */
	u64 dirty_pages;  /* with a clean_map: how many of its entries are 0 */
	const struct device_ops *ops; /* devices: what answers */
	void *device;                 /* devices: what `ops` is given */
};

struct bus {
	struct bus_region regions[BUS_REGIONS_MAX];        /* sorted by base */
	u32 count;                                         /* how many are used */
	struct bus_region *ram;                            /* the main RAM: tried first */
	void (*code_written)(void *arg, u64 pa, u64 size); /* a store touched a granule that holds decoded code */
	void *code_written_arg;                            /* what it is given */
	void (*watched_written)(void *arg, u64 pa,
	                        u64 size); /* a store touched a granule of watch_map, within a page */
	void *watched_arg;                 /* what it is given */
	u64 pins[BUS_PINS_MAX];            /* addresses of granules that stay in the code map, see bus_pin() */
	u32 pin_count;                     /* how many */
};

void bus_init(struct bus *bus);
void bus_free(struct bus *bus);

/* Adds zeroed RAM (base and size multiples of a page; memory is taken from the host only when touched). False: overlap,
 * or no memory. */
bool bus_add_ram(struct bus *bus, const char *name, u64 base, u64 size, struct error *err) must_check;

/* Lets the host back RAM touched from now on with its large pages. For guests that run long: it spares the host's TLB,
 * but a first touch may then cost milliseconds, too much for a program that is over after three. */
void bus_prefer_large_pages(struct bus *bus);

/* Adds a device. False: the range overlaps another region, or there are too many. */
bool bus_add_device(struct bus *bus, const char *name, u64 base, u64 size, const struct device_ops *ops, void *device,
                    struct error *err) must_check;

/* The region that holds pa, or NULL. */
struct bus_region *bus_find(struct bus *bus, u64 pa);

/* Host address of the RAM bytes pa..pa+size-1, or NULL if they are not all RAM of one region. */
u8 *bus_ram(struct bus *bus, u64 pa, u64 size);

/* Loads `size` (1, 2, 4, 8) bytes, little-endian, zero-extended. RAM takes any alignment; devices only natural
 * alignment. False: nothing answers there, or the device refuses. */
bool bus_load(struct bus *bus, u64 pa, u32 size, u64 *value) must_check;

/* Stores likewise. Code that the store overwrites is forgotten. */
bool bus_store(struct bus *bus, u64 pa, u32 size, u64 value) must_check;

/* Copies to or from RAM on behalf of a device or the loader. False: not all RAM; nothing was copied. */
bool bus_read(struct bus *bus, u64 pa, void *to, u64 size) must_check;
bool bus_write(struct bus *bus, u64 pa, const void *from, u64 size) must_check;

/* To be called when pa..pa+size-1 (RAM) was written: tells the block cache, if any decoded code lies there, and whoever
 * watches. */
void bus_wrote(struct bus *bus, struct bus_region *region, u64 pa, u64 size);

/*
 * From now on code_written is also called for stores to pa..pa+size-1, whether code lies there or not: for words in RAM
 * that a device watches (HTIF). Stores near them are told of too, and none of that page takes the MMU's fast path.
 * False: not all RAM, or too many.
 */
bool bus_pin(struct bus *bus, u64 pa, u64 size, struct error *err) must_check;

/* Gives all RAM an empty watch_map, and has `written` called after each store to what is put there: mmu/check.h, which
 * is the only one. A granule goes in by setting its bit, after stores to the page were taken out of the fast path. */
void bus_watch(struct bus *bus, void (*written)(void *arg, u64 pa, u64 size), void *arg);

/* Gives the RAM region at `base`, which is not the main RAM, a clean_map: all its pages are dirty. An entry is set to 1
 * after stores to the page were taken out of the fast path, and becomes 0 when the page is written, in whatever way. */
void bus_track(struct bus *bus, u64 base);

/* The granules of the RAM page at pa that stores must not pass over: code, and what is watched. */
static inline u64 bus_granules(const struct bus_region *region, u64 pa)
{
	u64 page = (pa - region->base) >> PAGE_SHIFT;

	return region->code_map[page] | (unlikely(region->watch_map) ? region->watch_map[page] : 0);
}

/* True if stores to the RAM page at pa must take the slow way: for one of its granules, or because it is clean. */
static inline bool bus_watches_stores(const struct bus_region *region, u64 pa)
{
	return bus_granules(region, pa) ||
	       unlikely(region->clean_map && region->clean_map[(pa - region->base) >> PAGE_SHIFT]);
}

/* Saves or restores the contents of all RAM; pages of zeros take no room. Restoring tells nobody of the change (it is
 * for machines that have not run), but where pages are clean or dirty, all are dirty. */
void bus_state(struct state *s, struct bus *bus);

/* The RAM page at pa holds no decoded code any more: clears its word of the code map, but for what is pinned. */
void bus_unwatch_page(struct bus *bus, struct bus_region *region, u64 pa);

#endif
