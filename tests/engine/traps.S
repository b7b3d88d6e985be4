/*
 * Traps in the middle of blocks, and interrupts at the very instruction where they become possible. The handler uses
 * t3 and t4 alone: s9 counts exceptions, s7 interrupts, s8 is where the last one came; s6 is the time between two of
 * the timer; s10, if not 0, is where M mode goes on after an exception.
 */
#include "tests/engine/guest.inc"

	start

	.option	norvc
	.globl	main
main:
	la	t0, trap
	csrw	mtvec, t0
	li	s7, 0
	li	s9, 0
	li	s10, 0

	/* 1, 2: illegal instructions, ecalls, ebreaks and faulting loads in a loop */
	li	a0, 0
	li	a1, 0
	li	s1, 100
	li	s2, 0x18000000
1:	addi	a0, a0, 1
	.word	0
	addi	a0, a0, 1
	ecall
	addi	a0, a0, 1
	ld	a1, 0(s2)
	addi	a0, a0, 1
	sd	a1, 8(s2)
	addi	a0, a0, 1
	ebreak
	addi	a0, a0, 1
	csrrw	a1, 0x5c0, a0
	addi	s1, s1, -1
	bnez	s1, 1b
	check	1, a0, 600
	check	2, s9, 600
	check	3, a1, 0

	/* 4: a software interrupt to oneself comes behind the store; 5: when it is allowed to */
	li	t0, MIE_MSIE
	csrw	mie, t0
	csrsi	mstatus, MSTATUS_MIE
	li	t0, CLINT_MSIP
	li	t1, 1
	nop
	sw	t1, 0(t0)
4:	nop
	nop
	la	t2, 4b
	sub	t2, t2, s8
	check	4, t2, 0
	csrci	mstatus, MSTATUS_MIE
	sw	t1, 0(t0)
	nop
	nop
	csrsi	mstatus, MSTATUS_MIE
5:	nop
	la	t2, 5b
	sub	t2, t2, s8
	check	5, t2, 0
	check	6, s7, 2

	/* 7: the timer in a loop, again and again, and the loop does not notice */
	li	s7, 0
	li	s6, 37
	li	t0, CLINT_MTIME
	ld	t1, 0(t0)
	add	t1, t1, s6
	li	t0, CLINT_MTIMECMP
	sd	t1, 0(t0)
	li	t0, MIE_MTIE
	csrw	mie, t0
	li	a0, 0
	li	a1, 0
	li	s1, 20000
7:	addi	a0, a0, 3
	add	a1, a1, a0
	addi	s1, s1, -1
	bnez	s1, 7b
	check	7, a0, 60000
	check	8, a1, 600030000
	sltiu	t0, s7, 10
	check	9, t0, 0

	/* 10: it ends a sleep */
	li	s6, 500
	li	s7, 0
	wfi
	wfi
	sltiu	t0, s7, 1
	check	10, t0, 0
	csrw	mie, zero

	/* 11: the same code in M and in U mode, by turns */
	li	s9, 0
	li	s1, 200
	li	a0, 0
11:	call	both_modes
	la	s10, 12f
	la	t0, user
	csrw	mepc, t0
	li	t0, MSTATUS_MPP
	csrc	mstatus, t0
	mret
12:	li	s10, 0
	addi	s1, s1, -1
	bnez	s1, 11b
	check	11, a0, 1200
	check	12, s9, 200

	/* 13: an interrupt that waits for mret to allow it */
	li	s7, 0
	li	t0, MIE_MSIE
	csrw	mie, t0
	csrci	mstatus, MSTATUS_MIE
	li	t0, CLINT_MSIP
	li	t1, 1
	sw	t1, 0(t0)
	la	t0, 13f
	csrw	mepc, t0
	li	t0, MSTATUS_MPP | 0x80
	csrs	mstatus, t0
	mret
	nop
13:	nop
	la	t2, 13b
	sub	t2, t2, s8
	check	13, t2, 0
	check	14, s7, 1
	la	t0, done
	jr	t0

user:
	call	both_modes
	ecall
both_modes:
	addi	a0, a0, 1
	addi	a0, a0, 2
	ret

	.balign	4
trap:
	csrr	t3, mcause
	bltz	t3, interrupt
	addi	s9, s9, 1
	csrr	t4, mepc
	addi	t4, t4, 4
	beqz	s10, 1f
	mv	t4, s10
	li	t3, MSTATUS_MPP
	csrs	mstatus, t3
1:	csrw	mepc, t4
	mret
interrupt:
	addi	s7, s7, 1
	csrr	s8, mepc
	andi	t3, t3, 4
	bnez	t3, 1f
	li	t3, CLINT_MSIP
	sw	zero, 0(t3)
	mret
1:	li	t3, CLINT_MTIME
	ld	t4, 0(t3)
	add	t4, t4, s6
	li	t3, CLINT_MTIMECMP
	sd	t4, 0(t3)
	mret
