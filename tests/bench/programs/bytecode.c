/*
 * An interpreter in the interpreter: a register machine whose every instruction ends in an indirect jump.
 *
 * Its program finds, for the numbers up to a limit, the sum of the lengths of their Collatz sequences.
 */
#include "tests/bench/runtime/bench.h"

#define LIMIT 30000
#define LENGTHS_UP_TO_LIMIT 2864311

struct insn {
	u8 op; /* enum op */
	u8 d;  /* destination register */
	u8 a;  /* source register */
	u8 b;  /* source register, or a small number */
};

enum op { ADD_NUMBER, AND_NUMBER, SHIFT_RIGHT, TRIPLE, COPY, JUMP_ZERO, JUMP_ABOVE, JUMP, HALT };
enum { NUMBER, VALUE, LENGTHS, SPARE, END, ONE, REGISTERS };

/* Jump targets are in d. */
static const struct insn program[] = {
	/* 0 */ { ADD_NUMBER, NUMBER, NUMBER, 1 },
	/* 1 */ { JUMP_ABOVE, 12, NUMBER, END },
	/* 2 */ { COPY, VALUE, NUMBER, 0 },
	/* 3 */ { JUMP_ABOVE, 5, VALUE, ONE },
	/* 4 */ { JUMP, 0, 0, 0 },
	/* 5 */ { ADD_NUMBER, LENGTHS, LENGTHS, 1 },
	/* 6 */ { AND_NUMBER, SPARE, VALUE, 1 },
	/* 7 */ { JUMP_ZERO, 10, SPARE, 0 },
	/* 8 */ { TRIPLE, VALUE, VALUE, 1 },
	/* 9 */ { JUMP, 3, 0, 0 },
	/* 10 */ { SHIFT_RIGHT, VALUE, VALUE, 1 },
	/* 11 */ { JUMP, 3, 0, 0 },
	/* 12 */ { HALT, 0, 0, 0 },
};

static NOINLINE u64 interpret(const struct insn *code, u64 *r)
{
	static const void *const labels[] = {
		[ADD_NUMBER] = &&add_number,
		[AND_NUMBER] = &&and_number,
		[SHIFT_RIGHT] = &&shift_right,
		[TRIPLE] = &&triple,
		[COPY] = &&copy,
		[JUMP_ZERO] = &&jump_zero,
		[JUMP_ABOVE] = &&jump_above,
		[JUMP] = &&jump,
		[HALT] = &&halt,
	};
	const struct insn *i = code;

	goto *labels[i->op];
add_number:
	r[i->d] = r[i->a] + i->b;
	i++;
	goto *labels[i->op];
and_number:
	r[i->d] = r[i->a] & i->b;
	i++;
	goto *labels[i->op];
shift_right:
	r[i->d] = r[i->a] >> i->b;
	i++;
	goto *labels[i->op];
triple:
	r[i->d] = 3 * r[i->a] + i->b;
	i++;
	goto *labels[i->op];
copy:
	r[i->d] = r[i->a];
	i++;
	goto *labels[i->op];
jump_zero:
	i = r[i->a] ? i + 1 : code + i->d;
	goto *labels[i->op];
jump_above:
	i = r[i->a] > r[i->b] ? code + i->d : i + 1;
	goto *labels[i->op];
jump:
	i = code + i->d;
	goto *labels[i->op];
halt:
	return r[LENGTHS];
}

static u64 run(void)
{
	u64 registers[REGISTERS] = { [END] = LIMIT, [ONE] = 1 };

	return interpret(program, registers);
}

const struct bench bench = { "bytecode", run, LENGTHS_UP_TO_LIMIT };
