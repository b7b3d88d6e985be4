/*
 * System calls about the whole machine: names, messages, power, entropy, what the harts can do. Man pages: uname(2),
 * sethostname(2), sysinfo(2), syslog(2), reboot(2), getrandom(2), vhangup(2); Linux'
 * Documentation/arch/riscv/hwprobe.rst.
 */
#include "guest/kernel/core/system.h"

#include "guest/abi/process.h"
#include "guest/abi/reboot.h"
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/random.h"
#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/dev/tty.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/screen/vt.h"

#define NAME_MAX_SIZE 64 /* of host and domain names */
#define SYSLOG_COPY 1024
#define RANDOM_COPY 256
#define BREATH 0x10000ul      /* bytes between two looks at what else is to be done */
#define READ_MAX 0x7ffff000ul /* no call transfers more */

char system_hostname[65] = "rvemu";
char system_domainname[65] = "(none)";
int system_exit_status;

static u64 syslog_cleared; /* print_ring_end() at the last SYSLOG_ACTION_CLEAR */

static bool is_root(const struct task *task)
{
	return task->process->euid == 0;
}

i64 sys_uname(struct task *task, const u64 arg[6])
{
	struct abi_utsname names = {
		.sysname = "Linux", .release = SYSTEM_RELEASE, .version = SYSTEM_VERSION, .machine = "riscv64"
	};
	(void)task;
	memcpy(names.nodename, system_hostname, sizeof(names.nodename));
	memcpy(names.domainname, system_domainname, sizeof(names.domainname));
	return copy_to_user(arg[0], &names, sizeof(names));
}

static i64 set_name(const struct task *task, char name[65], u64 from, i64 size)
{
	char copy[NAME_MAX_SIZE];
	if (!is_root(task))
		return -EPERM;
	if (size < 0 || size > NAME_MAX_SIZE)
		return -EINVAL;
	if (copy_from_user(copy, from, (u64)size) < 0)
		return -EFAULT;
	memset(name, 0, NAME_MAX_SIZE + 1);
	memcpy(name, copy, (u64)size);
	return 0;
}

i64 sys_sethostname(struct task *task, const u64 arg[6])
{
	return set_name(task, system_hostname, arg[0], (i32)arg[1]);
}

i64 sys_setdomainname(struct task *task, const u64 arg[6])
{
	return set_name(task, system_domainname, arg[0], (i32)arg[1]);
}

i64 sys_sysinfo(struct task *task, const u64 arg[6])
{
	struct frame_counts frames = frame_counts();
	struct swap_counts swap = swap_counts();
	struct abi_sysinfo info = {
		.uptime = (i64)(time_now_ns() / NS_PER_S),
		.totalram = frames.total * PAGE_SIZE,
		.freeram = frames.free * PAGE_SIZE,
		.totalswap = swap.total * PAGE_SIZE,
		.freeswap = swap.free * PAGE_SIZE,
		.mem_unit = 1,
	};
	unsigned running, total;
	(void)task;
	sched_load(info.loads, &running, &total);
	info.procs = (u16)total;
	return copy_to_user(arg[0], &info, sizeof(info));
}

/* Copies the last `size` bytes at most of what was printed since the ring was cleared. */
static i64 syslog_read(u64 to, u64 size)
{
	u64 held = MIN(print_ring_size(), print_ring_end() - syslog_cleared);
	u64 end = print_ring_end(), at = end - MIN(size, held);
	i64 done = 0;
	char *copy = kmalloc(SYSLOG_COPY);
	if (!copy)
		return -ENOMEM;
	while (at < end) {
		/* More may be printed while the copy sleeps. */
		u64 oldest = print_ring_end() - print_ring_size();
		u64 count = print_ring_read(at > oldest ? at - oldest : 0, copy, MIN(end - at, (u64)SYSLOG_COPY));
		if (count == 0)
			break;
		if (copy_to_user(to + (u64)done, copy, count) < 0) {
			done = -EFAULT;
			break;
		}
		done += (i64)count;
		at += count;
	}
	kfree(copy);
	return done;
}

