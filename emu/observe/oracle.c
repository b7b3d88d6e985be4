/*
 * The reference string, gathered and shortened: see oracle.h.
 *
 * Only the string's shape matters to a policy. While a program goes round among a few pages, nothing happens once they
 * all are in memory: such references are left out. A stretch of references to at most `group_max` pages begins with the
 * group empty; what comes is kept until all pages of the group have been used in ROUNDS rounds without a new one. From
 * then on they are in memory under every policy that has at least group_max frames, and marked as used, so that further
 * references among them are hits without consequence - but for the order of last use, which LRU goes by: when another
 * page comes, the group's are put down once more in that order. Hence fewer frames than group_max cannot be asked
 * about.
 */
#include "emu/observe/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "emu/observe/oracle_internal.h"
#include "emu/options.h"
#include "mmu/walk.h"

#define PAGE_SHIFT 12
#define GROUP_MAX 8      /* pages that a program may go round among */
#define ROUNDS 20        /* after which they all are in memory */
#define STRETCH_MAX 1024 /* references after which a group that has not settled is given up */
#define WINDOWS 40       /* working sets over up to 2^39 references */
#define PIDS 65536
#define NONE UINT32_MAX

/* Numbers for pairs, in the order in which they are first seen: open addressing. */
struct numbers {
	struct pair {
		u64 a, b;
		u32 number; /* + 1; 0: a free slot */
	} * slots;
	u32 capacity; /* a power of two */
	u32 count;    /* how many there are */
};

/* Pages that the program goes round among. */
struct group {
	u32 pages[GROUP_MAX]; /* the one used last is the first */
	bool seen[GROUP_MAX]; /* in this round */
	u32 count;            /* how many */
	u32 left;             /* of them not seen in this round */
	u32 rounds;           /* complete ones since the last page joined */
	u32 kept;             /* references kept since the group began */
	bool is_settled;      /* references among them are left out */
};

/* Where a hart is. */
struct place {
	u64 process; /* how often its pid was used before << 32 | pid, as hints tell; 0: not known */
	u64 satp;    /* address space */
	u32 space;   /* its number, or NONE: to be looked up */
	u64 vpn[2];  /* of the last fetch, and of the last other access, if `page` is not NONE */
	u32 page[2]; /* their numbers */
};

struct oracle {
	u64 frames, lo, hi;           /* as asked for */
	u32 group_max;                /* GROUP_MAX, or fewer frames */
	struct numbers spaces, pages; /* (process, satp); (space, vpn) */
	struct group group;           /* at work */
	struct place harts[OPTIONS_HARTS_MAX];
	u32 last;                    /* page of the reference before */
	u32 *kept;                   /* the string */
	u32 count, capacity;         /* of it */
	bool is_cut;                 /* it has been too long, or there were too many pages */
	u64 references;              /* all that were seen, the time of working sets */
	u64 *last_use;               /* [page]: when it was used last, + 1 */
	u32 last_capacity;           /* room in it */
	u64 gaps[WINDOWS];           /* references whose page is used again 2^n to 2^(n+1)-1 references later */
	u64 gap_sums[WINDOWS];       /* and how much later, added up */
	u32 *exits;                  /* [pid % PIDS]: processes of that pid that ended */
	bool has_hints;              /* there was one */
	u64 page_faults;             /* from user mode */
	u64 resolved[HINT_FAULTS];   /* by hints */
	u64 swap_reads, swap_writes; /* likewise */
};

/* --- numbers --- */

static struct pair *slot_of(const struct numbers *n, u64 a, u64 b)
{
	u64 hash = (a * 0x9e3779b97f4a7c15ull ^ b) * 0xd6e8feb86659fd93ull;
	for (u32 i = (u32)(hash >> 32);; i++) {
		struct pair *slot = &n->slots[i & (n->capacity - 1)];
		if (!slot->number || (slot->a == a && slot->b == b))
			return slot;
	}
}

static u32 number_of(struct numbers *n, u64 a, u64 b)
{
	struct pair *slot = slot_of(n, a, b);
	if (slot->number)
		return slot->number - 1;
	*slot = (struct pair){ .a = a, .b = b, .number = ++n->count };
	u32 number = n->count - 1;
	if (n->count < n->capacity / 2)
		return number;
	struct numbers bigger = { .capacity = 2 * n->capacity, .count = n->count };
	bigger.slots = xcalloc(bigger.capacity, sizeof(*bigger.slots));
	for (u32 i = 0; i < n->capacity; i++)
		if (n->slots[i].number)
			*slot_of(&bigger, n->slots[i].a, n->slots[i].b) = n->slots[i];
	free(n->slots);
	*n = bigger;
	return number;
}

