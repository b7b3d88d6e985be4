/*
 * HARTS harts do the same things at the same time: counters by AMO, by LR and SC, by amocas, under locks; interrupts
 * passed around; code that one writes and all run. Hart 0 looks at what came of it. s0 is the hart's id, s11 the
 * barrier's sense.
 */
#include "tests/engine/guest.inc"

#define ROUNDS 1000
#define LOCKED 300
#define LAPS   30

	start	1

	.option	norvc

/* Everybody waits for the last one. Spoils t0 to t3. */
.macro	barrier
	xori	s11, s11, 1
	la	t0, arrived
	li	t1, 1
	amoadd.w.aqrl t1, t1, (t0)
	li	t2, HARTS - 1
	bne	t1, t2, 9997f
	sw	zero, 0(t0)
	fence	rw, rw
	sw	s11, 4(t0)
	j	9998f
9997:	lw	t3, 4(t0)
	bne	t3, s11, 9997b
	fence	rw, rw
9998:
.endm

	.globl	main
main:
	mv	s0, a0
	li	s11, 0
	barrier

	/* AMOs */
	la	s1, amo_counter
	li	s2, ROUNDS
	li	t1, 1
1:	amoadd.d zero, t1, (s1)
	addi	s3, s1, 8
	amoadd.w.aqrl zero, t1, (s3)
	addi	s2, s2, -1
	bnez	s2, 1b
	sll	t1, t1, s0
	addi	s1, s1, 16
	amoor.d	zero, t1, (s1)

	/* LR and SC, with some work between them */
	la	s1, lr_counter
	li	s2, ROUNDS
1:	lr.d	t0, (s1)
	addi	t0, t0, 1
	sc.d	t1, t0, (s1)
	bnez	t1, 1b
	addi	s2, s2, -1
	bnez	s2, 1b
	addi	s1, s1, 8
	li	s2, ROUNDS
1:	lr.w.aq	t0, (s1)
	mul	t2, t0, t0
	addi	t0, t0, 1
	sc.w.rl	t1, t0, (s1)
	bnez	t1, 1b
	addi	s2, s2, -1
	bnez	s2, 1b

	/* amocas */
	la	s1, cas_counter
	li	s2, ROUNDS
	ld	t0, 0(s1)
1:	mv	t1, t0
	addi	t2, t0, 1
	.insn	r AMO, 3, 0x14, t0, s1, t2
	bne	t0, t1, 1b
	addi	s2, s2, -1
	bnez	s2, 1b

	/* a lock by swapping, around a counter that is not atomic */
	la	s1, lock
	li	s2, LOCKED
	li	s3, 1
1:	amoswap.w.aq t0, s3, (s1)
	bnez	t0, 1b
	ld	t1, 8(s1)
	addi	t1, t1, 1
	nop
	nop
	sd	t1, 8(s1)
	amoswap.w.rl zero, zero, (s1)
	addi	s2, s2, -1
	bnez	s2, 1b

	/* a lock by tickets; who waits says so */
	la	s1, tickets
	li	s2, LOCKED
1:	amoadd.w.aq t0, s3, (s1)
2:	lw	t1, 4(s1)
	beq	t0, t1, 3f
	.insn	i MISC_MEM, 0, x0, x0, 0x10
	j	2b
3:	ld	t2, 8(s1)
	addi	t2, t2, 1
	sd	t2, 8(s1)
	fence	rw, w
	addi	t1, t1, 1
	sw	t1, 4(s1)
	addi	s2, s2, -1
	bnez	s2, 1b
	barrier

	/* an interrupt goes round */
	li	t0, MIE_MSIE
	csrw	mie, t0
	li	s4, CLINT_MSIP
	slli	t0, s0, 2
	add	s5, s4, t0	/* my own */
	addi	t0, s0, 1
	li	t1, HARTS
	remu	t0, t0, t1
	slli	t0, t0, 2
	add	s6, s4, t0	/* the next one's */
	la	s1, laps
	li	s2, LAPS
	bnez	s0, 2f
	sw	s3, 0(s5)
2:	wfi
	csrr	t0, mip
	andi	t0, t0, MIE_MSIE
	beqz	t0, 2b
	sw	zero, 0(s5)
	ld	t0, 0(s1)
	addi	t0, t0, 1
	sd	t0, 0(s1)
	sw	s3, 0(s6)
	addi	s2, s2, -1
	bnez	s2, 2b
	csrw	mie, zero
	barrier

	/* hart 0 writes a function, everybody calls it */
	li	s2, LAPS
	la	s1, function
	lw	s4, 0(s1)
	li	s5, 0x100000
1:	bnez	s0, 2f
	add	s4, s4, s5
	sw	s4, 0(s1)
2:	barrier
	fence.i
	jalr	s1
	la	t0, function_sum
	amoadd.d zero, a0, (t0)
	barrier
	addi	s2, s2, -1
	bnez	s2, 1b

	beqz	s0, judge
1:	wfi
	j	1b

judge:
	la	s1, amo_counter
	ld	t0, 0(s1)
	check	1, t0, ROUNDS * HARTS
	lw	t0, 8(s1)
	check	2, t0, ROUNDS * HARTS
	ld	t0, 16(s1)
	check	3, t0, (1 << HARTS) - 1
	la	s1, lr_counter
	ld	t0, 0(s1)
	check	4, t0, ROUNDS * HARTS
	lw	t0, 8(s1)
	check	5, t0, ROUNDS * HARTS
	la	s1, cas_counter
	ld	t0, 0(s1)
	check	6, t0, ROUNDS * HARTS
	la	s1, lock
	ld	t0, 8(s1)
	check	7, t0, LOCKED * HARTS
	la	s1, tickets
	ld	t0, 8(s1)
	check	8, t0, LOCKED * HARTS
	la	s1, laps
	ld	t0, 0(s1)
	check	9, t0, LAPS * HARTS
	la	s1, function_sum
	ld	t0, 0(s1)
	check	10, t0, LAPS * (LAPS + 1) / 2 * HARTS
	la	t0, done
	jr	t0

	.balign	64
function:
	li	a0, 0
	ret

	.balign	64
arrived:	.word	0, 0
	.balign	64
amo_counter:	.dword	0, 0, 0
	.balign	64
lr_counter:	.dword	0, 0
	.balign	64
cas_counter:	.dword	0
	.balign	64
lock:		.dword	0, 0
	.balign	64
tickets:	.dword	0, 0
	.balign	64
laps:		.dword	0
function_sum:	.dword	0
