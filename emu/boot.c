/*
 * What goes where in RAM: see boot.h.
 */
#include "emu/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/memmap.h"
#include "emu/file.h"
#include "emu/firmware.h"

#define KERNEL_ALIGN (2 * MIB)
#define FDT_ALIGN (2 * MIB)
#define FDT_BELOW 0xc0000000ull /* 32-bit guests' habit, and QEMU's */
#define FDT_SIZE_MAX (16 * MIB)
#define INITRD_AFTER_MAX (128 * MIB)
#define INITRD_SIZE_MAX (64 * GIB)
#define INFO_MAGIC 0x4942534f
#define INFO_VERSION 2
#define INFO_MODE_S 1

static bool is_none(const char *bios)
{
	return bios && strcmp(bios, "none") == 0;
}

/* A guest alone, without a word about firmware: does it start by itself, in M mode? */
static bool starts_alone(const struct image *image, const struct config *config)
{
	switch (image->kind) {
	case IMAGE_ELF:
		return image_overlaps(image, MEMMAP_RAM_BASE, 1);
	case IMAGE_RAW:
		return image->path == config->guest;
	case IMAGE_LINUX:
		break;
	}
	return false;
}

/* The kernel was opened as if it were alone, and needs the firmware: it becomes the second. */
static void put_firmware_below(struct boot *boot)
{
	boot->kernel = boot->program;
	image_of_bytes(&boot->program, "built-in firmware", firmware_bytes, firmware_size, MEMMAP_RAM_BASE);
}

static bool open_images(struct boot *boot, const struct config *config, struct error *err)
{
	bool builtin = config->bios && strcmp(config->bios, "default") == 0;
	const char *firmware = builtin || is_none(config->bios) ? NULL : config->bios;
	const char *guest = config->guest, *kernel = config->kernel;
	if (config->bios && guest && kernel)
		return error_set(err, "three images given, but only firmware and a kernel fit: %s, %s and %s",
		                 config->bios, guest, kernel);
	if (guest && kernel) {
		firmware = guest;
		guest = NULL;
	}
	if (!kernel)
		kernel = guest;
	const char *first = firmware ? firmware : kernel;
	const char *second = firmware ? kernel : NULL;
	if (first && !image_open(&boot->program, first, MEMMAP_RAM_BASE, err))
		return false;
	if (second && !image_open(&boot->kernel, second, MEMMAP_RAM_BASE, err))
		return false;
	if (first && !firmware && (builtin || (!config->bios && !starts_alone(&boot->program, config))))
		put_firmware_below(boot);
	return true;
}

static bool open_others(struct boot *boot, const struct config *config, struct error *err)
{
	if (config->initrd) {
		boot->initrd = file_read(config->initrd, INITRD_SIZE_MAX, &boot->initrd_size, err);
		if (!boot->initrd)
			return false;
		if (boot->initrd_size == 0)
			return error_set(err, "%s: is empty", config->initrd);
	}
	if (config->dtb) {
		u64 size;
		struct error why;
		boot->user_fdt = file_read(config->dtb, FDT_SIZE_MAX, &size, err);
		if (!boot->user_fdt)
			return false;
		if (!fdt_check(boot->user_fdt, size, &why))
			return error_set(err, "%s: %s", config->dtb, why.text);
	}
	return true;
}

static void collect_symbols(struct boot *boot)
{
	const struct image *images[] = { &boot->program, &boot->kernel };
	for (u32 i = 0; i < ARRAY_SIZE(images); i++)
		for (u32 k = 0; k < images[i]->symbols.count; k++)
			symbols_add(&boot->symbols, &images[i]->symbols.all[k]);
	symbols_sort(&boot->symbols);
}

bool boot_open(struct boot *boot, const struct config *config, struct error *err)
{
	*boot = (struct boot){ 0 };
	if (!open_images(boot, config, err) || !open_others(boot, config, err)) {
		boot_close(boot);
		return false;
	}
	collect_symbols(boot);
	return true;
}

void boot_close(struct boot *boot)
{
	symbols_free(&boot->symbols);
	image_close(&boot->program);
	image_close(&boot->kernel);
	free(boot->initrd);
	free(boot->user_fdt);
	free(boot->fdt);
	*boot = (struct boot){ 0 };
}

/* True if size bytes at pa hit nothing that was placed before. */
static bool is_free(const struct boot *boot, u64 pa, u64 size)
{
	if (boot->program.path && image_overlaps(&boot->program, pa, size))
		return false;
	if (boot->kernel.path && image_overlaps(&boot->kernel, pa, size))
		return false;
	return !boot->initrd_pa || (pa - boot->initrd_pa >= boot->initrd_size && boot->initrd_pa - pa >= size);
}

/* A kernel that is not an ELF goes behind the firmware; one that is lies where it is linked, and must not hit it. */
static bool place_kernel(struct boot *boot, const struct config *config, struct error *err)
{
	struct image *kernel = &boot->kernel;
	if (!kernel->path)
		return true;
	u64 start, end, kernel_start, kernel_end;
	image_range(&boot->program, &start, &end);
	if (kernel->kind != IMAGE_ELF) {
		if (kernel->text_offset >= config->ram_size)
			return error_set(err,
			                 "%s: its header asks for a place 0x%" PRIx64
			                 " bytes into RAM, which has 0x%" PRIx64,
			                 kernel->path, kernel->text_offset, config->ram_size);
		u64 at = align_up(end, KERNEL_ALIGN);
		u64 wanted = MEMMAP_RAM_BASE + kernel->text_offset;
		image_move(kernel, at > wanted ? at : wanted);
	}
	image_range(kernel, &kernel_start, &kernel_end);
	for (u32 i = 0; i < kernel->segment_count; i++)
		if (image_overlaps(&boot->program, kernel->segments[i].pa, kernel->segments[i].mem_size))
			return error_set(err,
			                 "%s at 0x%" PRIx64 "..0x%" PRIx64 " overlaps the firmware %s at 0x%" PRIx64
			                 "..0x%" PRIx64,
			                 kernel->path, kernel_start, kernel_end - 1, boot->program.path, start,
			                 end - 1);
	return true;
}

static u64 ram_end(const struct config *config)
{
	return MEMMAP_RAM_BASE + config->ram_size;
}

static bool place_initrd(struct boot *boot, const struct config *config, struct error *err)
{
	if (!boot->initrd)
		return true;
	const struct image *kernel = boot->kernel.path ? &boot->kernel : &boot->program;
	u64 start = MEMMAP_RAM_BASE, end = MEMMAP_RAM_BASE;
	if (kernel->path)
		image_range(kernel, &start, &end);
	u64 half = config->ram_size / 2;
	u64 far = align_up(start + (half < INITRD_AFTER_MAX ? half : INITRD_AFTER_MAX), PAGE_SIZE);
	u64 candidates[] = { far, align_up(end, PAGE_SIZE) };
	for (u32 i = 0; i < ARRAY_SIZE(candidates); i++) {
		u64 pa = candidates[i];
		if (pa < ram_end(config) && boot->initrd_size <= ram_end(config) - pa &&
		    is_free(boot, pa, boot->initrd_size)) {
			boot->initrd_pa = pa;
			return true;
		}
	}
	return error_set(err,
	                 "%s: %" PRIu64 " KiB do not fit into %" PRIu64
	                 " MiB of RAM beside the kernel: give more with -m",
	                 config->initrd, (u64)(boot->initrd_size / KIB), (u64)(config->ram_size / MIB));
}

/* As high as possible: at a multiple of 2 MiB, or else anywhere. The firmware's information follows the device tree. */
static bool place_fdt(struct boot *boot, const struct config *config, struct error *err)
{
	u64 top = ram_end(config);
	if (top > FDT_BELOW)
		top = FDT_BELOW;
	u64 tree_size = align_up(boot->fdt_size, 8);
	u64 size = tree_size + sizeof(boot->info);
	u64 aligns[] = { FDT_ALIGN, 8 };
	for (u32 i = 0; i < ARRAY_SIZE(aligns) && size <= config->ram_size; i++) {
		u64 pa = align_down(top - size, aligns[i]);
		if (pa >= MEMMAP_RAM_BASE && is_free(boot, pa, size)) {
			boot->fdt_pa = pa;
			boot->info_pa = boot->kernel.path ? pa + tree_size : 0;
			return true;
		}
	}
	return error_set(err, "the device tree (%zu bytes) does not fit into RAM beside the guest: give more with -m",
	                 boot->fdt_size);
}

bool boot_place(struct boot *boot, const struct config *config, struct fdt_machine *machine, struct error *err)
{
	boot->initrd_pa = 0;
	if (!place_kernel(boot, config, err) || !place_initrd(boot, config, err))
		return false;
	u64 initrd_end = boot->initrd ? boot->initrd_pa + boot->initrd_size : 0;
	machine->bootargs = config->append;
	machine->initrd_start = boot->initrd_pa;
	machine->initrd_end = initrd_end;
	free(boot->fdt);
	if (boot->user_fdt)
		boot->fdt = fdt_set_chosen(boot->user_fdt, config->append, boot->initrd_pa, initrd_end, &boot->fdt_size,
		                           err);
	else
		boot->fdt = fdt_build(machine, &boot->fdt_size, err);
	boot->info = (struct boot_info){
		.magic = INFO_MAGIC,
		.version = INFO_VERSION,
		.next_addr = boot->kernel.entry,
		.next_mode = INFO_MODE_S,
	};
	return boot->fdt && place_fdt(boot, config, err);
}

bool boot_load(const struct boot *boot, struct bus *bus, struct error *err)
{
	if (boot->program.path && !image_load(&boot->program, bus, err))
		return false;
	if (boot->kernel.path && !image_load(&boot->kernel, bus, err))
		return false;
	/* The rest was placed inside RAM, so that only a bug can keep it out. */
	BUG_ON(boot->initrd && !bus_write(bus, boot->initrd_pa, boot->initrd, boot->initrd_size));
	BUG_ON(!bus_write(bus, boot->fdt_pa, boot->fdt, boot->fdt_size));
	BUG_ON(boot->info_pa && !bus_write(bus, boot->info_pa, &boot->info, sizeof(boot->info)));
	return true;
}

u64 boot_pc(const struct boot *boot)
{
	return boot->program.path ? boot->program.entry : MEMMAP_RAM_BASE;
}

bool boot_symbol_pa(const struct boot *boot, const char *name, u64 *pa)
{
	return image_symbol_pa(&boot->program, name, pa) || image_symbol_pa(&boot->kernel, name, pa);
}

bool boot_dump_dtb(const struct boot *boot, const char *path, struct error *err)
{
	FILE *out = fopen(path, "wb");
	bool ok = out && fwrite(boot->fdt, boot->fdt_size, 1, out) == 1;
	if (out && fclose(out) != 0)
		ok = false;
	return ok || error_set(err, "%s: %s", path, strerror(errno));
}
