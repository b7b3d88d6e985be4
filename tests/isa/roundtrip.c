/*
 * The instruction table against GNU as and objdump: the half of tests/isa/roundtrip.sh that knows the table.
 *
 * What we print, the assembler must turn into the bits we meant; what objdump says of these bits must be what we print;
 * and each of the 49152 compressed instructions, as objdump explains it, assembled long, must be what cpu/rvc.c expands
 * it to. The two tools are an oracle that shares nothing with our table. Each mode below is one step of the script.
 */
#include "cpu/insn.h"
#include "cpu/rvc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 100 /* random encodings of each row */
#define HALVES 65536

#define C_ADDI16SP_0 0x6101 /* reserved, says the manual; objdump prints "addi sp,sp,0" */

static int usage(void)
{
	fprintf(stderr, "usage: roundtrip names                       the extensions, one a line\n"
	                "       roundtrip emit ISA ASM WORDS          samples of every row: assembly, and their bits\n"
	                "       roundtrip compare ISA WORDS BIN DUMP  what as and objdump made of them\n"
	                "       roundtrip rvc-emit                    all compressed instructions, as assembly\n"
	                "       roundtrip rvc-asm < DUMP              objdump's text of them, as long assembly\n"
	                "       roundtrip rvc-compare ISA BIN         the assembled result against rvc_expand\n");
	return 2;
}

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "roundtrip: %s: %s\n", what, name);
	exit(2);
}

static FILE *open_file(const char *name, const char *mode)
{
	FILE *f = fopen(name, mode);

	if (!f)
		fail("cannot open", name);
	return f;
}

static struct isa read_isa(const char *text)
{
	struct isa isa;
	struct error err;

	if (!isa_parse(&isa, text, &err))
		fail("bad ISA", err.text);
	return isa;
}

static struct decoder *make_decoder(const char *isa_text)
{
	struct decoder *d = xcalloc(1, sizeof(*d));
	struct isa isa = read_isa(isa_text);

	decoder_init(d, &isa);
	return d;
}

/* A small generator with a fixed seed: the same samples every time. */
static u32 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*state >> 32);
}

/* Makes random operand bits such that the assembler has a way to write them. */
static u32 writable(u32 word, const struct insn_info *info)
{
	struct insn_bits bits = insn_bits(info->pattern);
	bool has_fence_sets = strchr(info->operands, 'P');

	if (info->cls == CLASS_FENCE) /* the ignored fields, and fm */
		word &= bits.mask | (has_fence_sets ? 0x0ff00000 : 0);
	if (has_fence_sets && (word >> 20 & 0xf) == 0)
		word |= 0x00100000;
	if (has_fence_sets && (word >> 24 & 0xf) == 0)
		word |= 0x01000000;
	if (strchr(info->operands, 'm') && (word >> 12 & 7) > 4)
		word |= 0x7000;
	if (strchr(info->operands, 'M')) /* as knows rne alone */
		word &= ~0x7000u;
	return word;
}

/* Turns the absolute target at the end of a jump's text into an offset from the instruction. */
static void make_relative(char *text, const struct insn *insn)
{
	const char *operands = insn_table[insn->id].operands;
	char *last = strrchr(text, ',');

	if (last && (strchr(operands, 'p') || strchr(operands, 'a')))
		sprintf(last, ",.%+d", insn->imm);
}

static int emit(const char *isa_text, const char *asm_name, const char *words_name)
{
	struct decoder *d = make_decoder(isa_text);
	FILE *assembly = open_file(asm_name, "w"), *words = open_file(words_name, "wb");
	u32 skipped = 0;
	u64 state = 1;

	fprintf(assembly, ".option norelax\n.option norvc\n");
	for (u32 id = INSN_ILLEGAL + 1; id < INSN_COUNT; id++) {
		const struct insn_info *info = &insn_table[id];
		struct insn_bits bits = insn_bits(info->pattern);

		if (!insn_in_isa(info, &d->isa)) {
			skipped++;
			continue;
		}
		for (u32 i = 0; i < SAMPLES; i++) {
			u32 word = writable((next_random(&state) & ~bits.mask) | bits.match, info);
			struct insn insn = insn_decode(d, word);
			char text[128];

			insn_print(&insn, 0, text, sizeof(text));
			make_relative(text, &insn);
			fprintf(assembly, "%s\n", text);
			fwrite(&word, sizeof(word), 1, words);
		}
	}
	fclose(assembly);
	fclose(words);
	free(d);
	printf("roundtrip: %u of %u instructions; %u are unknown to this assembler%s\n", INSN_COUNT - 1 - skipped,
	       INSN_COUNT - 1, skipped, skipped ? ": SKIPPED" : "");
	return 0;
}

