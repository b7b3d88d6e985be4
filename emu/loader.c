/*
 * The loader: see loader.h. ELF files are read with libelf, whose answers are checked again: a header may lie about
 * sizes and addresses as it likes, and sums of its numbers may wrap.
 *
 * The Linux Image header (Documentation/arch/riscv/boot-image-header.rst): text_offset at byte 8, image_size at 16,
 * the magic number "RSC\x05" at 56; all little-endian, as the host is.
 */
#include "emu/loader.h"

#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/file.h"

#define FILE_SIZE_MAX (4 * GIB)
#define LINUX_HEADER_SIZE 64
#define LINUX_MAGIC_AT 56
#define LINUX_MAGIC "RSC\x05"
#define ELF_EM_RISCV 243

static bool starts_with_elf_magic(const struct image *image)
{
	return image->file_size >= 4 && memcmp(image->file, ELFMAG, SELFMAG) == 0;
}

static u64 load64(const u8 *from)
{
	u64 value;
	memcpy(&value, from, 8);
	return value;
}

/* What the header must say for us to go on. */
static bool check_header(const struct image *image, const GElf_Ehdr *h, struct error *err)
{
	if (h->e_ident[EI_CLASS] != ELFCLASS64)
		return error_set(err, "%s: a 32-bit ELF file; rvemu runs 64-bit ones", image->path);
	if (h->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(err, "%s: a big-endian ELF file; RISC-V's are little-endian", image->path);
	if (h->e_machine != ELF_EM_RISCV)
		return error_set(err, "%s: an ELF file for another machine (number %u), not for RISC-V", image->path,
		                 h->e_machine);
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return error_set(err, "%s: an ELF file that is not linked (type %u), link it first", image->path,
		                 h->e_type);
	return true;
}

/* Takes the i-th program header if it asks for memory. */
static bool add_segment(struct image *image, Elf *elf, u32 i, struct error *err)
{
	GElf_Phdr p;
	if (!gelf_getphdr(elf, (int)i, &p))
		return error_set(err, "%s: program header %u cannot be read (%s)", image->path, i, elf_errmsg(-1));
	if (p.p_type != PT_LOAD || p.p_memsz == 0)
		return true;
	if (p.p_filesz > p.p_memsz)
		return error_set(err, "%s: program header %u has more bytes in the file than in memory", image->path,
		                 i);
	if (p.p_offset > image->file_size || p.p_filesz > image->file_size - p.p_offset)
		return error_set(err, "%s: program header %u reaches behind the end of the file", image->path, i);
	if (p.p_memsz - 1 > UINT64_MAX - p.p_paddr)
		return error_set(err, "%s: program header %u reaches behind the end of memory", image->path, i);
	image->segments[image->segment_count++] = (struct segment){
		.pa = p.p_paddr,
		.va = p.p_vaddr,
		.file_size = p.p_filesz,
		.mem_size = p.p_memsz,
		.bytes = image->file + p.p_offset,
	};
	return true;
}

static bool add_segments(struct image *image, Elf *elf, struct error *err)
{
	size_t count;
	if (elf_getphdrnum(elf, &count) != 0)
		return error_set(err, "%s: its program headers cannot be read (%s)", image->path, elf_errmsg(-1));
	image->segments = xcalloc(count, sizeof(*image->segments));
	for (u32 i = 0; i < count; i++)
		if (!add_segment(image, elf, i, err))
			return false;
	if (image->segment_count == 0)
		return error_set(err, "%s: has nothing to load (no PT_LOAD program header)", image->path);
	return true;
}

/* Functions and labels of one symbol table. What is damaged is left out: names are a convenience. */
static void add_symbols(struct image *image, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	if (!data || header->sh_entsize == 0)
		return;
	u64 count = header->sh_size / header->sh_entsize;
	for (u64 i = 0; i < count && i <= INT32_MAX; i++) {
		GElf_Sym sym;
		if (!gelf_getsym(data, (int)i, &sym))
			return;
		const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
		u32 type = GELF_ST_TYPE(sym.st_info);
		if (!name || name[0] == '\0' || name[0] == '$' || strncmp(name, ".L", 2) == 0 ||
		    sym.st_shndx == SHN_UNDEF || sym.st_shndx == SHN_ABS ||
		    (type != STT_NOTYPE && type != STT_FUNC && type != STT_OBJECT))
			continue;
		Elf_Scn *home = sym.st_shndx < SHN_LORESERVE ? elf_getscn(elf, sym.st_shndx) : NULL;
		GElf_Shdr home_header;
		bool in_code = home && gelf_getshdr(home, &home_header) && home_header.sh_flags & SHF_EXECINSTR;
		struct symbol symbol = {
			.addr = sym.st_value,
			.size = sym.st_size,
			.name = name,
			.is_code = type == STT_FUNC || (type == STT_NOTYPE && in_code),
			.is_weak_kind = type == STT_NOTYPE,
		};
		symbols_add(&image->symbols, &symbol);
	}
}

static void find_symbols(struct image *image, Elf *elf)
{
	Elf_Scn *section = NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			add_symbols(image, elf, section, &header);
	}
	/* libelf's strings may be its own copies, and its handle does not outlive the opening. */
	for (u32 i = 0; i < image->symbols.count; i++)
		image->symbols.all[i].name = xstrdup(image->symbols.all[i].name);
	symbols_sort(&image->symbols);
}

/* The physical address of a virtual one, by the segment that holds it; itself if none does. */
static u64 pa_of_va(const struct image *image, u64 va)
{
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct segment *s = &image->segments[i];
		if (va - s->va < s->mem_size)
			return s->pa + (va - s->va);
	}
	return va;
}

