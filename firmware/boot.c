/*
 * From reset to the kernel. One hart, whichever comes first, reads the device tree and prepares what all share; then
 * all set themselves up; one of them enters the kernel, and the others wait until the kernel starts them.
 *
 * The protocol is that of OpenSBI's fw_dynamic, which QEMU, U-Boot SPL and rvemu speak: a1 is the device tree, a2 says
 * where the kernel is. The kernel is entered in S mode with a0 = its hart's id, a1 = the device tree.
 */
#include "firmware/board.h"
#include "firmware/csr.h"
#include "firmware/fdt.h"
#include "firmware/hart.h"
#include "firmware/hsm.h"
#include "firmware/usermem.h"

/* What a2 points to. */
struct boot_info {
	u64 magic;     /* INFO_MAGIC */
	u64 version;   /* of the struct */
	u64 next_addr; /* where the kernel starts */
	u64 next_mode; /* in which mode */
	u64 options;   /* OpenSBI's */
	u64 boot_hart; /* from version 2: the hart that is to enter the kernel, or -1 */
};

#define INFO_MAGIC 0x4942534f /* "OSBI" */
#define INFO_WITH_BOOT_HART 2
#define MODE_S 1

/* In start.S: set when everything that harts share is ready; the lowest of the stacks. */
extern u32 boot_done;
extern u8 stacks[];

/* Called by start.S. */
void boot_first(u64 id, u64 fdt_pa, u64 info_pa) __attribute__((noreturn));
void boot_other(u64 id) __attribute__((noreturn));

/* Where to go, and who goes. */
struct plan {
	u64 pc;   /* the kernel's first instruction */
	u64 fdt;  /* its device tree */
	u64 hart; /* who enters it */
};

static void __attribute__((noreturn)) give_up(const char *why, u64 number)
{
	console_print("firmware: ");
	console_print(why);
	console_print_hex(number);
	console_print("\n");
	board_finish(FINISH_FAILED);
}

/* a2 may be anything, so it is read with care; false: there is nothing there. */
static bool load_info(u64 pa, struct boot_info *info)
{
	u8 *bytes = (u8 *)info;

	for (u64 i = 0; i < sizeof(*info); i++)
		if (!physical_load(pa + i, &bytes[i]))
			return false;
	return info->magic == INFO_MAGIC;
}

static void read_info(struct plan *plan, u64 pa)
{
	struct boot_info info = { 0 };

	if (!load_info(pa, &info))
		return;
	if (info.next_addr)
		plan->pc = info.next_addr;
	if (info.next_addr && info.next_mode != MODE_S)
		give_up("kernels are entered in S mode, and this one wants mode ", info.next_mode);
	if (info.version >= INFO_WITH_BOOT_HART && info.boot_hart < HARTS_MAX && (board.harts & BIT(info.boot_hart)))
		plan->hart = info.boot_hart;
}

/* Nobody that we know of has anything there, and it does not reach up into the kernel. */
static bool is_free(const struct plan *plan, u64 pa, u64 size)
{
	const struct range *initrd = &board.initrd;

	return board.ram_count > 0 && board_is_supervisor_ram(pa, size) && plan->pc - pa >= size &&
	       (initrd->size == 0 || (pa - initrd->start >= initrd->size && initrd->start - pa >= size));
}

/*
 * The kernel must leave our memory alone, and learns so from the device tree. The tree is copied to where it can grow:
 * right behind itself, since boot loaders put it where nothing follows; or else behind the firmware. Where neither is
 * possible the kernel gets the tree as it is, and PMP tells it the hard way.
 */
static void reserve_firmware(const struct fdt *fdt, struct plan *plan)
{
	u64 size = fdt_copy_size(fdt);
	u64 places[] = { ((u64)fdt->base + fdt->size + 7) & ~7ul, FIRMWARE_BASE + FIRMWARE_SIZE };

	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		if (is_free(plan, places[i], size) &&
		    fdt_copy_reserving(fdt, (u8 *)places[i], FIRMWARE_BASE, FIRMWARE_SIZE)) {
			plan->fdt = places[i];
			return;
		}
	}
}

/* All zeros is never an instruction: there is no kernel. */
static void check_kernel(const struct plan *plan)
{
	if (!(csr_read(CSR_MISA) & MISA('S')))
		give_up("a kernel needs S mode, which this hart lacks: misa is ", csr_read(CSR_MISA));
	if (plan->pc & 1 || !board_is_supervisor_ram(plan->pc, 2) || *(const u16 *)plan->pc == 0)
		give_up("there is no kernel at ", plan->pc);
}

static void init_harts(void)
{
	for_each_bit(id, board.harts) {
		harts[id].id = id;
		harts[id].stack = (u64)stacks + (id + 1) * STACK_SIZE;
		harts[id].state = HART_STOPPED;
	}
}

void boot_first(u64 id, u64 fdt_pa, u64 info_pa)
{
	struct plan plan = { .pc = KERNEL_BASE, .fdt = fdt_pa, .hart = id };
	struct fdt fdt;
	u8 byte;
	bool has_fdt = physical_load(fdt_pa, &byte) && fdt_open(&fdt, fdt_pa);

	console_setup();
	if (has_fdt)
		board_read(&fdt);
	board.harts |= BIT(id);
	read_info(&plan, info_pa);
	if (has_fdt)
		reserve_firmware(&fdt, &plan);
	check_kernel(&plan);
	init_harts();
	__atomic_store_n(&boot_done, 1, __ATOMIC_RELEASE);
	hart_setup(&harts[id]);
	hsm_start(plan.hart, plan.pc, plan.fdt);
	hsm_wait(&harts[id]);
}

void boot_other(u64 id)
{
	if (!(board.harts & BIT(id)))
		park();
	hart_setup(&harts[id]);
	hsm_wait(&harts[id]);
}
