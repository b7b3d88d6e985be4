/*
 * The flattened device tree that the guest is given: made from a description of what was really attached, in the shape
 * and with the names of QEMU's virt board; or the user's own, checked and completed. Made with libfdt.
 *
 * Not here: where the blob lies in RAM (emu/machine.c puts it there).
 */
#ifndef RVEMU_DEVICES_FDT_H
#define RVEMU_DEVICES_FDT_H

#include "emu/base/base.h"

/* The value of a property made of 32-bit cells, in host byte order; count 0: the property is left out. */
struct fdt_cells {
	const u32 *cells; /* the cells */
	u32 count;        /* how many */
};

/* What the tree says about the machine. Strings and arrays are only borrowed while fdt_build() runs. */
struct fdt_machine {
	u64 ram_base;         /* first address of RAM */
	u64 ram_size;         /* bytes */
	u64 reserved_base;    /* RAM that belongs to M-mode firmware and the kernel must leave alone */
	u64 reserved_size;    /* its bytes; 0: none */
	u32 harts;            /* how many, 1..64; their ids are 0..harts-1 */
	const char *isa;      /* "rv64imafdc_zicsr_...": the single letters, then names with '_' before each */
	const char *mmu_type; /* "riscv,sv39", "riscv,sv48" or "riscv,sv57"; NULL: bare only */
	u32 cbom_block_size;  /* cache block of Zicbom in bytes; 0: no such property */
	u32 cboz_block_size;  /* of Zicboz */
	u32 cbop_block_size;  /* of Zicbop */
	u32 timebase_hz;      /* ticks of mtime a second */
	const char *bootargs; /* the kernel's command line; NULL: none */
	u64 initrd_start;     /* first address of the initial RAM disk */
	u64 initrd_end;       /* the address behind it; 0: none */
	const u8 *rng_seed;   /* random bytes for the kernel; NULL: none, so that runs are repeatable */
	u32 rng_seed_size;    /* how many */
	bool has_clint;       /* machine timer and software interrupts */
	bool has_plic;        /* external interrupts; without it devices have no interrupt property */
	bool has_uart;        /* the serial port; it is also the console and the alias serial0 */
	bool has_rtc;         /* the real-time clock, alias rtc0 */
	bool has_syscon;      /* the finisher, by which the kernel powers off and reboots */
	u32 virtio_slots;     /* bit i: the virtio-mmio window i (0..7) is there */
	u64 framebuffer_base; /* first address of the simple framebuffer (devices/framebuffer.h) */
	u32 framebuffer_width, framebuffer_height; /* pixels; 0: there is none */
	/* The pmu node, by which OpenSBI ("riscv,pmu") learns how events are counted; left out if all three are. */
	struct fdt_cells pmu_event_to_mhpmevent;        /* triples: event, upper and lower half of the selector */
	struct fdt_cells pmu_event_to_mhpmcounters;     /* triples: first event, last event, counter mask */
	struct fdt_cells pmu_raw_event_to_mhpmcounters; /* fives: selector, mask (two cells each), counter mask */
};

/* Makes the tree: a blob for free(), its length in *size. NULL: the description cannot be said in a tree, see err. */
void *fdt_build(const struct fdt_machine *machine, size_t *size, struct error *err);

/*
 * Checks a tree that came from outside before anything walks it: header, bounds, structure, strings. `size` is that of
 * the buffer (8-byte aligned, as malloc's are), which may be larger than the tree. False: it is damaged, see err.
 */
bool fdt_check(const void *blob, size_t size, struct error *err) must_check;

/*
 * Makes a copy of a checked tree (see fdt_check) with its /chosen node set: bootargs unless NULL, the initial RAM disk
 * unless initrd_end is 0. Returns the copy for free(), its length in *new_size. NULL: see err.
 */
void *fdt_set_chosen(const void *blob, const char *bootargs, u64 initrd_start, u64 initrd_end, size_t *new_size,
                     struct error *err);

#endif
