/*
 * The timing model: see cost.h. A cache is its tags alone; a set's lines are kept in the order of their last use, so
 * that true LRU is to move one to the front, and the line used last of all is found by one compare.
 *
 * Not inclusive: a line that leaves the second level may stay in a first one. Stores allocate like loads, and writing
 * back costs nothing. Setting A or D costs no more than the PTE's read.
 */
#include "mmu/cost.h"

#include <stdlib.h>
#include <string.h>

#include "emu/base/state.h"

#define LINE_MIN 16
#define LINE_MAX 256
#define WAYS_MAX 64
#define CACHE_MAX (64 * MIB)

struct cache {
	u64 *lines;     /* [set * ways + n]: 1 + number of a line, the set's last used one first; 0: empty */
	u64 last;       /* 1 + number of the line used last; 0: none */
	u32 ways;       /* lines a set; 0: there is no such cache */
	u32 sets;       /* a power of two */
	u32 line_shift; /* log2 of a line's bytes */
	u32 latency;    /* cycles */
};

struct cost_shared {
	struct cache l2;
};

struct cost {
	struct cache l1i, l1d;
	struct cost_shared *shared; /* NULL: there is no second level */
	u64 waited;                 /* cycles */
	struct cost_config config;
	struct cost_stats stats;
};

_Static_assert(sizeof(struct cost_stats) % sizeof(u64) == 0, "all of it is u64");

/* --- caches --- */

static bool check_cache(const struct cache_config *c, const char *name, struct error *err)
{
	u64 way_bytes = (u64)c->line * c->ways;

	if (c->latency > COST_LATENCY_MAX)
		return error_set(err, "%s.latency %u: must be at most %u", name, c->latency, COST_LATENCY_MAX);
	if (c->size == 0)
		return true;
	if (!is_power_of_two(c->line) || c->line < LINE_MIN || c->line > LINE_MAX)
		return error_set(err, "%s.line %u: must be a power of two between %u and %u", name, c->line, LINE_MIN,
		                 LINE_MAX);
	if (c->ways == 0 || c->ways > WAYS_MAX)
		return error_set(err, "%s.ways %u: must be between 1 and %u", name, c->ways, WAYS_MAX);
	if (c->size > CACHE_MAX)
		return error_set(err, "%s.size %u: must be at most %u", name, c->size, (u32)CACHE_MAX);
	if (c->size % way_bytes || !is_power_of_two(c->size / way_bytes))
		return error_set(err, "%s.size %u: must be %u ways of %u-byte lines times a power of two", name,
		                 c->size, c->ways, c->line);
	return true;
}

static bool check_latency(u32 cycles, const char *name, struct error *err)
{
	return cycles <= COST_LATENCY_MAX ||
	       error_set(err, "%s %u: must be at most %u", name, cycles, COST_LATENCY_MAX);
}

bool cost_check(const struct cost_config *config, struct error *err)
{
	return check_cache(&config->l1i, "l1i", err) && check_cache(&config->l1d, "l1d", err) &&
	       check_cache(&config->l2, "l2", err) && check_latency(config->memory_latency, "memory.latency", err) &&
	       check_latency(config->second_latency, "tlb.second.latency", err) &&
	       check_latency(config->walk_cache_latency, "tlb.walk.latency", err);
}

static void cache_create(struct cache *c, const struct cache_config *config)
{
	c->latency = config->latency;
	if (config->size == 0)
		return;
	c->ways = config->ways;
	c->sets = config->size / (config->line * config->ways);
	c->line_shift = (u32)__builtin_ctz(config->line);
	c->lines = xcalloc((size_t)c->sets * c->ways, sizeof(*c->lines));
}

static void cache_forget(struct cache *c)
{
	if (c->ways)
		memset(c->lines, 0, (size_t)c->sets * c->ways * sizeof(*c->lines));
	c->last = 0;
}

/* The line is not its set's last used one: finds it among the others, or takes the place of the oldest, and puts it in
 * front. */
static bool cache_search(const struct cache *c, u64 *set, u64 line)
{
	u32 way = 1;

	while (way < c->ways && set[way] != line)
		way++;
	bool hit = way < c->ways;
	for (u32 i = hit ? way : c->ways - 1; i > 0; i--)
		set[i] = set[i - 1];
	set[0] = line;
	return hit;
}

/* Uses the line of pa, which is in the cache afterwards. True: it was before, too. */
static always_inline bool cache_use(struct cache *c, u64 pa)
{
	u64 number = pa >> c->line_shift, line = number + 1;
	u64 *set;

	if (likely(line == c->last))
		return true;
	c->last = line;
	set = &c->lines[(number & (c->sets - 1)) * c->ways];
	return set[0] == line || cache_search(c, set, line);
}

/* --- accesses --- */

