/*
 * What two machines must have in common for the one to go on where the other was (snapshots), or to do what the other
 * did (recordings): the configuration that a guest can notice, option by option, and for recordings the guest itself.
 */
#ifndef RVEMU_EMU_LIKENESS_H
#define RVEMU_EMU_LIKENESS_H

#include "emu/base/state.h"
#include "emu/machine.h"

/* Saves what m is made of, or compares it with what was saved: the first thing that differs fails, with the option to
 * give. `contents`: also what is in RAM and on disks now, and how far m has run. */
void likeness_state(struct state *s, struct machine *m, bool contents);

#endif
