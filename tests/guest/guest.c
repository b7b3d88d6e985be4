/*
 * The runner: puts everything back, calls one rule after the other, prints what became of them. See guest.h.
 */
#include "tests/guest/guest.h"

#include "devices/memmap.h"

_Static_assert(__builtin_offsetof(struct seen, running) == SEEN_RUNNING, "start.S stores it there");
_Static_assert(__builtin_offsetof(struct start, arg) == START_ARG(0), "start.S loads it from there");

const u64 page_fault_of[KINDS] = { LOAD_PAGE_FAULT, STORE_PAGE_FAULT, FETCH_PAGE_FAULT };
const u64 access_fault_of[KINDS] = { LOAD_ACCESS_FAULT, STORE_ACCESS_FAULT, FETCH_ACCESS_FAULT };
const u64 misaligned_of[KINDS] = { LOAD_MISALIGNED, STORE_MISALIGNED, 0 };

struct facts facts;

static const char *rule_name; /* of the rule at work */
static int rule_failed, rule_skipped;

/* --- expectations --- */

/* True for the first failure of a rule, whose line is then begun. */
static int begin_failure(int line)
{
	if (rule_failed)
		return 0;
	rule_failed = 1;
	put_string("FAIL ");
	put_string(rule_name);
	put_string(": line ");
	put_decimal((u64)line);
	return 1;
}

void expect_at(int line, const char *what, u64 got, u64 want)
{
	if (got == want || !begin_failure(line))
		return;
	put_string(": ");
	put_string(what);
	put_string(": got ");
	put_hex(got);
	put_string(", want ");
	put_hex(want);
	put_string("\n");
}

static void put_trap(const char *word, u64 cause, u64 tval, u64 pc)
{
	put_string(word);
	if (cause >> 63)
		put_string("interrupt ");
	put_decimal(cause & ~INTERRUPT);
	put_string(" tval ");
	put_hex(tval);
	if (pc) {
		put_string(" pc ");
		put_hex(pc);
	}
}

static int is_ecall(u64 cause)
{
	return cause == ECALL_FROM_U || cause == ECALL_FROM_S || cause == ECALL_FROM_M;
}

void expect_ok_at(int line)
{
	if (is_ecall(seen.cause) && seen.pc != (u64)s_vectors)
		return;
	if (!begin_failure(line))
		return;
	if (seen.cause == ECALL_FROM_S)
		put_trap(": got S-mode trap ", csr_read(scause), csr_read(stval), csr_read(sepc));
	else
		put_trap(": got trap ", seen.cause, seen.tval, seen.pc);
	put_string(", want none\n");
}

void expect_value_at(int line, u64 value)
{
	expect_ok_at(line);
	expect_at(line, "a0", seen.x[10], value);
}

/* Compares a trap with what was wanted; a pc of 0 is not compared. */
static void compare_trap(int line, const u64 got[3], const u64 want[3])
{
	if (got[0] == want[0] && got[1] == want[1] && (!want[2] || got[2] == want[2]))
		return;
	if (!begin_failure(line))
		return;
	put_trap(": got cause ", got[0], got[1], got[2]);
	put_trap(", want ", want[0], want[1], want[2]);
	put_string("\n");
}

void expect_fault_at(int line, u64 cause, u64 tval)
{
	compare_trap(line, (u64[3]){ seen.cause, seen.tval, seen.pc }, (u64[3]){ cause, tval, seen.x[0] });
}

void expect_s_fault_at(int line, u64 cause, u64 tval)
{
	expect_at(line, "mcause of the trap handler's ecall", seen.cause, ECALL_FROM_S);
	compare_trap(line, (u64[3]){ csr_read(scause), csr_read(stval), csr_read(sepc) },
	             (u64[3]){ cause, tval, seen.x[0] });
}

void expect_s_interrupt_at(int line, u64 number)
{
	expect_at(line, "mcause of the trap handler's ecall", seen.cause, ECALL_FROM_S);
	expect_at(line, "scause", csr_read(scause), INTERRUPT | number);
}

void skip(const char *missing)
{
	rule_skipped = 1;
	put_string("skip ");
	put_string(rule_name);
	put_string(": needs ");
	put_string(missing);
	put_string("\n");
}

/* --- the world put back --- */

static void reset(void)
{
	mstatus_bits = 0;
	no_fences = 0;
	csr_write(mtvec, m_trap);
	csr_write(stvec, s_vectors);
	csr_write(satp, 0);
	csr_write(medeleg, 0);
	csr_write(mideleg, 0);
	csr_write(mie, 0);
	csr_write(mip, 0);
	csr_write(mcounteren, 0);
	csr_write(scounteren, 0);
	csr_write(menvcfg, 0);
	csr_write(scause, 0);
	poke(MEMMAP_CLINT_BASE + 0x4000, ~0ul); /* mtimecmp of hart 0 */
	poke32(MEMMAP_CLINT_BASE, 0);           /* msip of hart 0 */
	csr_write(pmpaddr15, ~0ul);
	csr_write(pmpcfg2, (PMP_NAPOT | PMP_R | PMP_W | PMP_X) << 56);
	csr_write(pmpcfg0, 0);
	for (u64 pa = PAGE(0); pa < PAGE(PAGES_FILLED); pa += 8)
		poke(pa, pa);
	before_each();
}

/* --- facts --- */

