/*
 * The command line: every option in its spellings, and what is refused, with what words.
 */
#include "emu/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mmu/check.h"

#define ARGUMENTS_MAX 16

static struct config config;
static struct error err;

/* The help about a topic, without colours, in a static buffer. */
static const char *help_text(const char *topic)
{
	static char text[16384];
	FILE *captured = tmpfile();
	int saved = dup(STDOUT_FILENO);
	assert_non_null(captured);
	fflush(stdout);
	dup2(fileno(captured), STDOUT_FILENO);
	options_print_help(topic, false);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(captured);
	text[fread(text, 1, sizeof(text) - 1, captured)] = '\0';
	fclose(captured);
	return text;
}

/* Parses a command line given as one string, split at spaces. */
static bool parse(const char *line)
{
	static char text[1024];
	char *argv[ARGUMENTS_MAX + 1];
	int argc = 0;
	snprintf(text, sizeof(text), "rvemu %s", line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(&config, argc, argv, &err);
}

static void expect(const char *line)
{
	if (!parse(line))
		fail_msg("refused '%s': %s", line, err.text);
}

/* The line is refused with a message that has all of `words` in it, and is one line. */
static void expect_error(const char *line, const char *words)
{
	if (parse(line))
		fail_msg("took '%s'", line);
	if (!strstr(err.text, words) || strchr(err.text, '\n'))
		fail_msg("'%s' was refused with '%s', not '%s'", line, err.text, words);
}

static void test_defaults_are_those_of_the_help(void **state)
{
	(void)state;
	expect("guest.elf");
	assert_string_equal(config.guest, "guest.elf");
	assert_int_equal(config.action, CONFIG_RUN);
	assert_int_equal(config.ram_size, 128 * MIB);
	assert_int_equal(config.harts, 1);
	assert_int_equal(config.quantum, 5000);
	assert_int_equal(config.max_insns, 0);
	assert_int_equal(config.mmu.levels_max, 5);
	assert_int_equal(config.mmu.asid_bits, 16);
	assert_int_equal(config.mmu.ad, AD_ADUE);
	assert_false(config.mmu.misaligned_trap);
	assert_true(config.mmu.has_svnapot && config.mmu.has_svpbmt);
	assert_string_equal(config.mmu.tlb->name, "fast");
	assert_int_equal(config.trace_wanted, 0);
	assert_int_equal(config.filter.hart, -1);
}

static void test_spellings_mean_the_same(void **state)
{
	static const char *const lines[] = {
		"--memory 256M g", "--memory=256M g", "-m 256 g",    "-m 256M g",     "-memory 256MiB g",
		"-m size=256M g",  "g -m 256",        "-m=256 -- g", "-m 0x10000K g",
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++) {
		expect(lines[i]);
		assert_int_equal(config.ram_size, i == 8 ? 64 * MIB : 256 * MIB);
		assert_string_equal(config.guest, "g");
	}
}

static void test_files_are_taken(void **state)
{
	(void)state;
	expect("-bios fw.bin -kernel Image -initrd i.gz -append quiet -dtb a.dtb");
	assert_string_equal(config.bios, "fw.bin");
	assert_string_equal(config.kernel, "Image");
	assert_string_equal(config.initrd, "i.gz");
	assert_string_equal(config.append, "quiet");
	assert_string_equal(config.dtb, "a.dtb");
	assert_null(config.guest);
	expect("--dump-dtb out.dtb");
	assert_string_equal(config.dump_dtb, "out.dtb");
}

static void test_value_may_look_like_an_option(void **state)
{
	char program[] = "rvemu", append[] = "--append", text[] = "-x y=z", guest[] = "g";
	char *argv[] = { program, append, text, guest, NULL };
	(void)state;
	assert_true(options_parse(&config, 4, argv, &err));
	assert_string_equal(config.append, "-x y=z");
}

static void test_qemu_command_line_is_taken(void **state)
{
	(void)state;
	expect("-M virt -m 512 -smp cpus=4 -nographic -display none -serial mon:stdio -bios none -kernel k");
	assert_int_equal(config.harts, 4);
	assert_string_equal(config.bios, "none");
}

static void test_signature_in_spikes_spelling(void **state)
{
	(void)state;
	expect("+signature=out.sig +signature-granularity=4 test.elf");
	assert_string_equal(config.signature, "out.sig");
	assert_int_equal(config.signature_granularity, 4);
	expect("--signature out.sig test.elf");
	assert_int_equal(config.signature_granularity, 16);
	expect_error("--signature-granularity 3 --signature x g", "power of two");
	expect_error("--signature-granularity 4 g", "without --signature");
	expect_error("+kernel=x g", "unknown option +kernel");
}

static void test_traces_and_filters(void **state)
{
	(void)state;
	expect("--trace walk,tlb:out.txt g");
	assert_int_equal(config.trace_wanted, BIT(TRACE_WALK) | BIT(TRACE_TLB) | BIT(TRACE_FENCE));
	assert_string_equal(config.trace_file, "out.txt");
	expect("-d all -D out.txt g");
	assert_int_equal(config.trace_wanted, BIT(TRACE_SORTS) - 1);
	expect("--trace mem --trace-filter addr=0x1000-0x1fff,priv=us,insns=5-,pc=0x80000000,hart=3 g");
	assert_int_equal(config.filter.addr_lo, 0x1000);
	assert_int_equal(config.filter.addr_hi, 0x1fff);
	assert_int_equal(config.filter.privs, 3);
	assert_int_equal(config.filter.insn_first, 5);
	assert_true(config.filter.insn_last == UINT64_MAX);
	assert_int_equal(config.filter.pc_lo, 0x80000000);
	assert_int_equal(config.filter.pc_hi, 0x80000000);
	assert_int_equal(config.filter.hart, 3);
	expect_error("--trace walks g", "'walks'");
	expect_error("--trace , g", "no trace sort");
	expect_error("--trace walk: g", "no file name");
	expect_error("--trace-file x g", "without --trace");
	expect_error("--trace mem --trace-filter adr=1 g", "'adr'");
	expect_error("--trace mem --trace-filter addr=9-1 g", "addr=9-1");
	expect_error("--trace mem --trace-filter priv=x g", "priv=x");
	expect_error("--trace mem --trace-filter addr g", "key=value");
	expect_error("--trace mem --trace-filter hart=64 g", "hart=64");
}

static void test_ad_mode_and_isa_agree(void **state)
{
	(void)state;
	expect("g");
	assert_true(isa_has(&config.isa, EXT_SVADU) && !isa_has(&config.isa, EXT_SVADE));
	expect("--ad trap g");
	assert_int_equal(config.mmu.ad, AD_TRAP);
	assert_true(!isa_has(&config.isa, EXT_SVADU) && isa_has(&config.isa, EXT_SVADE));
	expect("--ad update g");
	assert_int_equal(config.mmu.ad, AD_UPDATE);
	assert_false(isa_has(&config.isa, EXT_SVADU) || isa_has(&config.isa, EXT_SVADE));
	expect("--isa rv64gc g");
	assert_int_equal(config.mmu.ad, AD_UPDATE);
	expect("--isa rv64gc_svade g");
	assert_int_equal(config.mmu.ad, AD_TRAP);
	expect("--tlb rocket g");
	assert_int_equal(config.mmu.ad, AD_TRAP);
	expect("--tlb rocket --ad adue g");
	assert_int_equal(config.mmu.ad, AD_ADUE);
}

static void test_isa_reaches_the_mmu(void **state)
{
	(void)state;
	expect("--isa rv64gc_svpbmt g");
	assert_true(config.mmu.has_svpbmt && !config.mmu.has_svnapot);
	expect("--isa rv64imac g");
	assert_false(isa_has(&config.isa, EXT_F));
	expect_error("--isa rv32gc g", "--isa: ");
	expect_error("--isa rv64gc_zfoo g", "zfoo");
}

static void test_mmu_options(void **state)
{
	(void)state;
	expect("--mmu sv39 --asid-bits 9 --misaligned trap --tlb teach --seed 7 --quantum 1 g");
	assert_int_equal(config.mmu.levels_max, 3);
	assert_int_equal(config.mmu.asid_bits, 9);
	assert_true(config.mmu.misaligned_trap);
	assert_string_equal(config.tlb.name, "teach");
	assert_int_equal(config.tlb.seed, 7);
	assert_ptr_equal(config.mmu.tlb, &config.tlb);
	assert_int_equal(config.quantum, 1);
	expect_error("--mmu sv32 g", "sv39, sv48 or sv57");
	expect_error("--asid-bits 17 g", "between 0 and 16");
	expect_error("--tlb rockett g", "rocket");
}

static void test_limits_are_named(void **state)
{
	(void)state;
	expect_error("-smp 0 g", "between 1 and 64");
	expect_error("--smp 65 g", "between 1 and 64");
	expect_error("--smp four g", "not a number");
	expect_error("-m 0 g", "4K to 1024G");
	expect_error("-m 2000000G g", "4K to 1024G");
	expect_error("-m 5000K2 g", "not a size");
	expect_error("-m 1k1 g", "not a size");
	expect_error("-m 5B g", "not a size");
	expect_error("-m -5 g", "not a size");
	expect_error("-m 99999999999999999999 g", "not a size");
	expect_error("-m 6K g", "multiple of 4K");
	expect_error("--max-insns 0 g", "between 1");
	expect_error("--max-insns 1e6 g", "not a number");
	expect_error("--display gtk g", "must be sdl, tui, none, auto or png:FILE");
	expect_error("-M spike g", "must be virt");
}

static void test_mistakes_are_explained(void **state)
{
	(void)state;
	expect_error("", "no guest given");
	expect_error("--bios none", "no guest given");
	expect_error("a b", "two guests given: a and b");
	expect_error("--kernal k", "did you mean --kernel?");
	expect_error("--max-insn 5 g", "did you mean --max-insns?");
	expect_error("--mem 5 g", "did you mean --memory?");
	expect_error("-append", "its value is missing");
	expect_error("--frobnicate g", "unknown option --frobnicate: see --help");
	expect_error("--nographic=1 g", "takes no value");
	expect_error("--kernel= g", "name of a file is missing");
	expect_error("-hda x g", "unknown option -hda");
	expect_error("--0123456789012345678901234567890123456789012345678901234567890123456789 g", "unknown option");
}

static void test_help_and_version_need_no_guest(void **state)
{
	(void)state;
	expect("--help");
	assert_int_equal(config.action, CONFIG_HELP);
	expect("-h");
	assert_int_equal(config.action, CONFIG_HELP);
	expect("--version");
	assert_int_equal(config.action, CONFIG_VERSION);
}

static void test_help_takes_a_topic(void **state)
{
	(void)state;
	expect("--help");
	assert_null(config.help_topic);
	expect("--help observe");
	assert_string_equal(config.help_topic, "observe");
	expect("--help=machine");
	assert_string_equal(config.help_topic, "machine");
	expect("--help guest.elf");
	assert_null(config.help_topic);
	expect_error("--help=observ", "no such topic");
}

/* `most` lines of at most 80 columns. */
static void expect_screen(const char *topic, u32 most)
{
	char text[16384];
	u32 lines = 0;
	snprintf(text, sizeof(text), "%s", help_text(topic));
	assert_null(strchr(text, '\033'));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		lines++;
		if (strlen(line) > 80)
			fail_msg("too wide: %s", line);
	}
	assert_in_range(lines, 5, most);
}

