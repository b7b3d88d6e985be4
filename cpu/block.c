/*
 * Building, finding and dropping decoded blocks: see cpu/block.h.
 *
 * Blocks are carved one after another out of one large mapping. They hang in two hash tables: by the address of their
 * first instruction, to be found, and by the page(s) they lie in, to be dropped. When the mapping is full everything is
 * forgotten and it starts again.
 */
#include "cpu/block.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu/debug.h"
#include "cpu/hint.h"
#include "cpu/interp.h"
#include "cpu/observe.h"
#include "cpu/rvc.h"
#include "mmu/check.h"

#define ARENA_BYTES (64 * MIB)
#define HASH_LOG2 16
#define PAGES_LOG2 14
#define HARTS_MAX 64

/* Most places a block takes: per instruction a debugger's check, an observer, the operation and its link; the end and
 * its link. */
#define BLOCK_PLACES_MAX (4 * BLOCK_INSNS_MAX + 2)
#define BLOCK_BYTES_MAX (sizeof(struct block) + BLOCK_PLACES_MAX * sizeof(struct uop))

struct block_cache {
	struct bus *bus;                        /* whose RAM the code is in */
	struct hart *harts[HARTS_MAX];          /* who runs it */
	struct block *scratch[HARTS_MAX];       /* their scratch blocks */
	u32 hart_count;                         /* how many they are */
	u8 *arena;                              /* ARENA_BYTES */
	u64 used;                               /* of them */
	u64 generation;                         /* how often everything was forgotten */
	u64 points;                             /* generation of the debugger's points that blocks were decoded with */
	struct block *by_pa[1 << HASH_LOG2];    /* buckets, by the first instruction's address */
	struct block *by_page[1 << PAGES_LOG2]; /* buckets, by page number */
};

static struct block **pa_bucket(struct block_cache *c, u64 pa)
{
	return &c->by_pa[(pa >> 1 ^ pa >> (HASH_LOG2 + 1)) & MASK(HASH_LOG2)];
}

static struct block **page_bucket(struct block_cache *c, u64 pa)
{
	return &c->by_page[pa >> PAGE_SHIFT & MASK(PAGES_LOG2)];
}

struct block_cache *block_cache_create(struct bus *bus)
{
	struct block_cache *c = xcalloc(1, sizeof(*c));

	c->bus = bus;
	c->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	BUG_ON(c->arena == MAP_FAILED);
	bus->code_written = block_drop;
	bus->code_written_arg = c;
	return c;
}

void block_cache_destroy(struct block_cache *c)
{
	if (!c)
		return;
	for (u32 i = 0; i < c->hart_count; i++)
		free(c->scratch[i]);
	munmap(c->arena, ARENA_BYTES);
	free(c);
}

void block_cache_add_hart(struct block_cache *c, struct hart *h)
{
	BUG_ON(c->hart_count == HARTS_MAX);
	h->scratch = xcalloc(1, BLOCK_BYTES_MAX);
	c->scratch[c->hart_count] = h->scratch;
	c->harts[c->hart_count++] = h;
}

/* Pages stay in the code map: the next decoding marks them anyway, and a store that finds nothing clears the mark. */
static void flush(struct block_cache *c)
{
	memset(c->by_pa, 0, sizeof(c->by_pa));
	memset(c->by_page, 0, sizeof(c->by_page));
	c->used = 0;
	c->generation++;
	for (u32 i = 0; i < c->hart_count; i++)
		hart_flush_jumps(c->harts[i]);
}

void block_cache_renew(struct block_cache *c, u64 generation)
{
	if (c->points == generation)
		return;
	c->points = generation;
	flush(c);
}

/* --- dropping --- */

static void unlink_pa(struct block_cache *c, struct block *b)
{
	struct block **p = pa_bucket(c, b->pa);

	while (*p && *p != b)
		p = &(*p)->same_hash;
	if (*p)
		*p = b->same_hash;
}

static bool lies_in(const struct block *b, u64 page)
{
	return align_down(b->pa, PAGE_SIZE) == page || (b->pa2 && b->pa2 == page);
}

