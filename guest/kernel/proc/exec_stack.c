/*
 * The strings of exec, from the old program's memory to the new one's stack. Linux's layout, from the top down: a null,
 * the path, environment and argument strings, 16 random bytes, auxv, envp, argv, argc (at sp). See execve(2) "Limits on
 * size", getauxval(3).
 */
#include "guest/kernel/core/random.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/exec.h"

/* Not in abi/process.h: what rseq(2) offers, from Linux 6.3 on. */
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN 28
#define RSEQ_FEATURE_SIZE 20 /* up to and with flags */
#define RSEQ_ALIGN 32

#define HWCAP                                                                                                          \
	(COMPAT_HWCAP_ISA_I | COMPAT_HWCAP_ISA_M | COMPAT_HWCAP_ISA_A | COMPAT_HWCAP_ISA_F | COMPAT_HWCAP_ISA_D |      \
	 COMPAT_HWCAP_ISA_C)

/* --- collecting --- */

/* Makes sure that the last page has room; the place for the next byte in *to, and the bytes left there. 0: no memory.
 */
static u64 strings_room(struct exec_strings *strings, char **to)
{
	if (strings->size == strings->page_count * PAGE_SIZE) {
		if (strings->page_count == strings->page_room) {
			u64 room = strings->page_room ? strings->page_room * 2 : 2;
			char **pages =
				krealloc(strings->pages, strings->page_room * sizeof(char *), room * sizeof(char *));
			if (!pages)
				return 0;
			strings->pages = pages;
			strings->page_room = room;
		}
		struct frame *frame = frame_alloc(FRAME_KERNEL, 0);
		if (!frame)
			return 0;
		strings->pages[strings->page_count++] = frame_data(frame);
	}
	*to = strings->pages[strings->page_count - 1] + strings->size % PAGE_SIZE;
	return strings->page_count * PAGE_SIZE - strings->size;
}

static int strings_add_bytes(struct exec_strings *strings, const char *from, u64 size)
{
	while (size) {
		char *to;
		u64 part = MIN(strings_room(strings, &to), size);
		if (!part)
			return -ENOMEM;
		memcpy(to, from, part);
		strings->size += part;
		from += part;
		size -= part;
	}
	return 0;
}

int exec_strings_add(struct exec_strings *strings, const char *text)
{
	int error = strings_add_bytes(strings, text, strlen(text) + 1);
	if (!error)
		strings->count++;
	return error;
}

void exec_strings_free(struct exec_strings *strings)
{
	for (u64 i = 0; i < strings->page_count; i++)
		frame_put(frame_of_virtual(strings->pages[i]));
	kfree(strings->pages);
	memset(strings, 0, sizeof(*strings));
}

/* A string that crosses pages. Should the program change it meanwhile, it gets what it deserves, and a 0 at the end. */
static int add_long_user_string(struct exec_strings *strings, u64 from)
{
	i64 length = string_length_user(from, MAX_ARG_STRLEN);
	if (length < 0)
		return (int)length;
	if (length >= MAX_ARG_STRLEN)
		return -E2BIG;
	u64 left = (u64)length;
	while (left) {
		char *to;
		u64 part = MIN(strings_room(strings, &to), left);
		if (!part)
			return -ENOMEM;
		if (copy_from_user(to, from, part))
			return -EFAULT;
		strings->size += part;
		from += part;
		left -= part;
	}
	return strings_add_bytes(strings, "", 1);
}

static int add_user_string(struct exec_strings *strings, u64 from)
{
	char *to;
	u64 room = strings_room(strings, &to);
	if (!room)
		return -ENOMEM;
	i64 length = string_from_user(to, from, room);
	int error = 0;
	if (length >= 0)
		strings->size += (u64)length + 1;
	else
		error = length == -ENAMETOOLONG ? add_long_user_string(strings, from) : (int)length;
	if (!error)
		strings->count++;
	return error;
}

int exec_strings_collect(struct exec_strings *strings, u64 array, u64 *budget)
{
	if (!array)
		return 0;
	for (;; array += sizeof(u64)) {
		u64 from;
		if (load_user_u64(array, &from))
			return -EFAULT;
		if (!from)
			return 0;
		u64 before = strings->size;
		int error = add_user_string(strings, from);
		if (error)
			return error;
		u64 taken = strings->size - before + sizeof(u64);
		if (taken > *budget)
			return -E2BIG;
		*budget -= taken;
		if (signal_is_fatal(current_task))
			return -EINTR;
	}
}

/* Bytes of the string that begins at `at`, with its 0. */
static u64 string_size_at(const struct exec_strings *strings, u64 at)
{
	u64 end = at;
	while (end < strings->size) {
		u64 part = MIN(PAGE_SIZE - end % PAGE_SIZE, strings->size - end);
		const char *from = strings->pages[end / PAGE_SIZE] + end % PAGE_SIZE;
		u64 length = strnlen(from, part);
		end += length;
		if (length < part)
			return end + 1 - at;
	}
	return end - at;
}

