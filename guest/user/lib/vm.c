/*
 * Reading /proc; see vm.h.
 */
#include "guest/user/lib/vm.h"
#include "guest/user/lib/show.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

long proc_number(const char *path, const char *key)
{
	size_t n = strlen(key);
	char line[256];
	long value = -1;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, n) == 0 && strchr(" \t:", line[n])) {
			value = strtol(line + n + (line[n] == ':'), NULL, 10);
			break;
		}
	}
	if (file)
		fclose(file);
	return value;
}

long meminfo(const char *key)
{
	return proc_number("/proc/meminfo", key);
}

long vmstat(const char *key)
{
	return proc_number("/proc/vmstat", key);
}

bool proc_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/* The 64-bit word at an index of a file of words; false when it cannot be read. */
static bool read_word(const char *path, uint64_t index, uint64_t *word)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, word, sizeof(*word), (off_t)(index * sizeof(*word)));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof(*word);
}

uint64_t pagemap(pid_t pid, const volatile void *va)
{
	uint64_t word = 0;
	char path[64];

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/pagemap");
	return read_word(path, (unsigned long)va / PAGE, &word) ? word : 0;
}

bool has_pagemap(void)
{
	volatile char here = 1;

	return here && (pagemap(0, &here) & PAGEMAP_PRESENT) != 0 && (pagemap(0, &here) & PAGEMAP_FRAME) != 0;
}

uint64_t frame_of(pid_t pid, const volatile void *va)
{
	uint64_t word = pagemap(pid, va);

	return word & PAGEMAP_PRESENT ? word & PAGEMAP_FRAME : 0;
}

long frame_users(uint64_t frame)
{
	uint64_t word;

	return read_word("/proc/kpagecount", frame, &word) ? (long)word : -1;
}

int64_t frame_flags(uint64_t frame)
{
	uint64_t word;

	return read_word("/proc/kpageflags", frame, &word) ? (int64_t)word : -1;
}

struct faults faults_now(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) < 0)
		die("getrusage");
	return (struct faults){ usage.ru_minflt, usage.ru_majflt };
}

struct faults faults_since(struct faults before)
{
	struct faults now = faults_now();

	return (struct faults){ now.minor - before.minor, now.major - before.major };
}

struct disk_counts disk_counts(const char *name)
{
	struct disk_counts c = { 0 }, found = { 0 };
	char line[256], disk[64];
	FILE *file = fopen("/proc/diskstats", "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*d %*d %63s %ld %*d %ld %*d %ld %*d %ld", disk, &c.reads, &c.sectors_read, &c.writes,
		           &c.sectors_written) == 5 &&
		    strcmp(disk, name) == 0)
			found = c;
	}
	if (file)
		fclose(file);
	return found;
}

static FILE *open_of(pid_t pid, const char *name)
{
	char path[64];

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/self/%s", name);
	return fopen(path, "re");
}

static bool parse_mapping(const char *line, struct mapping *m)
{
	m->path[0] = 0;
	return sscanf(line, "%lx-%lx %4s %lx %*s %*s %127s", &m->start, &m->end, m->permissions, &m->offset, m->path) >=
	               4 &&
	       strlen(m->permissions) == 4;
}

void each_mapping(pid_t pid, void (*each)(const struct mapping *mapping, void *context), void *context)
{
	FILE *file = open_of(pid, "maps");
	struct mapping m;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (parse_mapping(line, &m))
			each(&m, context);
	if (file)
		fclose(file);
}

struct wanted {
	unsigned long va;
	struct mapping *out;
	bool found;
};

static void match_mapping(const struct mapping *mapping, void *context)
{
	struct wanted *w = context;

	if (w->va >= mapping->start && w->va < mapping->end) {
		*w->out = *mapping;
		w->found = true;
	}
}

bool find_mapping(pid_t pid, unsigned long va, struct mapping *out)
{
	struct wanted w = { va, out, false };

	each_mapping(pid, match_mapping, &w);
	return w.found;
}

long smaps_field(pid_t pid, unsigned long va, const char *field)
{
	FILE *file = open_of(pid, "smaps");
	size_t n = strlen(field);
	struct mapping m;
	char line[512];
	bool inside = false;
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file)) {
		if (parse_mapping(line, &m))
			inside = va >= m.start && va < m.end;
		else if (inside && strncmp(line, field, n) == 0)
			value = strtol(line + n, NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

void *fresh_pages(size_t pages)
{
	void *memory = mmap(NULL, PAGES(pages), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap of %zu pages", pages);
	madvise(memory, PAGES(pages), MADV_NOHUGEPAGE);
	return memory;
}

bool is_our_kernel(void)
{
	return access("/proc/self/framepool", F_OK) == 0;
}

long settled_free(void)
{
	struct timespec pause = { 0, 20000000 };
	long now = meminfo("MemFree"), before;

	/* On our kernel the first two readings are the same, and this takes 20 ms. */
	for (int i = 0; i < 20; i++) {
		before = now;
		nanosleep(&pause, NULL);
		now = meminfo("MemFree");
		if (now == before)
			break;
	}
	return now;
}

bool drop_caches(void)
{
	sync();
	return proc_write("/proc/sys/vm/drop_caches", "3");
}
