/*
 * Where a program of guest/lib starts. The kernel leaves argc, argv, envp and the auxiliary vector at sp and promises
 * nothing about the other registers. lib_start (start.c) never comes back.
 */
	.section .text._start, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined ra		/* the outermost frame */
	.option	push
	.option	norelax			/* gp itself cannot be found by way of gp */
	la	gp, __global_pointer$
	.option	pop
	mv	a0, sp
	andi	sp, sp, -16
	li	s0, 0
	call	lib_start
	ebreak
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
