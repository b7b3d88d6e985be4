/*
 * Processes by debug information: see guest_symbols.h.
 *
 * The ELF file and what the guest writes into its table may be anybody's: sizes are checked when the table is found,
 * and what is read later is as much as was found then.
 */
#include "emu/observe/guest_symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/hint.h"

#define PROCESSES_MAX 1024
#define PROCESS_BYTES_MAX 65536
#define NAME_BYTES 16
#define ROOT_BITS 44

/* Where a member lies in struct proc. */
struct member {
	u64 offset;
	u64 size; /* 0: there is none */
};

/* What is known of one entry of the table. */
struct entry {
	u64 root;   /* frame of the root page table */
	u32 pid;    /* 0: unused */
	u32 parent; /* pid */
	char name[NAME_BYTES];
};

struct guest_symbols {
	const struct sinks *sinks;
	struct machine *m; /* NULL: there is no table */
	u64 pa;            /* of proc[0] */
	u64 size;          /* of an entry */
	u32 count;         /* of entries */
	struct member pid, name, pagetable, parent;
	struct entry *known; /* as last seen */
	u64 va;              /* of proc[0], for what points into it */
};

struct guest_symbols *guest_symbols_create(const struct sinks *sinks)
{
	struct guest_symbols *g = xcalloc(1, sizeof(*g));

	g->sinks = sinks;
	return g;
}

void guest_symbols_destroy(struct guest_symbols *g)
{
	if (!g)
		return;
	free(g->known);
	free(g);
}

/* --- finding the table --- */

static bool is_named(Dwarf_Die *die, const char *name)
{
	const char *its = dwarf_diename(die);

	return its && strcmp(its, name) == 0;
}

/* The type of a variable, member or array, without qualifiers and typedefs. */
static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type) &&
	       dwarf_peel_type(type, type) == 0;
}

/* Bytes from the start of the structure: a number, or in DWARF 2 (xv6 is built so) an expression that adds one. */
static bool offset_of(Dwarf_Die *member, Dwarf_Word *offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(member, DW_AT_data_member_location, &attribute))
		return false;
	if (dwarf_formudata(&attribute, offset) == 0)
		return true;
	if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*offset = ops[0].number;
	return true;
}

static void find_member(struct guest_symbols *g, Dwarf_Die *die)
{
	struct {
		const char *name;
		struct member *member;
	} wanted[] = {
		{ "pid", &g->pid }, { "name", &g->name }, { "pagetable", &g->pagetable }, { "parent", &g->parent }
	};
	Dwarf_Word offset, size;
	Dwarf_Die type;

	for (u32 i = 0; i < ARRAY_SIZE(wanted); i++)
		if (is_named(die, wanted[i].name) && offset_of(die, &offset) && type_of(die, &type) &&
		    dwarf_aggregate_size(&type, &size) == 0)
			*wanted[i].member = (struct member){ offset, size };
}

static bool fits(const struct guest_symbols *g, const struct member *member, u64 size_min, u64 size_max)
{
	return member->size >= size_min && member->size <= size_max && member->offset <= g->size &&
	       g->size - member->offset >= member->size;
}

/* Whether this is `struct proc proc[N]` as it is needed. */
static bool take_variable(struct guest_symbols *g, Dwarf_Die *variable)
{
	Dwarf_Die array, type, member;
	Dwarf_Word whole, size;

	if (!is_named(variable, "proc") || !type_of(variable, &array) || dwarf_tag(&array) != DW_TAG_array_type ||
	    !type_of(&array, &type) || dwarf_tag(&type) != DW_TAG_structure_type ||
	    dwarf_aggregate_size(&array, &whole) != 0 || dwarf_aggregate_size(&type, &size) != 0)
		return false;
	if (size == 0 || size > PROCESS_BYTES_MAX || whole / size == 0 || whole / size > PROCESSES_MAX)
		return false;
	g->size = size;
	g->count = (u32)(whole / size);
	g->pid = g->name = g->pagetable = g->parent = (struct member){ 0 };
	if (dwarf_child(&type, &member) != 0)
		return false;
	do
		find_member(g, &member);
	while (dwarf_siblingof(&member, &member) == 0);
	return fits(g, &g->pid, 4, 4) && fits(g, &g->name, 2, 256) && fits(g, &g->pagetable, 8, 8) &&
	       (g->parent.size == 0 || fits(g, &g->parent, 8, 8));
}

