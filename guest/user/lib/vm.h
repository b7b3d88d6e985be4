/*
 * What the kernel tells a program about its memory, read from /proc in Linux's formats: fields of text files, the
 * pagemap, fault counts, disk counts, regions.
 */
#ifndef GUEST_USER_LIB_VM_H
#define GUEST_USER_LIB_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number after `key` ("VmRSS:", "MemFree:", "pswpout") in a file of lines "key number"; -1: no such file or line.
 */
long proc_number(const char *path, const char *key);
/* The same of /proc/meminfo, in KiB, and of /proc/vmstat. */
long meminfo(const char *key);
long vmstat(const char *key);
/* Replaces what a file of /proc holds; false with errno. */
bool proc_write(const char *path, const char *text);

/* A page's entry in /proc/PID/pagemap (pid 0: self). 0 when there is none. */
#define PAGEMAP_PRESENT (1ul << 63)
#define PAGEMAP_SWAPPED (1ul << 62)
#define PAGEMAP_FILE (1ul << 61)
#define PAGEMAP_FRAME ((1ul << 55) - 1)
uint64_t pagemap(pid_t pid, const volatile void *va);
bool has_pagemap(void);
/* The frame's number, 0 when the page has none. */
uint64_t frame_of(pid_t pid, const volatile void *va);
/* /proc/kpagecount and kpageflags of a frame; -1 when they cannot be read. */
long frame_users(uint64_t frame);
int64_t frame_flags(uint64_t frame);
#define KPF_DIRTY 4
#define KPF_ANON 12
#define KPF_SWAPCACHE 13
#define KPF_ZERO_PAGE 24

/* This thread's page faults so far. */
struct faults {
	long minor; /* served without a disk */
	long major; /* waited for a disk */
};
struct faults faults_now(void);
/* Those since `before`. */
struct faults faults_since(struct faults before);

/* A disk's counters in /proc/diskstats, all 0 if it has no line. */
struct disk_counts {
	long reads;           /* requests */
	long sectors_read;    /* of 512 bytes */
	long writes;          /* requests */
	long sectors_written; /* of 512 bytes */
};
struct disk_counts disk_counts(const char *name);

/* One line of /proc/PID/maps. */
struct mapping {
	unsigned long start, end; /* va, end is the first byte after */
	char permissions[5];      /* "rw-p" */
	unsigned long offset;     /* in the file */
	char path[128];           /* or "[heap]" and the like; empty: anonymous */
};
/* The mapping that holds a va; false if there is none. */
bool find_mapping(pid_t pid, unsigned long va, struct mapping *out);
/* Calls `each` for all of them in order. */
void each_mapping(pid_t pid, void (*each)(const struct mapping *mapping, void *context), void *context);
/* "Shared_Clean:" and the like, in KiB, of the mapping in smaps that holds va; -1: none. */
long smaps_field(pid_t pid, unsigned long va, const char *field);

/* Anonymous private memory, page aligned, not touched; no transparent huge pages. Ends the program when there is none.
 */
void *fresh_pages(size_t pages);
/* Does this kernel have our additions (framepool, fail-nth...)? */
bool is_our_kernel(void);
/* Lets the kernel finish what it frees late (Linux batches it): free KiB once they have settled. */
long settled_free(void);
/* Drops clean pages of the page cache; needs root, false if it cannot. */
bool drop_caches(void);

#endif
