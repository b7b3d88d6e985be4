/*
 * Interrupts between harts, and the hart masks that calls use to say which.
 */
#ifndef FIRMWARE_IPI_H
#define FIRMWARE_IPI_H

#include "firmware/base.h"

struct hart;

/*
 * The harts that hart_mask and hart_mask_base of a call name, a bit each; base -1 means all. False: one of them does
 * not exist. SBI, "Hart list parameter".
 */
bool ipi_resolve(u64 mask, u64 base, u64 *targets);

/* Makes a supervisor software interrupt pending on those of the harts that run. */
void ipi_send(struct hart *hart, u64 targets);

/* Only makes the harts look what there is for them to do. */
void ipi_kick(u64 targets);

/* The hart was kicked: does what there is to do. */
void ipi_receive(struct hart *hart);

#endif
