/*
 * Comparing machines: see likeness.h. Each fact goes out as text, the way the user would type it, so that the message
 * about one that differs is made of both texts.
 */
#include "emu/likeness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/page_hash.h"

#define TEXT_SIZE 512
#define PIECE_SIZE (1 * MIB) /* of a disk, at a time */

/* One fact, as text: `mine` is this machine's. `before` and `after` make what the user knows of it. */
static void same_text(struct state *s, const char *before, const char *mine, const char *after)
{
	char text[TEXT_SIZE] = "";
	if (!s->loading)
		snprintf(text, sizeof(text), "%s", mine);
	u32 length = (u32)strlen(text);
	state_below(s, &length, TEXT_SIZE);
	state_bytes(s, text, length);
	text[state_ok(s) ? length : 0] = '\0';
	if (!state_ok(s) || !s->loading || strcmp(text, mine) == 0)
		return;
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	state_fail(s, "it was made with %s%s%s, but this is run with %s%s%s", before, text, after, before, mine, after);
}

static void same_number(struct state *s, const char *before, u64 mine)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, mine);
	same_text(s, before, text, "");
}

/* What has no short name: `what` says what the other one had. */
static void same_hash(struct state *s, u64 mine, const char *what)
{
	u64 hash = mine;
	state_u64(s, &hash);
	if (state_ok(s) && hash != mine)
		state_fail(s, "it was made with %s", what);
}

static void same_ram_size(struct state *s, u64 bytes)
{
	char text[24];
	if (bytes % MIB == 0)
		snprintf(text, sizeof(text), "%" PRIu64 "M", (u64)(bytes / MIB));
	else
		snprintf(text, sizeof(text), "%" PRIu64 "K", (u64)(bytes / KIB));
	same_text(s, "-m ", text, "");
}

/* The presets' geometry may change from one version of rvemu to another. */
static u64 geometry_hash(const struct tlb_config *config)
{
	const struct tlb_array_config *const groups[] = { config->first[0], config->first[1], config->second,
		                                          config->walk_cache };
	u64 hash = config->forget_one_in;
	hash = hash << 3 | config->split << 2 | config->cache_invalid << 1 | config->keep_denied;
	for (u32 i = 0; i < ARRAY_SIZE(groups) * TLB_ARRAYS_MAX; i++) {
		const struct tlb_array_config *a = &groups[i / TLB_ARRAYS_MAX][i % TLB_ARRAYS_MAX];
		const u32 fields[] = { a->sets, a->ways, a->replacement, a->min_level, a->max_level };
		for (u32 f = 0; f < ARRAY_SIZE(fields); f++)
			hash = (hash ^ fields[f]) * 0x100000001b3;
	}
	return hash;
}

static u64 timing_hash(const struct cost_config *c)
{
	const struct cache_config *const caches[] = { &c->l1i, &c->l1d, &c->l2 };
	const u32 others[] = { c->memory_latency, c->second_latency, c->walk_cache_latency, c->walks_skip_l1 };
	u64 hash = 1;
	for (u32 i = 0; i < ARRAY_SIZE(caches); i++) {
		const u32 fields[] = { caches[i]->size, caches[i]->ways, caches[i]->line, caches[i]->latency };
		for (u32 f = 0; f < ARRAY_SIZE(fields); f++)
			hash = (hash ^ fields[f]) * 0x100000001b3;
	}
	for (u32 i = 0; i < ARRAY_SIZE(others); i++)
		hash = (hash ^ others[i]) * 0x100000001b3;
	return hash;
}

static void same_mmu(struct state *s, const struct config *config)
{
	static const char *const ad[] = { [AD_TRAP] = "trap", [AD_UPDATE] = "update", [AD_ADUE] = "adue" };
	static const char *const modes[] = { "sv39", "sv48", "sv57" };
	/* First the option that may change others: a core's preset also says how A and D are set, and that is in the
	 * ISA. */
	same_text(s, "--tlb ", config->tlb.name, "");
	same_text(s, "--mmu ", modes[config->mmu.levels_max - 3], "");
	same_text(s, "--ad ", ad[config->mmu.ad], "");
	same_number(s, "--asid-bits ", config->mmu.asid_bits);
	same_text(s, "--misaligned ", config->mmu.misaligned_trap ? "trap" : "ok", "");
	same_number(s, "--seed ", config->tlb.seed);
	same_hash(s, geometry_hash(&config->tlb),
	          "another geometry of this TLB: by its keys, or by another version of rvemu");
	same_text(s, config->mmu.cost ? "--core " : "", config->mmu.cost ? config->cost.name : "no timing", "");
	same_hash(s, config->mmu.cost ? timing_hash(&config->cost) : 0,
	          "other timing of this core: by its keys, or by another version of rvemu");
}

