/*
 * The loader on any file: ELF, gzip, Linux Image or none of them. What opens must also load into RAM or say why not.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu/loader.h"
#include "tests/fuzz/input.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (4 * MIB)

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	char path[64];
	struct error err = { "" };
	struct image image;
	struct bus bus;
	int fd = memfd_create("fuzz", 0);
	BUG_ON(fd < 0 || write(fd, bytes, size) != (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (image_open(&image, path, RAM_BASE, &err)) {
		u64 pa, offset;
		char name[64];
		bus_init(&bus);
		BUG_ON(!bus_add_ram(&bus, "ram", RAM_BASE, RAM_SIZE, &err));
		if (!image_load(&image, &bus, &err))
			BUG_ON(err.text[0] == '\0');
		BUG_ON(image_symbol_pa(&image, "tohost", &pa) && !symbols_named(&image.symbols, "tohost"));
		if (symbols_code_at(&image.symbols, image.entry, &offset))
			BUG_ON(!symbols_describe(&image.symbols, image.entry, name, sizeof(name)));
		bus_free(&bus);
		image_close(&image);
	} else {
		BUG_ON(err.text[0] == '\0' || image.segments || image.file);
	}
	close(fd);
	return 0;
}