/* Drops objdump's remarks, and writes all blanks as one space. */
static void normalise(char *text)
{
	char *out = text;

	text[strcspn(text, "#<\n")] = '\0';
	for (const char *in = text; *in; in++)
		if (*in != ' ' && *in != '\t')
			*out++ = *in;
		else if (out > text && out[-1] != ' ')
			*out++ = ' ';
	while (out > text && out[-1] == ' ')
		out--;
	*out = '\0';
}

/* objdump leaves out 0x where it also names a symbol. */
static void strip_target(char *text, const struct insn *insn)
{
	const char *operands = insn_table[insn->id].operands;
	char *last = strrchr(text, ',');

	if (last && (strchr(operands, 'p') || strchr(operands, 'a')) && strncmp(last, ",0x", 3) == 0)
		memmove(last + 1, last + 3, strlen(last + 3) + 1);
}

/* Writes the CSR in the middle of a text as a number if the other side does: each knows names that the other lacks. */
static void unname_csr(char *text, size_t size, const char *other, const struct insn *insn)
{
	char *csr = strchr(text, ','), *source = strrchr(text, ',');
	const char *other_csr = strchr(other, ',');
	char rest[64];

	if (insn_table[insn->id].cls != CLASS_CSR || !csr || !other_csr || strncmp(other_csr, ",0x", 3) != 0)
		return;
	snprintf(rest, sizeof(rest), "%s", source);
	snprintf(csr, size - (size_t)(csr - text), ",0x%x%s", (u32)insn->imm, rest);
}

/* The next line of a dump that is an instruction: its text, from the mnemonic on, or NULL at the end. */
static char *next_dump_line(FILE *dump, char *line, size_t size, unsigned long long *pc)
{
	while (fgets(line, (int)size, dump)) {
		char *colon = strchr(line, ':');
		char *bits = strchr(line, '\t');
		char *text = bits ? strchr(bits + 1, '\t') : NULL;

		if (!colon || !text || sscanf(line, " %llx:", pc) != 1)
			continue;
		return text + 1;
	}
	return NULL;
}

static int compare(const char *isa_text, const char *words_name, const char *bin_name, const char *dump_name)
{
	struct decoder *d = make_decoder(isa_text);
	FILE *words = open_file(words_name, "rb"), *bin = open_file(bin_name, "rb"), *dump = open_file(dump_name, "r");
	u32 meant, count = 0, bad = 0;

	while (fread(&meant, sizeof(meant), 1, words) == 1) {
		struct insn insn = insn_decode(d, meant);
		unsigned long long pc = 0;
		char ours[128], line[256], *theirs = next_dump_line(dump, line, sizeof(line), &pc);
		u32 made = 0;

		count++;
		if (!theirs || fread(&made, sizeof(made), 1, bin) != 1)
			fail("the assembler left something out", bin_name);
		insn_print(&insn, pc, ours, sizeof(ours));
		normalise(ours);
		strip_target(ours, &insn);
		normalise(theirs);
		strip_target(theirs, &insn);
		unname_csr(ours, sizeof(ours), theirs, &insn);
		unname_csr(theirs, sizeof(line) - (size_t)(theirs - line), ours, &insn);
		if (made == meant && strcmp(ours, theirs) == 0)
			continue;
		bad++;
		printf("roundtrip: %08x: ours \"%s\", assembled %08x, objdump \"%s\"\n", meant, ours, made, theirs);
	}
	fclose(words);
	fclose(bin);
	fclose(dump);
	free(d);
	printf("roundtrip: %u instructions assembled and disassembled, %u differ\n", count, bad);
	return bad != 0 || count == 0;
}

static int rvc_emit(void)
{
	printf(".option norelax\n");
	for (u32 half = 0; half < HALVES; half++)
		if ((half & 3) != 3)
			printf(".insn 2, 0x%04x\n", half);
	return 0;
}

