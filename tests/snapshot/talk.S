/*
 * Echoes what is typed, asleep in between; every byte goes into a digest in RAM together with the time at which it came
 * and with what the other harts have counted meanwhile, which never sleep. q ends, r reboots.
 */
#define UART 0x10000000
#define PLIC 0x0c000000
#define SYSCON 0x100000

	.option	arch, +zicsr
	.section .text.start
	.globl	_start
_start:
	la	s4, digest
	csrr	t0, mhartid
	beqz	t0, 2f
	/* the others */
	slli	t1, t0, 3
	add	s4, s4, t1
1:	ld	t1, 0(s4)
	addi	t1, t1, 1
	sd	t1, 0(s4)
	j	1b

2:	li	s0, UART
	li	s1, PLIC
	li	t1, 1
	sw	t1, 40(s1)	/* priority of source 10 */
	li	t2, PLIC + 0x2000
	li	t1, 1 << 10
	sw	t1, 0(t2)
	li	t1, 1
	sb	t1, 1(s0)	/* received data interrupts */
	li	t1, 1 << 11
	csrw	mie, t1
	li	s2, PLIC + 0x200004
	li	t1, 'R'
	sb	t1, 0(s0)
3:	wfi
	lw	s3, 0(s2)
	beqz	s3, 3b
	lbu	t2, 0(s0)
	/* the digest */
	csrr	t0, time
	ld	t1, 0(s4)
	slli	t3, t1, 5
	sub	t1, t3, t1
	add	t1, t1, t0
	add	t1, t1, t2
	ld	t0, 8(s4)
	add	t1, t1, t0
	sd	t1, 0(s4)
	sb	t2, 0(s0)
	sw	s3, 0(s2)
	li	t1, 'r'
	beq	t1, t2, 4f
	li	t1, 'q'
	bne	t1, t2, 3b
	li	t1, 0x5555
	j	5f
4:	li	t1, 0x7777
5:	li	t0, SYSCON
	sw	t1, 0(t0)
	j	5b

	.bss
	.align	6
digest:	.zero	64 * 8
	.section .tohost, "aw"
	.align	6
	.dword	0
