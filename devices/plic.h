/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0.0), in the layout of SiFive's and of QEMU's
 * virt board. Two contexts a hart: 2 * hart is its M mode, 2 * hart + 1 its S mode. Registers are 32 bits wide:
 *
 *     0x000000 + 4 * source               priority   0..7; 0 never interrupts. The upper bits read as zero.
 *     0x001000 + 4 * (source / 32)        pending    read only
 *     0x002000 + 0x80 * context + ...     enable     one bit a source, like pending
 *     0x200000 + 0x1000 * context         threshold  0..7; the context is interrupted by greater priorities only
 *     0x200004 + 0x1000 * context         claim (load), complete (store)
 *
 * Source 0 does not exist: its bits and its priority stay zero. Unused places read as zero and ignore writes; accesses
 * that are not of 4 bytes are access faults.
 *
 * Gateways are level-triggered: a source that is high and not being served becomes pending; once pending it stays so
 * until claimed, even if the wire falls (specification, "Interrupt Gateways"); completion makes it pending again if the
 * wire is still high. QEMU 7.2 differs in two ways: there a falling wire takes the request back, and a claim respects
 * the threshold, which the specification rules out ("Interrupt Claim Process").
 */
#ifndef RVEMU_DEVICES_PLIC_H
#define RVEMU_DEVICES_PLIC_H

#include "devices/bus.h"
#include "devices/irq.h"
#include "devices/memmap.h"

struct state;

#define PLIC_HARTS_MAX 64
#define PLIC_WORDS ((MEMMAP_PLIC_SOURCES + 31) / 32)

/* One privilege mode of one hart. The machine connects `line` (set, arg, number) before the guest runs. */
struct plic_context {
	struct irq_line line;   /* external interrupt: high while something enabled is pending above the threshold */
	u32 enable[PLIC_WORDS]; /* bit n: source n may interrupt this context */
	u32 threshold;          /* 0..7 */
};

struct plic {
	u32 priority[MEMMAP_PLIC_SOURCES];                /* by source, 0..7 */
	u32 level[PLIC_WORDS];                            /* bit n: source n's wire is high */
	u32 pending[PLIC_WORDS];                          /* bit n: source n waits to be claimed */
	u32 claimed[PLIC_WORDS];                          /* bit n: source n is being served: its gateway is shut */
	u32 edge[PLIC_WORDS];                             /* bit n: source n is edge-triggered; set at the start */
	u32 context_count;                                /* how many of `contexts` exist */
	struct plic_context contexts[2 * PLIC_HARTS_MAX]; /* M and S of hart 0, M and S of hart 1, ... */
};

/* Makes a PLIC with two contexts for each of hart_count (1..64) harts at base. NULL: the bus refused it, see err. */
struct plic *plic_create(struct bus *bus, u64 base, u32 hart_count, struct error *err);
void plic_destroy(struct plic *plic);

/* Drives the wire of a source (1..95). Fit for irq_line.set, with the plic as arg and the source as number. */
void plic_set(void *plic, u32 source, bool level);

/* An irq_line for a device whose interrupt goes to this source. */
struct irq_line plic_line(struct plic *plic, u32 source);

/* The same for an edge-triggered source: it waits to be claimed once each time the device drives the wire high (also if
 * it is high), no longer than the wire is high, and not anew because it still is when it was served. */
struct irq_line plic_edge_line(struct plic *plic, u32 source);

/* Saves or restores all registers, wires and gateways. */
void plic_state(struct state *s, struct plic *plic);

#endif