/* A position-independent file that is linked below base (at 0, as a rule) goes to base, names and all. */
static void move_up(struct image *image, u64 base)
{
	u64 start, end;
	image_range(image, &start, &end);
	if (start >= base)
		return;
	u64 by = base - align_down(start, PAGE_SIZE);
	for (u32 i = 0; i < image->segment_count; i++) {
		image->segments[i].pa += by;
		image->segments[i].va += by;
	}
	for (u32 i = 0; i < image->symbols.count; i++)
		image->symbols.all[i].addr += by;
	image->entry += by;
}

static bool read_elf(struct image *image, Elf *elf, u64 base, struct error *err)
{
	GElf_Ehdr header;
	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return error_set(err, "%s: a damaged ELF file (%s)", image->path, elf_errmsg(-1));
	if (!check_header(image, &header, err) || !add_segments(image, elf, err))
		return false;
	find_symbols(image, elf);
	image->entry = header.e_entry;
	if (header.e_type == ET_DYN)
		move_up(image, base);
	image->entry = pa_of_va(image, image->entry);
	if (image->entry & 1)
		return error_set(err, "%s: its entry point 0x%" PRIx64 " is odd, no instruction can be there",
		                 image->path, (u64)header.e_entry);
	if (!image_overlaps(image, image->entry, 1))
		return error_set(err, "%s: its entry point 0x%" PRIx64 " is not in what it loads", image->path,
		                 image->entry);
	return true;
}

static bool open_elf(struct image *image, u64 base, struct error *err)
{
	image->kind = IMAGE_ELF;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return error_set(err, "%s: libelf is too old for it", image->path);
	Elf *elf = elf_memory((char *)image->file, image->file_size);
	if (!elf)
		return error_set(err, "%s: a damaged ELF file (%s)", image->path, elf_errmsg(-1));
	bool ok = read_elf(image, elf, base, err);
	elf_end(elf);
	return ok;
}

static void open_raw(struct image *image, u64 base)
{
	u64 mem_size = image->file_size;
	image->kind = IMAGE_RAW;
	if (image->file_size >= LINUX_HEADER_SIZE && memcmp(image->file + LINUX_MAGIC_AT, LINUX_MAGIC, 4) == 0) {
		image->kind = IMAGE_LINUX;
		image->text_offset = load64(image->file + 8);
		u64 image_size = load64(image->file + 16);
		if (image_size > mem_size)
			mem_size = image_size;
	}
	image->segments = xcalloc(1, sizeof(*image->segments));
	image->segments[0] = (struct segment){
		.pa = base,
		.va = base,
		.file_size = image->file_size,
		.mem_size = mem_size,
		.bytes = image->file,
	};
	image->segment_count = 1;
	image->entry = base;
}

static bool unpack(struct image *image, struct error *err)
{
	u64 size;
	u8 *bytes = gunzip(image->file, image->file_size, image->path, FILE_SIZE_MAX, &size, err);
	if (!bytes)
		return false;
	free(image->file);
	image->file = bytes;
	image->file_size = size;
	return true;
}

bool image_open(struct image *image, const char *path, u64 base, struct error *err)
{
	*image = (struct image){ .path = path };
	image->file = file_read(path, FILE_SIZE_MAX, &image->file_size, err);
	bool ok = image->file != NULL;
	if (ok && is_gzipped(image->file, image->file_size))
		ok = unpack(image, err);
	if (ok && image->file_size == 0)
		ok = error_set(err, "%s: is empty", path);
	if (ok && starts_with_elf_magic(image))
		ok = open_elf(image, base, err);
	else if (ok)
		open_raw(image, base);
	if (!ok)
		image_close(image);
	return ok;
}

void image_of_bytes(struct image *image, const char *name, const u8 *bytes, u64 size, u64 base)
{
	*image = (struct image){ .path = name, .file = xcalloc(1, size), .file_size = size };
	memcpy(image->file, bytes, size);
	open_raw(image, base);
}

void image_close(struct image *image)
{
	for (u32 i = 0; i < image->symbols.count; i++)
		free((char *)image->symbols.all[i].name);
	symbols_free(&image->symbols);
	free(image->segments);
	free(image->file);
	*image = (struct image){ 0 };
}

void image_move(struct image *image, u64 base)
{
	BUG_ON(image->kind == IMAGE_ELF);
	image->segments[0].pa = image->segments[0].va = base;
	image->entry = base;
}

void image_range(const struct image *image, u64 *start, u64 *end)
{
	*start = UINT64_MAX;
	*end = 0;
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct segment *s = &image->segments[i];
		if (s->pa < *start)
			*start = s->pa;
		if (s->pa + s->mem_size > *end)
			*end = s->pa + s->mem_size;
	}
}

bool image_overlaps(const struct image *image, u64 pa, u64 size)
{
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct segment *s = &image->segments[i];
		if (pa - s->pa < s->mem_size || s->pa - pa < size)
			return true;
	}
	return false;
}

bool image_load(const struct image *image, struct bus *bus, struct error *err)
{
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct segment *s = &image->segments[i];
		u8 *to = bus_ram(bus, s->pa, s->mem_size);
		if (!to)
			return error_set(err,
			                 "%s: 0x%" PRIx64 "..0x%" PRIx64 " is not in RAM, which is 0x%" PRIx64
			                 "..0x%" PRIx64 " (-m gives more)",
			                 image->path, s->pa, s->pa + s->mem_size - 1, bus->ram->base,
			                 bus->ram->base + bus->ram->size - 1);
		memcpy(to, s->bytes, s->file_size);
	}
	return true;
}

bool image_symbol_pa(const struct image *image, const char *name, u64 *pa)
{
	const struct symbol *symbol = symbols_named(&image->symbols, name);
	if (!symbol)
		return false;
	*pa = pa_of_va(image, symbol->addr);
	return true;
}
