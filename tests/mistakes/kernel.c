/*
 * A small kernel that turns Sv39 on and runs a program of a few instructions in U mode, which says hello; and every
 * mistake that people make when they write such a kernel for the first time. -DMISTAKE=NAME builds in one of them
 * (NONE: the kernel as it should be). `make mistakes` builds all of them; mmu/WHY-DOES-MY-KERNEL-FAULT.md walks through
 * them.
 *
 * On purpose it is plain and does things by hand. guest/demo is the example to take code from.
 */
typedef unsigned long u64;

/* -DMISTAKE=... */
enum mistake {
	NONE,
	NO_IDENTITY,          /* the kernel's own code is not mapped where it runs */
	NO_USER_BIT,          /* the program's pages lack U */
	NO_ACCESSED_BIT,      /* leaves without A and D, on a hart that does not set them (--ad trap) */
	NO_DIRTY_BIT,         /* with A, without D */
	NO_SUM,               /* the kernel reads the program's memory without sstatus.SUM */
	NOT_SHIFTED,          /* a PTE made from the address instead of the page number: pa | flags */
	SHIFTED_TOO_FAR,      /* pa << 10 | flags */
	NUMBER_UNSHIFTED,     /* pa >> 12 | flags, in leaves */
	ROOT_NOT_SHIFTED,     /* satp with the root's address instead of its page number */
	MISALIGNED_SUPERPAGE, /* a leaf at level 1 for a page of 4 KiB */
	MODE_UNKNOWN,         /* satp with MODE 1 */
	MODE_MISSING,         /* satp with MODE 0 */
	TABLE_NOT_CLEARED,    /* tables of level 0 in memory that was used before */
	TABLES_NOT_CLEARED,   /* all tables there: software follows what they hold */
	NO_HANDLER_STACK,     /* the trap handler saves registers on the program's stack */
	HANDLER_NOT_MAPPED,   /* stvec points to where nothing is mapped */
	NO_PMP,               /* S mode is entered while PMP is closed */
	NO_MTVEC,             /* the same, and M mode has no handler */
	NO_DEVICE,            /* the console is not mapped */
	NULL_POINTER,         /* a list is followed past its end */
	POINTER_WITH_U,       /* U in a pointer to a table */
	NOT_MENDED,           /* the page-fault handler returns without having mended anything */
	NO_FLOAT,             /* floating point while sstatus.FS is Off: for --explain all */
	MISALIGNED_LOAD,      /* on a hart that traps then (--misaligned trap): for --explain all */
};

#define UART 0x10000000ul
#define FINISHER 0x100000ul
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333
#define PAGE 4096ul

#define PTE_V 0x01ul
#define PTE_R 0x02ul
#define PTE_W 0x04ul
#define PTE_X 0x08ul
#define PTE_U 0x10ul
#define PTE_A 0x40ul
#define PTE_D 0x80ul

#define SATP_SV39 8ul
#define SSTATUS_SUM (1ul << 18)
#define MSTATUS_MPP_S (1ul << 11)

#define USER_TEXT 0x40000000ul
#define USER_DATA 0x40001000ul
#define SHARED 0x50000000ul

#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"(value) : "memory")
#define csr_set(name, value) __asm__ volatile("csrs " #name ", %0" ::"r"(value) : "memory")
#define csr_read(name)                                                                                                 \
	({                                                                                                             \
		u64 value_;                                                                                            \
		__asm__ volatile("csrr %0, " #name : "=r"(value_));                                                    \
		value_;                                                                                                \
	})

struct item {
	struct item *next; /* or 0 */
	volatile u64 value;
};

/* Page tables, and memory to map. */
static u64 root[512] __attribute__((aligned(4096)));
static u64 tables[8][512] __attribute__((aligned(4096)));
static u64 user_data[512] __attribute__((aligned(4096)));
static u64 shared[512] __attribute__((aligned(4096)));
static u64 tables_used;
static struct item second = { 0, 2 }, first = { &second, 1 };

char kernel_stack[4 * PAGE] __attribute__((aligned(4096)));
char handler_stack[PAGE] __attribute__((aligned(4096)));
void machine_start(void) __attribute__((noreturn));
void machine_panic(void) __attribute__((noreturn));
void kernel_main(void) __attribute__((noreturn));
void trap(void);
void machine_trap(void);
void trap_entry(void);
void trap_entry_without_stack(void);
void enter_user(u64 pc, u64 sp) __attribute__((noreturn));
extern char user_program[];

/* --- the console, and the end --- */

static void put(const char *text)
{
	for (; *text; text++)
		*(volatile char *)UART = *text;
}

static void put_hex(u64 value)
{
	char digits[19] = "0x";
	for (int i = 0; i < 16; i++)
		digits[2 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
	digits[18] = 0;
	put(digits);
}

static void __attribute__((noreturn)) finish(unsigned status)
{
	*(volatile unsigned *)FINISHER = status ? status << 16 | FINISHER_FAIL : FINISHER_PASS;
	for (;;)
		__asm__ volatile("wfi");
}

static void __attribute__((noreturn)) panic(const char *who, u64 cause, u64 pc, u64 address)
{
	put(who);
	put(" panic: cause ");
	put_hex(cause);
	put(" pc ");
	put_hex(pc);
	put(" address ");
	put_hex(address);
	put("\n");
	finish(1);
}

/* --- page tables --- */

static u64 pte_make(u64 pa, u64 flags)
{
	if (MISTAKE == NO_ACCESSED_BIT)
		flags &= ~(PTE_A | PTE_D);
	if (MISTAKE == NO_DIRTY_BIT)
		flags &= ~PTE_D;
	if (MISTAKE == NOT_SHIFTED)
		return pa | flags;
	if (MISTAKE == SHIFTED_TOO_FAR)
		return pa << 10 | flags;
	if (MISTAKE == NUMBER_UNSHIFTED && flags & PTE_R)
		return pa >> 12 | flags;
	return pa >> 12 << 10 | flags;
}

static u64 *new_table(int level)
{
	u64 *table = tables[tables_used++];
	/* An allocator that fills free pages with a pattern, as xv6's does; so does memory that was used before. */
	if (MISTAKE == TABLES_NOT_CLEARED || (MISTAKE == TABLE_NOT_CLEARED && level == 0))
		for (int i = 0; i < 512; i++)
			table[i] = 0x0505050505050505;
	return table;
}

/* Maps the page of va (level 0: 4 KiB, level 1: 2 MiB) to pa. */
static void map(u64 va, u64 pa, u64 flags, int level)
{
	u64 *table = root;
	for (int at = 2; at > level; at--) {
		u64 *pte = &table[va >> (12 + 9 * at) & 511];
		if (!(*pte & PTE_V))
			*pte = pte_make((u64)new_table(at - 1), PTE_V | (MISTAKE == POINTER_WITH_U ? PTE_U : 0));
		table = (u64 *)(*pte >> 10 << 12);
		if (MISTAKE == NOT_SHIFTED)
			table = (u64 *)(*pte & -PAGE);
		if (MISTAKE == SHIFTED_TOO_FAR)
			table = (u64 *)(*pte >> 10);
	}
	table[va >> (12 + 9 * level) & 511] = pte_make(pa, flags | PTE_A | PTE_D | PTE_V);
}

static void make_tables(void)
{
	u64 user = MISTAKE == NO_USER_BIT ? 0 : PTE_U;
	if (MISTAKE != NO_IDENTITY)
		map(0x80000000, 0x80000000, PTE_R | PTE_W | PTE_X, 1);
	if (MISTAKE != NO_DEVICE)
		map(UART, UART, PTE_R | PTE_W, 0);
	map(FINISHER, FINISHER, PTE_R | PTE_W, 0);
	map(USER_TEXT, (u64)user_program, PTE_R | PTE_X | user, 0);
	map(USER_DATA, (u64)user_data, PTE_R | PTE_W | user, 0);
	map(SHARED, (u64)shared, PTE_R | PTE_W, MISTAKE == MISALIGNED_SUPERPAGE ? 1 : 0);
}

static void paging_on(void)
{
	u64 mode = MISTAKE == MODE_UNKNOWN ? 1 : MISTAKE == MODE_MISSING ? 0 : SATP_SV39;
	u64 page = MISTAKE == ROOT_NOT_SHIFTED ? (u64)root : (u64)root >> 12;
	csr_write(satp, mode << 60 | page);
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* --- the kernel --- */

static u64 sum_of(const struct item *list)
{
	u64 sum = 0;
	do {
		sum += list->value;
		list = list->next;
	} while (MISTAKE == NULL_POINTER || list);
	return sum;
}

/* Every trap that is delegated to S mode; called by trap_entry. */
void trap(void)
{
	u64 cause = csr_read(scause);
	if (MISTAKE == NOT_MENDED && cause == 13)
		return;
	if (cause != 8)
		panic("S mode", cause, csr_read(sepc), csr_read(stval));
	if (MISTAKE != NO_SUM)
		csr_set(sstatus, SSTATUS_SUM);
	put((const char *)USER_DATA);
	finish(0);
}

void kernel_main(void)
{
	csr_write(stvec, MISTAKE == HANDLER_NOT_MAPPED ? 0x90000000
	                 : MISTAKE == NO_HANDLER_STACK ? (u64)trap_entry_without_stack
	                                               : (u64)trap_entry);
	make_tables();
	paging_on();
	*(volatile u64 *)SHARED = sum_of(&first);
	if (MISTAKE == NOT_MENDED || MISTAKE == TABLE_NOT_CLEARED)
		(void)*(volatile u64 *)(SHARED + PAGE);
	if (MISTAKE == NO_FLOAT)
		__asm__ volatile(".option push; .option arch, +d; fmv.d.x ft0, zero; .option pop");
	if (MISTAKE == MISALIGNED_LOAD)
		__asm__ volatile("ld t0, 3(%0)" ::"r"(SHARED) : "t0");
	if (MISTAKE == HANDLER_NOT_MAPPED)
		(void)*(volatile u64 *)(SHARED + PAGE);
	/* The stack of the program that has the mistake is to come page by page, when it is touched. */
	enter_user(USER_TEXT, MISTAKE == NO_HANDLER_STACK ? 0x70000000 : USER_DATA + PAGE);
}

/* What M mode does with a trap that is not delegated. */
void machine_panic(void)
{
	panic("M mode", csr_read(mcause), csr_read(mepc), csr_read(mtval));
}

/* M mode: opens memory, hands the supervisor its traps, and enters it. */
void machine_start(void)
{
	if (MISTAKE != NO_MTVEC)
		csr_write(mtvec, machine_trap);
	csr_write(medeleg, 0xb1ff); /* exceptions, but for calls from S mode */
	if (MISTAKE == NO_PMP || MISTAKE == NO_MTVEC)
		csr_write(medeleg, 0); /* what PMP denies comes to M mode */
	else
		csr_write(pmpaddr0, -1ul >> 10);
	if (MISTAKE != NO_PMP && MISTAKE != NO_MTVEC)
		csr_write(pmpcfg0, 0x1f);
	csr_set(mstatus, MSTATUS_MPP_S);
	csr_write(mepc, kernel_main);
	__asm__ volatile("mret");
	__builtin_unreachable();
}
