/*
 * The tests of cpu/fpu.h once more, on the version for hosts that are no x86-64 (cpu/fpu_soft.h).
 */
#define FPU_PORTABLE
#include "tests/unit/fpu_test.c"
