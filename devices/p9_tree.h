/*
 * Files of the host by descriptor: how the 9P server stays inside its folder. See p9.h for the rules.
 *
 * Errors are Linux' error numbers, which 9P2000.L has on the wire; descriptors are the caller's to close.
 */
#ifndef RVEMU_DEVICES_P9_TREE_H
#define RVEMU_DEVICES_P9_TREE_H

#include <sys/stat.h>

#include "devices/p9_wire.h"

/* Bytes for a path, with the zero behind it. */
#define P9_PATH_MAX 4096

/* Bytes for the name of a descriptor under /proc, see p9_tree_name(). */
#define P9_PROC_NAME_MAX 32

/* 0 if that is the name of an entry that a directory can have; otherwise an error number. */
u32 p9_tree_check_name(const char *name);

/* A descriptor (O_PATH) of that entry of the directory `dir`, itself if it is a symbolic link; or minus an error
 * number. The name must have passed p9_tree_check_name(). */
int p9_tree_child(int dir, const char *name);

/* Likewise of the directory above `fd`; of the root itself if fd is the root. */
int p9_tree_parent(int root, int fd);

/* Likewise of what lies at `path` under the root: names with slashes in between, "" for the root. */
int p9_tree_at(int root, const char *path);

/* The path under the root of what fd stands for, in the sense of p9_tree_at(). Returns 0, or an error number: ESTALE if
 * it is not there any more. */
u32 p9_tree_path(int root, int fd, char path[P9_PATH_MAX]);

/* Likewise split: a descriptor of the directory it lies in, and its name. EBUSY for the root. */
int p9_tree_place(int root, int fd, char name[P9_NAME_MAX + 1]);

/* Opens what fd stands for anew with open(2)'s flags, whatever its path is now. Regular files and directories only. */
int p9_tree_reopen(int fd, int flags);

/* A path that leads to what fd stands for, for system calls that take no descriptor. */
void p9_tree_name(int fd, char name[P9_PROC_NAME_MAX]);

/* The qid of a file with that status; root_device is the device that the root is on. */
struct p9_qid p9_tree_qid(const struct stat *st, dev_t root_device);

#endif
