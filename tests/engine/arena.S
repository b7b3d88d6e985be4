/*
 * A function of 60 instructions is rewritten and called until whatever keeps decoded code has been full several times.
 */
#include "tests/engine/guest.inc"

#define TIMES 200000

	start

	.option	norvc
	.globl	main
main:
	la	s0, function
	lw	s1, 0(s0)
	li	s2, 0x100000
	li	s3, TIMES
	li	a0, 0
1:	xor	s1, s1, s2	/* adds 1, adds nothing, by turns */
	sw	s1, 0(s0)
	call	function
	addi	s3, s3, -1
	bnez	s3, 1b
	check	1, a0, TIMES / 2
	la	t0, done
	jr	t0

	.balign	4096
function:
	addi	a0, a0, 0
	.rept	58
	add	a1, a1, a0
	.endr
	ret
