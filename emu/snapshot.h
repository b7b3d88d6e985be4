/*
 * Snapshots: a whole machine in one file, from which a machine of the same configuration goes on instruction for
 * instruction, TLB miss for TLB miss, as if it had never stopped.
 *
 * In it: harts, TLBs with all that is stale in them, devices, timers, RAM, guest time, whose turn it is. Not in it:
 * what was typed and not yet taken by the guest, the insides of disks that are written in place (their files must not
 * have changed since), connections of the network, decoded code.
 *
 * Both functions are for machines between two engine runs (the monitor, the run loop).
 */
#ifndef RVEMU_EMU_SNAPSHOT_H
#define RVEMU_EMU_SNAPSHOT_H

#include "emu/base/state.h"
#include "emu/machine.h"

/* Writes m to a file: to a new one beside it first, which takes the old one's place when it is whole and on the disk.
 * False: see err; an old file is as it was. */
bool snapshot_save(struct machine *m, const char *path, struct error *err) must_check;

/* Restores what snapshot_save() wrote, into a machine that was just created. False: see err, one line that names what
 * does not fit, or what is wrong with the file; m must not be used, but destroyed. */
bool snapshot_load(struct machine *m, const char *path, struct error *err) must_check;

/* Reads a snapshot to its end and changes nothing: is it whole, and could a machine made like m be restored from it?
 * False: see err. A user who names the wrong file keeps the machine that runs. */
bool snapshot_check(struct machine *m, const char *path, struct error *err) must_check;

/* What is in the file: for tests. */
void snapshot_state(struct state *s, struct machine *m);

#endif
