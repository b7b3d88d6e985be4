/*
 * `rvemu report --show what-if` and `--show oracle`: the tables of emu/observe/what_if.h and oracle.h, computed from
 * the references in a run file (--trace ref,fault,fence,space,hint:FILE.zst).
 */
#ifndef RVEMU_EMU_OBSERVE_REPORT_CURVES_H
#define RVEMU_EMU_OBSERVE_REPORT_CURVES_H

#include <stdio.h>

#include "emu/observe/run_file.h"

/* Reads the file to its end and prints. Addresses lo to hi count for the oracle. False: the file is damaged or holds no
 * references, see err. */
bool report_what_if(struct run_reader *reader, FILE *out, struct error *err) must_check;
bool report_oracle(struct run_reader *reader, u64 lo, u64 hi, FILE *out, struct error *err) must_check;

#endif
