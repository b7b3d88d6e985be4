/*
 * The runner's assembly: reset, the way into a stub and back, traps, checkpoints of random programs.
 *
 * A stub finds the address of the frame in gp, tp, s0, s1, s10 and s11 and uses the one that its instruction leaves
 * alone. A trap goes on where the frame says, or behind the instruction; only t0 and t1 are used meanwhile.
 */
#include "tests/isa/cases.h"

	.section .text.start, "ax"
	.globl	_start
_start:
	la	sp, stack_top
	la	t0, frame
	csrw	mscratch, t0
	la	t0, trap
	csrw	mtvec, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	li	t0, 8
	csrw	mie, t0		/* MSIE, with mstatus.MIE 0: wfi wakes, and no trap is taken */
	li	t0, 0x7800	/* FS dirty, MPP M */
	csrw	mstatus, t0
	j	main


	.text
	.balign	4
trap:
	csrrw	t0, mscratch, t0
	sd	t1, FRAME_SCRATCH(t0)
	csrr	t1, mcause
	sd	t1, FRAME_CAUSE(t0)
	csrr	t1, mtval
	sd	t1, FRAME_TVAL(t0)
	csrr	t1, mepc
	sd	t1, FRAME_EPC(t0)
	ld	t1, FRAME_RESUME(t0)
	beqz	t1, skip
	csrw	mepc, t1
	li	t1, 0x1800
	csrs	mstatus, t1
	ld	t1, FRAME_SCRATCH(t0)
	csrrw	t0, mscratch, t0
	mret

	/* A random program: adds the trap to the hash, goes on behind the instruction. */
skip:
	sd	t2, FRAME_SCRATCH + 8(t0)
	ld	t1, FRAME_TRAPS(t0)
	.irp	what, FRAME_CAUSE, FRAME_TVAL, FRAME_EPC
	slli	t2, t1, 7
	srli	t1, t1, 57
	or	t1, t1, t2
	ld	t2, \what(t0)
	add	t1, t1, t2
	.endr
	sd	t1, FRAME_TRAPS(t0)
	ld	t1, FRAME_EPC(t0)
	lhu	t2, 0(t1)
	andi	t2, t2, 3
	addi	t2, t2, -3
	snez	t2, t2
	slli	t2, t2, 1
	sub	t1, t1, t2
	addi	t1, t1, 4
	csrw	mepc, t1
	li	t1, 0x1800
	csrs	mstatus, t1
	ld	t2, FRAME_SCRATCH + 8(t0)
	ld	t1, FRAME_SCRATCH(t0)
	csrrw	t0, mscratch, t0
	mret

	/* void call_stub(struct frame *): runs the stub at frame->code. */
	.globl	call_stub
call_stub:
	sd	ra, FRAME_SAVED + 0(a0)
	sd	sp, FRAME_SAVED + 8(a0)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	sd	s\n, FRAME_SAVED + 16 + 8 * \n(a0)
	.endr
	la	t0, stub_done
	sd	t0, FRAME_RET(a0)
	mv	gp, a0
	mv	tp, a0
	mv	s0, a0
	mv	s1, a0
	mv	s10, a0
	mv	s11, a0
	ld	t0, FRAME_CODE(a0)
	jr	t0
stub_done:
	la	a0, frame
	ld	ra, FRAME_SAVED + 0(a0)
	ld	sp, FRAME_SAVED + 8(a0)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	ld	s\n, FRAME_SAVED + 16 + 8 * \n(a0)
	.endr
	ret

	/*
	 * A random program calls this through t0, with the frame in tp: saves all registers, prints them, puts them
	 * back. The runner keeps its own stack pointer in frame->saved.
	 */
	.globl	checkpoint
checkpoint:
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
	sd	x\n, FRAME_X + 8 * \n(tp)
	.endr
	.irp	n, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, FRAME_X + 8 * \n(tp)
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	fsd	f\n, FRAME_F + 8 * \n(tp)
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fsd	f\n, FRAME_F + 8 * \n(tp)
	.endr
	frcsr	t1
	sd	t1, FRAME_FCSR_OUT(tp)
	ld	sp, FRAME_SAVED + 8(tp)
	mv	s1, tp
	mv	a0, tp
	call	print_checkpoint
	mv	tp, s1
	ld	t1, FRAME_FCSR_OUT(tp)
	fscsr	t1
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	fld	f\n, FRAME_F + 8 * \n(tp)
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fld	f\n, FRAME_F + 8 * \n(tp)
	.endr
	.irp	n, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
	ld	x\n, FRAME_X + 8 * \n(tp)
	.endr
	.irp	n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, FRAME_X + 8 * \n(tp)
	.endr
	jr	t0

	.section .bss
	.balign	16
	.space	16384
stack_top:

	.section .plan, "aw"
	.incbin	PLAN_FILE
