/*
 * What start.S and the C files of the test kernel must agree on: offsets in struct cpu.
 */
#ifndef TESTS_FIRMWARE_LAYOUT_H
#define TESTS_FIRMWARE_LAYOUT_H

#define CPUS_MAX 8
#define CPU_STACK_SIZE 8192

#define CPU_X(n) (8 * (n))
#define CPU_PC CPU_X(32)
#define CPU_SSTATUS CPU_X(33)
#define CPU_STACK CPU_X(34)
#define CPU_SAVED CPU_X(35) /* sp, ra, s0 to s11 */
#define CPU_TRYING CPU_X(49)

#endif