static void test_help_fits_on_a_screen(void **state)
{
	(void)state;
	expect_screen(NULL, 50);
	for (u32 i = 0; options_help_topic(i); i++) {
		expect_screen(options_help_topic(i), strcmp(options_help_topic(i), "all") == 0 ? 200 : 50);
		if (!strstr(help_text(NULL), options_help_topic(i)))
			fail_msg("--help does not name the topic %s", options_help_topic(i));
	}
}

static void test_help_names_every_tlb_preset(void **state)
{
	(void)state;
	for (u32 i = 0; tlb_preset_at(i); i++)
		if (!strstr(help_text("machine"), tlb_preset_at(i)->name))
			fail_msg("--help machine does not name %s", tlb_preset_at(i)->name);
}

static void test_who_looks_at_the_machine(void **state)
{
	(void)state;
	expect("--stats --explain faults --check --what-if --oracle g");
	assert_true(config.observe.stats && config.observe.what_if && config.observe.oracle);
	assert_int_equal(config.observe.explain, EXPLAIN_FAULTS);
	assert_int_equal(config.observe.check, CHECK_DEFAULT);
	expect("--stats=json:s.json --check=stale,wx --what-if=c.svg --oracle=64 --report run.zst g");
	assert_string_equal(config.observe.stats_json, "s.json");
	assert_int_equal(config.observe.check, 1u << CHECK_STALE | 1u << CHECK_WX);
	assert_string_equal(config.observe.what_if_plot, "c.svg");
	assert_int_equal(config.observe.oracle_frames, 64);
	assert_string_equal(config.observe.run_file, "run.zst");
	expect("--expect faults<=1 --expect exit==0 --expect-report r.xml g");
	assert_int_equal(config.observe.expect_count, 2);
	expect("--replay r --what-if --trace walk:t.jsonl --trace-format chrome g");
	assert_int_equal(config.observe.trace_form, TRACE_FORM_CHROME);
	expect("--stats=names");
	assert_int_equal(config.action, CONFIG_STATS_NAMES);
	expect_error("--stats=all g", "text, json");
	expect_error("--explain some g", "faults or all");
	expect_error("--check=stail g", "stale, fencei");
	expect_error("--check= g", "nothing is named");
	expect_error("--oracle=0 g", "number of frames");
	expect_error("--trace-format svg g", "text, jsonl");
}

