/*
 * Any command line: arguments are the input's lines. What is refused has a reason, what is taken is within its limits.
 */
#include <stdlib.h>

#include "emu/options.h"
#include "tests/fuzz/input.h"

#define ARGUMENTS_MAX 32

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	static char program[] = "rvemu";
	char *argv[ARGUMENTS_MAX + 1] = { program };
	int argc = 1;
	struct config c;
	struct error err = { "" };
	char *text = xcalloc(size + 1, 1);
	if (size)
		memcpy(text, bytes, size);
	for (char *line = strtok(text, "\n"); line && argc < ARGUMENTS_MAX; line = strtok(NULL, "\n"))
		argv[argc++] = line;
	if (options_parse(&c, argc, argv, &err)) {
		BUG_ON(c.harts < 1 || c.harts > OPTIONS_HARTS_MAX || c.ram_size == 0 || c.ram_size % 4096);
		BUG_ON(c.quantum == 0 || c.mmu.levels_max < 3 || c.mmu.levels_max > 5 || c.mmu.asid_bits > 16);
		BUG_ON(c.mmu.tlb != &c.tlb || c.filter.addr_lo > c.filter.addr_hi);
		options_free(&c);
	} else {
		BUG_ON(err.text[0] == '\0' || strchr(err.text, '\n'));
	}
	free(text);
	return 0;
}
