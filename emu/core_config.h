/*
 * What core is modelled: TLB geometry and timing, chosen by name and changed key by key; --core and --tlb, and files of
 * such keys.
 *
 * Text is anybody's: whatever it says, either the result can be built (tlb_create() and cost_create() have nothing to
 * complain of) or there is one line that names the key and what it may be. What there is to choose is a table in
 * core_config.c; the presets are in mmu/tlb_presets.c and mmu/cost_presets.c.
 */
#ifndef RVEMU_EMU_CORE_CONFIG_H
#define RVEMU_EMU_CORE_CONFIG_H

#include <stdio.h>

#include "mmu/cost.h"
#include "mmu/tlb.h"

struct core_config {
	struct tlb_config tlb;   /* geometry */
	struct cost_config cost; /* timing, if there is one */
	bool has_cost;           /* there is */
};

/* Reads "NAME[,key=value...]" or "FILE[,key=value...]" of --core. A file has a key=value a line, and # before comments;
 * its key `base` says which core it changes (teach, unless it says so in front of all others). False: see err. */
bool core_config_parse(struct core_config *core, const char *text, struct error *err) must_check;

/* Reads "NAME[,key=value...]" of --tlb: keys of the TLB's structure only. False: see err, *tlb is as it was. */
bool core_config_parse_tlb(struct tlb_config *tlb, const char *text, struct error *err) must_check;

/* All keys with a line of explanation each. */
void core_config_print_keys(FILE *out);

#endif
