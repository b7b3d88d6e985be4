/*
 * Decoder and disassembler on any bits, under any set of extensions: a decoded instruction has the bits its row says,
 * belongs to the ISA, and prints.
 */
#include <stdio.h>

#include "cpu/insn.h"
#include "tests/fuzz/input.h"

static void decode_one(const struct decoder *d, u32 raw)
{
	char text[128];
	struct insn insn = insn_decode(d, raw);
	BUG_ON(insn.id >= INSN_COUNT);
	BUG_ON(insn.len != insn_length((u16)raw));
	BUG_ON(insn.raw != (insn.len == 2 ? (raw & 0xffff) : raw));
	insn_print(&insn, 0x80000000, text, sizeof(text));
	BUG_ON(strlen(text) >= sizeof(text) - 1);
	if (insn.id == INSN_ILLEGAL)
		return;
	const struct insn_info *info = &insn_table[insn.id];
	struct insn_bits fixed = insn_bits(info->pattern);
	BUG_ON(!insn_in_isa(info, &d->isa));
	BUG_ON(insn.len == 4 && (raw & fixed.mask) != fixed.match);
	BUG_ON(insn.rd > 31 || insn.rs1 > 31 || insn.rs2 > 31 || insn.rs3 > 31 || insn.rm > 7);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	struct decoder d;
	struct isa isa, parsed;
	struct error err;
	char text[2048] = "rv64i";
	u64 chosen = input_number(&in, 8);
	for (u32 i = 0; i < EXT_COUNT; i++) {
		if (!(chosen >> i & 1))
			continue;
		strcat(text, "_");
		strcat(text, isa_ext_name((enum isa_ext)i));
	}
	if (!isa_parse(&isa, chosen ? text : "max", &err))
		return 0;
	isa_print(&isa, text, sizeof(text));
	BUG_ON(!isa_parse(&parsed, text, &err));
	decoder_init(&d, &isa);
	while (in.size)
		decode_one(&d, (u32)input_number(&in, 4));
	return 0;
}
