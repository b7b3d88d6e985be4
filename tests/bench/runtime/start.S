/*
 * Reset, the two trap entries, and the environment call of the bench runtime.
 *
 * Entered in M mode with a0 = hart, a1 = device tree (or 0). What the machine may not have (PMP, counter enables) is
 * tried, and a trap just goes on behind it.
 */
	.option	norvc

	.section .text.start, "ax"
	.globl	_start
_start:
	csrr	t0, mhartid
stop:	bnez	t0, stop
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	mv	s0, a1
	la	t0, 1f
	csrw	mtvec, t0
	li	t1, -1
	csrw	pmpaddr0, t1
	li	t1, 0x1f		/* all of memory, RWX */
	csrw	pmpcfg0, t1
	.balign	4
1:	la	t0, 2f
	csrw	mtvec, t0
	li	t1, 7			/* cycle, time, instret */
	csrw	mcounteren, t1
	csrw	scounteren, t1
	.balign	4
2:	la	t0, trap_m
	csrw	mtvec, t0
	csrw	mie, zero
	li	t0, 0x6000		/* FS = dirty */
	csrs	mstatus, t0
	csrw	fcsr, zero

	la	t0, bss_start
	la	t1, bss_end
3:	bgeu	t0, t1, 4f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	3b
4:	la	sp, kernel_stack_top
	csrw	mscratch, sp
	csrw	sscratch, sp
	mv	a0, s0
	call	platform_find
	call	world_start

	/* enter_by_mret(a0 = bits to clear in mstatus, a1 = bits to set) */
	.globl	enter_by_mret
enter_by_mret:
	csrc	mstatus, a0
	csrs	mstatus, a1
	la	t0, user_start
	csrw	mepc, t0
	la	sp, user_stack_top
	mret

	/* Saves a struct frame on the kernel's stack, calls kernel_trap(frame, cause, tval), and goes back. */
	.macro	TRAP_ENTRY mode
	.balign	4
	.globl	trap_\mode
trap_\mode:
	csrrw	sp, \mode\()scratch, sp
	addi	sp, sp, -144
	sd	ra, 0(sp)
	sd	t0, 8(sp)
	sd	t1, 16(sp)
	sd	t2, 24(sp)
	.irp	n, 0,1,2,3,4,5,6,7
	sd	a\n, (32 + 8 * \n)(sp)
	.endr
	sd	t3, 96(sp)
	sd	t4, 104(sp)
	sd	t5, 112(sp)
	sd	t6, 120(sp)
	csrr	t0, \mode\()epc
	sd	t0, 128(sp)
	addi	t1, sp, 144
	csrrw	t1, \mode\()scratch, t1
	sd	t1, 136(sp)
	mv	a0, sp
	csrr	a1, \mode\()cause
	csrr	a2, \mode\()tval
	call	kernel_trap
	ld	t0, 128(sp)
	csrw	\mode\()epc, t0
	ld	ra, 0(sp)
	ld	t0, 8(sp)
	ld	t1, 16(sp)
	ld	t2, 24(sp)
	.irp	n, 0,1,2,3,4,5,6,7
	ld	a\n, (32 + 8 * \n)(sp)
	.endr
	ld	t3, 96(sp)
	ld	t4, 104(sp)
	ld	t5, 112(sp)
	ld	t6, 120(sp)
	ld	sp, 136(sp)
	\mode\()ret
	.endm

	TRAP_ENTRY m
	TRAP_ENTRY s

	/* The console and exit of Spike: it looks for these two names. */
	.section .data.tohost, "aw"
	.balign	64
	.globl	tohost, fromhost
tohost:	.dword	0
	.balign	64
fromhost: .dword 0

	.bss
	.balign	16
	.skip	4096
kernel_stack_top:
