/*
 * The tests of the firmware: a kernel of our own in S mode that makes every call, with good and bad arguments.
 *
 * A test is a function that expects things. It is skipped if it needs what this machine does not have. tests/firmware
 * has one file of tests for each extension. Constants are written from the SBI specification and the privileged
 * manual, without a look at the firmware's.
 */
#ifndef TESTS_FIRMWARE_TEST_H
#define TESTS_FIRMWARE_TEST_H

#include <stddef.h>

#include "devices/memmap.h"
#include "tests/firmware/layout.h"
#include "tests/guest/console.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

#define BIT(n) (1ul << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The firmware's memory, which it must keep to itself. */
#define FIRMWARE_BASE 0x80000000ul
#define FIRMWARE_SIZE 0x40000ul

/* --- the privileged architecture --- */

#define csr_read(name)                                                                                                 \
	({                                                                                                             \
		u64 value_;                                                                                            \
		__asm__ volatile("csrr %0, " #name : "=r"(value_)::"memory");                                          \
		value_;                                                                                                \
	})
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"((u64)(value)) : "memory")
#define csr_set(name, bits) __asm__ volatile("csrs " #name ", %0" ::"r"((u64)(bits)) : "memory")
#define csr_clear(name, bits) __asm__ volatile("csrc " #name ", %0" ::"r"((u64)(bits)) : "memory")

#define SSTATUS_SIE BIT(1)
#define SSTATUS_SPIE BIT(5)
#define SSTATUS_SPP BIT(8)
#define SSTATUS_FS (3 * BIT(13))
#define SSTATUS_SUM BIT(18)
#define SSTATUS_MXR BIT(19)
#define IRQ_SSI BIT(1)
#define IRQ_STI BIT(5)
#define IRQ_LCOFI BIT(13)
#define INTERRUPT BIT(63)

enum cause {
	FETCH_ACCESS_FAULT = 1,
	ILLEGAL_INSN = 2,
	LOAD_MISALIGNED = 4,
	LOAD_ACCESS_FAULT = 5,
	STORE_MISALIGNED = 6,
	STORE_ACCESS_FAULT = 7,
	ECALL_FROM_U = 8,
	FETCH_PAGE_FAULT = 12,
	LOAD_PAGE_FAULT = 13,
	STORE_PAGE_FAULT = 15,
};

#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_DATA (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define PAGE_SIZE 4096ul

/* --- SBI --- */

enum extension {
	EXT_BASE = 0x10,
	EXT_TIME = 0x54494d45,
	EXT_IPI = 0x735049,
	EXT_RFENCE = 0x52464e43,
	EXT_HSM = 0x48534d,
	EXT_SRST = 0x53525354,
	EXT_DBCN = 0x4442434e,
	EXT_PMU = 0x504d55,
	EXT_SUSP = 0x53555350,
};

enum error {
	SUCCESS = 0,
	NOT_SUPPORTED = -2,
	INVALID_PARAM = -3,
	INVALID_ADDRESS = -5,
	ALREADY_AVAILABLE = -6,
	ALREADY_STARTED = -7,
	ALREADY_STOPPED = -8,
	NO_SHMEM = -9,
};

enum hart_state { STARTED, STOPPED, START_PENDING, STOP_PENDING, SUSPENDED, SUSPEND_PENDING, RESUME_PENDING };

struct sbiret {
	i64 error;
	u64 value;
};

struct sbiret sbi_call(u64 extension, u64 function, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4);
#define sbi0(e, f) sbi_call(e, f, 0, 0, 0, 0, 0)
#define sbi1(e, f, a) sbi_call(e, f, a, 0, 0, 0, 0)
#define sbi2(e, f, a, b) sbi_call(e, f, a, b, 0, 0, 0)
#define sbi3(e, f, a, b, c) sbi_call(e, f, a, b, c, 0, 0)
#define sbi4(e, f, a, b, c, d) sbi_call(e, f, a, b, c, d, 0)
u64 call_with_pattern(u64 extension, u64 function, u64 argument);

/* --- harts --- */

/* A hart as the tests see it. Its layout is start.S's as far as `trying`. */
struct cpu {
	u64 x[32], pc, sstatus; /* of what a trap interrupted */
	u64 stack;              /* upper end */
	u64 saved[14];          /* of who called try_call() */
	u64 trying;             /* a trap ends try_call() */
	u64 id;                 /* hart id */

	volatile u64 timer_count, ipi_count, overflow_count; /* interrupts taken */
	volatile u64 interrupt_time;                         /* when the last one was */
	struct {
		u64 cause, tval, pc, sstatus, a0;
	} seen;                                 /* the trap that ended try_call(), or cause NO_TRAP */
	void (*volatile work)(struct cpu *cpu); /* what it is to do */
	volatile u64 arg, result;               /* for `work` to use */
	volatile u64 starts;                    /* how often it came through cpu_start */
	u64 start_id, start_satp, start_sstatus, start_sie, start_sip; /* what it found then */
} __attribute__((aligned(1024)));

#define NO_TRAP (~0ul)

extern struct cpu cpus[CPUS_MAX]; /* by hart id */

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;
	__asm__ volatile("mv %0, tp" : "=r"(cpu));
	return cpu;
}

/* Hart ids other than the boot hart's; each answers to start_work() after the first call of have_harts(). */
extern u64 boot_hart, hart_count;

/* True if there are so many harts; all are started then, and idle. */
int have_harts(u64 count);

