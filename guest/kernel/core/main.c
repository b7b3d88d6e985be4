/*
 * From the firmware to the first program: what is set up in which order, and why in words if that does not go on.
 *
 * entry.S calls main() with paging on (early.c). The boot hart does everything that needs no sleep here, then becomes
 * the idle loop; what must wait for a disk is done by the kernel thread that starts init.
 */
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/early.h"
#include "guest/kernel/core/image.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/random.h"
#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/smp.h"
#include "guest/kernel/core/system.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/dev/tty.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/proc/vdso.h"
#include "guest/kernel/screen/fb.h"
#include "guest/kernel/screen/vt.h"

#define EXT2_MAGIC_OFFSET 1080 /* of the superblock, which begins at byte 1024 */
#define EXT2_MAGIC 0xef53
#define DEVICE_NAME_SIZE 32
#define INIT_PATH_SIZE 128

static bool has_ext2(struct disk *disk)
{
	struct frame *frame = frame_alloc(FRAME_KERNEL, 0);
	u64 block = 0;
	u16 magic = 0;
	if (!frame)
		return false;
	if (disk_transfer(disk, false, &frame, &block, 1) == 0)
		memcpy(&magic, (u8 *)frame_data(frame) + EXT2_MAGIC_OFFSET, sizeof(magic));
	frame_put(frame);
	return magic == EXT2_MAGIC;
}

/* "/dev/vda": root= of the command line, or the first disk that has an ext2 file system. */
static void find_root(char name[DEVICE_NAME_SIZE])
{
	if (command_line_value("root", name, DEVICE_NAME_SIZE))
		return;
	if (!disk_at(0))
		panic("there is no disk to start from: give the machine one with an ext2 file system (--drive FILE)");
	for (unsigned i = 0; disk_at(i); i++) {
		if (has_ext2(disk_at(i))) {
			format_text(name, DEVICE_NAME_SIZE, "/dev/%s", disk_at(i)->name);
			return;
		}
	}
	panic("no disk has an ext2 file system: make one with mke2fs -t ext2 -b 4096 -d DIRECTORY IMAGE SIZE");
}

static void mount_at(const char *source, const char *path, const char *type)
{
	struct dentry *on;
	int error = path_walk(current_task, AT_FDCWD, path, WALK_FOLLOW | WALK_DIRECTORY, &on, NULL);
	if (error == 0) {
		error = mount_fs(source, on, type, false);
		dentry_put(on);
	}
	if (error < 0)
		printk("%s is not mounted on %s: error %d\n", type, path, -error);
}

static void mount_all(void)
{
	char root[DEVICE_NAME_SIZE];
	find_root(root);
	int error = mount_fs(root, NULL, "ext2", false);
	if (error == -ENOTBLK || error == -ENODEV || error == -ENXIO)
		panic("root=%s: there is no such disk; the first one is /dev/vda", root);
	if (error < 0)
		panic("%s cannot be mounted as ext2 (error %d): give root=/dev/vdX with an ext2 file system", root,
		      -error);
	printk("root: %s\n", root);
	struct process *process = current_task->process;
	if (!process->root) {
		dentry_get(root_dentry);
		process->root = root_dentry;
	}
	if (!process->cwd) {
		dentry_get(root_dentry);
		process->cwd = root_dentry;
	}
	mount_at("devtmpfs", "/dev", "devtmpfs");
	mount_at("devpts", "/dev/pts", "devpts");
	mount_at("proc", "/proc", "proc");
}

/* The thread that ends once there is a process 1. */
static void start_init(void *unused)
{
	char path[INIT_PATH_SIZE] = "/sbin/init";
	(void)unused;
	mount_all();
	command_line_value("init", path, sizeof(path));
	int error = process_start_init(path, command_line_init_arguments());
	if (error < 0)
		panic("%s cannot be started: error %d", path, -error);
}

static void choose_policy(void)
{
	char name[16];
	if (!command_line_value("policy", name, sizeof(name)))
		return;
	const struct policy *policy = policy_find(name);
	if (policy)
		global_pool.policy = policy;
	else
		printk("policy=%s: there is no such policy; %s it is\n", name, global_pool.policy->name);
}

static void start_threads(void)
{
	if (!kernel_thread("writeback", writeback_thread, NULL) || !kernel_thread("init", start_init, NULL))
		panic("no memory for the first kernel threads");
}

void main(u64 hart_id, u64 device_tree_pa)
{
	kernel_lock();
	trap_init_hart();
	device_tree_init((const void *)(DIRECT_MAP + device_tree_pa));
	sbi_init();
	time_init();
	printk("rvemu guest, %s\n", SYSTEM_RELEASE);
	smp_init(hart_id);
	frame_init(virtual_to_pa(kernel_end));
	pagecache_init();
	pgtable_init();
	random_init();
	task_init();
	smp_init_idle();
	irq_init();
	irq_init_hart(0);
	uart_init();
	vt_init();
	tty_init();
	fb_init();
	vdso_init();
	virtio_init();
	choose_policy();
	smp_start();
	start_threads();
	idle_loop();
}
