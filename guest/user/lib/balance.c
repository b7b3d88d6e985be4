/*
 * Frames, tables, slots and processes before and after; see balance.h.
 */
#include "guest/user/lib/balance.h"

#include "guest/user/lib/vm.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <time.h>
#include <unistd.h>

#define READINGS 40              /* at most; then the last one counts */
#define PAUSE_NS (25 * 1000000L) /* between two */
#define KIB_PER_PAGE 4
#define KERNEL_PAGES 8   /* see balance_holds() */
#define KERNEL_THREADS 8 /* of Linux that may have come meanwhile */

/* A field of /proc/PID/status in pages; 0 for a process without memory. */
static long status_pages(const char *pid, const char *key)
{
	char path[64];
	long kib;

	snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	kib = proc_number(path, key);
	return kib > 0 ? kib / KIB_PER_PAGE : 0;
}

static struct balance read_once(void)
{
	struct balance now = { 0 };
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	long tables = 0, anonymous = 0;

	while (directory && (entry = readdir(directory))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		now.processes++;
		tables += status_pages(entry->d_name, "VmPTE");
		anonymous += status_pages(entry->d_name, "RssAnon");
	}
	if (directory)
		closedir(directory);
	now.tables = vmstat("nr_page_table_pages") - tables;
	now.anonymous = vmstat("nr_anon_pages") - anonymous;
	now.kernel = meminfo("KernelStack") / KIB_PER_PAGE;
	now.slab = meminfo("Slab") / KIB_PER_PAGE;
	now.cache = meminfo("Cached") / KIB_PER_PAGE;
	now.slots = (meminfo("SwapTotal") - meminfo("SwapFree")) / KIB_PER_PAGE;
	return now;
}

static void empty_swap(void)
{
	char line[256], device[128];
	FILE *swaps = fopen("/proc/swaps", "re");

	if (swaps && !fgets(line, sizeof(line), swaps)) /* the heading */
		line[0] = 0;
	while (swaps && fscanf(swaps, "%127s%*[^\n]", device) == 1)
		if (swapoff(device) == 0 && swapon(device, 0) < 0)
			printf("swap could not be turned on again: %m\n");
	if (swaps)
		fclose(swaps);
}

struct balance balance_now(void)
{
	struct balance now = { 0 }, last;

	if (is_our_kernel())
		empty_swap();
	for (int i = 0; i < READINGS; i++) {
		last = now;
		drop_caches();
		now = read_once();
		if (i && memcmp(&now, &last, sizeof(now)) == 0)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
	}
	return now;
}

static bool same(const char *name, const char *what, long before, long after, long tolerance)
{
	if (after - before <= tolerance)
		return true;
	printf("%s: %s: %ld in use before, %ld after\n", name, what, before, after);
	return false;
}

bool balance_holds(const char *name, const struct balance *before, long frames)
{
	struct balance now = balance_now();
	bool good;

	if (!is_our_kernel())
		return same(name, "processes", before->processes, now.processes, KERNEL_THREADS);
	good = same(name, "processes", before->processes, now.processes, 0);
	good &= same(name, "page tables", before->tables, now.tables, 0);
	good &= same(name, "anonymous pages", before->anonymous, now.anonymous, 0);
	good &= same(name, "kernel pages", before->kernel, now.kernel, KERNEL_PAGES);
	good &= same(name, "swap slots", before->slots, now.slots, 0);
	good &= same(name, "slab pages", before->slab, now.slab, frames);
	good &= same(name, "file pages", before->cache, now.cache, frames);
	return good;
}
