/*
 * Shared anonymous memory (MAP_SHARED | MAP_ANONYMOUS, memfd_create): an inode without a name whose pages live in the
 * page cache and are written to swap slots when memory is short. It is a file system whose disk is the swap device.
 */
#ifndef GUEST_KERNEL_MM_SHMEM_H
#define GUEST_KERNEL_MM_SHMEM_H

#include "guest/kernel/core/base.h"

struct file;
struct mapping_ops;

/* Of its mappings: tells VmRSS's shared part from files. */
extern const struct mapping_ops shmem_mapping_ops;

/* A file of `size` bytes, all zero, named "/dev/zero (deleted)" or "/memfd:NAME (deleted)"; a reference. 0 or -ENOMEM.
 * May sleep. */
int shmem_create(const char *name, u64 size, struct file **file) must_check;

#endif
