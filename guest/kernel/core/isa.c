/*
 * What the device tree says about the harts' instruction set. RISC-V hart bindings: "riscv,isa-extensions" is a list of
 * names; the older "riscv,isa" is one string, as "rv64imafdc_zicsr_zicboz".
 */
#include "guest/kernel/core/device_tree.h"

static int first_cpu(void)
{
	for (int node = device_tree_first_child(device_tree_path("/cpus")); node >= 0;
	     node = device_tree_next_sibling(node)) {
		const char *type = device_tree_property(node, "device_type", NULL);
		if (type && strcmp(type, "cpu") == 0)
			return node;
	}
	return -1;
}

/* One letter stands before the first '_', behind "rv64"; a longer name is a word between '_'. */
static bool isa_string_has(const char *isa, const char *name)
{
	u64 length = strlen(name);
	const char *at = isa + MIN(strlen(isa), 4ul);
	u64 letters = strcspn(at, "_");
	if (length == 1)
		return memchr(at, name[0], letters) != NULL;
	for (at += letters; *at == '_'; at += strcspn(at, "_")) {
		at++;
		if (strcspn(at, "_") == length && memcmp(at, name, length) == 0)
			return true;
	}
	return false;
}

bool device_tree_has_extension(const char *name)
{
	u32 size;
	int cpu = first_cpu();
	const char *list = device_tree_property(cpu, "riscv,isa-extensions", &size);
	if (!list) {
		const char *isa = device_tree_property(cpu, "riscv,isa", NULL);
		return isa && isa_string_has(isa, name);
	}
	for (const char *end = list + size; list < end; list += strlen(list) + 1)
		if (strcmp(list, name) == 0)
			return true;
	return false;
}

u64 device_tree_cboz_size(void)
{
	return device_tree_has_extension("zicboz") ? device_tree_number(first_cpu(), "riscv,cboz-block-size", 0) : 0;
}
