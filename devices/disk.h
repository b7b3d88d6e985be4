/*
 * A disk's contents: a raw image file on the host, read and written in place, read only, or with everything that is
 * written thrown away at the end (`snapshot`, kept in memory).
 *
 * The file is locked while it is open: a disk that is written to is the only one on its image, others may share it. So
 * two machines cannot ruin it. Not here: what a guest sees of it (virtio_blk.c), image formats other than raw.
 */
#ifndef RVEMU_DEVICES_DISK_H
#define RVEMU_DEVICES_DISK_H

#include <sys/uio.h>

#include "emu/base/base.h"
#include "emu/base/state.h"

#define DISK_SECTOR 512

/* How an image is to be used. */
struct disk_config {
	const char *path; /* the image */
	bool read_only;   /* never written; the guest is told */
	bool snapshot;    /* what the guest writes is thrown away */
};

struct disk;

/* Opens an image: a regular file or block device whose size is a multiple of DISK_SECTOR and not 0; with `snapshot` 1
 * TiB at most. NULL: see err, which names the file. */
struct disk *disk_open(const struct disk_config *config, struct error *err);
/* Closes it; what was written and not flushed is the host's to write in its time. */
void disk_close(struct disk *d);

const struct disk_config *disk_config(const struct disk *d);

/* Bytes. */
u64 disk_size(const struct disk *d);

/* Moves bytes between the disk and the host's memory: iov's buffers, one after another. The range must lie in the disk.
 * False: the host could not (errno says why); part of it may have been done. */
bool disk_read(struct disk *d, u64 offset, const struct iovec *iov, u32 count) must_check;
bool disk_write(struct disk *d, u64 offset, const struct iovec *iov, u32 count) must_check;

/* Makes what was written survive the host's power-off: fdatasync. After one failure it fails always: what the host lost
 * then it does not tell of again. Nothing to do for disks that are not written. */
bool disk_flush(struct disk *d) must_check;

/* The bytes read as zero from now on; `may_unmap`: room may be given back to the host. */
bool disk_zero(struct disk *d, u64 offset, u64 size, bool may_unmap) must_check;

/* Saves or restores what a snapshot of the machine needs: size and time of last change of the file, and the overlay of
 * a `snapshot` disk. Restoring fails if the file was changed since, also by this machine; and if there is an overlay
 * but the disk is no `snapshot` one. Of block devices the host keeps no time: they count as unchanged. Saving flushes.
 */
void disk_state(struct state *s, struct disk *d);

/* The part of it that is about the file: loading it compares and changes nothing. */
void disk_file_state(struct state *s, struct disk *d);

#endif
