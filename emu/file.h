/*
 * Whole files as bytes in memory, unpacked if they are gzipped.
 */
#ifndef RVEMU_EMU_FILE_H
#define RVEMU_EMU_FILE_H

#include "emu/base/base.h"

/* Reads a file, at most `limit` bytes of it; then `*size` holds its length. For free(). NULL: see err, which names it.
 */
u8 *file_read(const char *path, u64 limit, u64 *size, struct error *err);

/* True if these bytes begin as a gzip file does. */
bool is_gzipped(const u8 *bytes, u64 size);

/* Unpacks gzipped bytes into at most `limit` bytes, for free(). NULL: damaged or too large; path is for the message. */
u8 *gunzip(const u8 *packed, u64 packed_size, const char *path, u64 limit, u64 *size, struct error *err);

#endif