/* objdump's names for hints and the like, and how to write them long: $0 and $1 are the operands, $* all of them. */
static const struct {
	const char *name;
	const char *text;
} rvc_rewrites[] = {
	{ "mv", "add $0,zero,$1" },       { "c.mv", "add $0,zero,$1" },   { "c.add", "add $0,$0,$1" },
	{ "c.li", "addi $0,zero,$1" },    { "c.lui", "lui $*" },          { "c.slli", "slli $0,$0,$1" },
	{ "c.slli64", "slli $0,$0,0" },   { "c.srli64", "srli $0,$0,0" }, { "c.srai64", "srai $0,$0,0" },
	{ "c.nop", "addi zero,zero,$0" },
};

static void print_rewritten(const char *pattern, char *operands)
{
	char all[128], *second = strchr(operands, ',');

	snprintf(all, sizeof(all), "%s", operands);
	if (second)
		*second++ = '\0';
	for (; *pattern; pattern++) {
		if (*pattern != '$') {
			putchar(*pattern);
			continue;
		}
		pattern++;
		printf("%s", *pattern == '*' ? all : *pattern == '0' ? operands : second ? second : "?");
	}
	putchar('\n');
}

/* Writes one of objdump's lines so that the assembler makes a long instruction of it; 0 for what is unknown. */
static void print_long(unsigned long long pc, char *text)
{
	char *operands, *target;

	normalise(text);
	operands = text + strcspn(text, " ");
	if (*operands)
		*operands++ = '\0';
	if (text[0] == '.' || strcmp(text, "unimp") == 0 || strcmp(text, "c.unimp") == 0) {
		printf(".word 0\n");
		return;
	}
	if (strncmp(text, "c.mop.", 6) == 0) {
		printf("nop\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rvc_rewrites); i++)
		if (strcmp(text, rvc_rewrites[i].name) == 0) {
			print_rewritten(rvc_rewrites[i].text, operands);
			return;
		}
	if (strcmp(text, "j") != 0 && strcmp(text, "beqz") != 0 && strcmp(text, "bnez") != 0) {
		printf("%s %s\n", text, operands);
		return;
	}
	target = strrchr(operands, ',');
	target = target ? target + 1 : operands;
	printf("%s %.*s.%+lld\n", text, (int)(target - operands), operands,
	       (long long)(strtoull(target, NULL, 16) - pc));
}

static int rvc_asm(void)
{
	unsigned long long pc;
	char line[256], *text;

	printf(".option norelax\n.option norvc\n");
	while ((text = next_dump_line(stdin, line, sizeof(line), &pc)))
		print_long(pc, text);
	return 0;
}

static int rvc_compare(const char *isa_text, const char *bin_name)
{
	struct isa isa = read_isa(isa_text);
	FILE *bin = open_file(bin_name, "rb");
	u32 legal = 0, bad = 0;

	for (u32 half = 0; half < HALVES; half++) {
		u32 ours = rvc_expand((u16)half, &isa), theirs = 0;

		if ((half & 3) == 3)
			continue;
		if (fread(&theirs, sizeof(theirs), 1, bin) != 1)
			fail("the assembler left something out", bin_name);
		legal += ours != 0;
		if (ours == theirs || (half == C_ADDI16SP_0 && ours == 0))
			continue;
		bad++;
		printf("roundtrip: compressed %04x: ours %08x, objdump's %08x\n", half, ours, theirs);
	}
	fclose(bin);
	printf("roundtrip: %u compressed encodings, %u of them legal, %u differ\n", HALVES / 4 * 3, legal, bad);
	return bad != 0;
}

static int names(void)
{
	for (u32 i = 0; i < EXT_COUNT; i++)
		printf("%s\n", isa_ext_name(i));
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "names") == 0 && argc == 2)
		return names();
	if (strcmp(mode, "emit") == 0 && argc == 5)
		return emit(argv[2], argv[3], argv[4]);
	if (strcmp(mode, "compare") == 0 && argc == 6)
		return compare(argv[2], argv[3], argv[4], argv[5]);
	if (strcmp(mode, "rvc-emit") == 0 && argc == 2)
		return rvc_emit();
	if (strcmp(mode, "rvc-asm") == 0 && argc == 2)
		return rvc_asm();
	if (strcmp(mode, "rvc-compare") == 0 && argc == 4)
		return rvc_compare(argv[2], argv[3]);
	return usage();
}
