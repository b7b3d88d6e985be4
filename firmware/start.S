/*
 * All that cannot be written in C: the first instructions of every hart, and the way from a lower mode to C and back.
 *
 * A hart in a lower mode has the address of its struct hart in mscratch. A hart in M mode has it in tp.
 */
#include "firmware/layout.h"

	.option	norvc

	/*
	 * Every hart starts here at the same time: M mode, no stack. a1 is the device tree, a2 a struct boot_info or
	 * anything. The first one to come to the lottery prepares everything; the others wait until it has.
	 */
	.section .text.start, "ax"
	.globl	_start
_start:
	la	t0, park
	csrw	mtvec, t0
	csrw	mie, zero
	csrr	a0, mhartid
	li	t0, HARTS_MAX
	bgeu	a0, t0, park
	la	sp, stacks
	addi	t0, a0, 1
	slli	t0, t0, STACK_SIZE_LOG2
	add	sp, sp, t0

	la	t0, lottery
	li	t1, 1
	amoswap.w.aq t1, t1, (t0)
	bnez	t1, loser

	la	t0, bss_start
	la	t1, bss_end
1:	sd	zero, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b
	call	boot_first		/* boot.c: does not return */

loser:	la	t0, boot_done
1:	lw	t1, (t0)
	.4byte	0x0100000f		/* pause */
	beqz	t1, 1b
	fence	r, rw
	call	boot_other		/* boot.c: does not return */

	/* Where harts end that have no work, or trap before they know what to do about it. */
	.balign	4
	.globl	park
park:	csrw	mie, zero
1:	wfi
	j	1b

	/*
	 * Traps from lower modes. All registers go to struct hart, and with them what a trap in M mode would overwrite
	 * (guard.h). C then changes what it wants changed in there.
	 */
	.text
	.balign	4
	.globl	trap_entry
trap_entry:
	csrrw	tp, mscratch, tp
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, HART_X(\n)(tp)
	.endr
	csrr	t0, mscratch
	sd	t0, HART_X(4)(tp)
	csrr	t0, mepc
	sd	t0, HART_PC(tp)
	csrr	t0, mstatus
	sd	t0, HART_MSTATUS(tp)
	csrw	mscratch, tp
	ld	sp, HART_STACK(tp)
	mv	a0, tp
	call	trap_handle		/* trap.c */
	mv	a0, tp
	/* fall through: back to where it came from */

	/* hart_enter(a0 = struct hart): goes to the mode, pc and registers that are noted there. */
	.globl	hart_enter
hart_enter:
	mv	tp, a0
	csrw	mscratch, tp
	ld	t0, HART_PC(tp)
	csrw	mepc, t0
	ld	t0, HART_MSTATUS(tp)
	csrw	mstatus, t0
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, HART_X(\n)(tp)
	.endr
	ld	tp, HART_X(4)(tp)
	mret

	.data
	.balign	4
lottery:
	.4byte	0
	/* Set when everything that harts share is ready. */
	.globl	boot_done
boot_done:
	.4byte	0

	.section .stacks, "aw", @nobits
	.balign	16
	.globl	stacks
stacks:	.skip	HARTS_MAX * STACK_SIZE