/* A block that reaches into a second page is in two buckets; which of its links serves a bucket is told by the page. */
static struct block **next_in(struct block *b, const struct block_cache *c, struct block **bucket)
{
	return &b->same_page[bucket != page_bucket((struct block_cache *)c, b->pa)];
}

static void unlink_page(struct block_cache *c, struct block *b, u64 page)
{
	struct block **bucket = page_bucket(c, page), **p = bucket;

	while (*p && *p != b)
		p = next_in(*p, c, bucket);
	if (*p)
		*p = *next_in(b, c, bucket);
}

static void kill_block(struct block_cache *c, struct block *b)
{
	unlink_pa(c, b);
	unlink_page(c, b, align_down(b->pa, PAGE_SIZE));
	if (b->pa2)
		unlink_page(c, b, b->pa2);
	b->dead = true;
	b->code[0].fn = op_dead; /* all else stays: the store at work may be this one, and has yet to write its rd */
}

static void drop_page(struct block_cache *c, u64 page)
{
	struct block **bucket = page_bucket(c, page);
	struct block *b = *bucket;

	while (b) {
		struct block *next = *next_in(b, c, bucket);

		if (lies_in(b, page))
			kill_block(c, b);
		b = next;
	}
	bus_unwatch_page(c->bus, bus_find(c->bus, page), page);
}

void block_drop(void *cache, u64 pa, u64 size)
{
	struct block_cache *c = cache;

	for (u64 page = align_down(pa, PAGE_SIZE); page < pa + size; page += PAGE_SIZE)
		drop_page(c, page);
	for (u32 i = 0; i < c->hart_count; i++)
		c->harts[i]->mmu.code_written = true;
}

/* --- building --- */

/* A block in the making. */
struct builder {
	struct hart *h;
	struct block *b;             /* being filled */
	struct uop *next;            /* where the next operation goes */
	const u8 *code;              /* host address of the first instruction */
	u64 in_page;                 /* bytes from the first instruction to the page's end */
	u32 starts[BLOCK_INSNS_MAX]; /* places of the instructions' first operations */
	u16 ids[BLOCK_INSNS_MAX];    /* enum insn_id of the instructions */
};

/* One that tells of the guest's kernel: cpu/hint.h. */
static bool is_hint(const struct insn *insn)
{
	return insn->id == INSN_SLTI && insn->rs1 == 0 && insn->imm >= HINT_FIRST && insn->imm <= HINT_LAST;
}

static op_fn *choose_op(const struct hart *h, const struct insn *insn, u64 offset)
{
	const struct op_entry *op = &op_table[insn->id];
	u8 cls = insn_table[insn->id].cls;

	if (insn->id == INSN_FENCE_I && h->mmu.check)
		return op_fence_i_seen;
	if (cls == CLASS_ALU && insn->rd == 0)
		return is_hint(insn) ? op_hint : op_nop;
	if (op->soft && insn->rm != 7) {
		if (insn->rm == 1 && op->rtz)
			return op->rtz;
		return op->exact && insn->rm <= 4 ? op->fn : op->soft;
	}
	if (!isa_has(h->isa, EXT_ZCA) && (cls == CLASS_JUMP || cls == CLASS_BRANCH) &&
	    (insn->id == INSN_JALR || (offset + (u64)(s64)insn->imm) & 3))
		return cls == CLASS_JUMP ? op_strict_jump : op_strict_branch;
	return op->fn;
}

/* True if the operand letters (cpu/insn.def) have an immediate that the operation reads. */
static bool takes_immediate(const char *operands)
{
	return strpbrk(operands, "joqpauf><E") != NULL;
}

/* Has the instruction an integer rd? */
static bool writes_integer(const struct insn *insn)
{
	return insn->id != INSN_ILLEGAL && strchr(insn_table[insn->id].operands, 'd') != NULL;
}

