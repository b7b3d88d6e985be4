/*
 * ELF files as exec needs them: checked headers, and segments as regions. Nothing of a segment is read here: the first
 * access of each page is a fault that brings it. System V ABI, chapters 4 and 5 (program loading); what is accepted
 * follows Linux's binfmt_elf.
 *
 * Every field is the file's word, that is, a possible lie: sizes and addresses are checked before they are added up.
 */
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/exec.h"

#define PHDRS_MAX (65536 / sizeof(struct abi_elf64_phdr))
#define ALIGN_MAX (1ul << 30)

/* Exactly `size` bytes of the file. */
static int read_exactly(struct file *file, void *to, u64 size, u64 pos)
{
	i64 got = file_read_kernel(file, to, size, pos);
	if (got < 0)
		return got == -ENOMEM || got == -EINTR ? (int)got : -EIO;
	return (u64)got == size ? 0 : -ENOEXEC;
}

static bool header_is_good(const struct abi_elf64_ehdr *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_machine == EM_RISCV &&
	       (header->e_type == ET_EXEC || header->e_type == ET_DYN) &&
	       header->e_phentsize == sizeof(struct abi_elf64_phdr) && header->e_phnum >= 1 &&
	       header->e_phnum <= PHDRS_MAX;
}

static bool segment_is_good(const struct abi_elf64_phdr *phdr)
{
	return phdr->p_filesz <= phdr->p_memsz && phdr->p_memsz <= USER_TOP &&
	       phdr->p_vaddr <= USER_TOP - phdr->p_memsz && phdr->p_offset + phdr->p_filesz >= phdr->p_offset &&
	       ((phdr->p_vaddr ^ phdr->p_offset) & PAGE_MASK) == 0;
}

/* Sets low, high, align from the PT_LOADs. */
static int check_segments(struct elf_image *image)
{
	image->low = ~0ul;
	image->align = PAGE_SIZE;
	for (unsigned i = 0; i < image->header.e_phnum; i++) {
		const struct abi_elf64_phdr *phdr = &image->phdrs[i];
		if (phdr->p_type != PT_LOAD)
			continue;
		if (!segment_is_good(phdr))
			return -ENOEXEC;
		if (phdr->p_memsz == 0)
			continue;
		image->low = MIN(image->low, ROUND_DOWN(phdr->p_vaddr, PAGE_SIZE));
		image->high = MAX(image->high, ROUND_UP(phdr->p_vaddr + phdr->p_memsz, PAGE_SIZE));
		bool is_power_of_2 = phdr->p_align && !(phdr->p_align & (phdr->p_align - 1));
		if (is_power_of_2 && phdr->p_align <= ALIGN_MAX)
			image->align = MAX(image->align, phdr->p_align);
	}
	if (image->low >= image->high || image->high > USER_TOP)
		return -ENOEXEC;
	return image->header.e_entry < USER_TOP ? 0 : -ENOEXEC;
}

int elf_open(struct elf_image *image, struct file *file)
{
	*image = (struct elf_image){ .file = file };
	int error = read_exactly(file, &image->header, sizeof(image->header), 0);
	if (error)
		return error;
	if (!header_is_good(&image->header))
		return -ENOEXEC;
	u64 size = image->header.e_phnum * sizeof(struct abi_elf64_phdr);
	if (image->header.e_phoff + size < size)
		return -ENOEXEC;
	image->phdrs = kmalloc(size);
	if (!image->phdrs)
		return -ENOMEM;
	error = read_exactly(file, image->phdrs, size, image->header.e_phoff);
	if (!error)
		error = check_segments(image);
	if (error)
		elf_close(image);
	return error;
}

void elf_close(struct elf_image *image)
{
	kfree(image->phdrs);
	image->phdrs = NULL;
}

int elf_interpreter(const struct elf_image *image, char **path)
{
	*path = NULL;
	for (unsigned i = 0; i < image->header.e_phnum; i++) {
		const struct abi_elf64_phdr *phdr = &image->phdrs[i];
		if (phdr->p_type != PT_INTERP)
			continue;
		if (phdr->p_filesz < 2 || phdr->p_filesz > PATH_SIZE)
			return -ENOEXEC;
		char *text = kmalloc(phdr->p_filesz);
		if (!text)
			return -ENOMEM;
		int error = read_exactly(image->file, text, phdr->p_filesz, phdr->p_offset);
		if (!error && text[phdr->p_filesz - 1] != 0)
			error = -ENOEXEC;
		if (error) {
			kfree(text);
			return error;
		}
		*path = text;
		return 0;
	}
	return 0;
}

static u32 segment_prot(const struct abi_elf64_phdr *phdr)
{
	u32 prot = 0;
	if (phdr->p_flags & PF_R)
		prot |= PROT_READ;
	if (phdr->p_flags & PF_W)
		prot |= PROT_WRITE;
	if (phdr->p_flags & PF_X)
		prot |= PROT_EXEC;
	return prot;
}

