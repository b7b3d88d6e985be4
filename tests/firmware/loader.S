/*
 * A boot loader around the firmware, in M mode, that says who is to boot: hart BOOT_HART by name; or, with -1, the
 * lottery, at which all harts but LUCKY_HART come late.
 */
	.option	norvc

	.section .firmware, "ax"
	.incbin	FIRMWARE

	.section .loader, "ax"
	.globl	_start
_start:
	li	t0, LUCKY_HART
	beq	a0, t0, 2f
	li	t0, LUCKY_HART >= 0
	beqz	t0, 2f
	li	t0, 1000000
1:	addi	t0, t0, -1
	bnez	t0, 1b
2:	la	a2, info
	li	t0, 0x80000000
	jr	t0
	.balign	8
info:	.8byte	0x4942534f, 2, 0x80200000, 1, 0, BOOT_HART