/* Fills in the operands as the operation wants them: see struct uop. */
static void set_operands(struct uop *u, const struct insn *insn, u32 offset)
{
	u8 cls = insn_table[insn->id].cls;

	u->rs1 = insn->rs1;
	u->rd = insn->rd;
	u->imm = insn->imm;
	switch (cls) {
	case CLASS_STORE:
	case CLASS_FSTORE:
		u->rd = insn->rs2;
		return;
	case CLASS_BRANCH:
		u->rd = insn->rs2;
		u->imm += (s32)offset;
		return;
	}
	if (insn->id == INSN_AUIPC || insn->id == INSN_JAL)
		u->imm += (s32)offset;
	if (insn->id == INSN_ILLEGAL)
		u->imm = (s32)insn->raw;
	if (insn->rd == 0 && writes_integer(insn))
		u->rd = 32;
	if (insn->id != INSN_ILLEGAL && !takes_immediate(insn_table[insn->id].operands)) {
		u->rs2 = insn->rs2;
		u->rs3 = insn->rs3;
		u->rm = insn->rm;
		u->spare = 0;
	}
}

static bool has_link(u8 cls)
{
	return cls == CLASS_JUMP || cls == CLASS_BRANCH;
}

/* After these the next instruction may be another one than the following, or another mode's, or another page's. */
static bool ends_block(const struct insn *insn)
{
	switch (insn->id) {
	case INSN_ILLEGAL:
	case INSN_JAL:
	case INSN_JALR:
	case INSN_ECALL:
	case INSN_EBREAK:
	case INSN_SRET:
	case INSN_MRET:
	case INSN_WFI:
	case INSN_PAUSE:
	case INSN_WRS_STO:
	case INSN_WRS_NTO:
	case INSN_SFENCE_VMA:
	case INSN_SINVAL_VMA:
		return true;
	}
	return false;
}

/* target and next: bytes from the block's start. */
static void put_link(struct builder *w, s64 target, u32 next)
{
	u64 va_in_page = (w->b->pa & (PAGE_SIZE - 1)) + (u64)target;
	struct link link = { .next = (u16)next, .near = va_in_page < PAGE_SIZE, .place = (u32)(w->next - w->b->code) };

	memcpy(w->next++, &link, sizeof(link));
}

static void put_insn(struct builder *w, const struct insn *insn, u32 offset)
{
	struct uop u = { .off = (u8)(offset / 2) };
	u8 cls = insn_table[insn->id].cls;

	w->ids[w->b->insns] = insn->id;
	w->starts[w->b->insns++] = (u32)(w->next - w->b->code);
	if (unlikely(debug_may_stop(w->h->debug, w->b->pa + offset))) {
		*w->next = u;
		w->next->fn = op_debug;
		w->next->imm = (s32)(w->next - w->b->code);
		w->next++;
	}
	if (w->h->observing) {
		*w->next = u;
		w->next->fn = op_observe;
		w->next->imm = (s32)insn->raw;
		w->next->rd = cls;
		w->next++;
	}
	set_operands(&u, insn, offset);
	u.fn = choose_op(w->h, insn, (w->b->pa & (PAGE_SIZE - 1)) + offset);
	*w->next++ = u;
	if (has_link(cls))
		put_link(w, u.imm, offset + insn->len);
}

static bool is_instruction(const struct uop *u)
{
	return u->fn != op_debug && u->fn != op_observe;
}

/* Writes `left` into every operation, now that the number of instructions is known; links are no operations. */
static void number_insns(struct builder *w)
{
	for (u32 i = 0; i < w->b->insns; i++) {
		struct uop *u = &w->b->code[w->starts[i]];

		while (!is_instruction(u))
			(u++)->left = (u8)(w->b->insns - i);
		u->left = (u8)(w->b->insns - i);
	}
}

/*
 * Has pairs of instructions done by one operation. The second one's own operation stays where it is: it is what goes on
 * after the first one took the slow way.
 */
static void fuse_pairs(struct builder *w)
{
	for (u32 i = 0; i + 1 < w->b->insns; i++) {
		struct uop *u = &w->b->code[w->starts[i]];
		op_fn *fused = op_fused(w->ids[i], w->ids[i + 1]);

		if (!fused || u[0].fn != op_table[w->ids[i]].fn || u[1].fn != op_table[w->ids[i + 1]].fn)
			continue;
		u->fn = fused;
		i++;
	}
}

/* The instruction at `offset`, or false if it reaches out of the page. */
static bool decode_at(const struct builder *w, u32 offset, struct insn *insn)
{
	u16 low, high = 0;

	if (offset + 2 > w->in_page)
		return false;
	memcpy(&low, w->code + offset, 2);
	if (insn_length(low) == 4) {
		if (offset + 4 > w->in_page)
			return false;
		memcpy(&high, w->code + offset + 2, 2);
	}
	*insn = insn_decode(w->h->decoder, (u32)high << 16 | low);
	return true;
}

