/*
 * Arguments by their kind: numbers, names, strings and bytes out of the program's memory. Structures are in structs.c.
 */
#include "guest/user/strace/strace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ptrace.h>

#define MAX_STRING 32 /* as much of a string as is shown; strace's -s */
#define MAX_WORDS 16  /* as many of argv */

size_t read_memory(pid_t pid, uint64_t va, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t base = (va + done) & ~7ul, skip = (va + done) & 7;
		size_t n = 8 - skip < size - done ? 8 - skip : size - done;
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, base, NULL);
		if (errno)
			return done;
		memcpy((char *)to + done, (const char *)&word + skip, n);
		done += n;
	}
	return done;
}

void print_pointer(struct tracer *tracer, uint64_t va)
{
	if (va)
		emit(tracer, "%#lx", (unsigned long)va);
	else
		emit(tracer, "NULL");
}

static void print_character(struct tracer *tracer, unsigned char c, bool digit_follows)
{
	static const char escapes[] = "\nn\tt\rr\"\"\\\\\ff\vv";

	for (const char *e = escapes; *e; e += 2) {
		if (c == (unsigned char)e[0]) {
			emit(tracer, "\\%c", e[1]);
			return;
		}
	}
	if (c >= ' ' && c < 0x7f)
		emit(tracer, "%c", c);
	else
		emit(tracer, digit_follows ? "\\%03o" : "\\%o", c);
}

void print_bytes(struct tracer *tracer, pid_t pid, uint64_t va, uint64_t size, bool is_string)
{
	unsigned char bytes[MAX_STRING + 2];
	size_t want = is_string || size > MAX_STRING ? MAX_STRING + 1 : size, n, shown;
	bool more;

	if (!va) {
		emit(tracer, "NULL");
		return;
	}
	n = read_memory(pid, va, bytes, want);
	if (n == 0 && want) {
		print_pointer(tracer, va);
		return;
	}
	if (is_string)
		n = strnlen((const char *)bytes, n);
	more = n > MAX_STRING;
	shown = more ? MAX_STRING : n;
	emit(tracer, "\"");
	for (size_t i = 0; i < shown; i++)
		print_character(tracer, bytes[i], i + 1 < shown && bytes[i + 1] >= '0' && bytes[i + 1] <= '7');
	emit(tracer, more ? "\"..." : "\"");
}

static void print_words(struct tracer *tracer, pid_t pid, uint64_t va)
{
	uint64_t word;

	if (!va || read_memory(pid, va, &word, 8) < 8) {
		print_pointer(tracer, va);
		return;
	}
	emit(tracer, "[");
	for (unsigned i = 0; read_memory(pid, va + i * 8, &word, 8) == 8 && word; i++) {
		if (i == MAX_WORDS) {
			emit(tracer, ", ...");
			break;
		}
		if (i)
			emit(tracer, ", ");
		print_bytes(tracer, pid, word, 0, true);
	}
	emit(tracer, "]");
}

/* The environment is long and always the same. */
static void print_environment(struct tracer *tracer, pid_t pid, uint64_t va)
{
	unsigned n = 0;
	uint64_t word;

	print_pointer(tracer, va);
	if (!va)
		return;
	while (n < 4096 && read_memory(pid, va + n * 8, &word, 8) == 8 && word)
		n++;
	emit(tracer, " /* %u var%s */", n, n == 1 ? "" : "s");
}

static void print_open_flags(struct tracer *tracer, uint64_t flags)
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	emit(tracer, "%s", access[flags & O_ACCMODE]);
	if (flags & ~(uint64_t)O_ACCMODE) {
		emit(tracer, "|");
		print_names(tracer, names_of_kind('o'), flags & ~(uint64_t)O_ACCMODE);
	}
}

static void print_fcntl_value(struct tracer *tracer, uint64_t command, uint64_t value)
{
	if (command == F_SETFD)
		emit(tracer, "%s", value == FD_CLOEXEC ? "FD_CLOEXEC" : value ? "0x?" : "0");
	else if (command == F_SETFL)
		print_open_flags(tracer, value);
	else if (command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_SETPIPE_SZ || command == F_SETOWN)
		emit(tracer, "%d", (int)value);
	else
		print_pointer(tracer, value);
}

