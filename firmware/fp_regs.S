/*
 * The number of a register is part of the instruction: so there are tables of two instructions each, entered at
 * 8 * number. The firmware as a whole is built for harts without floating point; these are only called on harts with.
 */
	.option	norvc
	.option	arch, +d
	.text

/* name(a0 = number, a1 = bits): continues in the table that follows */
.macro	by_number name
	.globl	\name
\name:
	la	t0, 1f
	slli	a0, a0, 3
	add	t0, t0, a0
	jr	t0
1:
.endm

.macro	each_register op, read
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.if	\read
	\op	a0, f\n
	.else
	\op	f\n, a1
	.endif
	ret
	.endr
.endm

	by_number fp_read_double
	each_register fmv.x.d, 1

	by_number fp_read_single
	each_register fmv.x.w, 1

	by_number fp_write_double
	each_register fmv.d.x, 0

	by_number fp_write_single
	each_register fmv.w.x, 0