static void fill(struct builder *w, u64 limit)
{
	u32 offset = 0;
	struct insn insn;
	bool ended = false;

	while (!ended && w->b->insns < limit && decode_at(w, offset, &insn)) {
		put_insn(w, &insn, offset);
		offset += insn.len;
		ended = ends_block(&insn);
	}
	w->b->bytes = (u16)offset;
	number_insns(w);
	if (!w->h->observing)
		fuse_pairs(w);
	*w->next++ = (struct uop){ .fn = op_fallthrough, .off = (u8)(offset / 2) };
	put_link(w, offset, offset);
}

/* The one instruction whose first half ends the page: its second half is in page pa2. */
static void fill_across(struct builder *w, u64 pa2)
{
	u16 low, high;
	struct insn insn;

	memcpy(&low, w->code, 2);
	memcpy(&high, bus_ram(w->h->mmu.bus, pa2, 2), 2);
	insn = insn_decode(w->h->decoder, (u32)high << 16 | low);
	put_insn(w, &insn, 0);
	w->b->bytes = insn.len;
	w->b->pa2 = pa2;
	number_insns(w);
	*w->next++ = (struct uop){ .fn = op_fallthrough, .off = (u8)(insn.len / 2) };
	put_link(w, insn.len, insn.len);
}

/* Marks the granules of `size` bytes at pa, and takes the page's stores out of all fast tables if it was not watched
 * yet. */
static void watch_code(struct block_cache *c, u64 pa, u64 size)
{
	struct bus_region *region = bus_find(c->bus, pa);
	u64 *word = &region->code_map[(pa - region->base) >> PAGE_SHIFT];
	u64 first = (pa & (PAGE_SIZE - 1)) / 64, last = ((pa & (PAGE_SIZE - 1)) + size - 1) / 64;

	if (*word == 0)
		for (u32 i = 0; i < c->hart_count; i++)
			mmu_protect_page(&c->harts[i]->mmu, pa);
	for (u64 g = first; g <= last; g++)
		*word |= BIT(g);
}

static void insert(struct block_cache *c, struct block *b)
{
	struct block **bucket = pa_bucket(c, b->pa);

	b->same_hash = *bucket;
	*bucket = b;
	bucket = page_bucket(c, b->pa);
	b->same_page[0] = *bucket;
	*bucket = b;
	if (!b->pa2)
		return;
	bucket = page_bucket(c, b->pa2);
	if (bucket == page_bucket(c, b->pa))
		return;
	b->same_page[1] = *bucket;
	*bucket = b;
}

static struct block *build(struct hart *h, u64 pa, u64 pa2, u64 limit, bool keep)
{
	struct block_cache *c = h->blocks;
	struct builder w = { .h = h, .in_page = PAGE_SIZE - (pa & (PAGE_SIZE - 1)) };
	struct block *b;

	if (keep && c->used + BLOCK_BYTES_MAX > ARENA_BYTES)
		flush(c);
	b = keep ? (struct block *)(c->arena + c->used) : h->scratch;
	memset(b, 0, sizeof(*b));
	b->pa = pa;
	b->observed = h->observing;
	w.b = b;
	w.next = b->code;
	w.code = bus_ram(h->mmu.bus, pa, 2);
	if (pa2)
		fill_across(&w, pa2);
	else
		fill(&w, limit < BLOCK_INSNS_MAX ? limit : BLOCK_INSNS_MAX);
	watch_code(c, pa, pa2 ? 2 : b->bytes);
	if (pa2)
		watch_code(c, pa2, 2);
	if (!keep)
		return b;
	c->used = align_up((u64)((u8 *)w.next - c->arena), 64);
	insert(c, b);
	return b;
}

/* --- finding --- */

/* What is found moves to the front of its chain: under an operating system chains are long, and a few blocks of each
 * are asked for again and again. */
static struct block *lookup(const struct hart *h, u64 pa, u64 pa2, u64 limit)
{
	struct block **bucket = pa_bucket(h->blocks, pa), *b = *bucket, *before = NULL;