/* clone's own line, in strace's order and with its names. */
void print_clone(struct tracer *tracer, const uint64_t *args)
{
	emit(tracer, "child_stack=");
	print_pointer(tracer, args[1]);
	emit(tracer, ", flags=");
	if (args[0] & ~0xfful) {
		print_names(tracer, &clone_flags, args[0] & ~0xfful);
		emit(tracer, args[0] & 0xff ? "|" : "");
	}
	emit(tracer, "%s", args[0] & 0xff ? signal_text((int)(args[0] & 0xff)) : args[0] ? "" : "0");
	if (args[0] & 0x00100000)
		emit(tracer, ", parent_tid=%#lx", (unsigned long)args[2]);
	if (args[0] & 0x00080000)
		emit(tracer, ", tls=%#lx", (unsigned long)args[3]);
	if (args[0] & 0x01200000)
		emit(tracer, ", child_tidptr=%#lx", (unsigned long)args[4]);
}

bool is_output(char kind)
{
	return strchr("wJGkyTLUWZVBE", kind) != NULL;
}

unsigned count_arguments(const struct call_info *info, const uint64_t *args)
{
	unsigned n = (unsigned)strcspn(info->kinds, "=");
	const char *name = info->name ? info->name : "";

	if (strcmp(name, "openat") == 0)
		return args[2] & (O_CREAT | __O_TMPFILE) ? 4 : 3;
	if (strcmp(name, "fcntl") == 0)
		return args[1] == F_GETFD || args[1] == F_GETFL || args[1] == F_GETPIPE_SZ ? 2 : 3;
	if (strcmp(name, "prctl") == 0)
		return 2;
	if (strcmp(name, "mremap") == 0)
		return args[3] & 2 ? 5 : 4;
	if (strcmp(name, "futex") == 0) {
		unsigned operation = args[1] & FUTEX_CMD_MASK;

		return operation == FUTEX_WAKE ? 3 : operation == FUTEX_WAIT ? 4 : 6;
	}
	return n;
}

static void print_number(struct tracer *tracer, const struct argument *argument, char kind, uint64_t value)
{
	switch (kind) {
	case 'd':
	case 'f':
	case 'D':
		if (kind == 'D' && (int)value == AT_FDCWD)
			emit(tracer, "AT_FDCWD");
		else
			emit(tracer, "%d", (int)value);
		return;
	case 'l':
		emit(tracer, "%ld", (long)value);
		return;
	case 'u':
		emit(tracer, "%lu", (unsigned long)value);
		return;
	case 'm':
		emit(tracer, value ? "0%lo" : "000", (unsigned long)(uint32_t)value);
		return;
	case 'o': /* without a path: no access mode, pipe2 and its like */
		if (argument->index && argument->kinds[argument->index - 1] == 's')
			print_open_flags(tracer, (uint32_t)value);
		else
			print_names(tracer, names_of_kind('o'), value);
		return;
	case 'S':
		emit(tracer, "%s", value ? signal_text((int)value) : "0");
		return;
	case 'x':
		if (argument->index == 2 && argument->kinds[1] == 'n')
			print_fcntl_value(tracer, argument->tracee->args[1], value);
		else
			emit(tracer, value ? "%#lx" : "%lu", (unsigned long)value);
		return;
	case 'e':
		emit(tracer, "makedev(%#lx, %#lx)", (unsigned long)(value >> 8 & 0xfff), (unsigned long)(value & 0xff));
		return;
	default:
		print_pointer(tracer, value);
	}
}

void print_argument(struct tracer *tracer, const struct argument *argument)
{
	char kind = argument->kinds[argument->index];
	const struct tracee *tracee = argument->tracee;
	uint64_t value = tracee->args[argument->index];
	uint64_t next = argument->index < 5 ? tracee->args[argument->index + 1] : 0;

	switch (kind) {
	case 's':
		print_bytes(tracer, tracee->pid, value, 0, true);
		return;
	case 'b':
		print_bytes(tracer, tracee->pid, value, next, false);
		return;
	case 'w':
		if (argument->after)
			print_bytes(tracer, tracee->pid, value, (uint64_t)argument->result, false);
		else
			print_pointer(tracer, value);
		return;
	case 'v':
		if (argument->index && argument->kinds[argument->index - 1] == 'v')
			print_environment(tracer, tracee->pid, value);
		else
			print_words(tracer, tracee->pid, value);
		return;
	default:
		break;
	}
	if (kind != 'o' && names_of_kind(kind))
		print_names(tracer, names_of_kind(kind), value);
	else if (!value || !print_struct(tracer, argument))
		print_number(tracer, argument, kind, value);
}
