/*
 * Code that is written while it runs: ahead and behind in the same block, beside data, by every sort of store,
 * across pages. rvemu promises more than the manual: a store is seen by the next fetch, with and without fence.i.
 */
#include "tests/engine/guest.inc"

	start

	.option	norvc

/* Ways to store the word a1 at a0. */
.macro	by_sw
	sw	a1, 0(a0)
.endm

.macro	by_sw_fence
	sw	a1, 0(a0)
	fence.i
.endm

.macro	by_amoswap
	amoswap.w	zero, a1, (a0)
.endm

.macro	by_lr_sc
	lr.w	t0, (a0)
	sc.w	t0, a1, (a0)
.endm

.macro	by_fsw
	fmv.w.x	fa0, a1
	fsw	fa0, 0(a0)
.endm

.macro	by_sd
	lwu	t0, 4(a0)
	slli	t0, t0, 32
	slli	a1, a1, 32
	srli	a1, a1, 32
	or	a1, a1, t0
	sd	a1, 0(a0)
.endm

.macro	by_sb
	sb	a1, 0(a0)
	srli	a1, a1, 8
	sb	a1, 1(a0)
	srli	a1, a1, 8
	sb	a1, 2(a0)
	srli	a1, a1, 8
	sb	a1, 3(a0)
.endm

.macro	by_crossing_sd
	lhu	t0, -2(a0)
	slli	a1, a1, 16
	or	a1, a1, t0
	lhu	t0, 4(a0)
	slli	t0, t0, 48
	or	a1, a1, t0
	sd	a1, -2(a0)
.endm

.macro	by_amoxor
	lw	t0, 0(a0)
	xor	a1, a1, t0
	amoxor.w	zero, a1, (a0)
.endm

.macro	by_amocas
	lw	t0, 0(a0)
	.insn	r AMO, 2, 0x14, t0, a0, a1
.endm

/* Calls target, patches its first word by \code (a0: where, a1: the new word), and calls it again. */
.macro	patched_by number, code
	la	s0, target
	lw	s1, 0(s0)
	call	target
	check	\number, a0, 1
	mv	a0, s0
	lw	a1, li_a0_2
	\code
	call	target
	check	\number, a0, 2
	sw	s1, 0(s0)
	fence.i
	call	target
	check	\number, a0, 1
.endm

	.globl	main
main:
	/* 1: the next instruction but one */
	la	a0, 1f
	lw	a1, li_a0_2
	sw	a1, 0(a0)
	nop
1:	li	a0, 1
	check	1, a0, 2

	/* 2: what is ahead in a loop, each time; 3: what is behind */
	la	s0, 2f
	la	s2, 3f
	lw	s1, add_a0
	li	s3, 0x100000
	li	a0, 0
	li	a2, 0
	li	s4, 1000
1:	add	s1, s1, s3
	sw	s1, 0(s0)
3:	addi	a2, a2, 0
2:	addi	a0, a0, 0
	lw	t0, 0(s2)
	add	t0, t0, s3
	sw	t0, 0(s2)
	addi	s4, s4, -1
	bnez	s4, 1b
	check	2, a0, 500500
	check	3, a2, 499500

	/* 4: a counter among the instructions that count it; 5: one in another line of the page */
	li	s4, 1000
	la	s0, beside
	la	s2, below
1:	ld	t0, 0(s0)
	addi	t0, t0, 3
	sd	t0, 0(s0)
	j	2f
	.balign	8
beside:	.dword	0
2:	ld	t1, 0(s2)
	addi	t1, t1, 5
	sd	t1, 0(s2)
	addi	s4, s4, -1
	bnez	s4, 1b
	check	4, t0, 3000
	check	5, t1, 5000

	/* 6..: every sort of store */
	patched_by 6, by_sw
	patched_by 7, by_sw_fence
	patched_by 8, by_amoswap
	patched_by 9, by_lr_sc
	patched_by 10, by_fsw
	patched_by 11, by_sd
	patched_by 12, by_sb
	patched_by 13, by_crossing_sd
	patched_by 14, by_amoxor
	patched_by 15, by_amocas

	/* 16: cbo.zero makes an illegal instruction of it */
	la	s0, zeroed
	la	t0, skip_illegal
	csrw	mtvec, t0
	li	s3, 0
	jalr	s0
	.insn	i MISC_MEM, 2, x0, s0, 4
	jalr	s0
	check	16, s3, 1
	la	t0, unexpected
	csrw	mtvec, t0

	/* 17: the second half of an instruction that lies across two pages; 18: the first; 100 times */
	la	s0, crossing
	li	s4, 100
	li	s5, 0
1:	jalr	s0
	add	s5, s5, a0
	lhu	t0, 2(s0)
	addi	t0, t0, 0x10	/* the immediate's low bits */
	sh	t0, 2(s0)
	addi	s4, s4, -1
	bnez	s4, 1b
	check	17, s5, 5050
	li	s4, 100
	li	s6, 0
	li	t1, 0x80	/* rd's low bit: a0, a1 */
1:	li	a0, 0
	li	a1, 0
	jalr	s0
	add	s6, s6, a0
	slli	a1, a1, 1
	add	s6, s6, a1
	lhu	t0, 0(s0)
	xor	t0, t0, t1
	sh	t0, 0(s0)
	addi	s4, s4, -1
	bnez	s4, 1b
	check	18, s6, 15150	/* 101 * (50 + 2 * 50) */

	/* 19: a buffer gets one function after another */
	la	s0, buffer
	li	s4, 300
	li	s5, 0
1:	lw	t0, add_a0
	andi	t1, s4, 31
	slli	t2, s4, 20
	add	t0, t0, t2
	mv	t3, s0
2:	sw	t0, 0(t3)
	addi	t3, t3, 4
	addi	t1, t1, -1
	bgez	t1, 2b
	lw	t0, ret_word
	sw	t0, 0(t3)
	li	a0, 0
	jalr	s0
	add	s5, s5, a0
	addi	s4, s4, -1
	bnez	s4, 1b
	li	s4, 300
1:	andi	t1, s4, 31
	addi	t1, t1, 1
	mul	t1, t1, s4
	sub	s5, s5, t1
	addi	s4, s4, -1
	bnez	s4, 1b
	check	19, s5, 0

	/* 20: the target of a jump that has been taken often, in the same page and from another one */
	la	s0, target
	lw	s1, 0(s0)
	lw	s2, li_a0_2
	li	s4, 50
	li	s5, 0
1:	call	target
	add	s5, s5, a0
	call	near_target
	add	s5, s5, a0
	andi	t0, s4, 1
	mv	t1, s1
	beqz	t0, 2f
	mv	t1, s2
2:	sw	t1, 0(s0)
	addi	s4, s4, -1
	bnez	s4, 1b
	check	20, s5, 148
	la	t0, done
	jr	t0

	.balign	4
skip_illegal:
	addi	s3, s3, 1
	csrw	mepc, ra
	mret

li_a0_2:
	li	a0, 2
add_a0:
	addi	a0, a0, 0
ret_word:
	ret

	.balign	64
below:	.dword	0

	.balign	4096
	nop
target:
	li	a0, 1
	ret
near_target:
	j	target
	.balign	64
zeroed:	ret
	.balign	64

	.balign	4096
	.space	4094
crossing:
	li	a0, 1
	ret

	.balign	4096
buffer:	.space	4096
