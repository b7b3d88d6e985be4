/*
 * What is written when a run is over: the signature of architecture tests, the RAM hash. Statistics are
 * emu/observe/stats.h's.
 */
#ifndef RVEMU_EMU_REPORT_H
#define RVEMU_EMU_REPORT_H

#include <stdio.h>

#include "emu/machine.h"

/* One line: instructions retired and the hash of RAM. Two runs with the same input print the same. */
void report_ram_hash(struct machine *m, FILE *out);

/*
 * The signature: RAM from symbol begin_signature to end_signature, `granularity` bytes a line in hexadecimal, the
 * highest address first, as Spike writes it. False: the guest has no such symbols, or the file cannot be written.
 */
bool report_signature(struct machine *m, const char *path, u32 granularity, struct error *err) must_check;

#endif
