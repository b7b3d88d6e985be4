/*
 * The instructions that touch user memory, and what becomes of each if it faults for good: an entry in the exception table, which
 * names the place to go on at. They run with sstatus.SUM set, and nothing else does.
 *
 * Copies go by 128 bytes where both sides are equally aligned, else by 8 bytes put together from two aligned loads. Where a fast
 * loop faults, the bytes that are left are copied one by one up to the very byte that cannot be: a0, a1 and a2 always say what is left.
 */
#define SUM (1 << 18)

/* One instruction that may fault; then goes on at \landing. */
.macro user landing, instruction:vararg
.Luser\@:
	\instruction
	.pushsection .extable, "a"
	.balign 8
	.dword .Luser\@, \landing
	.popsection
.endm

/* 64 bytes at this offset, both sides aligned. */
.macro copy_64 at
	user	.Lcopy_bytes, ld a3, \at + 0(a1)
	user	.Lcopy_bytes, ld a4, \at + 8(a1)
	user	.Lcopy_bytes, ld a5, \at + 16(a1)
	user	.Lcopy_bytes, ld a6, \at + 24(a1)
	user	.Lcopy_bytes, ld a7, \at + 32(a1)
	user	.Lcopy_bytes, ld t1, \at + 40(a1)
	user	.Lcopy_bytes, ld t2, \at + 48(a1)
	user	.Lcopy_bytes, ld t3, \at + 56(a1)
	user	.Lcopy_bytes, sd a3, \at + 0(a0)
	user	.Lcopy_bytes, sd a4, \at + 8(a0)
	user	.Lcopy_bytes, sd a5, \at + 16(a0)
	user	.Lcopy_bytes, sd a6, \at + 24(a0)
	user	.Lcopy_bytes, sd a7, \at + 32(a0)
	user	.Lcopy_bytes, sd t1, \at + 40(a0)
	user	.Lcopy_bytes, sd t2, \at + 48(a0)
	user	.Lcopy_bytes, sd t3, \at + 56(a0)
.endm

.text

/* u64 user_copy(void *to, const void *from, u64 size): bytes that were not copied. One of the two is the user's. */
.global user_copy
.balign 4
user_copy:
	li	t6, SUM
	csrs	sstatus, t6
	li	t0, 16
	bltu	a2, t0, .Lcopy_bytes
.Lcopy_head:			/* until `to` is aligned; at least 16 bytes are there */
	andi	t0, a0, 7
	beqz	t0, .Lcopy_aligned
	user	.Lcopy_end, lb t1, 0(a1)
	user	.Lcopy_end, sb t1, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, 1
	addi	a2, a2, -1
	j	.Lcopy_head
.Lcopy_aligned:
	andi	t1, a1, 7
	bnez	t1, .Lcopy_shift
	li	t0, 128
	bltu	a2, t0, .Lcopy_64
.Lcopy_128:
	copy_64	0
	copy_64	64
	addi	a1, a1, 128
	addi	a0, a0, 128
	addi	a2, a2, -128
	bgeu	a2, t0, .Lcopy_128
.Lcopy_64:
	li	t0, 64
	bltu	a2, t0, .Lcopy_words
	copy_64	0
	addi	a1, a1, 64
	addi	a0, a0, 64
	addi	a2, a2, -64
.Lcopy_words:
	li	t0, 8
	bltu	a2, t0, .Lcopy_bytes
.Lcopy_8:
	user	.Lcopy_bytes, ld a3, 0(a1)
	user	.Lcopy_bytes, sd a3, 0(a0)
	addi	a1, a1, 8
	addi	a0, a0, 8
	addi	a2, a2, -8
	bgeu	a2, t0, .Lcopy_8
.Lcopy_bytes:
	beqz	a2, .Lcopy_end
.Lcopy_1:
	user	.Lcopy_end, lb t1, 0(a1)
	user	.Lcopy_end, sb t1, 0(a0)
	addi	a1, a1, 1
	addi	a0, a0, 1
	addi	a2, a2, -1
	bnez	a2, .Lcopy_1
.Lcopy_end:
	li	t6, SUM
	csrc	sstatus, t6
	mv	a0, a2
	ret

	/* `to` is aligned, `from` is t1 bytes off: a4 holds the aligned 8 bytes that `from` is in, a5 the next; what is wanted is the
	 * upper part of the one and the lower part of the other. The aligned loads stay in the 8 bytes that are wanted from. */
.Lcopy_shift:
	sub	a3, a1, t1
	slli	t1, t1, 3
	neg	t2, t1		/* shifts use the low 6 bits: 64 - t1 */
	li	t0, 16
	user	.Lcopy_bytes, ld a4, 0(a3)
	bltu	a2, t0, .Lcopy_bytes
