/*
 * One frame of code at several virtual addresses, several frames at one, in S and U mode under Sv39; written through
 * one alias and run through another; an instruction whose halves lie in frames that are not neighbours.
 *
 * Tables: `root` has gigabyte pages for RAM and devices as they are, and `level0` for VA..VA+2 MiB, 4 KiB each.
 */
#include "tests/engine/guest.inc"

#define PTE_RWX_S  0xcf /* D A X W R V */
#define PTE_RWX_U  0xdf
#define PTE_TABLE  0x01
#define VA         0x40000000
#define SATP_SV39  8

	start

	.option	norvc

/* VA + page * 4096 leads to the frame at reg, with these PTE bits. Spoils t0, t1. */
.macro	map page, reg, flags
	srli	t0, \reg, 2
	ori	t0, t0, \flags
	la	t1, level0 + 8 * \page
	sd	t0, 0(t1)
.endm

	.globl	main
main:
	la	t0, level1
	srli	t0, t0, 2
	ori	t0, t0, PTE_TABLE
	la	t1, root
	sd	t0, 8(t1)
	li	t0, PTE_RWX_S
	sd	t0, 0(t1)
	li	t0, MEMMAP_RAM_BASE >> 2 | PTE_RWX_S
	sd	t0, 16(t1)
	la	t0, level0
	srli	t0, t0, 2
	ori	t0, t0, PTE_TABLE
	la	t1, level1
	sd	t0, 0(t1)
	la	s2, code_a
	la	s3, code_b
	la	s4, code_c
	map	0, s2, PTE_RWX_S
	map	1, s2, PTE_RWX_S
	map	2, s2, PTE_RWX_U
	map	3, s3, PTE_RWX_S
	la	t0, root
	srli	t0, t0, 12
	li	t1, SATP_SV39
	slli	t1, t1, 60
	or	t0, t0, t1
	csrw	satp, t0
	sfence.vma
	la	t0, supervisor
	csrw	mepc, t0
	li	t0, MSTATUS_MPP
	csrc	mstatus, t0
	li	t0, MSTATUS_MPP_S
	csrs	mstatus, t0
	la	t0, from_user
	csrw	mtvec, t0
	mret

supervisor:
	/* 1: three aliases and the frame itself, by turns */
	li	s5, VA
	li	s6, VA + 4096
	li	s1, 100
	li	a0, 0
1:	jalr	s5
	jalr	s6
	jalr	s2
	jalr	s5
	addi	s1, s1, -1
	bnez	s1, 1b
	check	1, a0, 400

	/* 2: written through one, run through the others */
	li	s1, 100
	li	a0, 0
	lw	s7, 0(s2)
	mv	s8, s7
	li	s9, 0x100000
2:	jalr	s5
	jalr	s6
	add	s8, s8, s9
	sw	s8, 0(s6)
	jalr	s5
	jalr	s2
	addi	s1, s1, -1
	bnez	s1, 2b
	sw	s7, 0(s5)
	fence.i
	check	2, a0, 20400	/* 2 * (1 + ... + 100) + 2 * (2 + ... + 101) */

	/* 3: one address, two frames by turns */
	li	s1, 100
	li	a0, 0
	li	s5, VA + 3 * 4096
3:	jalr	s5
	map	3, s2, PTE_RWX_S
	sfence.vma s5, zero
	jalr	s5
	map	3, s3, PTE_RWX_S
	sfence.vma zero, zero
	addi	s1, s1, -1
	bnez	s1, 3b
	check	3, a0, 1100

	/* 4: two address spaces: the ASID changes, the address does not */
	csrr	s7, satp
	li	s1, 100
	li	a0, 0
	li	s8, 1
	slli	s8, s8, 44
4:	jalr	s5
	map	3, s2, PTE_RWX_S
	xor	s7, s7, s8
	csrw	satp, s7
	sfence.vma zero, s1	/* some other ASID than both, mostly */
	jalr	s5
	map	3, s3, PTE_RWX_S
	sfence.vma
	xor	s7, s7, s8
	csrw	satp, s7
	addi	s1, s1, -1
	bnez	s1, 4b
	check	4, a0, 1100

	/* 5: an instruction whose halves lie in frames apart; the second half is exchanged, and only its page fenced */
	map	4, s4, PTE_RWX_S
	li	s1, 100
	li	a0, 0
	li	s9, VA + 5 * 4096
	addi	s5, s9, -2
	la	s7, code_d
	la	s8, code_e
5:	map	5, s7, PTE_RWX_S
	sfence.vma s9, zero
	jalr	s5
	map	5, s8, PTE_RWX_S
	sfence.vma s9, zero
	jalr	s5
	jalr	s5
	addi	s1, s1, -1
	bnez	s1, 5b
	check	5, a0, 6500	/* 17 + 2 * 24 */

	/* 6: code that jumps, or runs, into the next page, where the frames change */
	la	s7, code_f
	map	6, s7, PTE_RWX_S
	li	s1, 100
	li	a0, 0
	li	s9, VA + 7 * 4096
	li	s5, VA + 6 * 4096
	addi	s6, s9, -4
6:	map	7, s2, PTE_RWX_S
	sfence.vma s9, zero
	jalr	s5
	jalr	s6
	map	7, s3, PTE_RWX_S
	sfence.vma s9, zero
	jalr	s6
	jalr	s5
	addi	s1, s1, -1
	bnez	s1, 6b
	check	6, a0, 2600	/* 1 + (2 + 1) + (2 + 10) + 10 */

	/* 7: the same frame in U mode; a fault leads back */
	li	s1, 100
	li	a0, 0
	li	s5, VA
8:	jalr	s5
	li	t0, VA + 2 * 4096
	csrw	sepc, t0
	li	t0, 0x100
	csrc	sstatus, t0
	la	ra, 7f
	sret
	.balign	4
7:	addi	s1, s1, -1
	bnez	s1, 8b
	check	7, a0, 200
	la	t0, done
	jr	t0

	/* In M mode: the U-mode return to `7' has faulted, for it is no U page: on there, in S mode. */
	.balign	4
from_user:
	csrr	t0, mcause
	li	t1, 12
	bne	t0, t1, 1f
	csrr	t0, mepc
	bne	t0, ra, 1f
	li	t0, MSTATUS_MPP_S
	csrs	mstatus, t0
	mret
1:	la	t0, unexpected
	jr	t0

	.balign	4096
code_a:	addi	a0, a0, 1
	ret
	.balign	4096
code_b:	addi	a0, a0, 10
	ret
	.balign	4096
code_c:	.space	4094
	.2byte	0x0513		/* the first half of addi a0, a0, n */
	.balign	4096
code_d:	.2byte	0x0115
	ret
	.balign	4096
	.space	4096		/* so that nothing lies beside */
code_e:	.2byte	0x0185
	ret

	.balign	4096
code_f:	j	. + 4096
	.space	4088
	addi	a0, a0, 2

	.balign	4096
root:	.space	4096
level1:	.space	4096
level0:	.space	4096
