/*
 * From reset to C, and the way of the task into the kernel and back. All that cannot be written in C.
 */
#include "guest/demo/asm.h"

	/*
	 * Every hart starts here: M mode, no translation, no stack. Hart 0 goes on, the others sleep for ever.
	 */
	.section .text.entry, "ax"
	.globl _start
_start:
	csrr	t0, mhartid
	bnez	t0, sleep
	la	sp, kernel_stack_top
	call	machine_start		/* demo.c; comes back in S mode, in kernel_main() */
sleep:
	wfi
	j	sleep

	/*
	 * A trap from U mode: stvec points here. The hart has put the cause, the address and the pc into scause,
	 * stval and sepc, and has switched to S mode; all registers are still the task's. sscratch holds the address
	 * of its trap_frame.
	 */
	.globl	trap_entry
	.balign	4
trap_entry:
	csrrw	a0, sscratch, a0	/* a0 <- frame, sscratch <- the task's a0 */
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, FRAME_X(\n)(a0)
	.endr
	csrr	t0, sscratch
	sd	t0, FRAME_X(10)(a0)	/* the task's a0 (x10) */
	csrr	t0, sepc
	sd	t0, FRAME_PC(a0)
	csrw	sscratch, a0		/* ready for the next trap */
	la	sp, kernel_stack_top
	mv	s0, a0			/* a call leaves s0 alone */
	call	trap			/* demo.c */
	mv	a0, s0
	/* fall through: back to the task */

	/*
	 * enter_task(a0 = frame): everything as it was, and on in U mode (sstatus.SPP is 0). After a page fault the
	 * pc is that of the instruction that faulted: it is done once more, and now it finds its page.
	 */
	.globl	enter_task
enter_task:
	csrw	sscratch, a0
	ld	t0, FRAME_PC(a0)
	csrw	sepc, t0
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, FRAME_X(\n)(a0)
	.endr
	ld	a0, FRAME_X(10)(a0)
	sret

	.section .bss.stack, "aw", @nobits
	.balign	16
	.skip	4096
kernel_stack_top:
