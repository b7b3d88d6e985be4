/*
 * What a rule is made of. A rule is a function of a few lines, named after the sentence of the manual that it checks:
 *
 *	static void a_load_needs_r(void)
 *	{
 *		map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_U | PTE_A | PTE_D);
 *		load(U, VA);
 *		expect_fault(LOAD_PAGE_FAULT, VA);
 *	}
 *
 * It runs in M mode. Everything is put back before each rule, then the file's own before_each() is called. load(),
 * store(), fetch() do one access in a mode; run() does any code; what came of it is in `seen`. The first expectation
 * that does not hold makes the rule fail, and is printed.
 *
 * The constants are written from the manual, and not shared with the emulator.
 */
#ifndef TESTS_GUEST_GUEST_H
#define TESTS_GUEST_GUEST_H

#include "tests/guest/console.h"
#include "tests/guest/layout.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- the architecture --- */

enum mode { U = 0, S = 1, M = 3 };
enum kind { LOAD, STORE, FETCH, KINDS };

enum {
	FETCH_ACCESS_FAULT = 1,
	ILLEGAL_INSTRUCTION = 2,
	BREAKPOINT = 3,
	LOAD_MISALIGNED = 4,
	LOAD_ACCESS_FAULT = 5,
	STORE_MISALIGNED = 6,
	STORE_ACCESS_FAULT = 7,
	ECALL_FROM_U = 8,
	ECALL_FROM_S = 9,
	ECALL_FROM_M = 11,
	FETCH_PAGE_FAULT = 12,
	LOAD_PAGE_FAULT = 13,
	STORE_PAGE_FAULT = 15,
};

#define INTERRUPT (1ul << 63)
#define SSI 1 /* interrupt numbers: bits of mip and mie */
#define MSI 3
#define STI 5
#define MTI 7
#define SEI 9
#define MEI 11
#define BIT(n) (1ul << (n))

#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_G BIT(5)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_RSW (3ul << 8)
#define PTE_PBMT(n) ((u64)(n) << 61)
#define PTE_N BIT(63)
#define PTE_PPN(pa) ((u64)(pa) >> 12 << 10)
#define PTE_RWX (PTE_R | PTE_W | PTE_X)
#define PTE_ALL (PTE_V | PTE_RWX | PTE_A | PTE_D) /* a page of S mode where everything is allowed */
#define PTE_USER (PTE_ALL | PTE_U)                /* the same of U mode */

#define SATP_BARE 0ul
#define SATP_SV39 8ul
#define SATP_SV48 9ul
#define SATP_SV57 10ul

#define MSTATUS_SIE BIT(1)
#define MSTATUS_MIE BIT(3)
#define MSTATUS_SPIE BIT(5)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_SPP BIT(8)
#define MSTATUS_MPP(mode) ((u64)(mode) << 11)
#define MSTATUS_FS (3ul << 13)
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_SUM BIT(18)
#define MSTATUS_MXR BIT(19)
#define MSTATUS_TVM BIT(20)
#define MSTATUS_TW BIT(21)
#define MSTATUS_TSR BIT(22)

#define MENVCFG_ADUE BIT(61)
#define MENVCFG_PBMTE BIT(62)
#define MENVCFG_STCE BIT(63)

#define PMP_R 1ul
#define PMP_W 2ul
#define PMP_X 4ul
#define PMP_TOR (1ul << 3)
#define PMP_NA4 (2ul << 3)
#define PMP_NAPOT (3ul << 3)
#define PMP_L (1ul << 7)

#define csr_read(name)                                                                                                 \
	({                                                                                                             \
		u64 csr_;                                                                                              \
		__asm__ volatile("csrr %0, " #name : "=r"(csr_)::"memory");                                            \
		csr_;                                                                                                  \
	})
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"((u64)(value)) : "memory")
#define csr_set(name, value) __asm__ volatile("csrs " #name ", %0" ::"r"((u64)(value)) : "memory")
#define csr_clear(name, value) __asm__ volatile("csrc " #name ", %0" ::"r"((u64)(value)) : "memory")

static inline void sfence_vma_all(void)
{
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

static inline u64 peek(u64 pa)
{
	return *(volatile u64 *)pa;
}

static inline void poke(u64 pa, u64 value)
{
	*(volatile u64 *)pa = value;
}

static inline u32 peek32(u64 pa)
{
	return *(volatile u32 *)pa;
}

static inline void poke32(u64 pa, u32 value)
{
	*(volatile u32 *)pa = value;
}

/* --- the world of a rule --- */

/*
 * Physical memory that rules may use as they like; 2 MiB aligned. Each 8 bytes of the first pages hold their own
 * address.
 */
#define PLAYGROUND 0x80400000ul
#define PAGE(n) (PLAYGROUND + (u64)(n)*4096)
#define PAGES_FILLED 40
#define TABLES 0x80600000ul    /* page tables are taken from here on */
#define NO_MEMORY 0x08000000ul /* a physical address where there is nothing */

/* Virtual addresses. The first two are mapped by sv39(); S mode sees all RAM at its physical addresses. */
#define USER_CODE 0x40000000ul       /* the stubs, for U mode */
#define VA 0x140000000ul             /* nothing is mapped in this gigabyte and the next ones: for rules */
#define VA_HIGH 0xffffffe000000000ul /* the same in the upper half */

/* How the code under test ended, and with which registers. */
struct seen {
	u64 x[32];   /* registers; x[10] is a0 */
	u64 cause;   /* mcause */
	u64 pc;      /* mepc */
	u64 tval;    /* mtval */
	u64 mstatus; /* as the trap left it */
	u64 entry;   /* with m_vectors: the entry; else ~0 */
	u64 running; /* guest_run is at work */
};
extern struct seen seen;

/* What the machine can do where the architecture leaves a choice; found out at the start. */
struct facts {
	u64 ad_trap;    /* A=0 and D=0 fault while menvcfg.ADUE is 0 */
	u64 adue;       /* menvcfg.ADUE can be set */
	u64 misaligned; /* misaligned loads and stores work */
	u64 asid_bits;  /* how many bits of satp.ASID can be set */
	u64 svpbmt;     /* menvcfg.PBMTE can be set */
	u64 svnapot;    /* a NAPOT leaf works */
	u64 sstc;       /* menvcfg.STCE can be set */
	u64 sv48, sv57; /* satp takes these modes */
	u64 plic_uart;  /* the UART is the PLIC's input 10 */
};
extern struct facts facts;

/* Bits of mstatus that run() sets besides MPP; MIE is put into MPIE, from where mret takes it. 0 before each rule. */
extern u64 mstatus_bits;

/* If set, run() does no sfence.vma and no fence.i before it starts. False before each rule. */
extern int no_fences;

extern char stubs_start[], stubs_end[], s_vectors[], m_vectors[], m_trap[];

/* Defines code under test: position-independent, at most page-sized. It ends with an ecall. */
#define CODE(name, text)                                                                                               \
	extern const char name[];                                                                                      \
	__asm__(".pushsection .stubs, \"ax\"\n.option push\n.option norvc\n.balign 4\n.globl " #name "\n" #name        \
	        ":\n" text "\n\tecall\n.option pop\n.popsection")

/* Runs code at pc in a mode, a0... given, until it traps to M mode. A stub is found where the mode sees it. */
#define run(mode, pc, ...) run_at(mode, (u64)(pc), (const u64[8]){ __VA_ARGS__ })
void run_at(enum mode mode, u64 pc, const u64 args[8]);

/*
 * One access of 8 bytes in a mode; a load's value is in a0; fetch() jumps there. expect_fault() then knows the pc,
 * too.
 */
void load(enum mode mode, u64 va);
void store(enum mode mode, u64 va, u64 value);
void fetch(enum mode mode, u64 va);
void access(enum kind kind, enum mode mode, u64 va);

/* One instruction, a stub that starts with it, a0 = va, a1: the same for any other kind of access. */
void single(enum mode mode, const char *stub, u64 va, u64 a1);

/* What fetch() finds where put_answer() was called: a0 = 42, ecall. */
#define ANSWER 42
void put_answer(u64 pa);

/* Copies instructions that start at stub (a CODE) to pa. */
void put_code(u64 pa, const char *stub, u64 bytes);

/* Switches Sv39 on, with a new page table. */
void sv39(void);

/* The root table of the current page table, its physical address; and a new one like it, not in satp yet. */
u64 root_table(void);
u64 new_root_table(void);
u64 satp_of(u64 mode, u64 asid, u64 root);

/* Writes a leaf PTE for va at a level (0: 4 KiB, 1: 2 MiB, 2: 1 GiB) of the current table; gives back where it is. */
u64 *map(u64 va, u64 pa, int level, u64 flags);
u64 *map_in(u64 root, int levels, u64 va, u64 pa, int level, u64 flags);

/* Where the PTE of va at a level is; tables above it are made. */
u64 *pte_at(u64 va, int level);
u64 new_table(void);

/* PMP entry 0..14: its config byte and pmpaddr. Entry 15 lets everything through, unless pmp_close() was called. */
void pmp_set(u32 entry, u64 cfg, u64 addr);
u64 pmp_cfg(u32 entry);
u64 pmp_addr(u32 entry);
void pmp_close(void);
u64 napot(u64 base, u64 size);

/* --- expectations --- */

extern const u64 page_fault_of[KINDS], access_fault_of[KINDS], misaligned_of[KINDS];

/* The code ended by itself. */
#define expect_ok() expect_ok_at(__LINE__)
/* The same, and a0 was this. */
#define expect_value(value) expect_value_at(__LINE__, value)
/* It trapped so, with this xtval; after load(), store(), fetch(), single() the xepc must be that instruction's. */
#define expect_fault(cause, tval) expect_fault_at(__LINE__, cause, tval)
/* The same where the manual leaves xtval open: it is this or zero. */
#define expect_fault_tval_or_0(cause, value) expect_fault_at(__LINE__, cause, seen.tval ? (value) : 0)
/* It came to S mode with these scause and stval. */
#define expect_s_fault(cause, tval) expect_s_fault_at(__LINE__, cause, tval)
/* An interrupt was taken to M mode; to S mode. */
#define expect_interrupt(number) expect_at(__LINE__, "mcause", seen.cause, INTERRUPT | (number))
#define expect_s_interrupt(number) expect_s_interrupt_at(__LINE__, number)
#define expect(got, want) expect_at(__LINE__, #got, (u64)(got), (u64)(want))

void expect_ok_at(int line);
void expect_value_at(int line, u64 value);
void expect_fault_at(int line, u64 cause, u64 tval);
void expect_s_fault_at(int line, u64 cause, u64 tval);
void expect_s_interrupt_at(int line, u64 number);
void expect_at(int line, const char *what, u64 got, u64 want);

/* Leaves a rule that this machine cannot be asked about. */
#define needs(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			skip(#condition);                                                                              \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)
void skip(const char *missing);

/* --- a file of rules --- */

struct rule {
	const char *name;
	void (*check)(void);
};

#define RULE(function)                                                                                                 \
	(struct rule)                                                                                                  \
	{                                                                                                              \
		.name = #function, .check = function                                                                   \
	}

/* The table at the end of each file. */
extern const struct rule rules[];
extern const u64 rule_count;

/* Each file's own preparation. */
void before_each(void);

/* --- other harts --- */

/* Lets hart 1 call a function in M mode; false if there is no hart 1. Waits for it with wait_hart1(). */
int start_hart1(void (*function)(void));
void wait_hart1(void);

/* --- exit_*.c --- */

void machine_exit(u64 failures) __attribute__((noreturn));

/* --- start.S --- */

struct start {
	u64 pc;      /* first instruction */
	u64 mstatus; /* with MPP: the mode */
	u64 arg[8];  /* a0 to a7 */
};
void guest_run(const struct start *start);
void guest_main(u64 hart);
void guest_other_hart(u64 hart);
void guest_stray_trap(void);

#endif
