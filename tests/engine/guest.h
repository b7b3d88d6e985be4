/*
 * What the engine's guest programs share: bare metal, assembly, checks by number. A program that ends well exits with
 * 0, otherwise with the number of the check that failed; 99 is a trap that nobody asked for.
 */
#include "devices/memmap.h"

#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333

#define MSTATUS_FS 0x6000
#define MSTATUS_MPP 0x1800
#define MSTATUS_MPP_S 0x800
#define MSTATUS_MIE 8
#define MIE_MSIE 8
#define MIE_MTIE 0x80
#define CLINT_MSIP MEMMAP_CLINT_BASE
#define CLINT_MTIMECMP (MEMMAP_CLINT_BASE + 0x4000)
#define CLINT_MTIME (MEMMAP_CLINT_BASE + 0xbff8)

/* The first instructions of a program: floating point on, PMP open, a trap fails; on to main. All harts go there, or
 * all but the first sleep for ever. */
.macro	start all_harts=0
	.section .text.start, "ax"
	.globl	_start
_start:
	la	t0, unexpected
	csrw	mtvec, t0
	li	t0, MSTATUS_FS
	csrs	mstatus, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	la	sp, stack_top
	csrr	a0, mhartid
	.if	\all_harts == 0
	beqz	a0, 1f
2:	csrw	mie, zero
	wfi
	j	2b
	.endif
1:	la	t0, main
	jr	t0

	.balign	4
unexpected:
	li	t6, 99
fail_t6:
	slli	t6, t6, 16
	li	t5, FINISHER_FAIL
	or	t6, t6, t5
	li	t5, MEMMAP_SYSCON_BASE
	sw	t6, 0(t5)
1:	j	1b

	.globl	done
done:
	li	t6, FINISHER_PASS
	li	t5, MEMMAP_SYSCON_BASE
	sw	t6, 0(t5)
1:	j	1b

	.bss
	.balign	16
	.space	4096
stack_top:
	.text
.endm

/* Fails with this number unless the register holds the value. Spoils t5 and t6. */
.macro	check number, reg, value
	li	t5, \value
	li	t6, \number
	beq	\reg, t5, 9999f
	la	t5, fail_t6
	jr	t5
9999:
.endm
