/*
 * Hottest places by walks: see profile.h.
 */
#include "emu/observe/profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/walk.h"

#define SLOTS (2 * PROFILE_PLACES_MAX)
#define PAGE_MASK 0xfffull
#define NAME_SIZE 96

struct costs {
	u64 walks;  /* page-table walks */
	u64 misses; /* of those, because no TLB had an entry */
	u64 faults; /* of those, that failed */
	u64 cycles; /* what they cost */
};

/* A page or a pc. */
struct place {
	u64 address; /* of the page, or pc */
	u16 asid;    /* of the page; 0 for a pc */
	struct costs costs;
};

/* Places by address and ASID: open addressing, no deletion. A place without walks is free. */
struct places {
	struct place *slots; /* SLOTS of them */
	u32 count;           /* in use */
	u64 forgotten;       /* places that were dropped */
};

struct profile {
	const struct symbols *symbols; /* names for pcs, or NULL */
	struct places pages, pcs;
};

/* A function, for the table. */
struct function {
	const char *name;
	struct costs costs;
};

struct profile *profile_create(const struct symbols *symbols)
{
	struct profile *p = xcalloc(1, sizeof(*p));
	p->symbols = symbols;
	p->pages.slots = xcalloc(SLOTS, sizeof(struct place));
	p->pcs.slots = xcalloc(SLOTS, sizeof(struct place));
	return p;
}

void profile_destroy(struct profile *p)
{
	if (!p)
		return;
	free(p->pages.slots);
	free(p->pcs.slots);
	free(p);
}

static void add_costs(struct costs *to, const struct costs *from)
{
	to->walks += from->walks;
	to->misses += from->misses;
	to->faults += from->faults;
	to->cycles += from->cycles;
}

/* The place's slot, or the free one where it belongs. */
static struct place *slot_of(struct places *p, u64 address, u16 asid)
{
	u64 hash = (address ^ (u64)asid << 48) * 0x9e3779b97f4a7c15ull;
	for (u32 i = (u32)(hash >> 40);; i++) {
		struct place *slot = &p->slots[i % SLOTS];
		if (slot->costs.walks == 0 || (slot->address == address && slot->asid == asid))
			return slot;
	}
}

static int by_walks(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->costs.walks != y->costs.walks)
		return x->costs.walks < y->costs.walks ? 1 : -1;
	if (x->costs.cycles != y->costs.cycles)
		return x->costs.cycles < y->costs.cycles ? 1 : -1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (int)x->asid - (int)y->asid;
}

static void forget_colder_half(struct places *p)
{
	struct place *old = p->slots;
	u32 kept = p->count / 2;
	qsort(old, SLOTS, sizeof(*old), by_walks);
	p->slots = xcalloc(SLOTS, sizeof(*p->slots));
	for (u32 i = 0; i < kept; i++)
		*slot_of(p, old[i].address, old[i].asid) = old[i];
	p->forgotten += p->count - kept;
	p->count = kept;
	free(old);
}

static void count(struct places *p, u64 address, u16 asid, const struct costs *costs)
{
	struct place *slot = slot_of(p, address, asid);
	if (slot->costs.walks == 0 && p->count == PROFILE_PLACES_MAX) {
		forget_colder_half(p);
		slot = slot_of(p, address, asid);
	}
	p->count += slot->costs.walks == 0;
	slot->address = address;
	slot->asid = asid;
	add_costs(&slot->costs, costs);
}

static void emit(void *arg, enum trace_sort sort, const void *event)
{
	struct profile *p = arg;
	const struct trace_walk *w = event;
	if (sort != TRACE_WALK)
		return;
	struct costs costs = { .walks = 1,
		               .misses = w->first != TRACE_TLB_DENIED,
		               .faults = w->result->reason != WALK_OK,
		               .cycles = w->cycles };
	count(&p->pages, w->request->va & ~PAGE_MASK, (u16)bits(w->satp, 59, 44), &costs);
	count(&p->pcs, w->head.pc, 0, &costs);
}

struct trace profile_sink(struct profile *p)
{
	return (struct trace){ .wanted = BIT(TRACE_WALK), .emit = emit, .arg = p };
}

/* --- what came out --- */

/* The hottest places, the hottest first; free() them. Returns how many. */
static u32 sorted(const struct places *p, struct place **all)
{
	u32 n = 0;
	*all = xcalloc(p->count + 1, sizeof(**all));
	for (u32 i = 0; i < SLOTS; i++)
		if (p->slots[i].costs.walks)
			(*all)[n++] = p->slots[i];
	qsort(*all, n, sizeof(**all), by_walks);
	return n;
}

