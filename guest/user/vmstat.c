/*
 * vmstat: what the machine is doing, line by line, in procps' format.
 *
 *     vmstat [-f] [INTERVAL [COUNT]]     without COUNT it goes on for ever; the first line is the average since boot
 *     vmstat -s                          every counter of /proc/vmstat by name
 *
 * si and so are KiB swapped in and out a second, bi and bo blocks of 1 KiB read from and written to disks a second. -f
 * adds minor and major page faults a second, which procps leaves out and this project is about.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is counted since boot; a line shows the difference of two. */
struct sample {
	double uptime;                /* seconds */
	long cpu[8];                  /* ticks: user nice system idle iowait irq softirq steal */
	long swapped_in, swapped_out; /* pages */
	long blocks_in, blocks_out;   /* KiB */
	long interrupts, switches;    /* all */
	long faults, major_faults;    /* page faults, and those of them that read a disk */
};

static void take(struct sample *s)
{
	FILE *file = fopen("/proc/stat", "re");
	long unused_field;

	memset(s, 0, sizeof(*s));
	if (!file || fscanf(file, "cpu %ld %ld %ld %ld %ld %ld %ld %ld", &s->cpu[0], &s->cpu[1], &s->cpu[2], &s->cpu[3],
	                    &s->cpu[4], &s->cpu[5], &s->cpu[6], &s->cpu[7]) < 4) {
		perror("vmstat: /proc/stat");
		exit(1);
	}
	fclose(file);
	file = fopen("/proc/uptime", "re");
	if (!file || fscanf(file, "%lf %ld", &s->uptime, &unused_field) < 1)
		s->uptime = 1;
	if (file)
		fclose(file);
	s->interrupts = proc_number("/proc/stat", "intr");
	s->switches = proc_number("/proc/stat", "ctxt");
	s->swapped_in = vmstat("pswpin");
	s->swapped_out = vmstat("pswpout");
	s->blocks_in = vmstat("pgpgin");
	s->blocks_out = vmstat("pgpgout");
	s->faults = vmstat("pgfault");
	s->major_faults = vmstat("pgmajfault");
}

static void header(int with_faults)
{
	printf("procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------%s\n",
	       with_faults ? " ----faults----" : "");
	printf(" r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st gu%s\n",
	       with_faults ? "    minor  major" : "");
}

/* Per second, rounded. */
static long rate(long now, long before, double seconds)
{
	return (long)((double)(now - before) / seconds + 0.5);
}

static void line(const struct sample *now, const struct sample *before, int with_faults)
{
	double seconds = now->uptime - before->uptime > 0.1 ? now->uptime - before->uptime : 1;
	long ticks[8], all = 0, cache = meminfo("Cached"), slab = meminfo("SReclaimable");

	for (int i = 0; i < 8; i++) {
		ticks[i] = now->cpu[i] - before->cpu[i];
		all += ticks[i];
	}
	all = all ? all : 1;
	printf("%2ld %2ld %6ld %6ld %6ld %6ld", proc_number("/proc/stat", "procs_running"),
	       proc_number("/proc/stat", "procs_blocked"), meminfo("SwapTotal") - meminfo("SwapFree"),
	       meminfo("MemFree"), meminfo("Buffers"), cache + (slab > 0 ? slab : 0));
	printf(" %4ld %4ld %5ld %5ld %4ld %4ld", rate(now->swapped_in * 4, before->swapped_in * 4, seconds),
	       rate(now->swapped_out * 4, before->swapped_out * 4, seconds),
	       rate(now->blocks_in, before->blocks_in, seconds), rate(now->blocks_out, before->blocks_out, seconds),
	       rate(now->interrupts, before->interrupts, seconds), rate(now->switches, before->switches, seconds));
	printf(" %2ld %2ld %2ld %2ld %2ld %2d", (ticks[0] + ticks[1]) * 100 / all,
	       (ticks[2] + ticks[5] + ticks[6]) * 100 / all, ticks[3] * 100 / all, ticks[4] * 100 / all,
	       ticks[7] * 100 / all, 0);
	if (with_faults)
		printf(" %8ld %6ld",
		       rate(now->faults - now->major_faults, before->faults - before->major_faults, seconds),
		       rate(now->major_faults, before->major_faults, seconds));
	putchar('\n');
	fflush(stdout);
}

static int all_counters(void)
{
	char name[64];
	long value;
	FILE *file = fopen("/proc/vmstat", "re");

	if (!file) {
		perror("vmstat: /proc/vmstat");
		return 1;
	}
	while (fscanf(file, "%63s %ld", name, &value) == 2)
		printf("%13ld %s\n", value, name);
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	struct sample before = { 0 }, now;
	int first = 1, with_faults = 0;
	long count;
	double interval;

	check_usage(argc, argv, "vmstat [-s] [-f] [INTERVAL [COUNT]]");
	if (argc > 1 && strcmp(argv[1], "-s") == 0)
		return all_counters();
	if (argc > 1 && strcmp(argv[1], "-f") == 0) {
		with_faults = 1;
		first = 2;
	}
	interval = argc > first ? strtod(argv[first], NULL) : 0;
	count = argc > first + 1 ? strtol(argv[first + 1], NULL, 10) : argc > first ? -1 : 1;
	for (long i = 0; i != count; i++) {
		struct timespec pause = { (time_t)interval, (long)((interval - (double)(time_t)interval) * 1e9) };

		if (i % 20 == 0)
			header(with_faults);
		if (i)
			nanosleep(&pause, NULL);
		take(&now);
		line(&now, &before, with_faults);
		before = now;
	}
	return 0;
}
