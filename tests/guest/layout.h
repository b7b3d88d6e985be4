/*
 * Numbers that the assembler, the linker script and C share: offsets in struct start and struct seen, sizes, addresses.
 */
#ifndef TESTS_GUEST_LAYOUT_H
#define TESTS_GUEST_LAYOUT_H

#define HARTS_MAX 8
#define STACK_SIZE 8192

#define START_PC 0
#define START_MSTATUS 8
#define START_ARG(n) (16 + 8 * (n))

#define SEEN_X(n) (8 * (n))
#define SEEN_CAUSE SEEN_X(32)
#define SEEN_PC SEEN_X(33)
#define SEEN_TVAL SEEN_X(34)
#define SEEN_MSTATUS SEEN_X(35)
#define SEEN_ENTRY SEEN_X(36)
#define SEEN_RUNNING SEEN_X(37)

#endif