static struct cost_answer beyond_first(struct cost *cost, u64 pa)
{
	struct cache *l2 = cost->shared ? &cost->shared->l2 : NULL;

	if (l2 && l2->ways && cache_use(l2, pa))
		return (struct cost_answer){ .place = COST_L2, .cycles = l2->latency };
	return (struct cost_answer){ .place = COST_MEMORY, .cycles = cost->config.memory_latency };
}

struct cost_answer cost_access(struct cost *cost, enum cost_kind kind, u64 pa)
{
	struct cache *l1 = kind == COST_FETCH ? &cost->l1i : &cost->l1d;
	bool has_first = l1->ways && !(kind == COST_PTE && cost->config.walks_skip_l1);
	struct cost_answer answer = { .place = COST_L1, .cycles = kind == COST_PTE ? l1->latency : 0 };

	if (!has_first || unlikely(!cache_use(l1, pa)))
		answer = beyond_first(cost, pa);
	cost->stats.found[kind][answer.place]++;
	cost->stats.waited[kind] += answer.cycles;
	cost->waited += answer.cycles;
	return answer;
}

/* The line that matters is the first level's; without one, the second's. */
static u32 line_bytes(const struct cost *cost, enum cost_kind kind)
{
	const struct cache_config *l1 = kind == COST_FETCH ? &cost->config.l1i : &cost->config.l1d;

	return l1->size ? l1->line : cost->config.l2.size ? cost->config.l2.line : LINE_MAX;
}

void cost_access_bytes(struct cost *cost, enum cost_kind kind, u64 pa, u32 size)
{
	u32 line = line_bytes(cost, kind);
	u64 last = pa + size - 1;

	(void)cost_access(cost, kind, pa);
	for (u64 next = align_down(pa, line) + line; unlikely(next <= last); next += line)
		(void)cost_access(cost, kind, next);
}

u32 cost_wait(struct cost *cost, u32 cycles)
{
	cost->stats.waited_tlb += cycles;
	cost->waited += cycles;
	return cycles;
}

u64 *cost_fetch_hits(struct cost *cost)
{
	return &cost->stats.found[COST_FETCH][COST_L1];
}

u32 cost_fetch_line(const struct cost *cost)
{
	return cost->l1i.ways ? 1u << cost->l1i.line_shift : 0;
}

u64 cost_waited(const struct cost *cost)
{
	return cost->waited;
}

const struct cost_stats *cost_stats(const struct cost *cost)
{
	return &cost->stats;
}

const struct cost_config *cost_config(const struct cost *cost)
{
	return &cost->config;
}

u32 cost_longest(const struct cost_config *config)
{
	const u32 all[] = { config->l1i.latency,    config->l1d.latency,    config->l2.latency,
		            config->memory_latency, config->second_latency, config->walk_cache_latency };
	u32 longest = 0;

	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		longest = all[i] > longest ? all[i] : longest;
	return longest;
}

/* --- life --- */

struct cost_shared *cost_shared_create(const struct cost_config *config)
{
	struct cost_shared *shared = xcalloc(1, sizeof(*shared));

	cache_create(&shared->l2, &config->l2);
	return shared;
}

void cost_shared_destroy(struct cost_shared *shared)
{
	if (!shared)
		return;
	free(shared->l2.lines);
	free(shared);
}

struct cost *cost_create(const struct cost_config *config, struct cost_shared *shared)
{
	struct cost *cost = xcalloc(1, sizeof(*cost));
	struct error err;

	BUG_ON(!cost_check(config, &err));
	cost->config = *config;
	cost->shared = shared;
	cache_create(&cost->l1i, &config->l1i);
	cache_create(&cost->l1d, &config->l1d);
	return cost;
}

void cost_destroy(struct cost *cost)
{
	if (!cost)
		return;
	free(cost->l1i.lines);
	free(cost->l1d.lines);
	free(cost);
}

void cost_reset(struct cost *cost)
{
	cache_forget(&cost->l1i);
	cache_forget(&cost->l1d);
}

/* --- snapshots --- */

/* Any number may be a line's: what is not in its set is never found there. */
static void cache_state(struct state *s, struct cache *c)
{
	if (c->ways)
		state_u64s(s, c->lines, (size_t)c->sets * c->ways);
	c->last = s->loading ? 0 : c->last;
}

void cost_state(struct state *s, struct cost *cost)
{
	state_section(s, "cost", 1);
	state_u64(s, &cost->waited);
	state_u64s(s, (u64 *)&cost->stats, sizeof(cost->stats) / sizeof(u64));
	cache_state(s, &cost->l1i);
	cache_state(s, &cost->l1d);
}

void cost_shared_state(struct state *s, struct cost_shared *shared)
{
	state_section(s, "cost-shared", 1);
	cache_state(s, &shared->l2);
}
