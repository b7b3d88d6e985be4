/*
 * Devices that are no hardware of their own, and what block devices do as files: for devfs.c.
 */
#ifndef GUEST_KERNEL_FS_DEVICES_H
#define GUEST_KERNEL_FS_DEVICES_H

#include "guest/kernel/fs/vfs.h"

struct memory_device {
	const char *name; /* in /dev; NULL ends the table */
	u32 mode;         /* permissions */
	u64 rdev;
	const struct file_ops *ops;
};
extern const struct memory_device memory_devices[];

/* Size, operations and mapping of a block device's inode. */
void block_device_init_inode(struct inode *inode, struct disk *disk);
/* "vda", or NULL. */
struct disk *block_device_by_name(const char *name);

#endif