static void numbers_init(struct numbers *n)
{
	n->capacity = 1024;
	n->slots = xcalloc(n->capacity, sizeof(*n->slots));
}

struct oracle *oracle_create(u64 frames, u64 lo, u64 hi)
{
	struct oracle *o = xcalloc(1, sizeof(*o));
	o->frames = frames;
	o->lo = lo;
	o->hi = hi;
	o->group_max = frames && frames < GROUP_MAX ? (u32)frames : GROUP_MAX;
	o->last = NONE;
	o->exits = xcalloc(PIDS, sizeof(*o->exits));
	numbers_init(&o->spaces);
	numbers_init(&o->pages);
	for (u32 i = 0; i < OPTIONS_HARTS_MAX; i++)
		o->harts[i].space = NONE;
	return o;
}

void oracle_destroy(struct oracle *o)
{
	if (!o)
		return;
	free(o->spaces.slots);
	free(o->pages.slots);
	free(o->kept);
	free(o->last_use);
	free(o->exits);
	free(o);
}

/* --- the string --- */

static void keep(struct oracle *o, u32 page)
{
	if (o->count == ORACLE_KEPT_MAX) {
		o->is_cut = true;
		return;
	}
	if (o->count == o->capacity) {
		o->capacity = o->capacity ? 2 * o->capacity : 65536;
		o->kept = xrealloc(o->kept, o->capacity * sizeof(*o->kept));
	}
	o->kept[o->count++] = page;
}

/* Puts down in which order the pages of a settled group were used last. */
static void end_group(struct oracle *o)
{
	struct group *g = &o->group;
	for (u32 i = g->count; g->is_settled && i-- > 0;)
		keep(o, g->pages[i]);
	*g = (struct group){ .count = 0 };
}

static void begin_round(struct group *g)
{
	memset(g->seen, 0, sizeof(g->seen));
	g->left = g->count;
}

static void move_to_front(struct group *g, u32 i)
{
	u32 page = g->pages[i];
	bool seen = g->seen[i];
	memmove(&g->pages[1], &g->pages[0], i * sizeof(g->pages[0]));
	memmove(&g->seen[1], &g->seen[0], i * sizeof(g->seen[0]));
	g->pages[0] = page;
	g->seen[0] = seen;
}

static void join_group(struct oracle *o, u32 page)
{
	struct group *g = &o->group;
	if (g->is_settled || g->count == o->group_max || g->kept >= STRETCH_MAX)
		end_group(o);
	g->pages[g->count++] = page;
	move_to_front(g, g->count - 1);
	g->rounds = 0;
	begin_round(g);
}

/* A reference to another page than the one before. */
static void refer(struct oracle *o, u32 page)
{
	struct group *g = &o->group;
	u32 i = 0;
	while (i < g->count && g->pages[i] != page)
		i++;
	if (i < g->count && !g->is_settled && g->kept >= STRETCH_MAX) {
		end_group(o);
		i = 0;
	}
	if (i == g->count)
		join_group(o, page);
	else
		move_to_front(g, i);
	if (g->is_settled)
		return;
	keep(o, page);
	g->kept++;
	g->left -= !g->seen[0];
	g->seen[0] = true;
	if (g->left == 0) {
		g->rounds++;
		begin_round(g);
	}
	g->is_settled = g->rounds >= ROUNDS;
}

/* A page is used again after `gap` references, or not before the end. */
static void note_gap(u64 *gaps, u64 *sums, u64 gap)
{
	u32 bucket = 63 - (u32)__builtin_clzll(gap);
	bucket = bucket < WINDOWS ? bucket : WINDOWS - 1;
	gaps[bucket]++;
	sums[bucket] += gap;
}

static void note_use(struct oracle *o, u32 page)
{
	if (page >= o->last_capacity) {
		u32 capacity = o->last_capacity ? 2 * o->last_capacity : 1024;
		o->last_use = xrealloc(o->last_use, capacity * sizeof(*o->last_use));
		memset(o->last_use + o->last_capacity, 0, (capacity - o->last_capacity) * sizeof(*o->last_use));
		o->last_capacity = capacity;
	}
	if (o->last_use[page])
		note_gap(o->gaps, o->gap_sums, o->references + 1 - o->last_use[page]);
	o->last_use[page] = ++o->references;
}

