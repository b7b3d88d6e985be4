/*
 * The page that each program finds mapped besides its own: a tiny shared library, written out by hand (ELF gABI, vdso(7)).
 *
 * It has the signal trampoline, and riscv_hwprobe's answers, which C libraries ask for at every start: nothing traps for
 * them, and strace need not know that call. vdso.c copies the page and fills in the answers; AT_SYSINFO_EHDR says where
 * it is. No section headers and no versions: nobody needs them.
 */
#include "guest/kernel/proc/vdso.h"

#define SYSCALL(number, name, kinds) .set NR_##name, number;
#define SYSCALL_REFUSED(number, name, kinds, error) SYSCALL(number, name, kinds)
#include "guest/abi/syscall.def"

#define PT_LOAD 1
#define PT_DYNAMIC 2
#define STB_GLOBAL_FUNC 0x12
#define ANY_SECTION 1 /* "defined here" */

	.section .rodata
	.balign 16
	.option push
	.option norvc

	.global vdso_image, vdso_image_end, vdso_trampoline, vdso_answers
vdso_image:
	.byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0
	.half 3, 243 /* ET_DYN, EM_RISCV */
	.word 1
	.dword 0, program_headers - vdso_image, 0
	.word 4 /* EF_RISCV_FLOAT_ABI_DOUBLE, as all programs here */
	.half 64, 56, 2, 64, 0, 0

program_headers:
	.word PT_LOAD, 5
	.dword 0, 0, 0, vdso_image_end - vdso_image, vdso_image_end - vdso_image, 4096
	.word PT_DYNAMIC, 4
	.dword dynamic - vdso_image, dynamic - vdso_image, dynamic - vdso_image, dynamic_end - dynamic, dynamic_end - dynamic, 8

dynamic:
	.dword 14, soname - strings         /* DT_SONAME */
	.dword 4, hash - vdso_image         /* DT_HASH */
	.dword 5, strings - vdso_image      /* DT_STRTAB */
	.dword 6, symbols - vdso_image      /* DT_SYMTAB */
	.dword 10, strings_end - strings    /* DT_STRSZ */
	.dword 11, 24                       /* DT_SYMENT */
	.dword 0, 0
dynamic_end:

hash: /* one bucket with all */
	.word 1, 3, 1, 0, 2, 0

	.balign 8
symbols:
	.fill 24, 1, 0
	.word name_hwprobe - strings
	.byte STB_GLOBAL_FUNC, 0
	.half ANY_SECTION
	.dword hwprobe - vdso_image, hwprobe_end - hwprobe
	.word name_sigreturn - strings
	.byte STB_GLOBAL_FUNC, 0
	.half ANY_SECTION
	.dword vdso_trampoline - vdso_image, 8

strings:
	.byte 0
soname:
	.asciz "linux-vdso.so.1"
name_hwprobe:
	.asciz "__vdso_riscv_hwprobe"
name_sigreturn:
	.asciz "__vdso_rt_sigreturn"
strings_end:

	.balign 16
vdso_trampoline: /* unwinders know a signal frame by these two instructions */
	li a7, NR_rt_sigreturn
	ecall

/* int riscv_hwprobe(struct riscv_hwprobe *pairs, size_t count, size_t cpu_set_size, cpu_set_t *cpus, unsigned flags) */
hwprobe:
	or t0, a2, a3
	or t0, t0, a4
	bnez t0, 4f /* about some harts, or unusual: the kernel's to say */
	li t0, VDSO_ANSWERS
	lla t1, vdso_answers
	li t2, -1
1:	beqz a1, 5f
	ld t3, 0(a0)
	bltu t3, t0, 2f
	sd t2, 0(a0) /* not known here */
	sd zero, 8(a0)
	j 3f
2:	slli t3, t3, 3
	add t3, t3, t1
	ld t3, 0(t3)
	sd t3, 8(a0)
3:	addi a0, a0, 16
	addi a1, a1, -1
	j 1b
4:	li a7, NR_riscv_hwprobe
	ecall
	ret
5:	li a0, 0
	ret
hwprobe_end:

	.balign 8
vdso_answers: /* by key */
	.fill 8 * VDSO_ANSWERS, 1, 0
vdso_image_end:
	.option pop
