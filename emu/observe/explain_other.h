/*
 * Words for exceptions that are no page or access faults: illegal instructions (what they are, and which extension,
 * mode or control bit is missing) and misaligned addresses. Used by emu/observe/explain_faults.c.
 */
#ifndef RVEMU_EMU_OBSERVE_EXPLAIN_OTHER_H
#define RVEMU_EMU_OBSERVE_EXPLAIN_OTHER_H

#include "emu/observe/explain_text.h"

/* Tells why, and what would mend it. `fault` is an illegal instruction or a misaligned address; the hart is as the
 * instruction found it. */
void explain_other_tell(const struct explain_teller *t, struct hart *h, const struct trace_fault *fault);

#endif
