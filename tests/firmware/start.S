/*
 * The ground the tests stand on: entry of the harts, traps to S mode, and try_call(), which calls a function that may
 * trap, in S mode or in U mode.
 *
 * tp holds the address of the hart's struct cpu, in S mode; sscratch does, always.
 */
#include "tests/firmware/layout.h"

	.option	norvc

	/* a0: hart id, a1: device tree. */
	.section .text.start, "ax"
	.globl	_start
_start:
	la	sp, boot_stack + CPU_STACK_SIZE
	call	test_main

	/* A hart that HSM has started or resumed: a0: its id, a1: struct cpu. What it finds is noted first. */
	.globl	cpu_start
cpu_start:
	csrr	t0, satp
	csrr	t1, sstatus
	mv	tp, a1
	ld	sp, CPU_STACK(tp)
	mv	a1, tp
	mv	a2, t0
	mv	a3, t1
	call	cpu_main

	.balign	4
	.globl	trap_entry
trap_entry:
	csrrw	tp, sscratch, tp
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, CPU_X(\n)(tp)
	.endr
	csrr	t0, sscratch
	sd	t0, CPU_X(4)(tp)
	csrw	sscratch, tp
	csrr	t0, sepc
	sd	t0, CPU_PC(tp)
	csrr	t0, sstatus
	sd	t0, CPU_SSTATUS(tp)
	/* A stack of its own: what was interrupted may be anything. */
	la	sp, trap_stacks
	csrr	t1, sscratch
	la	t2, cpus
	sub	t1, t1, t2
	srli	t1, t1, 10		/* struct cpu is 1024 bytes */
	addi	t1, t1, 1
	li	t2, CPU_STACK_SIZE
	mul	t1, t1, t2
	add	sp, sp, t1
	mv	a0, tp
	call	trap_handle
	ld	t0, CPU_PC(tp)
	csrw	sepc, t0
	ld	t0, CPU_SSTATUS(tp)
	csrw	sstatus, t0
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, CPU_X(\n)(tp)
	.endr
	ld	tp, CPU_X(4)(tp)
	sret

	/*
	 * try_enter(a0 = function, a1 = its argument, a2 = sstatus to sret with, or 0 for a call in S mode as it is).
	 * Comes back when the function returns, or traps: trap_handle() then makes it continue at try_leave.
	 */
	.globl	try_enter
try_enter:
	sd	sp, CPU_SAVED(tp)
	sd	ra, CPU_SAVED + 8(tp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, CPU_SAVED + 16 + 8 * \n(tp)
	.endr
	li	t0, 1
	sd	t0, CPU_TRYING(tp)
	mv	t0, a0
	mv	a0, a1
	bnez	a2, 1f
	jalr	t0
	.globl	try_leave
try_leave:
	sd	zero, CPU_TRYING(tp)
	ld	sp, CPU_SAVED(tp)
	ld	ra, CPU_SAVED + 8(tp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, CPU_SAVED + 16 + 8 * \n(tp)
	.endr
	ret
1:	csrw	sepc, t0
	csrw	sstatus, a2
	sret

	/*
	 * call_with_pattern(a0 = extension, a1 = function, a2 = argument): an SBI call with every register full of its
	 * own pattern. Returns a mask of the registers that changed, a0 and a1 apart.
	 */
	.globl	call_with_pattern
call_with_pattern:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, 16 + 8 * \n(sp)
	.endr
	la	t0, pattern_sp
	sd	sp, (t0)
	mv	a7, a0
	mv	a6, a1
	mv	a0, a2
	.irp	n, 1,2,3,5,6,7,8,9,11,12,13,14,15,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	li	x\n, 0x1230 + \n
	.endr
	ecall
	li	a0, 0
	.irp	n, 1,2,3,5,6,7,8,9,12,13,14,15,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	addi	x\n, x\n, -\n
	li	a1, 0x1230
	xor	x\n, x\n, a1
	snez	x\n, x\n
	slli	x\n, x\n, \n
	or	a0, a0, x\n
	.endr
	la	t0, pattern_sp
	ld	sp, (t0)
	ld	ra, 0(sp)
	ld	gp, 8(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, 16 + 8 * \n(sp)
	.endr
	addi	sp, sp, 112
	ret

	.bss
	.balign	16
pattern_sp:
	.skip	8
	.balign	16
boot_stack:
	.skip	CPU_STACK_SIZE
trap_stacks:
	.skip	CPU_STACK_SIZE * CPUS_MAX
