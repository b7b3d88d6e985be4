/*
 * Reset of the screen's bench guest: M mode, a1 = device tree. One hart; the others wait.
 */
	.section .text.start, "ax"
	.globl	_start
_start:
	csrr	t0, mhartid
1:	bnez	t0, 1b
	la	sp, stack_top
	mv	a0, a1
	call	screen_main
2:	j	2b

	.bss
	.balign	16
	.skip	4096
stack_top:
