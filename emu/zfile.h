/*
 * A file that is one zstd stream with a checksum, written or read from front to back: snapshots and recordings.
 *
 * A file that was not finished can be read as far as it was flushed; the reader is told that it is cut. Nothing read is
 * trusted: damage shows as an end, and zfile_problem() says so.
 */
#ifndef RVEMU_EMU_ZFILE_H
#define RVEMU_EMU_ZFILE_H

#include "emu/base/base.h"

struct zfile;

/* Creates a file, or empties an old one. NULL: see err, which names the file. */
struct zfile *zfile_create(const char *path, struct error *err);

/* Opens one for reading. NULL: see err. */
struct zfile *zfile_open(const char *path, struct error *err);

/* Frees it; a file that is written and was not finished stays cut. NULL is harmless. */
void zfile_close(struct zfile *z);

/* Writes. False: the host could not, now or earlier; zfile_problem() says why. */
bool zfile_write(struct zfile *z, const void *bytes, size_t size);

/* All that was written is in the file, and can be read from it, when this returns. False: as above. */
bool zfile_flush(struct zfile *z);

/* Writes the end of the stream; `durable`: waits until it is on the host's disk. False: as above. */
bool zfile_finish(struct zfile *z, bool durable);

/* Reads, and returns how many bytes there were: fewer than `size` only at the end or where the file is damaged. */
size_t zfile_read(struct zfile *z, void *bytes, size_t size);

/* True if everything was read, up to the end of the stream, its checksum is right, and nothing is behind it. */
bool zfile_is_over(struct zfile *z);

/* What went wrong, or NULL: a reason in words, without the file's name. A stream that is cut is no problem. */
const char *zfile_problem(const struct zfile *z);

#endif
