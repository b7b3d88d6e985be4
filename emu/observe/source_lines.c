/*
 * Source lines: see source_lines.h. A file's compilation units are found by their address ranges, sorted once; a unit's
 * lines by binary search in the table that libdw has made (and keeps).
 */
#include "emu/observe/source_lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4
#define RANGES_MAX (1u << 20) /* of all units of a file: Linux with debug information has a tenth of that */
#define CANDIDATES_MAX 8      /* ranges looked at for one pc, where they overlap */

/* Addresses that a compilation unit has code at. */
struct unit_range {
	u64 start;      /* first address, as linked in the file */
	u64 end;        /* the one behind the last */
	Dwarf_Off unit; /* the unit's entry */
};

/* One ELF file. */
struct source_file {
	const struct image *image; /* its bytes and where they went */
	bool opened;               /* it was tried */
	Elf *elf;                  /* NULL: not readable */
	Dwarf *dwarf;              /* NULL: without debug information */
	u64 moved;                 /* what was added to the file's addresses when it was loaded */
	struct unit_range *ranges; /* sorted by start */
	u32 count, capacity;       /* how many; room */
};

struct source_lines {
	struct source_file files[FILES_MAX];
	u32 count; /* files that were added */
};

struct source_lines *source_lines_create(void)
{
	return xcalloc(1, sizeof(struct source_lines));
}

void source_lines_destroy(struct source_lines *s)
{
	if (!s)
		return;
	for (u32 i = 0; i < s->count; i++) {
		dwarf_end(s->files[i].dwarf);
		elf_end(s->files[i].elf);
		free(s->files[i].ranges);
	}
	free(s);
}

void source_lines_add(struct source_lines *s, const struct image *image)
{
	if (!image->path || image->kind != IMAGE_ELF || s->count == FILES_MAX)
		return;
	for (u32 i = 0; i < s->count; i++)
		if (s->files[i].image == image)
			return;
	s->files[s->count++].image = image;
}

/* --- opening --- */

static int compare_ranges(const void *left, const void *right)
{
	const struct unit_range *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

static void add_range(struct source_file *f, u64 start, u64 end, Dwarf_Off unit)
{
	if (start >= end)
		return;
	if (f->count == f->capacity) {
		f->capacity = f->capacity ? 2 * f->capacity : 64;
		f->ranges = xrealloc(f->ranges, f->capacity * sizeof(*f->ranges));
	}
	f->ranges[f->count++] = (struct unit_range){ start, end, unit };
}

static void add_unit(struct source_file *f, Dwarf_Die *unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	while (f->count < RANGES_MAX && (at = dwarf_ranges(unit, at, &base, &start, &end)) > 0)
		add_range(f, start, end, dwarf_dieoffset(unit));
}

/* How far the loader has moved the file: image_open() keeps the order of program headers. */
static u64 distance_moved(const struct source_file *f)
{
	size_t count;
	if (elf_getphdrnum(f->elf, &count) != 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr p;
		if (gelf_getphdr(f->elf, (int)i, &p) && p.p_type == PT_LOAD && p.p_memsz)
			return f->image->segments[0].va - p.p_vaddr;
	}
	return 0;
}

static void open_file(struct source_file *f)
{
	f->opened = true;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return;
	f->elf = elf_memory((char *)f->image->file, f->image->file_size);
	f->dwarf = f->elf ? dwarf_begin_elf(f->elf, DWARF_C_READ, NULL) : NULL;
	if (!f->dwarf)
		return;
	f->moved = distance_moved(f);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	while (f->count < RANGES_MAX && dwarf_get_units(f->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		add_unit(f, &unit);
	if (f->count)
		qsort(f->ranges, f->count, sizeof(*f->ranges), compare_ranges);
}

/* --- asking --- */

/* The last line of the unit that begins at or in front of pc, or NULL. */
static Dwarf_Line *line_in_unit(Dwarf_Die *unit, u64 pc)
{
	Dwarf_Lines *lines;
	size_t count;
	if (dwarf_getsrclines(unit, &lines, &count) != 0)
		return NULL;
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		Dwarf_Addr address;
		if (dwarf_lineaddr(dwarf_onesrcline(lines, middle), &address) != 0)
			return NULL;
		if (address <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	Dwarf_Line *line = low ? dwarf_onesrcline(lines, low - 1) : NULL;
	bool is_end;
	return line && dwarf_lineendsequence(line, &is_end) == 0 && !is_end ? line : NULL;
}

/* The line for a pc of the file's own addresses, and its unit. */
static Dwarf_Line *find_line(struct source_file *f, u64 pc, Dwarf_Die *unit)
{
	u32 low = 0, high = f->count;
	while (low < high) {
		u32 middle = low + (high - low) / 2;
		if (f->ranges[middle].start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	for (u32 i = 0; i < CANDIDATES_MAX && low > 0; i++) {
		const struct unit_range *r = &f->ranges[--low];
		Dwarf_Line *line = NULL;
		if (pc < r->end && dwarf_offdie(f->dwarf, r->unit, unit))
			line = line_in_unit(unit, pc);
		if (line)
			return line;
	}
	return NULL;
}

static const char *directory_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

/* What names say relative to the unit's directory, which is where somebody typed `make`. */
static const char *relative(const char *name, Dwarf_Die *unit)
{
	const char *directory = directory_of(unit);
	size_t length = directory ? strlen(directory) : 0;
	if (length && strncmp(name, directory, length) == 0 && name[length] == '/')
		name += length + 1;
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return name;
}

static void write_line(const char *name, int number, char *buf, size_t size)
{
	char digits[16];
	size_t length = strlen(name);
	size_t room = size - 1 - (size_t)snprintf(digits, sizeof(digits), ":%d", number);
	if (length > room)
		name += length - room;
	snprintf(buf, size, "%s%s", name, digits);
	for (char *c = buf; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static bool describe_in(struct source_file *f, u64 pc, char *buf, size_t size)
{
	Dwarf_Die unit;
	int number = 0;
	if (!f->opened)
		open_file(f);
	Dwarf_Line *line = find_line(f, pc - f->moved, &unit);
	const char *name = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	/* Line 0: code that the compiler has added. */
	if (!name || dwarf_lineno(line, &number) != 0 || number <= 0)
		return false;
	write_line(relative(name, &unit), number, buf, size);
	return true;
}

static const struct segment *segment_of(const struct image *image, u64 pc, bool physical)
{
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct segment *s = &image->segments[i];
		if (pc - (physical ? s->pa : s->va) < s->mem_size)
			return s;
	}
	return NULL;
}

/* The number of the file that pc belongs to, as linked or as loaded, or their count; *linked is the address it was
 * linked for. */
static u32 file_of(const struct source_lines *s, u64 pc, u64 *linked)
{
	for (u32 physical = 0; physical < 2; physical++) {
		for (u32 i = 0; i < s->count; i++) {
			const struct segment *segment = segment_of(s->files[i].image, pc, physical);
			if (!segment)
				continue;
			*linked = physical ? pc - segment->pa + segment->va : pc;
			return i;
		}
	}
	*linked = pc;
	return s->count;
}

u64 source_lines_linked(const struct source_lines *s, u64 pc)
{
	u64 linked = pc;
	if (s)
		(void)file_of(s, pc, &linked);
	return linked;
}

bool source_lines_describe(struct source_lines *s, u64 pc, char *buf, size_t size)
{
	u64 linked;
	BUG_ON(size < 32);
	buf[0] = '\0';
	if (!s)
		return false;
	u32 file = file_of(s, pc, &linked);
	return file < s->count && describe_in(&s->files[file], linked, buf, size);
}