static void test_observers_that_make_no_sense_together_are_refused(void **state)
{
	(void)state;
	expect_error("--expect-report r.xml g", "without --expect");
	expect_error("--trace-format jsonl g", "without --trace");
	expect_error("--trace walk --trace-format binary g", "needs a file");
	expect_error("--trace walk:a --report a g", "--trace and --report both write to a");
	expect_error("--stats=json:a --expect exit==0 --expect-report a g", "both write to a");
	expect_error("--what-if= g", "no file name");
}

static void test_adversary_takes_a_geometry_and_a_seed(void **state)
{
	(void)state;
	expect("--adversarial g");
	assert_string_equal(config.tlb.name, "adversarial");
	assert_true(config.tlb.cache_invalid && config.tlb.keep_denied && config.tlb.forget_one_in != 0);
	expect("--adversarial=7 --tlb teach g");
	assert_string_equal(config.tlb.name, "teach");
	assert_int_equal(config.tlb.first[0][0].ways, 4);
	assert_int_equal(config.tlb.seed, 7);
	assert_true(config.tlb.cache_invalid && config.tlb.keep_denied && config.tlb.forget_one_in != 0);
	expect_error("--adversarial=x g", "not a number");
}

static void test_numbers_are_read_whole(void **state)
{
	u64 value;
	(void)state;
	assert_true(options_number("0x10", false, &value) && value == 16);
	assert_true(options_number("0b101", false, &value) && value == 5);
	assert_true(options_number("010", false, &value) && value == 10);
	assert_true(options_number("18446744073709551615", false, &value) && value == UINT64_MAX);
	assert_true(options_number("15g", true, &value) && value == 15 * GIB);
	assert_false(options_number("18446744073709551616", false, &value));
	assert_false(options_number("", false, &value));
	assert_false(options_number("0x", false, &value));
	assert_false(options_number("-1", false, &value));
	assert_false(options_number("+1", false, &value));
	assert_false(options_number(" 1", false, &value));
	assert_false(options_number("1k", false, &value));
	assert_false(options_number("17179869184G", true, &value));
	assert_false(options_number("0b2", false, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_those_of_the_help),
		cmocka_unit_test(test_spellings_mean_the_same),
		cmocka_unit_test(test_files_are_taken),
		cmocka_unit_test(test_value_may_look_like_an_option),
		cmocka_unit_test(test_qemu_command_line_is_taken),
		cmocka_unit_test(test_signature_in_spikes_spelling),
		cmocka_unit_test(test_traces_and_filters),
		cmocka_unit_test(test_ad_mode_and_isa_agree),
		cmocka_unit_test(test_isa_reaches_the_mmu),
		cmocka_unit_test(test_mmu_options),
		cmocka_unit_test(test_limits_are_named),
		cmocka_unit_test(test_mistakes_are_explained),
		cmocka_unit_test(test_help_and_version_need_no_guest),
		cmocka_unit_test(test_help_takes_a_topic),
		cmocka_unit_test(test_help_fits_on_a_screen),
		cmocka_unit_test(test_help_names_every_tlb_preset),
		cmocka_unit_test(test_who_looks_at_the_machine),
		cmocka_unit_test(test_observers_that_make_no_sense_together_are_refused),
		cmocka_unit_test(test_adversary_takes_a_geometry_and_a_seed),
		cmocka_unit_test(test_numbers_are_read_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
