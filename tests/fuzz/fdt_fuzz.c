/*
 * A device tree from outside: what passes the check must survive being completed, and pass again.
 */
#include <stdlib.h>

#include "devices/fdt.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct error err = { "" };
	size_t new_size;
	/* A buffer of its own, aligned, so that the sanitizer sees who reads behind it. */
	u8 *tree = xcalloc(size, 1);
	if (size)
		memcpy(tree, bytes, size);
	if (fdt_check(tree, size, &err)) {
		void *completed = fdt_set_chosen(tree, "console=ttyS0", 0x84000000, 0x84001000, &new_size, &err);
		if (completed)
			BUG_ON(!fdt_check(completed, new_size, &err));
		else
			BUG_ON(err.text[0] == '\0');
		free(completed);
	} else {
		BUG_ON(err.text[0] == '\0');
	}
	free(tree);
	return 0;
}
