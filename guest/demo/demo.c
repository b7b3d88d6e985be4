/*
 * The smallest example of paging: a kernel that gives a task its pages one by one, each when the task first touches it.
 *
 * The task starts with a page table in which nothing of its own is mapped. Its very first instruction cannot be
 * fetched: page fault. The kernel looks up which part of the task the address belongs to, takes a free frame, fills
 * it, writes one PTE, and lets the task try again. It prints a line about each. Nothing is ever taken away;
 * guest/kernel does the whole of it.
 *
 * Run it as `./rvemu --trace walk build/guest/demo.elf` to see the MMU's own account of every walk next to these lines.
 */
#include "guest/demo/demo.h"

#include "guest/demo/asm.h"

_Static_assert(__builtin_offsetof(struct trap_frame, x[31]) == FRAME_X(31), "entry.S stores registers there");
_Static_assert(__builtin_offsetof(struct trap_frame, pc) == FRAME_PC, "entry.S stores the pc there");

/* A part of the task's address space: what may be done there, and what its pages start as. */
struct region {
	const char *name;
	u64 start, end; /* virtual addresses: first, and first behind it; whole pages */
	u64 flags;      /* PTE_R, PTE_W, PTE_X */
	int from_image; /* pages start as a copy of the task's image; else as zeros */
};

/* demo.ld: where the task's parts begin (virtual), and where its image is (physical). */
extern char task_text_start[], task_rodata_start[], task_data_start[], task_bss_start[], task_end[];
extern char task_image[], task_image_end[];

static struct trap_frame task_frame;
static u64 fault_count;

/* The task's address space, in full. An address that is in none of these is none of the task's. */
static const struct region regions[] = {
	{ "text", (u64)task_text_start, (u64)task_rodata_start, PTE_R | PTE_X, 1 },
	{ "rodata", (u64)task_rodata_start, (u64)task_data_start, PTE_R, 1 },
	{ "data", (u64)task_data_start, (u64)task_bss_start, PTE_R | PTE_W, 1 },
	{ "bss", (u64)task_bss_start, (u64)task_end, PTE_R | PTE_W, 0 },
	{ "stack", STACK_TOP - STACK_SIZE, STACK_TOP, PTE_R | PTE_W, 0 },
};

static const struct region *region_of(u64 va)
{
	for (u64 i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (va >= regions[i].start && va < regions[i].end)
			return &regions[i];
	return 0;
}

static void __attribute__((noreturn)) give_up(const char *what, u64 va)
{
	print("%s: address %lx, scause %lx, sepc %lx\n", what, va, csr_read(scause), csr_read(sepc));
	power_off(1);
}

/* Fills a frame with the page of the task's image that belongs at va. */
static void copy_from_image(u64 frame, u64 va)
{
	const char *from = task_image + (va - TASK_BASE);
	char *to = (char *)frame;

	for (u64 i = 0; i < PAGE_SIZE && from + i < task_image_end; i++)
		to[i] = from[i];
}

/*
 * The PTE of a page that the task may use so: `access` is one of PTE_R, PTE_W, PTE_X. Everything else ends here,
 * above all the kernel's addresses.
 */
static u64 *checked_pte(u64 va, u64 access)
{
	const struct region *region = region_of(va);

	if (!region || !(region->flags & access))
		give_up("segmentation fault", va);
	return pte_of(va);
}

/* Gives the task the page of va, which is in one of its regions and has this PTE. */
static void give_page(u64 va, u64 *pte)
{
	const struct region *region = region_of(va);
	u64 page = va & -PAGE_SIZE;
	u64 frame;

	frame = frame_alloc();
	if (region->from_image)
		copy_from_image(frame, page);
	*pte = pte_make(frame, region->flags | PTE_U | PTE_A | PTE_D | PTE_V);

	/*
	 * The hart may remember that there was no translation, so it is told that there is one. And instructions were
	 * stored as data: fence.i lets fetches see them.
	 */
	sfence_vma();
	__asm__ volatile("fence.i" ::: "memory");

	print("         %s page %lx gets frame %lx; PTE at %lx = %lx (", region->name, page, frame, (u64)pte, *pte);
	pte_print_flags(*pte);
	print(")\n");
}

/* A page fault: scause says what was tried, stval on which address. */
static void page_fault(u64 cause, u64 va)
{
	u64 access = cause == CAUSE_FETCH_PAGE_FAULT ? PTE_X : cause == CAUSE_LOAD_PAGE_FAULT ? PTE_R : PTE_W;
	const char *verb = access == PTE_X ? "fetches from" : access == PTE_R ? "loads from" : "stores to";
	u64 *pte;

	print("fault %ld: the instruction at %lx %s %lx: cause %ld\n", ++fault_count, csr_read(sepc), verb, va, cause);
	pte = checked_pte(va, access);
	if (*pte & PTE_V)
		give_up("the page is there, and the access still faults", va);
	give_page(va, pte);
}

/*
 * The system call write. The kernel finds the task's bytes by going through the task's page table, in software; and
 * it too may come upon a page that is not there yet.
 */
static void system_write(u64 va, u64 count)
{
	for (; count > 0; va++, count--) {
		u64 *pte = checked_pte(va, PTE_R);

		if (!(*pte & PTE_V)) {
			print("write:   the kernel reads the task's %lx, which is not mapped yet\n", va);
			give_page(va, pte);
		}
		print("%c", *(char *)(pte_pa(*pte) + va % PAGE_SIZE));
	}
}

static void system_call(struct trap_frame *frame)
{
	frame->pc += 4; /* go on behind the ecall */
	if (frame->x[REG_A7] == SYS_WRITE) {
		system_write(frame->x[REG_A0], frame->x[REG_A1]);
	} else if (frame->x[REG_A7] == SYS_EXIT) {
		paging_show();
		print("The task exits with status %ld after %ld page faults.\n", frame->x[REG_A0], fault_count);
		power_off(frame->x[REG_A0]);
	} else {
		give_up("no such system call", frame->x[REG_A7]);
	}
}

/* Every trap comes here, from entry.S, in S mode with interrupts off. */
void trap(void)
{
	u64 cause = csr_read(scause);

	if (csr_read(sstatus) & SSTATUS_SPP)
		give_up("trap in the kernel", csr_read(stval));
	if (cause == CAUSE_ECALL_FROM_U)
		system_call(&task_frame);
	else if (cause == CAUSE_FETCH_PAGE_FAULT || cause == CAUSE_LOAD_PAGE_FAULT || cause == CAUSE_STORE_PAGE_FAULT)
		page_fault(cause, csr_read(stval));
	else
		give_up("trap that nobody expects", csr_read(stval));
}

/* S mode begins here. */
static void kernel_main(void)
{
	print("rvemu demo: the pages of a task, one by one.\n");
	csr_write(stvec, trap_entry);
	paging_start();
	task_frame.pc = (u64)task_main;
	task_frame.x[REG_SP] = STACK_TOP;
	enter_task(&task_frame);
}

/*
 * M mode, at the very start. What must be done before S mode can work: without a PMP entry S mode has no access to
 * memory, and without delegation every trap would come to M mode.
 */
void machine_start(void)
{
	csr_write(pmpaddr0, ~0ul);
	csr_write(pmpcfg0, PMP_NAPOT_RWX);
	csr_write(medeleg, 0xffff);
	csr_write(satp, 0);

	csr_write(mstatus, (csr_read(mstatus) & ~MSTATUS_MPP) | MSTATUS_MPP_S);
	csr_write(mepc, kernel_main);
	__asm__ volatile("mret");
	__builtin_unreachable();
}
