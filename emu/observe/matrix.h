/*
 * `rvemu matrix [options] guest.elf`: the same guest on many machines, each of which the manual allows, and where they
 * differ in what can be seen: exit status, console output, findings of --check, expectations that fail.
 *
 * Each run is an rvemu of its own, as many at once as there are processors, without input, and with a limit. Nothing of
 * the user's is written: disks are given as with --snapshot, and options that write files are refused. What takes part
 * in the outside world (network, gdb, recordings, folders that can be written) is refused, too, for it is not the same
 * twice. matrix.c has the list of behaviours, the options and what is shown; matrix_run.c the processes;
 * matrix_compare.c the comparison.
 */
#ifndef RVEMU_EMU_OBSERVE_MATRIX_H
#define RVEMU_EMU_OBSERVE_MATRIX_H

/* argv[0] is "matrix". Returns the exit status: 0 all agree, 1 some differ, 125 nothing could be compared. */
int matrix_main(int argc, char **argv);

#endif
