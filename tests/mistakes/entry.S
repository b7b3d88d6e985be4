/*
 * The parts of the kernel of mistakes that cannot be written in C: see kernel.c.
 */
	.section .text.entry, "ax"
	.globl	_start
_start:
	la	sp, kernel_stack + 4 * 4096
	j	machine_start

	.globl	machine_trap
	.balign	4
machine_trap:
	la	sp, kernel_stack + 4 * 4096
	j	machine_panic

	/* A trap to S mode. The mistake: registers are saved on whatever stack there is. */
	.globl	trap_entry_without_stack
	.balign	4
trap_entry_without_stack:
	csrw	sscratch, sp
	j	1f

	/* As it should be: on a stack of the kernel's own. */
	.globl	trap_entry
	.balign	4
trap_entry:
	csrw	sscratch, sp
	la	sp, handler_stack + 4096
1:	addi	sp, sp, -256
	.irp	n, 1,5,6,7,10,11,12,13,14,15,16,17,28,29,30,31
	sd	x\n, 8 * \n(sp)
	.endr
	call	trap
	.irp	n, 1,5,6,7,10,11,12,13,14,15,16,17,28,29,30,31
	ld	x\n, 8 * \n(sp)
	.endr
	csrr	sp, sscratch
	sret

	/* enter_user(a0 = pc, a1 = sp): sstatus.SPP is 0, so sret goes to U mode. */
	.globl	enter_user
enter_user:
	csrw	sepc, a0
	mv	sp, a1
	li	t0, 1 << 8
	csrc	sstatus, t0
	sret

	/* The program: writes a greeting where the kernel finds it, and asks for it to be printed. */
	.section .text.user, "ax"
	.balign	4096
	.globl	user_program
user_program:
	lui	a0, 0x40001
	li	t0, 0x0a6f6c6c6568	/* "hello\n" */
	sd	t0, 0(a0)
	ecall
	.balign	4096
