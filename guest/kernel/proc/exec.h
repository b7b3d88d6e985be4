/*
 * What exec.c, elf.c and exec_stack.c share: a program file taken apart, and what the new program finds on its stack.
 */
#ifndef GUEST_KERNEL_PROC_EXEC_H
#define GUEST_KERNEL_PROC_EXEC_H

#include "guest/abi/elf.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/proc/internal.h"

#define STACK_TOP                                                                                                      \
	(USER_TOP - PAGE_SIZE)  /* the page above stays free: no address of the stack is next to the kernel's half */
#define PIE_BASE 0x2aaaaaa000ul /* two thirds of user space, as Linux without randomization */
#define INITIAL_STACK_SIZE (33 * PAGE_SIZE) /* the region as exec makes it; it grows down to RLIMIT_STACK */

/* A program file: header and program headers, checked; and where it was put. */
struct elf_image {
	struct file *file; /* the caller's reference */
	struct abi_elf64_ehdr header;
	struct abi_elf64_phdr *phdrs; /* kmalloc'ed; header.e_phnum of them */
	u64 low, high;                /* of all segments, page aligned, before the bias */
	u64 align;                    /* the largest one asked for, at least a page */
	u64 bias;                     /* what is added to every address of the file */
};

/* --- elf.c --- */
/* Reads and checks the headers. 0, -ENOEXEC, -ENOMEM, -EIO. May sleep. */
int elf_open(struct elf_image *image, struct file *file) must_check;
/* Frees what elf_open allocated; an image of zeros is allowed. */
void elf_close(struct elf_image *image);
/* The path in PT_INTERP, kmalloc'ed, or *path = NULL if there is none. 0 or -ENOEXEC, -ENOMEM, -EIO. May sleep. */
int elf_interpreter(const struct elf_image *image, char **path) must_check;
/* Makes the regions of all segments; sets bias. `base` is where a position-independent image goes, 0: wherever there is
 * room. 0 or a negative errno. May sleep. */
int elf_map(struct elf_image *image, struct mm *mm, u64 base) must_check;
/* Zeroes what a segment's last page of file data has after its data. The mm must be loaded. 0 or -EFAULT. May sleep. */
int elf_clear_tails(const struct elf_image *image) must_check;
/* Address of the program headers in memory, 0: not mapped. */
u64 elf_phdr_address(const struct elf_image *image);
bool elf_wants_executable_stack(const struct elf_image *image);
static inline u64 elf_entry(const struct elf_image *image)
{
	return image->header.e_entry + image->bias;
}

/* --- exec_stack.c --- */
/* Collects strings of user memory whose addresses stand in an array that a null ends. *budget: bytes that strings and
 * pointers may still take. 0, -EFAULT, -E2BIG, -ENOMEM, -EINTR. May sleep. */
int exec_strings_collect(struct exec_strings *strings, u64 array, u64 *budget) must_check;
/* Copies the strings from number `first` on to the end of `to`. 0 or -ENOMEM. May sleep. */
int exec_strings_append(struct exec_strings *to, const struct exec_strings *from, u64 first) must_check;

/* What is laid on the new stack. */
struct exec_stack {
	const char *path; /* AT_EXECFN */
	const struct exec_strings *argv, *envp;
	const struct elf_image *program;
	u64 interpreter_base; /* AT_BASE, 0: none */
	bool secure;
};

/* Strings, auxv, envp, argv, argc; sets mm's arg_start.., auxv, stack_start. The mm must be loaded. The new sp, or
 * -EFAULT. May sleep. */
i64 exec_stack_fill(struct task *task, const struct exec_stack *stack) must_check;

#endif
