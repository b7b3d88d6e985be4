/*
 * Offsets in struct trap_frame for the assembler; demo.c asserts that the compiler sees it alike.
 */
#ifndef GUEST_DEMO_ASM_H
#define GUEST_DEMO_ASM_H

#define FRAME_X(n) (8 * (n))
#define FRAME_PC FRAME_X(32)

#endif