/* Loads from a page without A, and tells whether it faulted. */
static u64 a_clear_faults(void)
{
	map(VA, PAGE(0), 0, PTE_USER & ~PTE_A);
	load(U, VA);
	return seen.cause == LOAD_PAGE_FAULT;
}

static u64 menvcfg_takes(u64 bit)
{
	csr_write(menvcfg, bit);
	u64 taken = csr_read(menvcfg) == bit;

	csr_write(menvcfg, 0);
	return taken;
}

static u64 satp_takes(u64 mode)
{
	csr_write(satp, satp_of(mode, 0, root_table()));
	return csr_read(satp) >> 60 == mode;
}

static u64 count_asid_bits(void)
{
	u64 bits = 0;

	csr_write(satp, satp_of(SATP_SV39, 0xffff, root_table()));
	for (u64 asid = csr_read(satp) >> 44 & 0xffff; asid; asid >>= 1)
		bits += asid & 1;
	return bits;
}

/* The transmitter is empty, so its interrupt comes as soon as it is enabled; the PLIC's pending bit shows it. */
static u64 uart_is_plic_input(void)
{
	volatile u8 *uart = (volatile u8 *)(u64)MEMMAP_UART_BASE;
	u64 pending;

	uart[1] = 2;
	pending = peek32(MEMMAP_PLIC_BASE + 0x1000) >> MEMMAP_UART_IRQ & 1;
	uart[1] = 0;
	return pending;
}

CODE(stub_load_unaligned, "ld a0, 1(a0)");

static void find_facts(void)
{
	rule_name = "find_facts";
	no_fences = 0;
	sv39();
	facts.ad_trap = a_clear_faults();
	facts.adue = menvcfg_takes(MENVCFG_ADUE);
	facts.svpbmt = menvcfg_takes(MENVCFG_PBMTE);
	facts.sstc = menvcfg_takes(MENVCFG_STCE);
	run(U, stub_load_unaligned, USER_CODE);
	facts.misaligned = seen.cause == ECALL_FROM_U;
	map(VA, PAGE(8), 0, PTE_USER | PTE_N);
	load(U, VA);
	facts.svnapot = seen.cause == ECALL_FROM_U;
	facts.asid_bits = count_asid_bits();
	facts.sv48 = satp_takes(SATP_SV48);
	facts.sv57 = satp_takes(SATP_SV57);
	facts.plic_uart = uart_is_plic_input();
}

static void put_fact(const char *name, u64 value)
{
	put_string(" ");
	put_string(name);
	put_string("=");
	put_decimal(value);
}

static void put_facts(void)
{
	put_string("facts:");
	put_fact("ad_trap", facts.ad_trap);
	put_fact("adue", facts.adue);
	put_fact("misaligned", facts.misaligned);
	put_fact("asid_bits", facts.asid_bits);
	put_fact("svpbmt", facts.svpbmt);
	put_fact("svnapot", facts.svnapot);
	put_fact("sstc", facts.sstc);
	put_fact("sv48", facts.sv48);
	put_fact("sv57", facts.sv57);
	put_fact("plic_uart", facts.plic_uart);
	put_string("\n");
}

/* --- other harts --- */

static void (*volatile hart1_work)(void);
static volatile int hart1_present;

int start_hart1(void (*function)(void))
{
	for (int i = 0; i < 20000000 && !hart1_present; i++)
		;
	if (!hart1_present)
		return 0;
	hart1_work = function;
	poke32(MEMMAP_CLINT_BASE + 4, 1); /* msip of hart 1 */
	return 1;
}

void wait_hart1(void)
{
	while (hart1_work)
		;
}

void guest_other_hart(u64 hart)
{
	csr_write(pmpaddr15, ~0ul);
	csr_write(pmpcfg2, (PMP_NAPOT | PMP_R | PMP_W | PMP_X) << 56);
	csr_write(mie, BIT(MSI));
	hart1_present |= hart == 1;
	for (;;) {
		__asm__ volatile("wfi" ::: "memory");
		if (hart != 1 || !(csr_read(mip) & BIT(MSI)))
			continue;
		poke32(MEMMAP_CLINT_BASE + 4, 0);
		__asm__ volatile("fence rw, rw" ::: "memory");
		if (hart1_work)
			hart1_work();
		__asm__ volatile("fence rw, rw" ::: "memory");
		hart1_work = 0;
	}
}

/* --- the runner --- */

void guest_stray_trap(void)
{
	put_string("FAIL ");
	put_string(rule_name);
	put_trap(": the test itself trapped: cause ", seen.cause, seen.tval, seen.pc);
	put_string("\n");
	machine_exit(1);
}

static void put_total(u64 passed, u64 failed)
{
	put_decimal(passed);
	put_string(" passed, ");
	put_decimal(failed);
	put_string(" failed\n");
}

void guest_main(u64 hart)
{
	u64 passed = 0, failed = 0;

	(void)hart;
	rule_name = "start";
	reset();
	find_facts();
	put_facts();
	for (u64 i = 0; i < rule_count; i++) {
		rule_name = rules[i].name;
		rule_failed = rule_skipped = 0;
		reset();
		rules[i].check();
		if (rule_skipped)
			continue;
		if (!rule_failed) {
			put_string("ok ");
			put_string(rule_name);
			put_string("\n");
		}
		failed += (u64)rule_failed;
		passed += (u64)!rule_failed;
	}
	put_total(passed, failed);
	machine_exit(failed);
}