static int by_name(const void *a, const void *b)
{
	const struct function *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static int by_function_walks(const void *a, const void *b)
{
	const struct function *x = a, *y = b;
	if (x->costs.walks != y->costs.walks)
		return x->costs.walks < y->costs.walks ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* The same of functions: pcs of one name put together. */
static u32 sorted_functions(const struct profile *p, struct function **all)
{
	struct place *pcs;
	u32 count_of_pcs = sorted(&p->pcs, &pcs), named = 0, n = 0;
	*all = xcalloc(count_of_pcs + 1, sizeof(**all));
	for (u32 i = 0; i < count_of_pcs; i++) {
		u64 offset;
		const struct symbol *symbol = symbols_code_at(p->symbols, pcs[i].address, &offset);
		if (symbol)
			(*all)[named++] = (struct function){ .name = symbol->name, .costs = pcs[i].costs };
	}
	free(pcs);
	qsort(*all, named, sizeof(**all), by_name);
	for (u32 i = 0; i < named; i++) {
		if (n > 0 && strcmp((*all)[n - 1].name, (*all)[i].name) == 0)
			add_costs(&(*all)[n - 1].costs, &(*all)[i].costs);
		else
			(*all)[n++] = (*all)[i];
	}
	qsort(*all, n, sizeof(**all), by_function_walks);
	return n;
}

static void print_head(const char *what, FILE *out)
{
	fprintf(out, "  %-48s %11s %11s %9s %12s\n", what, "walks", "TLB misses", "faults", "cycles");
}

static void print_row(const char *what, const struct costs *c, FILE *out)
{
	fprintf(out, "  %-48s %11" PRIu64 " %11" PRIu64 " %9" PRIu64 " %12" PRIu64 "\n", what, c->walks, c->misses,
	        c->faults, c->cycles);
}

static void print_pages(const struct profile *p, FILE *out)
{
	struct place *all;
	u32 n = sorted(&p->pages, &all);
	print_head("hottest pages", out);
	for (u32 i = 0; i < n && i < PROFILE_TOP; i++) {
		char what[NAME_SIZE];
		snprintf(what, sizeof(what), "0x%" PRIx64 " asid %u", all[i].address, all[i].asid);
		print_row(what, &all[i].costs, out);
	}
	free(all);
}

static void print_pcs(const struct profile *p, FILE *out)
{
	struct place *all;
	u32 n = sorted(&p->pcs, &all);
	print_head("hottest instructions", out);
	for (u32 i = 0; i < n && i < PROFILE_TOP; i++) {
		char what[NAME_SIZE], name[NAME_SIZE / 2];
		bool named = symbols_describe(p->symbols, all[i].address, name, sizeof(name));
		snprintf(what, sizeof(what), "0x%" PRIx64 "%s%s", all[i].address, named ? " " : "", named ? name : "");
		print_row(what, &all[i].costs, out);
	}
	free(all);
}

static void print_functions(const struct profile *p, FILE *out)
{
	struct function *all;
	u32 n = sorted_functions(p, &all);
	if (n > 0)
		print_head("hottest functions", out);
	for (u32 i = 0; i < n && i < PROFILE_TOP; i++)
		print_row(all[i].name, &all[i].costs, out);
	free(all);
}

void profile_print(const struct profile *p, FILE *out)
{
	if (p->pcs.count == 0)
		return;
	fprintf(out, "where walks come from\n");
	print_pages(p, out);
	print_pcs(p, out);
	print_functions(p, out);
	if (p->pages.forgotten + p->pcs.forgotten)
		fprintf(out, "  approximate: %" PRIu64 " cold places were forgotten when there were more than %d\n",
		        p->pages.forgotten + p->pcs.forgotten, PROFILE_PLACES_MAX);
}

/* Names are the guest's: what JSON does not take in a string is escaped. */
static void put_json_string(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		u8 c = (u8)*text;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 32 || c > 126)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void put_json_costs(const struct costs *c, FILE *out)
{
	fprintf(out,
	        "\"walks\": %" PRIu64 ", \"misses\": %" PRIu64 ", \"faults\": %" PRIu64 ", \"cycles\": %" PRIu64 "}",
	        c->walks, c->misses, c->faults, c->cycles);
}

static const char *separator(u32 i)
{
	return i ? ",\n    " : "\n    ";
}

void profile_print_json(const struct profile *p, FILE *out)
{
	struct place *all;
	struct function *functions;
	u32 n = sorted(&p->pages, &all);
	fprintf(out, "{\"pages\": [");
	for (u32 i = 0; i < n && i < PROFILE_TOP; i++) {
		fprintf(out, "%s{\"va\": \"0x%" PRIx64 "\", \"asid\": %u, ", separator(i), all[i].address, all[i].asid);
		put_json_costs(&all[i].costs, out);
	}
	free(all);
	n = sorted(&p->pcs, &all);
	fprintf(out, "],\n  \"pcs\": [");
	for (u32 i = 0; i < n && i < PROFILE_TOP; i++) {
		char name[NAME_SIZE];
		if (!symbols_describe(p->symbols, all[i].address, name, sizeof(name)))
			name[0] = '\0';
		fprintf(out, "%s{\"pc\": \"0x%" PRIx64 "\", \"name\": ", separator(i), all[i].address);
		put_json_string(name, out);
		fprintf(out, ", ");
		put_json_costs(&all[i].costs, out);
	}
	free(all);
	n = sorted_functions(p, &functions);
	fprintf(out, "],\n  \"symbols\": [");
	for (u32 i = 0; i < n && i < PROFILE_TOP; i++) {
		fprintf(out, "%s{\"name\": ", separator(i));
		put_json_string(functions[i].name, out);
		fprintf(out, ", ");
		put_json_costs(&functions[i].costs, out);
	}
	free(functions);
	fprintf(out, "],\n  \"forgotten\": %" PRIu64 "}", p->pages.forgotten + p->pcs.forgotten);
}
