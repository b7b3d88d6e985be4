/*
 * Two harts that wake each other by their software interrupts, and hart 0 itself by its timer, and sleep in between.
 */
#define CLINT 0x02000000

	.option	arch, +zicsr
	.section .text.start
	.globl	_start
_start:
	csrr	s0, mhartid
	li	s1, CLINT
	slli	t0, s0, 2
	add	s2, s1, t0	/* our msip */
	xori	t0, s0, 1
	slli	t0, t0, 2
	add	s3, s1, t0	/* the other one's */
	li	t0, 1 << 3 | 1 << 7
	csrw	mie, t0
	li	s4, 200
	li	s5, 0xc000 - 8
	add	s5, s5, s1	/* mtime */
	li	s6, 0x4000
	add	s6, s6, s1	/* hart 0's mtimecmp */
	beqz	s0, 4f
1:	wfi
4:	sw	zero, 0(s2)
	li	t1, 1
	bnez	s0, 2f
	ld	t2, 0(s5)
	addi	t2, t2, 3
	sd	t2, 0(s6)
	addi	s4, s4, -1
	beqz	s4, 3f
2:	sw	t1, 0(s3)
	j	1b
3:	la	t0, tohost
	sd	t1, 0(t0)
	j	3b

	.section .tohost, "aw"
	.globl	tohost, fromhost
	.align	6
tohost:	.dword	0
	.align	6
fromhost: .dword 0
