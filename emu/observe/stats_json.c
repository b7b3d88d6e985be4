/*
 * The counters as JSON: the flat list of stats.c as a tree, cut at the dots of the names. Where a name is both a number
 * and the beginning of others, the number is called "total" in their object. See stats.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/profile.h"
#include "emu/observe/stats_internal.h"

#define NONE UINT32_MAX
#define PART_SIZE 32

/* A part of names: between two dots. */
struct node {
	char part[PART_SIZE];    /* it */
	u64 value;               /* of the name that ends here */
	bool has_value;          /* one does */
	u32 first, last, sister; /* names that go on, and the next one of those above; or NONE */
};

struct tree {
	struct node *nodes; /* [0] is the root */
	u32 count, capacity;
};

static u32 add_node(struct tree *t, u32 parent, const char *part, size_t length)
{
	if (t->count == t->capacity) {
		t->capacity = t->capacity ? 2 * t->capacity : 1024;
		t->nodes = xrealloc(t->nodes, t->capacity * sizeof(*t->nodes));
	}
	struct node *node = &t->nodes[t->count];
	*node = (struct node){ .first = NONE, .last = NONE, .sister = NONE };
	BUG_ON(length >= PART_SIZE);
	memcpy(node->part, part, length);
	if (parent != NONE) {
		struct node *above = &t->nodes[parent];
		if (above->last == NONE)
			above->first = t->count;
		else
			t->nodes[above->last].sister = t->count;
		above->last = t->count;
	}
	return t->count++;
}

static u32 find_child(const struct tree *t, u32 parent, const char *part, size_t length)
{
	/* Names that go together come together: it is the last one nearly always. */
	u32 last = t->nodes[parent].last;
	if (last != NONE && strncmp(t->nodes[last].part, part, length) == 0 && !t->nodes[last].part[length])
		return last;
	for (u32 n = t->nodes[parent].first; n != NONE; n = t->nodes[n].sister)
		if (strncmp(t->nodes[n].part, part, length) == 0 && !t->nodes[n].part[length])
			return n;
	return NONE;
}

static void add(void *arg, const char *name, u64 value)
{
	struct tree *t = arg;
	u32 at = 0;
	for (;;) {
		size_t length = strcspn(name, ".");
		u32 child = find_child(t, at, name, length);
		at = child != NONE ? child : add_node(t, at, name, length);
		if (!name[length])
			break;
		name += length + 1;
	}
	t->nodes[at].value = value;
	t->nodes[at].has_value = true;
}

static void indent(u32 depth, FILE *out)
{
	fprintf(out, "\n%*s", (int)(2 * depth), "");
}

/* Objects of nothing but numbers stand in a line. */
static bool is_flat(const struct tree *t, u32 n)
{
	for (u32 c = t->nodes[n].first; c != NONE; c = t->nodes[c].sister)
		if (t->nodes[c].first != NONE)
			return false;
	return true;
}

/* Depths are bounded by the names' dots. */
static void print_members(const struct tree *t, u32 n, u32 depth, FILE *out)
{
	const char *comma = "";
	bool flat = depth > 1 && is_flat(t, n);
	if (t->nodes[n].has_value) {
		fprintf(out, "\"total\": %" PRIu64, t->nodes[n].value);
		comma = ", ";
	}
	for (u32 c = t->nodes[n].first; c != NONE; c = t->nodes[c].sister) {
		const struct node *child = &t->nodes[c];
		fprintf(out, "%s", flat ? comma : *comma ? "," : "");
		comma = ", ";
		if (!flat)
			indent(depth, out);
		fprintf(out, "\"%s\": ", child->part);
		if (child->first == NONE) {
			fprintf(out, "%" PRIu64, child->value);
			continue;
		}
		fprintf(out, "{");
		print_members(t, c, depth + 1, out);
		fprintf(out, "}");
	}
}

/* What is no whole number. */
static void print_mpki(const struct stats_sources *s, FILE *out)
{
	struct stats_view *v = stats_view_create(s->machine);
	fprintf(out, ",\n  \"mpki\": %.6f", v->instret ? (double)stats_tlb_misses(v) * 1000 / (double)v->instret : 0.0);
	free(v);
}

static void print_preset(const struct machine *m, FILE *out)
{
	const struct mmu *mmu = &m->harts[0]->mmu;
	fprintf(out, ",\n  \"preset\": {\"tlb\": \"%s\", \"core\": ", tlb_config(mmu->tlb)->name);
	if (mmu->cost)
		fprintf(out, "\"%s\"}", cost_config(mmu->cost)->name);
	else
		fprintf(out, "null}");
}

void stats_print_json(const struct stats_sources *sources, FILE *out)
{
	struct tree tree = { 0 };
	add_node(&tree, NONE, "", 0);
	stats_each(sources, add, &tree);
	fprintf(out, "{");
	print_members(&tree, 0, 1, out);
	print_mpki(sources, out);
	print_preset(sources->machine, out);
	if (sources->profile) {
		fprintf(out, ",\n  \"hottest\": ");
		profile_print_json(sources->profile, out);
	}
	fprintf(out, "\n}\n");
	free(tree.nodes);
}
