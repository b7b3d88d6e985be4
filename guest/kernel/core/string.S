/*
 * memcpy and memset, eight bytes at a time: the C library's are for small code and take five instructions a byte, and fork, exec and
 * every structure that is cleared or copied would pay for that. Everything else of string.h is the library's.
 */
	.text
	/* memcpy(a0 = to, a1 = from, a2 = size): words if both are equally aligned, else bytes. */
	.globl	memcpy
memcpy:
	mv	t0, a0
	sltiu	t2, a2, 16
	bnez	t2, bytes
	xor	t1, a0, a1
	andi	t1, t1, 7
	bnez	t1, bytes
	/* Bytes up to a whole word. */
1:	andi	t1, t0, 7
	beqz	t1, 2f
	lbu	t2, (a1)
	sb	t2, (t0)
	addi	a1, a1, 1
	addi	t0, t0, 1
	addi	a2, a2, -1
	j	1b
	/* 64 bytes a turn. */
2:	andi	t1, a2, -64
	beqz	t1, 4f
	add	t1, t0, t1
3:	ld	a3, 0(a1)
	ld	a4, 8(a1)
	ld	a5, 16(a1)
	ld	a6, 24(a1)
	ld	a7, 32(a1)
	ld	t2, 40(a1)
	ld	t3, 48(a1)
	ld	t4, 56(a1)
	sd	a3, 0(t0)
	sd	a4, 8(t0)
	sd	a5, 16(t0)
	sd	a6, 24(t0)
	sd	a7, 32(t0)
	sd	t2, 40(t0)
	sd	t3, 48(t0)
	sd	t4, 56(t0)
	addi	t0, t0, 64
	addi	a1, a1, 64
	bltu	t0, t1, 3b
	andi	a2, a2, 63
	/* Words. */
4:	andi	t1, a2, -8
	beqz	t1, bytes
	add	t1, t0, t1
5:	ld	t2, (a1)
	sd	t2, (t0)
	addi	a1, a1, 8
	addi	t0, t0, 8
	bltu	t0, t1, 5b
	andi	a2, a2, 7
bytes:	beqz	a2, 7f
	add	t1, t0, a2
6:	lbu	t2, (a1)
	sb	t2, (t0)
	addi	a1, a1, 1
	addi	t0, t0, 1
	bltu	t0, t1, 6b
7:	ret

	/* memset(a0 = to, a1 = byte, a2 = size) */
	.globl	memset
memset:
	mv	t0, a0
	sltiu	t2, a2, 16
	bnez	t2, 5f
	/* The byte in all eight places. */
	andi	a1, a1, 255
	slli	t1, a1, 8
	or	a1, a1, t1
	slli	t1, a1, 16
	or	a1, a1, t1
	slli	t1, a1, 32
	or	a1, a1, t1
1:	andi	t1, t0, 7
	beqz	t1, 2f
	sb	a1, (t0)
	addi	t0, t0, 1
	addi	a2, a2, -1
	j	1b
2:	andi	t1, a2, -64
	beqz	t1, 4f
	add	t1, t0, t1
3:	sd	a1, 0(t0)
	sd	a1, 8(t0)
	sd	a1, 16(t0)
	sd	a1, 24(t0)
	sd	a1, 32(t0)
	sd	a1, 40(t0)
	sd	a1, 48(t0)
	sd	a1, 56(t0)
	addi	t0, t0, 64
	bltu	t0, t1, 3b
	andi	a2, a2, 63
4:	andi	t1, a2, -8
	beqz	t1, 5f
	add	t1, t0, t1
6:	sd	a1, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 6b
	andi	a2, a2, 7
5:	beqz	a2, 8f
	add	t1, t0, a2
7:	sb	a1, (t0)
	addi	t0, t0, 1
	bltu	t0, t1, 7b
8:	ret
