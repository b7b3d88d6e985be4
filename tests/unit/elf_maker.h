/*
 * Makes small ELF files for tests, byte by byte, so that each part can be wrong on purpose.
 */
#ifndef RVEMU_TESTS_UNIT_ELF_MAKER_H
#define RVEMU_TESTS_UNIT_ELF_MAKER_H

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/base/base.h"

#define ELF_MAKER_RISCV 243
#define ELF_MAKER_SIZE 8192
#define ELF_MAKER_SEGMENTS 4
#define ELF_MAKER_SYMBOLS 8

/* A file to be: headers at the front, segments from byte 4096 on, the symbol table behind byte 1024. */
struct elf_maker {
	u8 bytes[ELF_MAKER_SIZE];
	u64 size;
	Elf64_Ehdr header;
	Elf64_Phdr segments[ELF_MAKER_SEGMENTS];
	Elf64_Sym symbols[ELF_MAKER_SYMBOLS];
	u32 symbol_count;
	char names[256];
	u32 names_size;
};

/* One PT_LOAD of `code` at `address`, entered at its start. */
static inline void elf_maker_init(struct elf_maker *e, u64 address, const void *code, u64 code_size)
{
	*e = (struct elf_maker){ .size = 4096 + code_size, .symbol_count = 1, .names_size = 1 };
	memcpy(e->header.e_ident, ELFMAG, SELFMAG);
	e->header.e_ident[EI_CLASS] = ELFCLASS64;
	e->header.e_ident[EI_DATA] = ELFDATA2LSB;
	e->header.e_ident[EI_VERSION] = EV_CURRENT;
	e->header.e_type = ET_EXEC;
	e->header.e_machine = ELF_MAKER_RISCV;
	e->header.e_version = EV_CURRENT;
	e->header.e_entry = address;
	e->header.e_ehsize = sizeof(Elf64_Ehdr);
	e->header.e_phoff = sizeof(Elf64_Ehdr);
	e->header.e_phentsize = sizeof(Elf64_Phdr);
	e->header.e_phnum = 1;
	e->header.e_shoff = 512;
	e->header.e_shentsize = sizeof(Elf64_Shdr);
	e->header.e_shnum = 4;
	e->header.e_shstrndx = 3;
	e->segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = 4096,
		.p_vaddr = address,
		.p_paddr = address,
		.p_filesz = code_size,
		.p_memsz = code_size,
	};
	memcpy(e->bytes + 4096, code, code_size);
}

static inline void elf_maker_symbol(struct elf_maker *e, const char *name, u8 type, u64 value, u64 size)
{
	e->symbols[e->symbol_count++] = (Elf64_Sym){
		.st_name = e->names_size,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, type),
		.st_shndx = 1,
		.st_value = value,
		.st_size = size,
	};
	strcpy(e->names + e->names_size, name);
	e->names_size += (u32)strlen(name) + 1;
}

/* Puts everything into e->bytes: sections are 1 the code, 2 the symbols, 3 the names. */
static inline void elf_maker_finish(struct elf_maker *e)
{
	Elf64_Shdr sections[4] = { 0 };
	sections[1].sh_type = SHT_PROGBITS;
	sections[1].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	sections[1].sh_offset = 4096;
	sections[1].sh_size = e->size - 4096;
	sections[1].sh_addr = e->segments[0].p_vaddr;
	sections[2].sh_type = SHT_SYMTAB;
	sections[2].sh_link = 3;
	sections[2].sh_offset = 1024;
	sections[2].sh_entsize = sizeof(Elf64_Sym);
	sections[2].sh_size = e->symbol_count * sizeof(Elf64_Sym);
	sections[3].sh_type = SHT_STRTAB;
	sections[3].sh_offset = 2048;
	sections[3].sh_size = e->names_size;
	memcpy(e->bytes, &e->header, sizeof(e->header));
	memcpy(e->bytes + sizeof(Elf64_Ehdr), e->segments, sizeof(e->segments));
	memcpy(e->bytes + 512, sections, sizeof(sections));
	memcpy(e->bytes + 1024, e->symbols, sizeof(e->symbols));
	memcpy(e->bytes + 2048, e->names, sizeof(e->names));
}

/* Writes bytes to a file in a directory of its own; the name is static. */
static inline const char *elf_maker_write(const void *bytes, u64 size)
{
	static char path[64];
	snprintf(path, sizeof(path), "/tmp/rvemu-test-XXXXXX");
	int fd = mkstemp(path);
	BUG_ON(fd < 0 || write(fd, bytes, size) != (ssize_t)size);
	close(fd);
	return path;
}

#endif