	while (b && (b->pa != pa || b->pa2 != pa2 || b->observed != h->observing)) {
		before = b;
		b = b->same_hash;
	}
	if (b && before) {
		before->same_hash = b->same_hash;
		b->same_hash = *bucket;
		*bucket = b;
	}
	return b && b->insns <= limit ? b : NULL;
}

static void remember(struct hart *h, u64 va, struct block *b)
{
	struct jump_entry *e = &h->jumps[jump_index(va)];

	e->va = va;
	e->block = b;
	h->jumps_used[h->priv] |= (u32)BIT(jump_page(va));
}

/* If the instruction at pc reaches into the next page: where that is. *pa2 is 0 if it does not. False: that page
 * faults. */
static must_check bool second_page(struct hart *h, u64 pc, u64 pa, u64 *pa2, bool *uniform)
{
	bool uniform2;
	u16 low;

	*pa2 = 0;
	if ((pa & (PAGE_SIZE - 1)) != PAGE_SIZE - 2)
		return true;
	memcpy(&low, bus_ram(h->mmu.bus, pa, 2), 2);
	if (insn_length(low) == 2)
		return true;
	if (!mmu_fetch(&h->mmu, pc + 2, pa2, &uniform2))
		return false;
	*uniform &= uniform2;
	return true;
}

/*
 * In a page that PMP cuts up, each instruction is asked about by itself, and its two halves apart: the manual lets a
 * misaligned fetch be decomposed, and Spike and QEMU fetch 16 bits at a time, so that an instruction may lie across two
 * regions.
 */
static must_check bool fetch_checked(struct hart *h, u64 pc, u64 pa, u64 pa2)
{
	u16 low;

	if (!mmu_fetch_allowed(&h->mmu, pc, pa, 2))
		return false;
	memcpy(&low, bus_ram(h->mmu.bus, pa, 2), 2);
	return insn_length(low) == 2 || mmu_fetch_allowed(&h->mmu, pc + 2, pa2 ? pa2 : pa + 2, 2);
}

/* The first instruction's way through the caches. */
static cold void take_fetch_time(struct hart *h, u64 pa, u64 pa2)
{
	u16 low;

	memcpy(&low, bus_ram(h->mmu.bus, pa, 2), 2);
	observe_fetched(h, pa, pa2, insn_length(low));
}

/* Shows the check what is about to be run. */
static cold void show_code(struct hart *h, const struct block *b)
{
	check_code_run(h->mmu.check, &h->mmu, h->pc, b->pa, b->pa2 ? 2 : b->bytes);
	if (b->pa2)
		check_code_run(h->mmu.check, &h->mmu, h->pc + 2, b->pa2, 2);
}

struct block *block_find(struct hart *h, u64 limit)
{
	u64 pc = h->pc, pa, pa2;
	struct block *b;
	bool uniform;

	if (!mmu_fetch(&h->mmu, pc, &pa, &uniform) || !second_page(h, pc, pa, &pa2, &uniform))
		return NULL;
	h->fetched = (struct fetched_insn){ .pc = pc, .count = h->count + 1 };
	if (unlikely(h->mmu.cost))
		take_fetch_time(h, pa, pa2);
	if (unlikely(!uniform)) {
		if (!fetch_checked(h, pc, pa, pa2))
			return NULL;
		return build(h, pa, pa2, 1, false);
	}
	b = lookup(h, pa, pa2, limit);
	if (!b)
		b = build(h, pa, pa2, limit, limit >= BLOCK_INSNS_MAX);
	if (unlikely(h->mmu.check))
		show_code(h, b);
	if (b != h->scratch)
		remember(h, pc, b);
	return b;
}

struct block *block_find_linked(struct hart *h, u64 limit, const struct link *link)
{
	u64 generation = h->blocks->generation;
	struct block *from = block_of_link(link), *b = block_find(h, limit);

	if (!b || b == h->scratch || b->pa2 || from->dead || generation != h->blocks->generation)
		return b;
	if (align_down(b->pa, PAGE_SIZE) == align_down(from->pa, PAGE_SIZE))
		((struct link *)link)->to = b;
	return b;
}
