/*
 * Files that observers write at the end of a run.
 */
#ifndef RVEMU_EMU_OBSERVE_OUTPUT_H
#define RVEMU_EMU_OBSERVE_OUTPUT_H

#include <stdio.h>

#include "emu/base/base.h"

/* Can a file of that name be written? Asked before a long run, whose outcome would be lost; makes an empty one where
 * none is. False: it cannot, see err. */
bool output_check(const char *path, struct error *err) must_check;

/* Has `print` write a file; "-" is standard output. False: it is not whole, see err. */
bool output_write(const char *path, void (*print)(const void *arg, FILE *out), const void *arg,
                  struct error *err) must_check;

#endif
