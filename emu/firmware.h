/*
 * The firmware that rvemu carries with it: firmware/ of this tree, built for the start of RAM.
 */
#ifndef RVEMU_EMU_FIRMWARE_H
#define RVEMU_EMU_FIRMWARE_H

#include "emu/base/base.h"

/* Its bytes, and how many there are. */
extern const u8 firmware_bytes[];
extern const u64 firmware_size;

#endif
