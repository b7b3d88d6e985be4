/*
 * What drivers tell the /dev file systems (devfs.c) beyond the registrations of vfs.h.
 */
#ifndef GUEST_KERNEL_FS_DEVFS_H
#define GUEST_KERNEL_FS_DEVFS_H

#include "guest/kernel/core/base.h"

/* /dev/pts/N appears and goes: a character device 136, N whose operations are tty_file_ops. 0 or -ENOMEM. May sleep. */
int devfs_add_pty(u32 number);
void devfs_remove_pty(u32 number);

#endif