.Lcopy_shift_16:
	user	.Lcopy_bytes, ld a5, 8(a3)
	user	.Lcopy_bytes, ld a7, 16(a3)
	srl	a4, a4, t1
	sll	a6, a5, t2
	or	a4, a4, a6
	srl	a5, a5, t1
	sll	a6, a7, t2
	or	a5, a5, a6
	user	.Lcopy_bytes, sd a4, 0(a0)
	user	.Lcopy_bytes, sd a5, 8(a0)
	mv	a4, a7
	addi	a3, a3, 16
	addi	a1, a1, 16
	addi	a0, a0, 16
	addi	a2, a2, -16
	bgeu	a2, t0, .Lcopy_shift_16
	j	.Lcopy_bytes

/* u64 user_clear(void *to, u64 size): bytes that were not cleared. */
.global user_clear
.balign 4
user_clear:
	li	t6, SUM
	csrs	sstatus, t6
	li	t0, 16
	bltu	a1, t0, .Lclear_bytes
.Lclear_head:
	andi	t0, a0, 7
	beqz	t0, .Lclear_aligned
	user	.Lclear_end, sb zero, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, -1
	j	.Lclear_head
.Lclear_aligned:
	li	t0, 8
	bltu	a1, t0, .Lclear_bytes
.Lclear_8:
	user	.Lclear_bytes, sd zero, 0(a0)
	addi	a0, a0, 8
	addi	a1, a1, -8
	bgeu	a1, t0, .Lclear_8
.Lclear_bytes:
	beqz	a1, .Lclear_end
.Lclear_1:
	user	.Lclear_end, sb zero, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, -1
	bnez	a1, .Lclear_1
.Lclear_end:
	csrc	sstatus, t6
	mv	a0, a1
	ret

/* i64 user_string(char *to, const char *from, u64 size): copies up to size bytes, the 0 with them. The length without the 0; size if there was none; -1: fault. */
.global user_string
.balign 4
user_string:
	li	t6, SUM
	csrs	sstatus, t6
	mv	t0, a1
	add	t1, a1, a2	/* one past the last that fits */
.Lstring_1:
	beq	a1, t1, .Lstring_end
	user	.Lstring_fault, lb t2, 0(a1)
	sb	t2, 0(a0)
	beqz	t2, .Lstring_end
	addi	a0, a0, 1
	addi	a1, a1, 1
	j	.Lstring_1
.Lstring_end:
	csrc	sstatus, t6
	sub	a0, a1, t0
	ret
.Lstring_fault:
	csrc	sstatus, t6
	li	a0, -1
	ret

/* i64 user_string_length(const char *from, u64 size): the same without copying. */
.global user_string_length
.balign 4
user_string_length:
	li	t6, SUM
	csrs	sstatus, t6
	mv	t0, a0
	add	t1, a0, a1
	mv	a1, a0
.Llength_1:
	beq	a1, t1, .Lstring_end
	user	.Lstring_fault, lb t2, 0(a1)
	beqz	t2, .Lstring_end
	addi	a1, a1, 1
	j	.Llength_1

/* Single words, naturally aligned. 0, or -1: fault. */
/* i64 user_load_32(const u32 *from, u32 *to) */
.global user_load_32
.balign 4
user_load_32:
	li	t6, SUM
	csrs	sstatus, t6
	user	.Lword_fault, lw t0, 0(a0)
	csrc	sstatus, t6
	sw	t0, 0(a1)
	li	a0, 0
	ret

/* i64 user_load_64(const u64 *from, u64 *to) */
.global user_load_64
.balign 4
user_load_64:
	li	t6, SUM
	csrs	sstatus, t6
	user	.Lword_fault, ld t0, 0(a0)
	csrc	sstatus, t6
	sd	t0, 0(a1)
	li	a0, 0
	ret

/* i64 user_store_32(u32 *to, u32 value) */
.global user_store_32
.balign 4
user_store_32:
	li	t6, SUM
	csrs	sstatus, t6
	user	.Lword_fault, sw a1, 0(a0)
	csrc	sstatus, t6
	li	a0, 0
	ret

/* i64 user_store_64(u64 *to, u64 value) */
.global user_store_64
.balign 4
user_store_64:
	li	t6, SUM
	csrs	sstatus, t6
	user	.Lword_fault, sd a1, 0(a0)
	csrc	sstatus, t6
	li	a0, 0
	ret

/* i64 user_exchange_32(u32 *at, u32 expected, u32 desired, u32 *seen): stores desired if expected was there. Where the store
 * faults and is tried again its reservation is gone: then the loop goes round once more. */
.global user_exchange_32
.balign 4
user_exchange_32:
	li	t6, SUM
	csrs	sstatus, t6
	sext.w	a1, a1
.Lexchange:
	user	.Lword_fault, lr.w.aqrl t0, (a0)
	bne	t0, a1, .Lexchange_end
	user	.Lword_fault, sc.w.rl t1, a2, (a0)
	bnez	t1, .Lexchange
.Lexchange_end:
	csrc	sstatus, t6
	sw	t0, 0(a3)
	li	a0, 0
	ret
.Lword_fault:
	csrc	sstatus, t6
	li	a0, -1
	ret
