/*
 * The firmware that rvemu carries with it: firmware/ of this tree, built for the start of RAM.
 */
#ifndef RVEMU_EMU_FIRMWARE_H
#define RVEMU_EMU_FIRMWARE_H

#include "emu/base/base.h"

/* Its bytes, from the first to the one before firmware_end. */
extern const u8 firmware_start[];
extern const u8 firmware_end[];

#endif