static int map_fixed(struct mm *mm, u64 start, u64 end, u32 prot, struct file *file, u64 offset)
{
	if (start >= end)
		return 0;
	i64 va = mm_map(mm, start, end - start, prot, REGION_MAY_WRITE, MAP_PRIVATE | MAP_FIXED, file, offset);
	return va < 0 ? (int)va : 0;
}

/* Pages with data come from the file, those after them are anonymous. */
static int map_segment(const struct elf_image *image, struct mm *mm, const struct abi_elf64_phdr *phdr)
{
	u64 va = phdr->p_vaddr + image->bias;
	u64 start = ROUND_DOWN(va, PAGE_SIZE);
	u64 data_end = phdr->p_filesz ? ROUND_UP(va + phdr->p_filesz, PAGE_SIZE) : start;
	u64 end = ROUND_UP(va + phdr->p_memsz, PAGE_SIZE);
	u32 prot = segment_prot(phdr);
	int error = map_fixed(mm, start, data_end, prot, image->file, ROUND_DOWN(phdr->p_offset, PAGE_SIZE));
	return error ? error : map_fixed(mm, data_end, end, prot, NULL, 0);
}

/* Where a position-independent image goes: `base`, or a place that mm_map finds and that is given back at once. */
static int choose_bias(struct elf_image *image, struct mm *mm, u64 base)
{
	u64 size = image->high - image->low;
	u64 room = size + image->align - PAGE_SIZE;
	if (!base) {
		i64 va = mm_map(mm, 0, room, PROT_NONE, REGION_NORESERVE, MAP_PRIVATE, NULL, 0);
		if (va < 0)
			return (int)va;
		int error = mm_unmap(mm, (u64)va, room);
		if (error)
			return error;
		base = (u64)va;
	}
	base = ROUND_UP(base, image->align);
	if (base + size > STACK_TOP - INITIAL_STACK_SIZE - STACK_GUARD_GAP)
		return -ENOMEM;
	image->bias = base - ROUND_DOWN(image->low, image->align);
	return 0;
}

/* For /proc/PID/stat: text and data, as Linux finds them. */
static void note_segment(struct mm *mm, const struct abi_elf64_phdr *phdr, u64 bias)
{
	u64 start = phdr->p_vaddr + bias;
	u64 end = start + phdr->p_filesz;
	if ((phdr->p_flags & PF_X) && (mm->code_start == 0 || start < mm->code_start))
		mm->code_start = start;
	if ((phdr->p_flags & PF_X) && end > mm->code_end)
		mm->code_end = end;
	mm->data_start = MAX(mm->data_start, start);
	mm->data_end = MAX(mm->data_end, end);
}

int elf_map(struct elf_image *image, struct mm *mm, u64 base)
{
	int error = 0;
	if (image->header.e_type == ET_DYN)
		error = choose_bias(image, mm, base);
	else if (image->low < MMAP_LOWEST || image->high > STACK_TOP - INITIAL_STACK_SIZE - STACK_GUARD_GAP)
		error = -ENOEXEC;
	/* The program comes first, its interpreter must not change what is known of it. */
	bool is_program = mm->code_end == 0;
	for (unsigned i = 0; i < image->header.e_phnum && !error; i++) {
		const struct abi_elf64_phdr *phdr = &image->phdrs[i];
		if (phdr->p_type != PT_LOAD || phdr->p_memsz == 0)
			continue;
		error = map_segment(image, mm, phdr);
		if (!error && is_program)
			note_segment(mm, phdr, image->bias);
	}
	return error;
}

int elf_clear_tails(const struct elf_image *image)
{
	for (unsigned i = 0; i < image->header.e_phnum; i++) {
		const struct abi_elf64_phdr *phdr = &image->phdrs[i];
		if (phdr->p_type != PT_LOAD || phdr->p_filesz == phdr->p_memsz || phdr->p_filesz == 0)
			continue;
		u64 from = phdr->p_vaddr + image->bias + phdr->p_filesz;
		u64 size = ROUND_UP(from, PAGE_SIZE) - from;
		/* A page that cannot be written keeps what the file has there, as on Linux. */
		if (size && (phdr->p_flags & PF_W) && clear_user(from, size))
			return -EFAULT;
	}
	return 0;
}

u64 elf_phdr_address(const struct elf_image *image)
{
	u64 offset = image->header.e_phoff;
	for (unsigned i = 0; i < image->header.e_phnum; i++) {
		const struct abi_elf64_phdr *phdr = &image->phdrs[i];
		if (phdr->p_type == PT_LOAD && phdr->p_offset <= offset && offset - phdr->p_offset < phdr->p_filesz)
			return offset - phdr->p_offset + phdr->p_vaddr + image->bias;
	}
	return 0;
}

bool elf_wants_executable_stack(const struct elf_image *image)
{
	for (unsigned i = 0; i < image->header.e_phnum; i++)
		if (image->phdrs[i].p_type == PT_GNU_STACK)
			return image->phdrs[i].p_flags & PF_X;
	return false;
}
