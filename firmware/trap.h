/*
 * Traps from lower modes into M mode.
 */
#ifndef FIRMWARE_TRAP_H
#define FIRMWARE_TRAP_H

#include "firmware/usermem.h"

/* Whatever the trap is, does what is to be done about it. The hart then goes on as its struct says. For start.S. */
void trap_handle(struct hart *hart);

/*
 * Hands an exception on to S mode, as if the hart had delegated it: the instruction at hart->pc raised it, in the mode
 * that hart->mstatus has in MPP.
 */
void trap_redirect(struct hart *hart, const struct fault *fault);

/* An illegal instruction: a counter that the hart does not show to lower modes is read for them. */
void illegal_handle(struct hart *hart, const struct fault *fault);

/* A misaligned load or store that the hart refused is done in pieces. */
void misaligned_handle(struct hart *hart, const struct fault *fault);

#endif