/* --- events --- */

static void see_ref(struct oracle *o, struct place *at, const struct trace_ref *ref)
{
	u64 vpn = ref->va >> PAGE_SHIFT;
	u32 side = ref->access != ACCESS_FETCH;
	if (ref->priv != PRIV_U || ref->va < o->lo || ref->va > o->hi || o->is_cut)
		return;
	if (at->space == NONE) {
		at->space = number_of(&o->spaces, at->process, at->satp ? at->satp : ref->asid);
		at->page[0] = at->page[1] = NONE;
	}
	if (at->page[side] == NONE || at->vpn[side] != vpn) {
		at->page[side] = number_of(&o->pages, at->space, vpn);
		at->vpn[side] = vpn;
		if (o->pages.count > ORACLE_PAGES_MAX) {
			o->is_cut = true;
			o->pages.count--;
			return;
		}
	}
	u32 page = at->page[side];
	note_use(o, page);
	if (page != o->last)
		refer(o, page);
	o->last = page;
}

static void see_hint(struct oracle *o, struct place *at, const struct trace_hint *hint)
{
	o->has_hints = true;
	switch (hint->number) {
	case HINT_SWITCH:
		if (hint->args[0] != 0) {
			at->process = (u64)o->exits[hint->args[0] % PIDS] << 32 | (u32)hint->args[0];
			at->space = NONE;
		}
		break;
	case HINT_EXIT:
		o->exits[hint->args[0] % PIDS]++;
		break;
	case HINT_FAULT:
		if (hint->args[2] < HINT_FAULTS)
			o->resolved[hint->args[2]]++;
		break;
	case HINT_SWAP_OUT:
		o->swap_writes++;
		break;
	case HINT_SWAP_IN:
		o->swap_reads++;
		break;
	default:
		break;
	}
}

static void emit(void *arg, enum trace_sort sort, const void *event)
{
	struct oracle *o = arg;
	const struct trace_head *head = event;
	if (head->hart >= OPTIONS_HARTS_MAX)
		return;
	struct place *at = &o->harts[head->hart];
	if (sort == TRACE_REF) {
		see_ref(o, at, event);
	} else if (sort == TRACE_SPACE) {
		at->satp = ((const struct trace_space *)event)->satp;
		at->space = NONE;
	} else if (o->is_cut) {
		return; /* what the guest did is compared with what was kept */
	} else if (sort == TRACE_HINT) {
		see_hint(o, at, event);
	} else if (sort == TRACE_FAULT) {
		u64 cause = ((const struct trace_fault *)event)->cause;
		o->page_faults += head->priv == PRIV_U && (cause == 12 || cause == 13 || cause == 15);
	}
}

struct trace oracle_sink(struct oracle *o)
{
	return (struct trace){ .wanted = BIT(TRACE_REF) | BIT(TRACE_SPACE) | BIT(TRACE_HINT) | BIT(TRACE_FAULT),
		               .emit = emit,
		               .arg = o };
}

/* --- for those who print --- */

const u32 *oracle_kept(const struct oracle *o, u32 *count, u32 *pages)
{
	*count = o->count;
	*pages = o->pages.count;
	return o->kept;
}

double oracle_working_set(const struct oracle *o, u32 window_log2)
{
	u64 gaps[WINDOWS], sums[WINDOWS];
	double window = (double)BIT(window_log2), total = 0;
	if (!o->references)
		return 0;
	memcpy(gaps, o->gaps, sizeof(gaps));
	memcpy(sums, o->gap_sums, sizeof(sums));
	for (u32 page = 0; page < o->last_capacity; page++)
		if (o->last_use[page])
			note_gap(gaps, sums, o->references + 1 - o->last_use[page]);
	for (u32 i = 0; i < WINDOWS; i++)
		total += i < window_log2 ? (double)sums[i] : (double)gaps[i] * window;
	return total / (double)o->references;
}

struct oracle_summary oracle_summary(const struct oracle *o)
{
	struct oracle_summary s = { .references = o->references,
		                    .frames = o->frames,
		                    .frames_min = o->group_max,
		                    .is_cut = o->is_cut,
		                    .has_hints = o->has_hints,
		                    .page_faults = o->page_faults,
		                    .swap_reads = o->swap_reads,
		                    .swap_writes = o->swap_writes };
	memcpy(s.resolved, o->resolved, sizeof(s.resolved));
	return s;
}
