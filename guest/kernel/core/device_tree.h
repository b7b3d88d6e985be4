/*
 * The device tree as the firmware hands it over: a reader that allocates nothing. Devicetree specification 0.4,
 * chapter 5.
 */
#ifndef GUEST_KERNEL_CORE_DEVICE_TREE_H
#define GUEST_KERNEL_CORE_DEVICE_TREE_H

#include "guest/kernel/core/base.h"

/* The tree at this address in the direct map; panics in words where it is none. */
void device_tree_init(const void *blob);

/* The bytes of the tree itself, and entry `index` of its memory reservation block (false: there are no more). */
const void *device_tree_blob(u64 *size);
bool device_tree_reservation(unsigned index, u64 *address, u64 *size);

/* A node: offset of its FDT_BEGIN_NODE token in the structure block. 0 is the root, negative: none. */
/* The next node after `from` (-1: from the start) of which `compatible` lists the string. */
int device_tree_compatible(int from, const char *string);
/* By path, each name with or without its unit address: "/cpus", "/chosen", "/memory". */
int device_tree_path(const char *path);
int device_tree_first_child(int node);
int device_tree_next_sibling(int node);

/* A property's bytes (big endian), or NULL. size may be NULL. */
const void *device_tree_property(int node, const char *name, u32 *size);
/* A property of one cell or two; `otherwise` where there is none. */
u64 device_tree_number(int node, const char *name, u64 otherwise);
/* Entry `index` of "reg", with the parent's #address-cells and #size-cells. false: none. */
bool device_tree_reg(int node, unsigned index, u64 *address, u64 *size);

/* The source number at the PLIC of a node's first interrupt; 0: none. */
u32 device_tree_interrupt(int node);

/* Whether hart 0's ISA string (riscv,isa or riscv,isa-extensions) lists the extension, as "zicboz". */
bool device_tree_has_extension(const char *name);
/* Bytes that one cbo.zero clears; 0: the hart has none. */
u64 device_tree_cboz_size(void);

/* The kernel command line's value of "name=", into to; false: not given. Stops at " --". */
bool command_line_value(const char *name, char *to, u64 size);
/* What follows "-- " on the command line, or "". */
const char *command_line_init_arguments(void);
const char *command_line(void);

#endif
