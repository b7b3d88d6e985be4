/*
 * Shapes of code: runs longer than any block, entered anywhere; instructions inside of instructions; blocks that end
 * with their page, instructions that cross it; jumps that share a place in whatever is indexed by the pc.
 */
#include "tests/engine/guest.inc"

#define RUN_LENGTH 1000

	start

	.globl	main
main:
	/* 1: a long run, whole; 2: from every tenth instruction on; 3: whole again */
	li	a0, 0
	call	run
	check	1, a0, RUN_LENGTH
	li	s0, 0
	li	s1, 0
1:	la	t0, run
	slli	t1, s0, 2
	add	t0, t0, t1
	li	a0, 0
	jalr	t0
	add	a0, a0, s0
	li	t1, RUN_LENGTH
	sub	t1, a0, t1
	or	s1, s1, t1
	addi	s0, s0, 10
	li	t1, RUN_LENGTH
	ble	s0, t1, 1b
	check	2, s1, 0
	li	a0, 0
	call	run
	check	3, a0, RUN_LENGTH

	/* 4: lui t0, whose upper half is c.addi a0, 1: entered at its start and in its middle, by turns */
	la	s0, two_in_one
	li	s1, 100
	li	a0, 0
1:	jalr	s0
	addi	s2, s0, 2
	jalr	s2
	addi	s1, s1, -1
	bnez	s1, 1b
	check	4, a0, 100

	/* 5: an instruction across two pages in a loop; 6: a block that ends with its page */
	li	s1, 100
	li	a0, 0
1:	call	across
	addi	s1, s1, -1
	bnez	s1, 1b
	check	5, a0, 300
	li	s1, 100
	li	a0, 0
1:	call	at_end
	addi	s1, s1, -1
	bnez	s1, 1b
	check	6, a0, 300

	/* 7: through many pages and back */
	li	s1, 10
	li	a0, 0
1:	call	many_pages
	addi	s1, s1, -1
	bnez	s1, 1b
	check	7, a0, 320

	/* 8: functions 2 KiB apart, called in changing order */
	li	s1, 0
	li	a0, 0
1:	slli	t0, s1, 2
	add	t0, t0, s1
	andi	t0, t0, 15
	slli	t0, t0, 11
	la	t1, strided
	add	t0, t0, t1
	jalr	t0
	addi	s1, s1, 1
	li	t0, 1600
	blt	s1, t0, 1b
	check	8, a0, 13600

	/* 9: branches that go now here, now there */
	li	s1, 5000
	li	s2, 0xace1
	li	a0, 0
	li	a1, 0
1:	andi	t0, s2, 1
	srli	s2, s2, 1
	beqz	t0, 2f
	li	t1, 0xb400
	xor	s2, s2, t1
	addi	a0, a0, 1
	j	3f
2:	addi	a1, a1, 1
3:	andi	t0, s2, 6
	bnez	t0, 4f
	addi	a1, a1, 16
4:	addi	s1, s1, -1
	bnez	s1, 1b
	add	t0, a0, a1
	andi	t0, t0, 15
	check	9, t0, 5000 % 16

	/* 10: a loop of one instruction, and none */
	li	a0, 1000
1:	.option	push
	.option	norvc
	addi	a0, a0, -1
	.option	pop
	bnez	a0, 1b
	li	a0, 7
	li	a1, 7
2:	bne	a0, a1, 2b
	check	10, a0, 7

	/* 11: a return address that is odd but for the lowest bit, which jalr drops */
	la	t0, 1f
	ori	t0, t0, 1
	jr	t0
	li	a0, 8
1:	check	11, a0, 7
	la	t0, done
	jr	t0

	.option	norvc
	.balign	4096
run:	.rept	RUN_LENGTH
	addi	a0, a0, 1
	.endr
	ret

two_in_one:
	.word	0x050502b7
	ret

	.option	rvc
	.balign	4096
	.space	4090
across:	c.addi	a0, 1
	c.addi	a0, 1
	.option	norvc
	addi	a0, a0, 1
	ret

	.balign	4096
	.space	4084
at_end:	addi	a0, a0, 1
	addi	a0, a0, 1
	addi	a0, a0, 1
	ret

many_pages:
	.rept	16
	addi	a0, a0, 1
	j	1f
	.balign	4096
	.space	2048
1:
	.endr
	.rept	16
	addi	a0, a0, 1
	j	1f
	.balign	4096
1:
	.endr
	ret

	.balign	2048
strided:
	.set	n, 1
	.rept	16
	addi	a0, a0, n
	ret
	.balign	2048
	.set	n, n + 1
	.endr
