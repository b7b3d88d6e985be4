/*
 * Files of /proc about the whole machine: time, processors, disks, mounts, settings of /proc/sys/kernel. proc(5) has
 * the formats.
 */
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/system.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/fs/procfs.h"
#include "guest/kernel/mm/reclaim.h"

#define NS_PER_TICK (NS_PER_S / 100)

bool parse_number(const char **text, u64 *value)
{
	const char *c = *text;
	u64 number = 0;

	while (*c == ' ' || *c == '\t' || *c == '\n')
		c++;
	if (c[0] == '0' && (c[1] == 'x' || c[1] == 'X')) {
		*text = c + 2;
		return parse_hex(text, value);
	}
	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (u64)(*c - '0'), &number))
			return false;
	*text = c;
	*value = number;
	return true;
}

bool parse_hex(const char **text, u64 *value)
{
	const char *c = *text;
	u64 number = 0;

	while (*c == ' ' || *c == '\t')
		c++;
	if (c[0] == '0' && (c[1] == 'x' || c[1] == 'X'))
		c += 2;
	for (*text = c;; c++) {
		u8 digit = (u8)(*c >= '0' && *c <= '9' ? *c - '0' : *c >= 'a' && *c <= 'f' ? *c - 'a' + 10 : 16);

		if (digit > 15 || number >> 60)
			break;
		number = number << 4 | digit;
	}
	*value = number;
	if (c == *text)
		return false;
	*text = c;
	return true;
}

static int show_uptime(struct task *task, struct text *text)
{
	u64 now = time_now_ns(), idle = 0;

	(void)task;
	for (unsigned i = 0; i < hart_count(); i++)
		idle += harts[i].idle_ns;
	text_printf(text, "%lu.%02lu %lu.%02lu\n", now / NS_PER_S, now / NS_PER_TICK % 100, idle / NS_PER_S,
	            idle / NS_PER_TICK % 100);
	return 0;
}

static int show_loadavg(struct task *task, struct text *text)
{
	u64 average[3];
	unsigned running, total;
	int last = 0;

	(void)task;
	sched_load(average, &running, &total);
	LIST_FOR_EACH(node, &all_processes)
		last = MAX(last, LIST_ENTRY(node, struct process, all_link)->pid);
	for (int i = 0; i < 3; i++)
		text_printf(text, "%lu.%02lu ", average[i] >> 16, (average[i] & 0xffff) * 100 >> 16);
	text_printf(text, "%u/%u %d\n", running, total, last);
	return 0;
}

static int show_cpuinfo(struct task *task, struct text *text)
{
	int cpu = device_tree_first_child(device_tree_path("/cpus"));
	const char *isa = cpu >= 0 ? device_tree_property(cpu, "riscv,isa", NULL) : NULL;

	(void)task;
	for (unsigned i = 0; i < hart_count(); i++)
		text_printf(text, "processor\t: %u\nhart\t\t: %lu\nisa\t\t: %s\nmmu\t\t: sv39\n\n", i, harts[i].id,
		            isa ? isa : "rv64gc");
	return 0;
}

static void print_cpu_times(struct text *text, const struct hart *hart)
{
	text_printf(text, "%lu 0 %lu %lu 0 0 0 0 0 0\n", hart->user_ns / NS_PER_TICK, hart->system_ns / NS_PER_TICK,
	            hart->idle_ns / NS_PER_TICK);
}

static int show_stat(struct task *task, struct text *text)
{
	struct hart sum = { 0 };
	u64 average[3];
	unsigned running, total, processes = 0;

	(void)task;
	for (unsigned i = 0; i < hart_count(); i++) {
		sum.user_ns += harts[i].user_ns;
		sum.system_ns += harts[i].system_ns;
		sum.idle_ns += harts[i].idle_ns;
		sum.switches += harts[i].switches;
	}
	text_printf(text, "cpu  ");
	print_cpu_times(text, &sum);
	for (unsigned i = 0; i < hart_count(); i++) {
		text_printf(text, "cpu%u ", i);
		print_cpu_times(text, &harts[i]);
	}
	LIST_FOR_EACH(node, &all_processes)
		processes = MAX(processes, (unsigned)LIST_ENTRY(node, struct process, all_link)->pid);
	sched_load(average, &running, &total);
	text_printf(text, "intr 0\nctxt %lu\nbtime %lu\nprocesses %u\nprocs_running %u\nprocs_blocked 0\n",
	            sum.switches, (time_real_ns() - time_now_ns()) / NS_PER_S, processes, running);
	return 0;
}