i64 sys_syslog(struct task *task, const u64 arg[6])
{
	i64 result;
	switch ((int)arg[0]) {
	case SYSLOG_ACTION_CLOSE:
	case SYSLOG_ACTION_OPEN:
	case SYSLOG_ACTION_CONSOLE_OFF:
	case SYSLOG_ACTION_CONSOLE_ON:
		return 0;
	case SYSLOG_ACTION_CONSOLE_LEVEL:
		return arg[2] >= 1 && arg[2] <= 8 ? 0 : -EINVAL;
	case SYSLOG_ACTION_READ:
	case SYSLOG_ACTION_READ_ALL:
	case SYSLOG_ACTION_READ_CLEAR:
		if ((i32)arg[2] < 0 || arg[1] == 0)
			return -EINVAL;
		if (arg[0] != SYSLOG_ACTION_READ_ALL && !is_root(task))
			return -EPERM;
		result = syslog_read(arg[1], (u32)arg[2]);
		if (result >= 0 && arg[0] != SYSLOG_ACTION_READ_ALL)
			syslog_cleared = print_ring_end();
		return result;
	case SYSLOG_ACTION_CLEAR:
		if (!is_root(task))
			return -EPERM;
		syslog_cleared = print_ring_end();
		return 0;
	case SYSLOG_ACTION_SIZE_UNREAD:
		return (i64)MIN(print_ring_size(), print_ring_end() - syslog_cleared);
	case SYSLOG_ACTION_SIZE_BUFFER:
		return PRINT_RING_SIZE;
	default:
		return -EINVAL;
	}
}

i64 sys_reboot(struct task *task, const u64 arg[6])
{
	u32 magic2 = (u32)arg[1];
	if (!is_root(task))
		return -EPERM;
	if ((u32)arg[0] != LINUX_REBOOT_MAGIC1 || (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	                                           magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch ((u32)arg[2]) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		fs_sync_all();
		vt_draw_last(false);
		sbi_reboot();
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		fs_sync_all();
		vt_draw_last(false);
		sbi_shutdown(system_exit_status != 0);
	default:
		return -EINVAL;
	}
}

i64 sys_vhangup(struct task *task, const u64 arg[6])
{
	(void)arg;
	if (!is_root(task))
		return -EPERM;
	if (task->process->tty)
		tty_hang_up(task->process->tty);
	return 0;
}

i64 sys_getrandom(struct task *task, const u64 arg[6])
{
	u8 bytes[RANDOM_COPY];
	u64 size = MIN(arg[1], READ_MAX), done = 0;
	u32 flags = (u32)arg[2];
	if ((flags & ~(u32)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0 ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	while (done < size) {
		u64 count = MIN(size - done, sizeof(bytes));
		random_fill(bytes, count);
		u64 left = copy_to_user_partial(arg[0] + done, bytes, count);
		done += count - left;
		if (left)
			return done ? (i64)done : -EFAULT;
		if (signal_is_pending(task) && done < size)
			return (i64)done;
		if (done % BREATH == 0)
			sched_breathe();
	}
	return (i64)done;
}

static u64 probe_extensions(void)
{
	static const struct {
		const char *name;
		u64 bit;
	} extensions[] = { { "c", RISCV_HWPROBE_IMA_C }, { "zba", 1 << 3 }, { "zbb", 1 << 4 }, { "zbs", 1 << 5 } };
	u64 value = 0;
	if (device_tree_has_extension("f") && device_tree_has_extension("d"))
		value |= RISCV_HWPROBE_IMA_FD;
	for (unsigned i = 0; i < ARRAY_SIZE(extensions); i++)
		if (device_tree_has_extension(extensions[i].name))
			value |= extensions[i].bit;
	return value;
}

void system_probe(struct abi_riscv_hwprobe *pair)
{
	static u64 extensions; /* asked of the device tree once */
	pair->value = 0;
	switch (pair->key) {
	case RISCV_HWPROBE_KEY_MVENDORID:
	case RISCV_HWPROBE_KEY_MARCHID:
	case RISCV_HWPROBE_KEY_MIMPID:
		break;
	case RISCV_HWPROBE_KEY_BASE_BEHAVIOR:
		pair->value = RISCV_HWPROBE_BASE_BEHAVIOR_IMA;
		break;
	case RISCV_HWPROBE_KEY_IMA_EXT_0:
		if (!extensions)
			extensions = probe_extensions();
		pair->value = extensions;
		break;
	case RISCV_HWPROBE_KEY_CPUPERF_0:
		pair->value = RISCV_HWPROBE_MISALIGNED_SLOW; /* not measured */
		break;
	default:
		pair->key = -1;
	}
}

/* riscv_hwprobe(pairs, pair_count, cpusetsize, cpus, flags): all harts are alike. */
i64 sys_riscv_hwprobe(struct task *task, const u64 arg[6])
{
	u64 at = arg[0];
	if (arg[4] != 0)
		return -EINVAL;
	for (u64 i = 0; i < arg[1]; i++, at += sizeof(struct abi_riscv_hwprobe)) {
		struct abi_riscv_hwprobe pair;
		if (signal_is_fatal(task))
			return -EINTR;
		if (copy_from_user(&pair, at, sizeof(pair)) < 0)
			return -EFAULT;
		system_probe(&pair);
		if (copy_to_user(at, &pair, sizeof(pair)) < 0)
			return -EFAULT;
		if (i % (BREATH / sizeof(pair)) == BREATH / sizeof(pair) - 1)
			sched_breathe();
	}
	return 0;
}
