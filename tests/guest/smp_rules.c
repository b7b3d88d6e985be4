/*
 * Two harts: software interrupts between them, atomicity, reservations, and fences on the one for what the other
 * changed. Hart 0 runs the rules; hart 1 waits in WFI for a function to call (start_hart1). Skipped where there is no
 * hart 1.
 */
#include "devices/memmap.h"
#include "tests/guest/guest.h"

#define COUNT PAGE(0)
#define FLAG PAGE(1)
#define ROUNDS 2000

CODE(spin_until, "1: ld t0, 0(a1)\n beqz t0, 1b\n ld a0, 0(a0)"); /* waits for a flag, then loads */
CODE(lr_wait_sc, "lr.d t0, (a0)\n sd a2, 0(a1)\n 1: ld t1, 8(a1)\n beqz t1, 1b\n sc.d a0, a2, (a0)\n snez a0, a0");

void before_each(void)
{
	poke(COUNT, 0);
	poke(FLAG, 0);
	poke(FLAG + 8, 0);
}

static void add_by_amo(void)
{
	for (int i = 0; i < ROUNDS; i++)
		__asm__ volatile("amoadd.d zero, %0, (%1)" ::"r"(1ul), "r"(COUNT) : "memory");
}

static void add_by_lr_sc(void)
{
	u64 t0, t1;

	for (int i = 0; i < ROUNDS; i++)
		__asm__ volatile("1: lr.d %0, (%2)\n addi %0, %0, 1\n sc.d %1, %0, (%2)\n bnez %1, 1b"
		                 : "=&r"(t0), "=&r"(t1)
		                 : "r"(COUNT)
		                 : "memory");
}

static void set_flag(void)
{
	poke(FLAG, 1);
}

static void a_software_interrupt_wakes_the_other_hart(void)
{
	needs(start_hart1(set_flag));
	wait_hart1();
	expect(peek(FLAG), 1);
}

static void amos_of_two_harts_all_count(void)
{
	needs(start_hart1(add_by_amo));
	add_by_amo();
	wait_hart1();
	expect(peek(COUNT), 2 * ROUNDS);
}

static void lr_sc_of_two_harts_all_count(void)
{
	needs(start_hart1(add_by_lr_sc));
	add_by_lr_sc();
	wait_hart1();
	expect(peek(COUNT), 2 * ROUNDS);
}

/* Waits until hart 0 holds a reservation (flag), stores there, and says so (flag + 8). */
static void store_into_reservation(void)
{
	while (!peek(FLAG))
		;
	poke(COUNT, 5);
	__asm__ volatile("fence rw, rw" ::: "memory");
	poke(FLAG + 8, 1);
}

static void a_store_of_another_hart_breaks_a_reservation(void)
{
	needs(start_hart1(store_into_reservation));
	run(M, lr_wait_sc, COUNT, FLAG, 1);
	expect_value(1);
	wait_hart1();
	expect(peek(COUNT), 5);
}

/* A message: data first, then the flag. */
static void send_message(void)
{
	poke(COUNT, 123);
	__asm__ volatile("fence w, w" ::: "memory");
	poke(FLAG, 1);
}

static void a_message_arrives_in_order(void)
{
	needs(start_hart1(send_message));
	while (!peek(FLAG))
		;
	__asm__ volatile("fence r, r" ::: "memory");
	expect(peek(COUNT), 123);
	wait_hart1();
}

static u64 *shared_pte;

static void change_pte(void)
{
	*shared_pte = PTE_PPN(PAGE(3)) | PTE_ALL;
}

static void a_pte_changed_by_another_hart_is_seen_after_our_fence(void)
{
	sv39();
	shared_pte = map(VA, PAGE(2), 0, PTE_ALL);
	load(S, VA);
	expect_value(PAGE(2));
	needs(start_hart1(change_pte));
	wait_hart1();
	load(S, VA); /* run() fences */
	expect_value(PAGE(3));
}

static void change_code(void)
{
	poke32(PAGE(4), 99u << 20 | 0x513); /* li a0, 99 */
}

static void code_changed_by_another_hart_is_seen_after_our_fence_i(void)
{
	put_answer(PAGE(4));
	fetch(S, PAGE(4));
	expect_value(ANSWER);
	needs(start_hart1(change_code));
	wait_hart1();
	fetch(S, PAGE(4));
	expect_value(99);
}

static void a_loop_sees_what_another_hart_stores(void)
{
	needs(start_hart1(send_message));
	sv39();
	map(VA, FLAG, 0, PTE_USER);
	map(VA + 4096, COUNT, 0, PTE_USER);
	run(U, spin_until, VA + 4096, VA);
	expect_value(123);
	wait_hart1();
}

static volatile u64 hart1_id, hart1_satp;

static void note_registers(void)
{
	hart1_id = csr_read(mhartid);
	hart1_satp = csr_read(satp);
}

static void each_hart_has_its_own_csrs(void)
{
	sv39();
	needs(start_hart1(note_registers));
	wait_hart1();
	expect(hart1_id, 1);
	expect(csr_read(mhartid), 0);
	expect(hart1_satp, 0);
}

const struct rule rules[] = {
	RULE(a_software_interrupt_wakes_the_other_hart),
	RULE(amos_of_two_harts_all_count),
	RULE(lr_sc_of_two_harts_all_count),
	RULE(a_store_of_another_hart_breaks_a_reservation),
	RULE(a_message_arrives_in_order),
	RULE(a_pte_changed_by_another_hart_is_seen_after_our_fence),
	RULE(code_changed_by_another_hart_is_seen_after_our_fence_i),
	RULE(a_loop_sees_what_another_hart_stores),
	RULE(each_hart_has_its_own_csrs),
};

const u64 rule_count = ARRAY_SIZE(rules);