/* What is in a slot, and the option that puts it there. */
static void slot_text(const struct config *config, u32 i, char text[TEXT_SIZE])
{
	static const char *const kinds[] = {
		[SLOT_EMPTY] = "nothing",
		[SLOT_BLK] = "a disk (--drive)",
		[SLOT_NET] = "a network card (--net)",
		[SLOT_RNG] = "entropy (--rng)",
		[SLOT_CONSOLE] = "a console (--console virtio)",
		[SLOT_9P] = "a folder (--share)",
	};
	static const char *const inputs[] = {
		[VIRTIO_INPUT_KEYBOARD] = "a keyboard",
		[VIRTIO_INPUT_MOUSE] = "a mouse",
		[VIRTIO_INPUT_TABLET] = "a tablet",
	};
	const struct slot_config *slot = &config->slots[i];
	if (slot->kind == SLOT_GPU)
		snprintf(text, TEXT_SIZE, "a GPU of %ux%u (--screen)", config->screen.width, config->screen.height);
	else
		snprintf(text, TEXT_SIZE, "%s", slot->kind == SLOT_INPUT ? inputs[slot->index] : kinds[slot->kind]);
}

static void same_slots(struct state *s, const struct machine *m)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		char what[32], text[TEXT_SIZE];
		snprintf(what, sizeof(what), " in virtio slot %u", i);
		slot_text(m->config, i, text);
		same_text(s, "", text, what);
	}
}

/* Disks as large as the host's memory are read piece by piece. What cannot be read counts as zeros: the guest will hear
 * of it. */
static u64 disk_hash(struct disk *disk)
{
	u8 *piece = xcalloc(1, PIECE_SIZE);
	u64 hash = PAGE_HASH_START, size = disk_size(disk);
	for (u64 at = 0; at < size; at += PIECE_SIZE) {
		u64 length = size - at < PIECE_SIZE ? size - at : PIECE_SIZE;
		struct iovec iov = { .iov_base = piece, .iov_len = length };
		memset(piece + length, 0, PIECE_SIZE - length);
		if (!disk_read(disk, at, &iov, 1))
			memset(piece, 0, length);
		for (u64 page = 0; page < length; page += PAGE_SIZE)
			hash = page_hash(hash, at + page, piece + page);
	}
	free(piece);
	return hash;
}

static void same_disks(struct state *s, const struct machine *m)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		char what[64];
		if (m->config->slots[i].kind != SLOT_BLK)
			continue;
		snprintf(what, sizeof(what), "other contents of the disk in virtio slot %u", i);
		same_hash(s, disk_hash(virtio_blk_disk(m->slots.all[i].blk)), what);
	}
}

static void same_screen(struct state *s, const struct framebuffer *fb)
{
	char text[24] = "no";
	if (fb)
		snprintf(text, sizeof(text), "a %ux%u", fb->width, fb->height);
	same_text(s, "", text, " framebuffer (--screen)");
}

void likeness_state(struct state *s, struct machine *m, bool contents)
{
	const struct config *config = m->config;
	char isa[TEXT_SIZE];
	isa_print(&config->isa, isa, sizeof(isa));
	state_section(s, "likeness", 5);
	same_ram_size(s, config->ram_size);
	same_number(s, "--smp ", config->harts);
	same_mmu(s, config);
	same_text(s, "--isa ", isa, "");
	same_number(s, "--quantum ", config->quantum);
	same_slots(s, m);
	same_screen(s, m->framebuffer);
	same_text(s, "a guest ", m->htif ? "with" : "without", " a tohost symbol");
	if (!contents)
		return;
	same_number(s, "a start at instruction ", machine_instret(m));
	same_hash(s, machine_ram_hash(m), "other files of the guest, or another --append, or another snapshot");
	same_disks(s, m);
}