int exec_strings_append(struct exec_strings *to, const struct exec_strings *from, u64 first)
{
	u64 at = 0;
	for (u64 i = 0; i < first && at < from->size; i++)
		at += string_size_at(from, at);
	while (at < from->size) {
		u64 part = MIN(PAGE_SIZE - at % PAGE_SIZE, from->size - at);
		int error = strings_add_bytes(to, from->pages[at / PAGE_SIZE] + at % PAGE_SIZE, part);
		if (error)
			return error;
		at += part;
	}
	to->count += from->count > first ? from->count - first : 0;
	return 0;
}

/* --- laying out --- */

/* Words for the user's stack, upward, a few at a time. */
struct word_writer {
	u64 at;
	u64 words[32];
	unsigned count;
	bool failed;
};

static void flush_words(struct word_writer *writer)
{
	if (writer->count && copy_to_user(writer->at, writer->words, writer->count * sizeof(u64)))
		writer->failed = true;
	writer->at += writer->count * sizeof(u64);
	writer->count = 0;
}

static void put_word(struct word_writer *writer, u64 word)
{
	if (writer->count == ARRAY_SIZE(writer->words))
		flush_words(writer);
	writer->words[writer->count++] = word;
}

static int put_strings(u64 to, const struct exec_strings *strings)
{
	for (u64 at = 0; at < strings->size; at += PAGE_SIZE)
		if (copy_to_user(to + at, strings->pages[at / PAGE_SIZE], MIN(PAGE_SIZE, strings->size - at)))
			return -EFAULT;
	return 0;
}

/* The addresses of the strings, which begin at `base`, and a null. */
static void put_pointers(struct word_writer *writer, const struct exec_strings *strings, u64 base)
{
	u64 at = 0;
	for (u64 i = 0; i < strings->count; i++) {
		put_word(writer, base + at);
		at += string_size_at(strings, at);
	}
	put_word(writer, 0);
}

/* Returns the number of words. */
static unsigned make_auxv(const struct process *process, const struct exec_stack *stack, u64 *auxv, u64 random,
                          u64 path)
{
	const u64 entries[][2] = {
		{ AT_SYSINFO_EHDR, process->mm->vdso },
		{ AT_HWCAP, HWCAP },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, USER_HZ },
		{ AT_PHDR, elf_phdr_address(stack->program) },
		{ AT_PHENT, sizeof(struct abi_elf64_phdr) },
		{ AT_PHNUM, stack->program->header.e_phnum },
		{ AT_BASE, stack->interpreter_base },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, elf_entry(stack->program) },
		{ AT_UID, process->uid },
		{ AT_EUID, process->euid },
		{ AT_GID, process->gid },
		{ AT_EGID, process->egid },
		{ AT_SECURE, stack->secure },
		{ AT_RANDOM, random },
		{ AT_HWCAP2, 0 },
		{ AT_EXECFN, path },
		{ AT_MINSIGSTKSZ, ROUND_UP(sizeof(struct abi_rt_sigframe), 16) },
		{ AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE },
		{ AT_RSEQ_ALIGN, RSEQ_ALIGN },
		{ AT_NULL, 0 },
	};
	_Static_assert(sizeof(entries) <= sizeof(((struct mm *)0)->auxv), "mm->auxv");
	memcpy(auxv, entries, sizeof(entries));
	return sizeof(entries) / sizeof(u64);
}

i64 exec_stack_fill(struct task *task, const struct exec_stack *stack)
{
	struct mm *mm = task->process->mm;
	u64 path_size = strlen(stack->path) + 1;
	u64 path = STACK_TOP - sizeof(u64) - path_size;
	mm->env_end = path;
	mm->env_start = mm->arg_end = mm->env_end - stack->envp->size;
	mm->arg_start = mm->arg_end - stack->argv->size;
	u64 random = ROUND_DOWN(mm->arg_start, 16) - 16;
	unsigned words = make_auxv(task->process, stack, mm->auxv, random, path);
	u64 pointers = 1 + stack->argv->count + 1 + stack->envp->count + 1;
	u64 sp = ROUND_DOWN(random - (pointers + words) * sizeof(u64), 16);

	u64 bytes[2];
	random_fill(bytes, sizeof(bytes));
	if (copy_to_user(path, stack->path, path_size) || put_strings(mm->env_start, stack->envp) ||
	    put_strings(mm->arg_start, stack->argv) || copy_to_user(random, bytes, sizeof(bytes)))
		return -EFAULT;
	struct word_writer writer;
	writer.at = sp;
	writer.count = 0;
	writer.failed = false;
	put_word(&writer, stack->argv->count);
	put_pointers(&writer, stack->argv, mm->arg_start);
	put_pointers(&writer, stack->envp, mm->env_start);
	flush_words(&writer);
	if (writer.failed || copy_to_user(writer.at, mm->auxv, words * sizeof(u64)))
		return -EFAULT;
	mm->stack_start = sp;
	return (i64)sp;
}
