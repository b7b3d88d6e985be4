/*
 * The options that say what machine is built: RAM, harts, ISA, MMU, TLB, seeds. Part of emu/options.c.
 */
#ifndef RVEMU_EMU_OPTIONS_MACHINE_H
#define RVEMU_EMU_OPTIONS_MACHINE_H

#include "emu/core_config.h"
#include "emu/options.h"

/* What is known of the machine while the arguments are read. */
struct machine_options {
	struct config *config;           /* what is filled in */
	struct core_config core;         /* what --core and --tlb say */
	const struct tlb_config *preset; /* the TLB of it, or NULL: neither was given */
	u64 seed;                        /* --seed; 0: none */
	bool has_ad;                     /* --ad was given */
	bool adversarial;                /* --adversarial: the TLB has its habits, whatever its geometry */
};

/* Each reads one option's value. False: see err, which begins with `given`, the option's name. */
bool machine_options_memory(struct machine_options *m, const char *given, const char *text,
                            struct error *err) must_check;
bool machine_options_harts(struct machine_options *m, const char *given, const char *text,
                           struct error *err) must_check;
bool machine_options_isa(struct machine_options *m, const char *given, const char *text, struct error *err) must_check;
bool machine_options_max_insns(struct machine_options *m, const char *given, const char *text,
                               struct error *err) must_check;
bool machine_options_quantum(struct machine_options *m, const char *given, const char *text,
                             struct error *err) must_check;
bool machine_options_seed(struct machine_options *m, const char *given, const char *text, struct error *err) must_check;
bool machine_options_asid_bits(struct machine_options *m, const char *given, const char *text,
                               struct error *err) must_check;
bool machine_options_ad(struct machine_options *m, const char *given, const char *text, struct error *err) must_check;
bool machine_options_mmu(struct machine_options *m, const char *given, const char *text, struct error *err) must_check;
bool machine_options_misaligned(struct machine_options *m, const char *given, const char *text,
                                struct error *err) must_check;
bool machine_options_tlb(struct machine_options *m, const char *given, const char *text, struct error *err) must_check;
bool machine_options_core(struct machine_options *m, const char *given, const char *text, struct error *err) must_check;
/* text may be NULL. */
bool machine_options_adversarial(struct machine_options *m, const char *given, const char *text,
                                 struct error *err) must_check;

/* Makes them agree with one another, and puts the TLB into the configuration. */
void machine_options_settle(struct machine_options *m);

#endif
