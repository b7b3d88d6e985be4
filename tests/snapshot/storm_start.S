/*
 * Where every hart starts, and what needs registers by name: the trap handlers' entries, and the way down to S mode.
 */
	.option	arch, +zicsr
	.section .text.start
	.globl	_start
_start:
	la	sp, stacks
	addi	t0, a0, 1
	slli	t0, t0, 13
	add	sp, sp, t0
	la	t0, machine_trap
	csrw	mtvec, t0
	li	t0, 3 << 13
	csrs	mstatus, t0
	call	machine_main
1:	wfi
	j	1b

	/* M mode is asked for nothing but to go on behind an ecall. */
	.align	2
machine_trap:
	csrw	mscratch, t0
	csrr	t0, mepc
	addi	t0, t0, 4
	csrw	mepc, t0
	csrr	t0, mscratch
	mret

	.text
	.globl	to_supervisor
	/* to_supervisor(where, hart): S mode, on the same stack. */
to_supervisor:
	csrw	mepc, a0
	li	t0, 3 << 11
	csrc	mstatus, t0
	li	t0, 1 << 11
	csrs	mstatus, t0
	mv	a0, a1
	mret

	.globl	supervisor_trap
	.align	2
supervisor_trap:
	addi	sp, sp, -160
	sd	ra, 0(sp)
	sd	t0, 8(sp)
	sd	t1, 16(sp)
	sd	t2, 24(sp)
	sd	a0, 32(sp)
	sd	a1, 40(sp)
	sd	a2, 48(sp)
	sd	a3, 56(sp)
	sd	a4, 64(sp)
	sd	a5, 72(sp)
	sd	a6, 80(sp)
	sd	a7, 88(sp)
	sd	t3, 96(sp)
	sd	t4, 104(sp)
	sd	t5, 112(sp)
	sd	t6, 120(sp)
	csrr	a0, scause
	csrr	a1, stval
	call	on_trap
	ld	ra, 0(sp)
	ld	t0, 8(sp)
	ld	t1, 16(sp)
	ld	t2, 24(sp)
	ld	a0, 32(sp)
	ld	a1, 40(sp)
	ld	a2, 48(sp)
	ld	a3, 56(sp)
	ld	a4, 64(sp)
	ld	a5, 72(sp)
	ld	a6, 80(sp)
	ld	a7, 88(sp)
	ld	t3, 96(sp)
	ld	t4, 104(sp)
	ld	t5, 112(sp)
	ld	t6, 120(sp)
	addi	sp, sp, 160
	sret

	.section .bss
	.align	12
stacks:	.zero	64 * 8192
	.section .tohost, "aw"
	.globl	tohost, fromhost
	.align	6
tohost:	.dword	0
	.align	6
fromhost: .dword 0