/* The n-th hart that is not the boot hart. */
struct cpu *other(u64 n);

/* Lets another hart call a function, waits until it has. */
void start_work(struct cpu *cpu, void (*work)(struct cpu *), u64 arg);
void wait_work(struct cpu *cpu);

/* Starts a stopped hart with its struct cpu; waits until it idles. */
struct sbiret start_hart(struct cpu *cpu);
void wait_state(u64 hart, u64 state);
void cpu_start(void);

/* The time in ticks, and some ticks of doing nothing. */
u64 now(void);
void spin(u64 ticks);

/* Waits for a minute at most: under QEMU, time is the host's, and the host may have other things to do. */
#define wait_until(condition)                                                                                          \
	do {                                                                                                           \
		u64 end_ = now() + 600000000;                                                                          \
		while (!(condition) && now() < end_)                                                                   \
			__asm__ volatile(".4byte 0x0100000f" ::: "memory");                                            \
	} while (0)

/* --- things that may trap --- */

/* Calls function(arg) in S mode; this_cpu()->seen says how it ended. */
u64 try_call(const void *function, u64 arg);

/* The same in U mode, without translation or as satp is; the function ends with an ecall. */
u64 try_user(const void *function, u64 arg);

/* A piece of assembler as a function: a0 is its argument and its value. It may run in S mode, or in U mode. */
#define CODE(name, text)                                                                                               \
	extern const char name[];                                                                                      \
	__asm__(".pushsection .user, \"ax\"\n.option push\n.option norvc\n.balign 4\n" #name ":\n" text                \
	        "\nret\n.option pop\n.popsection")
#define USER_CODE(name, text)                                                                                          \
	extern const char name[];                                                                                      \
	__asm__(".pushsection .user, \"ax\"\n.option push\n.option norvc\n.balign 4\n" #name ":\n" text                \
	        "\necall\n.option pop\n.popsection")
extern char user_start[], user_end[];

/* --- paging.c: Sv39; S mode's own addresses are mapped one to one --- */

#define VA 0x40000000ul      /* 512 pages from here on can be mapped at will */
#define USER_VA 0x40100000ul /* where .user is, for U mode, once user_map() was called */
void paging_on(u64 asid);
void paging_off(void);
void map(u64 va, u64 pa, u64 flags);
void user_map(void);
const void *user_address(const void *code);
extern u8 pages[16][PAGE_SIZE];

/* --- expectations --- */

#define expect(got, want) expect_at(__LINE__, #got, (u64)(got), (u64)(want))
#define expect_true(condition) expect_at(__LINE__, #condition, !!(condition), 1)
/* A call's error, and its value (always 0 with an error). */
#define expect_ret(call, want_error, want_value)                                                                       \
	do {                                                                                                           \
		struct sbiret ret_ = (call);                                                                           \
		expect_at(__LINE__, #call " error", (u64)ret_.error, (u64)(i64)(want_error));                          \
		expect_at(__LINE__, #call " value", ret_.value, (u64)(want_value));                                    \
	} while (0)
#define expect_error(call, want) expect_ret(call, want, 0)
/* How try_call() ended. */
#define expect_trap(want_cause, want_tval)                                                                             \
	do {                                                                                                           \
		expect_at(__LINE__, "scause", this_cpu()->seen.cause, (u64)(want_cause));                              \
		expect_at(__LINE__, "stval", this_cpu()->seen.tval, (u64)(want_tval));                                 \
	} while (0)
#define expect_no_trap() expect_at(__LINE__, "scause", this_cpu()->seen.cause, NO_TRAP)
void expect_at(int line, const char *what, u64 got, u64 want);

#define needs(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			skip(#condition);                                                                              \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)
void skip(const char *missing);

/* --- what this machine is like --- */

struct facts {
	u64 sstc;                           /* S mode has stimecmp */
	u64 time_traps;                     /* rdtime is emulated */
	u64 misaligned_traps;               /* misaligned loads are emulated */
	u64 stale;                          /* the TLB keeps a translation whose PTE has changed */
	u64 compressed;                     /* C */
	u64 single, fp;                     /* F, D */
	u64 zfh, zcb;                       /* their loads and stores */
	u64 hpm;                            /* hardware counters beyond cycle and instret */
	u64 filters;                        /* Sscofpmf */
	u64 ad_faults;                      /* a PTE without A gives a page fault */
	u64 pbmt;                           /* PTEs may have memory types */
	u64 cbo_zero, cbo_flush, cbo_inval; /* cache-block instructions run in S mode */
	u64 envcfg, stateen;                /* senvcfg, sstateen0 can be read */
	u64 exact; /* run.sh says: fences drop what they must and no more, counters count to the instruction */
};
extern struct facts facts;

/* The device tree that was passed on. */
extern const u8 *device_tree;

/* Counts a firmware event on this hart from now on; event_stop() ends that and tells how often it happened. */
u64 event_start(u64 code);
u64 event_stop(u64 counter);

/* --- a file of tests --- */

struct test {
	const char *name;
	void (*run)(void);
};
#define TEST(function)                                                                                                 \
	{                                                                                                              \
		.name = #function, .run = function                                                                     \
	}

/* The table at the end of each file, closed by an empty row. */
extern const struct test base_tests[], time_tests[], ipi_tests[], rfence_tests[], hsm_tests[], console_tests[],
	pmu_tests[], misaligned_tests[], trap_tests[], legacy_tests[], tree_tests[], reset_tests[];

#endif
