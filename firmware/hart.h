/*
 * A hart: what the firmware keeps for each, and how its CSRs are set up.
 *
 * Each hart changes its own struct; the fields that others may write are marked, and are accessed with __atomic
 * builtins only.
 */
#ifndef FIRMWARE_HART_H
#define FIRMWARE_HART_H

#include "firmware/fence.h"
#include "firmware/layout.h"
#include "firmware/pmu.h"

/* Registers by what the calling convention calls them. */
enum { REG_A0 = 10, REG_A1 = 11, REG_A6 = 16, REG_A7 = 17 };

/* What a hart can do; found out by hart_setup(). */
struct hart_features {
	bool sstc;       /* the supervisor's timer is a register, stimecmp */
	bool sscofpmf;   /* counters have filters by mode, and interrupt at overflow */
	bool fence_i;    /* Zifencei */
	bool fp_single;  /* F */
	bool fp_double;  /* D */
	bool hypervisor; /* H */
};

struct hart {
	u64 x[32];                     /* the lower mode's registers, while the hart is in M mode; x[0] stays 0 */
	u64 pc;                        /* where it goes on */
	u64 mstatus;                   /* and with which mstatus */
	u64 stack;                     /* upper end of this hart's stack */
	u64 id;                        /* mhartid */
	struct hart_features features; /* what it can do */

	u32 state;       /* enum hart_state of hsm.h; others write it to start the hart */
	u64 start_pc;    /* where a hart that is started begins; whoever starts it writes it */
	u64 start_value; /* and what it finds in a1 */

	u32 ipi_pending;            /* an interrupt for the supervisor is on its way; others set it */
	u64 fences_wanted;          /* a bit for each hart whose `fence` is to be done here; others set bits */
	struct fence_request fence; /* what this hart asks of others; they clear bits of its `waiting` */

	struct pmu pmu; /* its performance counters */
};

/* By mhartid. Those that are not in board.harts are not used. */
extern struct hart harts[HARTS_MAX];

/* Sets up the CSRs of the hart that calls, for a life below M mode. Once, at boot. */
void hart_setup(struct hart *hart);

/*
 * Makes the hart begin at pc in S mode, translation and interrupts off, with a0 the hart's id, a1 the value, and all
 * other registers zero. Nothing that was translated or fetched before is remembered. hart_enter() then does it.
 */
void hart_prepare(struct hart *hart, u64 pc, u64 value);

/* --- start.S --- */

/* Leaves M mode as struct hart says. */
void hart_enter(struct hart *hart) __attribute__((noreturn));

/* Sleeps for ever, deaf. */
void park(void) __attribute__((noreturn));

/* Where mtvec points. */
void trap_entry(void);

#endif
