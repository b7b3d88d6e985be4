/*
 * free: how much memory there is, in procps' format; the numbers are /proc/meminfo's.
 *
 *     free [-b | -k | -m | -h]        bytes, KiB (the default), MiB, or with a unit each
 */
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <string.h>

static void cell(long kib, char unit)
{
	static const char suffixes[] = "KMGT";
	double value = (double)kib;
	char text[32];
	int i = 0;

	if (unit == 'h') {
		for (; value >= 1000 && suffixes[i + 1]; i++)
			value /= 1024;
		snprintf(text, sizeof(text), value < 10 ? "%.1f%ci" : "%.0f%ci", value, suffixes[i]);
	} else {
		snprintf(text, sizeof(text), "%ld", unit == 'b' ? kib * 1024 : unit == 'm' ? kib / 1024 : kib);
	}
	printf(" %11s", text);
}

int main(int argc, char **argv)
{
	char unit = argc > 1 && argv[1][0] == '-' && strchr("bkmh", argv[1][1]) ? argv[1][1] : 'k';
	long total = meminfo("MemTotal"), unused = meminfo("MemFree"), shared = meminfo("Shmem");
	long cache = meminfo("Buffers") + meminfo("Cached"), available = meminfo("MemAvailable");
	long swap = meminfo("SwapTotal"), swap_free = meminfo("SwapFree"), slab = meminfo("SReclaimable");

	if (argc > 1 && (argv[1][0] != '-' || !argv[1][1] || !strchr("bkmh", argv[1][1]))) {
		fprintf(stderr, "free: free [-b|-k|-m|-h]\n");
		return 2;
	}
	if (total < 0) {
		perror("free: /proc/meminfo");
		return 1;
	}
	cache += slab > 0 ? slab : 0;
	printf("%19s %11s %11s %11s %11s %11s\n", "total", "used", "free", "shared", "buff/cache", "available");
	printf("%-7s", "Mem:");
	cell(total, unit);
	cell(total - available, unit);
	cell(unused, unit);
	cell(shared > 0 ? shared : 0, unit);
	cell(cache, unit);
	cell(available, unit);
	printf("\n%-7s", "Swap:");
	cell(swap, unit);
	cell(swap - swap_free, unit);
	cell(swap_free, unit);
	putchar('\n');
	return 0;
}