static int show_version(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "Linux version " SYSTEM_RELEASE " (rvemu's guest OS)\n");
	return 0;
}

static int show_cmdline(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%s\n", command_line());
	return 0;
}

static int show_filesystems(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "nodev\tproc\nnodev\tdevtmpfs\nnodev\tdevpts\n\text2\n");
	return 0;
}

static int show_devices(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text,
	            "Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\n"
	            "Block devices:\n254 virtblk\n");
	return 0;
}

static int show_diskstats(struct task *task, struct text *text)
{
	struct disk *disk;

	(void)task;
	for (unsigned i = 0; (disk = disk_at(i)); i++)
		text_printf(text, " 254 %7u %s %lu 0 %lu 0 %lu 0 %lu 0 0 0 0 0 0 0 0 %lu 0\n", i * 16, disk->name,
		            disk->reads, disk->read_sectors, disk->writes, disk->write_sectors, disk->flushes);
	return 0;
}

static int show_partitions(struct task *task, struct text *text)
{
	struct disk *disk;

	(void)task;
	text_printf(text, "major minor  #blocks  name\n\n");
	for (unsigned i = 0; (disk = disk_at(i)); i++)
		text_printf(text, " 254 %8u %10lu %s\n", i * 16, disk->sectors / 2, disk->name);
	return 0;
}

/* --- /proc/sys --- */

static int show_hostname(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%s\n", system_hostname);
	return 0;
}

static int show_osrelease(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, SYSTEM_RELEASE "\n");
	return 0;
}

static int show_ostype(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "Linux\n");
	return 0;
}

static int show_pid_max(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%d\n", PID_MAX);
	return 0;
}

static int show_ngroups_max(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%lu\n", ARRAY_SIZE(((struct process *)NULL)->groups));
	return 0;
}

static int show_cap_last_cap(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "40\n");
	return 0;
}

static int show_pipe_max_size(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "65536\n");
	return 0;
}

static int show_exit_status(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%d\n", system_exit_status);
	return 0;
}

/* What the emulator's exit status will be: 0, or failure. */
static i64 store_exit_status(struct task *task, char *data)
{
	const char *end = data;
	u64 status;

	if (task || !parse_number(&end, &status))
		return -EINVAL;
	system_exit_status = (int)(status & 0xff);
	return 0;
}

const struct proc_file proc_system_files[] = {
	{ .path = "cmdline", .mode = 0444, .show = show_cmdline },
	{ .path = "cpuinfo", .mode = 0444, .show = show_cpuinfo },
	{ .path = "devices", .mode = 0444, .show = show_devices },
	{ .path = "diskstats", .mode = 0444, .show = show_diskstats },
	{ .path = "filesystems", .mode = 0444, .show = show_filesystems },
	{ .path = "loadavg", .mode = 0444, .show = show_loadavg },
	{ .path = "partitions", .mode = 0444, .show = show_partitions },
	{ .path = "stat", .mode = 0444, .show = show_stat },
	{ .path = "uptime", .mode = 0444, .show = show_uptime },
	{ .path = "version", .mode = 0444, .show = show_version },
	{ .path = "sys/fs/pipe-max-size", .mode = 0444, .show = show_pipe_max_size },
	{ .path = "sys/kernel/cap_last_cap", .mode = 0444, .show = show_cap_last_cap },
	{ .path = "sys/kernel/exit_status", .mode = 0644, .show = show_exit_status, .store = store_exit_status },
	{ .path = "sys/kernel/hostname", .mode = 0444, .show = show_hostname },
	{ .path = "sys/kernel/ngroups_max", .mode = 0444, .show = show_ngroups_max },
	{ .path = "sys/kernel/osrelease", .mode = 0444, .show = show_osrelease },
	{ .path = "sys/kernel/ostype", .mode = 0444, .show = show_ostype },
	{ .path = "sys/kernel/pid_max", .mode = 0444, .show = show_pid_max },
	{ 0 },
};
