/*
 * What cannot be written in C: the first instructions of each hart, the way from user mode into the kernel and back, the switch
 * between two kernel stacks, and the floating-point registers. Privileged manual, chapter 4 (supervisor).
 *
 * sscratch holds the running task while its hart is in user mode and 0 while it is in the kernel: so the trap vector sees where it comes from.
 * tp is the running task in the kernel, always. The offsets are asserted in regs.h and task.h.
 */
#define TASK_KERNEL_SP 0
#define TASK_SCRATCH 8
#define TASK_REGS 16
#define TASK_CONTEXT 24

#define REGS_STATUS 256
#define REGS_CAUSE 264
#define REGS_TVAL 272
#define REGS_ORIG_A0 280
#define REGS_SIZE 288

#define SSTATUS_FS 0x6000
#define SSTATUS_SUM_FS 0x46000
#define IMAGE_OFFSET 0xffffffff00000000

	/*
	 * The boot hart: S mode, paging off, a0 = hart id, a1 = physical address of the device tree. All addresses are relative to
	 * the pc, so they are physical until paging is on.
	 */
	.section .text.entry, "ax"
	.option	norvc
	.globl	_start
_start:
	csrw	sie, zero
	csrw	sscratch, zero
	mv	s1, a0
	mv	s2, a1
	la	t0, kernel_data_end
	la	t1, kernel_end
1:	sd	zero, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b
	la	sp, boot_stack_top
	call	early_paging		/* early.c; a0 = satp */
	call	paging_on
	la	sp, boot_stack_top	/* virtual from here on */
	la	tp, boot_task
	mv	a0, s1
	mv	a1, s2
	li	s0, 0
	call	main
	unimp

	/* Each other hart: a0 = hart id, a1 = its idle task, a pointer that is good once paging is on. */
	.globl	secondary_start
secondary_start:
	csrw	sie, zero
	csrw	sscratch, zero
	mv	s1, a0
	la	t0, early_satp
	ld	a0, (t0)
	call	paging_on
	mv	tp, a1
	ld	sp, TASK_KERNEL_SP(tp)
	mv	a0, s1
	li	s0, 0
	call	smp_secondary_main
	unimp

	/*
	 * Paging begins with the instruction after the write of satp. Nothing is mapped where we are now, on purpose: that fetch
	 * faults, and the trap leads to stvec, which is our caller's next instruction at its linked address. (4.1.11: the change of
	 * mode takes effect at once.)
	 */
paging_on:
	li	t0, IMAGE_OFFSET
	add	ra, ra, t0
	csrw	stvec, ra
	sfence.vma
	csrw	satp, a0
	ret

	.text
	.macro	save_registers		/* all but x2 (sp) and x4 (tp) */
	sd	x1, 8(sp)
	sd	x3, 24(sp)
	.irp	n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, \n*8(sp)
	.endr
	.endm

	.macro	save_csrs		/* and SUM off, FP off: the kernel uses neither by accident */
	li	t0, SSTATUS_SUM_FS
	csrrc	t1, sstatus, t0
	csrr	t2, sepc
	csrr	t3, scause
	csrr	t4, stval
	sd	t1, REGS_STATUS(sp)
	sd	t2, 0(sp)
	sd	t3, REGS_CAUSE(sp)
	sd	t4, REGS_TVAL(sp)
	.endm

	.macro	restore_registers	/* all but x2 and x4 */
	ld	x1, 8(sp)
	ld	x3, 24(sp)
	.irp	n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, \n*8(sp)
	.endr
	.endm

	.globl	trap_vector
	.balign	4
trap_vector:
	csrrw	tp, sscratch, tp
	beqz	tp, from_kernel

	sd	sp, TASK_SCRATCH(tp)
	ld	sp, TASK_KERNEL_SP(tp)
	addi	sp, sp, -REGS_SIZE
	save_registers
	ld	t0, TASK_SCRATCH(tp)
	csrrw	t1, sscratch, zero	/* the user's tp; we are in the kernel now */
	sd	t0, 16(sp)
	sd	t1, 32(sp)
	sd	a0, REGS_ORIG_A0(sp)
	save_csrs
	mv	a0, sp
	call	trap_from_user

return_to_user:				/* sp = task->regs, kernel lock given back */
	ld	t0, REGS_STATUS(sp)
	ld	t1, 0(sp)
	csrw	sstatus, t0
	sc.d	zero, t1, (sp)		/* ends an LR's reservation: another task may have stored since */
	csrw	sepc, t1
	csrw	sscratch, tp
	restore_registers
	ld	x4, 32(sp)
	ld	x2, 16(sp)
	sret

from_kernel:
	csrrw	tp, sscratch, tp	/* back as they were: the task, and 0 */
	addi	sp, sp, -REGS_SIZE
	save_registers
	addi	t0, sp, REGS_SIZE
	sd	t0, 16(sp)
	sd	tp, 32(sp)
	save_csrs
	mv	a0, sp
	call	trap_from_kernel
	ld	t0, REGS_STATUS(sp)
	ld	t1, 0(sp)
	csrw	sstatus, t0
	csrw	sepc, t1
	restore_registers
	ld	x2, 16(sp)
	sret

	/* The first context_switch to a new task leads to one of these. */
	.globl	new_task_entry
new_task_entry:
	ld	sp, TASK_REGS(tp)
	call	trap_new_task
	j	return_to_user

	.globl	new_thread_entry
new_thread_entry:
	call	trap_new_thread
	mv	a0, s1
	jalr	s0
	call	trap_thread_returned	/* comes back only if the thread has become a process (task_exec) */
	ld	sp, TASK_REGS(tp)
	j	return_to_user

	/* context_switch(from, to): the callee-saved registers, the stack, and tp, which says who runs. */
	.globl	context_switch
context_switch:
	sd	ra, 0(a0)
	sd	sp, 8(a0)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, (16 + \n*8)(a0)
	.endr
	addi	tp, a1, -TASK_CONTEXT
	ld	ra, 0(a1)
	ld	sp, 8(a1)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, (16 + \n*8)(a1)
	.endr
	ret

	/* fp_save(to), fp_restore(from). The unit is on for as long as they run. */
	.option	arch, +f, +d
	.globl	fp_save
fp_save:
	li	t0, SSTATUS_FS
	csrs	sstatus, t0
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, \n*8(a0)
	.endr
	frcsr	t1
	sd	t1, 256(a0)
	csrc	sstatus, t0
	ret

	.globl	fp_restore
fp_restore:
	li	t0, SSTATUS_FS
	csrs	sstatus, t0
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, \n*8(a0)
	.endr
	ld	t1, 256(a0)
	fscsr	t1
	csrc	sstatus, t0
	ret

	.bss
	.balign	8192			/* KERNEL_STACK_SIZE, as all kernel stacks are */
	.globl	boot_stack
boot_stack:
	.space	8192
	.globl	boot_stack_top
boot_stack_top:
