/*
 * The parts of the ELF format that exec, the dynamic loader's start and core readers need: file header, program
 * headers, notes. Section headers and relocations are no business of the kernel.
 */
#ifndef GUEST_ABI_ELF_H
#define GUEST_ABI_ELF_H

#include "guest/abi/types.h"

#define EI_NIDENT 16
#define ELFMAG "\177ELF"
#define SELFMAG 4
#define EI_CLASS 4
#define EI_DATA 5
#define EI_VERSION 6
#define EI_OSABI 7
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1
#define ET_REL 1
#define ET_EXEC 2
#define ET_DYN 3
#define ET_CORE 4
#define EM_RISCV 243

#define EF_RISCV_RVC 0x0001
#define EF_RISCV_FLOAT_ABI 0x0006 /* mask */
#define EF_RISCV_FLOAT_ABI_SOFT 0x0000
#define EF_RISCV_FLOAT_ABI_SINGLE 0x0002
#define EF_RISCV_FLOAT_ABI_DOUBLE 0x0004
#define EF_RISCV_FLOAT_ABI_QUAD 0x0006

struct abi_elf64_ehdr {
	u8 e_ident[EI_NIDENT]; /* magic, class, byte order, version */
	u16 e_type;            /* ET_ */
	u16 e_machine;         /* EM_ */
	u32 e_version;         /* EV_CURRENT */
	u64 e_entry;           /* first instruction, without load offset */
	u64 e_phoff;           /* where in the file the program headers are */
	u64 e_shoff;           /* where the section headers are */
	u32 e_flags;           /* EF_RISCV_ */
	u16 e_ehsize;          /* bytes of this header */
	u16 e_phentsize;       /* bytes of a program header */
	u16 e_phnum;           /* number of program headers */
	u16 e_shentsize;
	u16 e_shnum;
	u16 e_shstrndx;
};
_Static_assert(sizeof(struct abi_elf64_ehdr) == 64, "Elf64_Ehdr");

struct abi_elf64_phdr {
	u32 p_type;   /* PT_ */
	u32 p_flags;  /* PF_ */
	u64 p_offset; /* where in the file */
	u64 p_vaddr;  /* where in memory, without load offset */
	u64 p_paddr;
	u64 p_filesz; /* bytes from the file */
	u64 p_memsz;  /* bytes in memory, the rest is zero */
	u64 p_align;  /* p_vaddr and p_offset agree modulo this */
};
_Static_assert(sizeof(struct abi_elf64_phdr) == 56, "Elf64_Phdr");

struct abi_elf64_nhdr {
	u32 n_namesz; /* bytes of the name */
	u32 n_descsz; /* bytes of the contents */
	u32 n_type;   /* NT_ */
};
_Static_assert(sizeof(struct abi_elf64_nhdr) == 12, "Elf64_Nhdr");

#define PT_NULL 0
#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_NOTE 4
#define PT_SHLIB 5
#define PT_PHDR 6
#define PT_TLS 7
#define PT_GNU_EH_FRAME 0x6474e550
#define PT_GNU_STACK 0x6474e551 /* p_flags without PF_X: the stack shall not be executable */
#define PT_GNU_RELRO 0x6474e552
#define PT_GNU_PROPERTY 0x6474e553
#define PT_RISCV_ATTRIBUTES 0x70000003

#define PF_X 1
#define PF_W 2
#define PF_R 4

#endif