static bool find_in(struct guest_symbols *g, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;

	while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0) {
		if (dwarf_child(&unit, &die) != 0)
			continue;
		do {
			if (dwarf_tag(&die) == DW_TAG_variable && take_variable(g, &die))
				return true;
		} while (dwarf_siblingof(&die, &die) == 0);
	}
	return false;
}

static bool find_types(struct guest_symbols *g, const struct image *image)
{
	bool found = false;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return false;
	Elf *elf = elf_memory((char *)image->file, image->file_size);
	Dwarf *dwarf = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;

	if (dwarf) {
		found = find_in(g, dwarf);
		dwarf_end(dwarf);
	}
	if (elf)
		elf_end(elf);
	return found;
}

static bool find_table(struct guest_symbols *g, struct machine *m, const struct image *image)
{
	const struct symbol *symbol = symbols_named(&image->symbols, "proc");

	if (image->kind != IMAGE_ELF || !symbol || !find_types(g, image))
		return false;
	g->va = symbol->addr;
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct segment *s = &image->segments[i];

		if (symbol->addr - s->va < s->mem_size)
			g->pa = s->pa + (symbol->addr - s->va);
	}
	return bus_ram(&m->bus, g->pa, g->size * g->count) != NULL;
}

void guest_symbols_attach(struct guest_symbols *g, struct machine *m)
{
	free(g->known);
	g->known = NULL;
	g->m = NULL;
	g->pa = 0;
	if (!m || (!find_table(g, m, &m->boot->program) && !find_table(g, m, &m->boot->kernel)))
		return;
	g->m = m;
	g->known = xcalloc(g->count, sizeof(*g->known));
}

/* --- telling --- */

static u64 read_member(const u8 *process, const struct member *member)
{
	u64 value = 0;

	memcpy(&value, process + member->offset, member->size < sizeof(value) ? member->size : sizeof(value));
	return value;
}

static struct entry read_entry(const struct guest_symbols *g, const u8 *table, u32 index)
{
	const u8 *process = table + index * g->size;
	struct entry e = { .pid = (u32)read_member(process, &g->pid),
		           .root = read_member(process, &g->pagetable) >> PAGE_SHIFT };
	u64 place = g->parent.size ? (read_member(process, &g->parent) - g->va) / g->size : g->count;

	memcpy(e.name, process + g->name.offset, g->name.size < NAME_BYTES ? g->name.size : NAME_BYTES);
	for (u32 i = (u32)strnlen(e.name, NAME_BYTES); i < NAME_BYTES; i++)
		e.name[i] = 0; /* an old name's end */
	if (place < g->count)
		e.parent = (u32)read_member(table + place * g->size, &g->pid);
	return e;
}

static void tell(const struct guest_symbols *g, const struct trace_head *head, u32 number, u64 a0, u64 a1,
                 const struct entry *e)
{
	struct trace_hint hint = { .head = *head, .number = number, .args = { a0, a1 } };

	if (e) {
		memcpy(&hint.args[2], e->name, NAME_BYTES);
		hint.args[4] = e->parent;
	}
	for (u32 i = 0; i < g->sinks->count; i++)
		if (trace_wants(&g->sinks->all[i], TRACE_HINT))
			g->sinks->all[i].emit(g->sinks->all[i].arg, TRACE_HINT, &hint);
}

void guest_symbols_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct guest_symbols *g = arg;
	const struct trace_space *space = event;
	u64 root = space->satp & MASK(ROOT_BITS);

	if (sort != TRACE_SPACE || !g->m || space->satp >> 60 == 0)
		return;
	const u8 *table = bus_ram(&g->m->bus, g->pa, g->size * g->count);

	for (u32 i = 0; i < g->count; i++) {
		struct entry *before = &g->known[i], now = read_entry(g, table, i);

		if (before->pid && before->pid != now.pid)
			tell(g, &space->head, HINT_EXIT, before->pid, 0, NULL);
		if (now.pid && now.root && memcmp(before, &now, sizeof(now)) != 0)
			tell(g, &space->head, HINT_PROCESS, now.pid, now.root, &now);
		if (now.pid && now.root == root)
			tell(g, &space->head, HINT_SWITCH, now.pid, root, NULL);
		*before = now;
	}
}
