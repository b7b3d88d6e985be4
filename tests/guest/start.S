/*
 * The ground the rules stand on: reset, the way from the tests (C, M mode) into the mode under test, and the trap
 * that comes back from there.
 *
 * guest_run() "returns" when the code it started traps into M mode: an ecall that ends the code, or whatever else
 * happened. m_trap notes everything in `seen`, restores the registers of guest_run's caller, and returns to it. So a
 * test calls code in another mode as if it were a function, and afterwards looks at how it ended.
 */
#include "tests/guest/layout.h"

	.option	norvc

	.section .text.start, "ax"
	.globl	_start
_start:
	csrr	t0, mhartid
	la	sp, stacks + STACK_SIZE
	li	t1, STACK_SIZE
	mul	t1, t1, t0
	add	sp, sp, t1
	mv	a0, t0
	mv	s0, a1
	li	t1, HARTS_MAX
	bgeu	t0, t1, stop
	bnez	t0, 1f
	la	t1, m_trap
	csrw	mtvec, t1
	la	t1, seen
	csrw	mscratch, t1
	call	guest_main
1:	la	t1, stop
	csrw	mtvec, t1
	call	guest_other_hart
	.balign	4
stop:	wfi
	j	stop

	/* guest_run(a0 = struct start): mstatus last, because MPRV in it would change the loads. */
	.globl	guest_run
guest_run:
	la	t0, saved
	sd	ra, 0(t0)
	sd	sp, 8(t0)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, (16 + 8 * \n)(t0)
	.endr
	la	t0, seen
	li	t1, 1
	sd	t1, SEEN_RUNNING(t0)
	ld	t0, START_PC(a0)
	csrw	mepc, t0
	ld	t0, START_MSTATUS(a0)
	.irp	n, 1,2,3,4,5,6,7
	ld	a\n, START_ARG(\n)(a0)
	.endr
	ld	a0, START_ARG(0)(a0)
	csrw	mstatus, t0
	mret

	.balign	4
	.globl	m_trap
m_trap:
	csrrw	a0, mscratch, a0
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, SEEN_X(\n)(a0)
	.endr
	csrr	t0, mscratch
	sd	t0, SEEN_X(10)(a0)
	csrw	mscratch, a0
	csrr	t0, mcause
	sd	t0, SEEN_CAUSE(a0)
	csrr	t0, mepc
	sd	t0, SEEN_PC(a0)
	csrr	t0, mtval
	sd	t0, SEEN_TVAL(a0)
	csrr	t0, mstatus
	sd	t0, SEEN_MSTATUS(a0)
	csrw	mstatus, zero
	ld	t0, SEEN_RUNNING(a0)
	beqz	t0, 1f
	sd	zero, SEEN_RUNNING(a0)
	la	t0, saved
	ld	ra, 0(t0)
	ld	sp, 8(t0)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, (16 + 8 * \n)(t0)
	.endr
	ret
1:	la	sp, stacks + STACK_SIZE
	call	guest_stray_trap	/* the tests themselves trapped */

	/* Vectored mode: entry i notes that it was i, and goes on in m_trap. */
	.balign	256
	.globl	m_vectors
m_vectors:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	j	m_vector_\n
	.endr
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
m_vector_\n:
	csrrw	a0, mscratch, a0
	sd	t0, SEEN_X(5)(a0)
	li	t0, \n
	sd	t0, SEEN_ENTRY(a0)
	ld	t0, SEEN_X(5)(a0)
	csrrw	a0, mscratch, a0
	j	m_trap
	.endr

	/* Where traps to S mode go: on to M mode at once. mepc then tells which entry it was. */
	.balign	256
	.globl	s_vectors
s_vectors:
	.rept	16
	ecall
	.endr

	/* Code under test comes here (CODE in guest.h), on pages of its own that U mode sees at USER_CODE. */
	.section .stubs, "ax"
	.option	norvc

	.bss
	.balign	16
stacks:	.skip	STACK_SIZE * HARTS_MAX
saved:	.skip	8 * 14
