/*
 * What a machine starts from: which files lie where in RAM, the device tree, and the registers' first values.
 *
 * Three ways to start (privilege mode of the first instruction is always M):
 *   - a program linked at the start of RAM, alone: it is entered at its entry point;
 *   - a firmware (--bios, or else the built-in one) at the start of RAM, and behind it a kernel that the firmware
 *     enters in S mode;
 *   - the same with the firmware as guest and the kernel as --kernel.
 * a0 is the hart's id, a1 the device tree, a2 OpenSBI's fw_dynamic_info if there is a kernel.
 *
 * Files are opened once; a machine that is reset is loaded from them again. QEMU's choices are followed where a guest
 * could rely on them: the kernel at the next 2 MiB, the initial RAM disk half the RAM (at most 128 MiB) behind it, the
 * device tree as high as possible below 3 GiB.
 */
#ifndef RVEMU_EMU_BOOT_H
#define RVEMU_EMU_BOOT_H

#include "devices/fdt.h"
#include "emu/loader.h"
#include "emu/options.h"

/* OpenSBI's struct fw_dynamic_info, version 2 (include/sbi/fw_dynamic.h there). */
struct boot_info {
	u64 magic;     /* "OSBI" */
	u64 version;   /* 2 */
	u64 next_addr; /* where the kernel starts */
	u64 next_mode; /* 1: S mode */
	u64 options;   /* 0 */
	u64 boot_hart; /* hart that boots */
};

struct boot {
	struct image program;   /* what runs first; path NULL: nothing */
	struct image kernel;    /* what firmware enters; path NULL: nothing */
	u8 *initrd;             /* its bytes, or NULL */
	u64 initrd_size;        /* how many */
	u64 initrd_pa;          /* where they go */
	void *user_fdt;         /* the user's device tree, or NULL */
	void *fdt;              /* the device tree, once boot_place() was called */
	size_t fdt_size;        /* its bytes */
	u64 fdt_pa;             /* where it goes */
	u64 info_pa;            /* where struct boot_info goes; 0: nowhere */
	struct boot_info info;  /* its contents */
	struct symbols symbols; /* of program and kernel together */
};

/* Opens and checks the files that the configuration names. False: *boot is empty, see err. */
bool boot_open(struct boot *boot, const struct config *config, struct error *err) must_check;

/* Frees it; a zeroed one too. */
void boot_close(struct boot *boot);

/*
 * Decides where everything goes and makes the device tree. `machine` says what was attached; its bootargs and initrd
 * fields are filled in here. False: something does not fit into RAM, see err.
 */
bool boot_place(struct boot *boot, const struct config *config, struct fdt_machine *machine,
                struct error *err) must_check;

/* Copies everything into RAM, which is zeroed. False: see err. */
bool boot_load(const struct boot *boot, struct bus *bus, struct error *err) must_check;

/* Where harts start. */
u64 boot_pc(const struct boot *boot);

/* The physical address of a symbol of the program or else the kernel, or false. */
bool boot_symbol_pa(const struct boot *boot, const char *name, u64 *pa) must_check;

/* Writes the device tree to a file. */
bool boot_dump_dtb(const struct boot *boot, const char *path, struct error *err) must_check;

#endif
