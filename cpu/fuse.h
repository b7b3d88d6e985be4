/*
 * Fused pairs: one operation that does two instructions, for pairs that are common. Included by cpu/interp.c only.
 *
 * It saves one jump through a pointer, which is most of what an operation costs. Nothing else changes: both uops stay
 * in the block, the second one's function too, so slow paths, traps and budgets see two instructions. Blocks with
 * observers have none.
 *
 * Every instruction of the FIRST lists is fused with every one of SECOND: 70 KiB of code, of which a program uses few
 * lines. Measured gain: see cpu/README.md.
 */

/* clang-format off */
#define FIRST_ALU(M) \
	M(ADDI) M(ADD) M(SUB) M(SLLI) M(SRLI) M(ANDI) M(AND) M(OR) M(XOR) M(ADDIW) M(ADDW) M(LUI) M(MULW) M(SLLIW)
#define FIRST_MEMORY(M) \
	M(LD) M(LW) M(LWU) M(LH) M(LHU) M(LBU) M(SD) M(SW) M(SB)
#define SECOND(M, first) \
	M(first, ADDI) M(first, ADD) M(first, SUB) M(first, SLLI) M(first, SRLI) M(first, ANDI) M(first, AND) \
	M(first, OR) M(first, XOR) M(first, ADDIW) M(first, ADDW) M(first, LUI) M(first, MULW) M(first, SLLIW) \
	M(first, LD) M(first, LW) M(first, LWU) M(first, LH) M(first, LHU) M(first, LBU) \
	M(first, SD) M(first, SW) M(first, SB) \
	M(first, BEQ) M(first, BNE) M(first, BLT) M(first, BGE) M(first, BLTU) M(first, BGEU) \
	M(first, JAL) M(first, JALR)
/* clang-format on */

#define FUSE_ALU(first, second)                                                                                        \
	FUSED(fused_##first##_##second)                                                                                \
	{                                                                                                              \
		do_##first(h, u);                                                                                      \
		return op_##second(h, u + 1, budget, pc);                                                              \
	}
#define FUSE_MEMORY(first, second)                                                                                     \
	FUSED(fused_##first##_##second)                                                                                \
	{                                                                                                              \
		if (unlikely(!try_##first(h, u)))                                                                      \
			return slow_##first(h, u, budget, pc);                                                         \
		return op_##second(h, u + 1, budget, pc);                                                              \
	}
#define ALL_OF_ALU(first) SECOND(FUSE_ALU, first)
#define ALL_OF_MEMORY(first) SECOND(FUSE_MEMORY, first)

FIRST_ALU(ALL_OF_ALU)
FIRST_MEMORY(ALL_OF_MEMORY)

/* Places in the table below: a name for each first and each second. */
#define NAME_FIRST(first) FIRST_##first,
#define NAME_SECOND(first, second) SECOND_##second,
enum { NO_FIRST, FIRST_ALU(NAME_FIRST) FIRST_MEMORY(NAME_FIRST) FIRSTS };
enum { NO_SECOND, SECOND(NAME_SECOND, ) SECONDS };

#define FIRST_OF(first) [INSN_##first] = FIRST_##first,
#define SECOND_OF(first, second) [INSN_##second] = SECOND_##second,
#define ENTRY(first, second) [FIRST_##first][SECOND_##second] = fused_##first##_##second,
#define ENTRIES(first) SECOND(ENTRY, first)

op_fn *op_fused(u32 first, u32 second)
{
	static const u8 first_of[INSN_COUNT] = { FIRST_ALU(FIRST_OF) FIRST_MEMORY(FIRST_OF) };
	static const u8 second_of[INSN_COUNT] = { SECOND(SECOND_OF, ) };
	static op_fn *const table[FIRSTS][SECONDS] = { FIRST_ALU(ENTRIES) FIRST_MEMORY(ENTRIES) };

	return table[first_of[first]][second_of[second]];
}
