/*
 * guest/lib tried out: the start, printf, strings, and a few system calls with their errors. Built without glibc; runs
 * the same under qemu-riscv64 and in the guest. Called as: lib_test ONE "two words". Last line: N passed, N failed.
 */
#include "guest/lib/lib.h"

#include "guest/abi/fcntl.h"
#include "guest/abi/mman.h"
#include "guest/abi/process.h"
#include "guest/abi/signal.h"
#include "guest/abi/stat.h"

static int passed;
static int failed;

#define CHECK(condition) check(condition, #condition)
#define CHECK_TEXT(expected, ...) check_text(expected, (snprintf(text, sizeof(text), __VA_ARGS__), text), #__VA_ARGS__)

static void check(bool good, const char *what)
{
	passed += good;
	failed += !good;
	if (!good)
		printf("FAIL %s\n", what);
}

static void check_text(const char *expected, const char *text, const char *what)
{
	check(strcmp(expected, text) == 0, what);
	if (strcmp(expected, text) != 0)
		printf("     expected \"%s\", got \"%s\"\n", expected, text);
}

static void test_start(char **argv, char **envp)
{
	CHECK(strcmp(argv[1], "ONE") == 0);
	CHECK(strcmp(argv[2], "two words") == 0);
	CHECK(argv[3] == NULL);
	CHECK(envp == argv + 4);
	CHECK(getauxval(AT_PAGESZ) == 4096);
	CHECK(getauxval(AT_PHENT) == 56);
	CHECK(getauxval(9999) == 0);
	CHECK(((u64)__builtin_frame_address(0) & 15) == 0);
}

static void test_printf(void)
{
	char text[64];

	CHECK_TEXT("-7 7 4294967289", "%d %i %u", -7, 7, (unsigned int)-7);
	CHECK_TEXT("-9223372036854775808 18446744073709551615", "%ld %lu", -0x7fffffffffffffffl - 1, ~0ul);
	CHECK_TEXT("beef BEEF 755 0x1000", "%x %X %o %p", 0xbeefu, 0xbeefu, 0755u, (void *)0x1000);
	CHECK_TEXT("[   42][42   ][00042][-0042]", "[%5d][%-5d][%05d][%05d]", 42, 42, 42, -42);
	CHECK_TEXT("[  ab][ab  ][abc][  x]", "[%4s][%-4s][%.3s][%*c]", "ab", "ab", "abcdef", 3, 'x');
	CHECK_TEXT("-1 255 65535 100%", "%hhd %hhu %hu %d%%", (signed char)-1, (unsigned char)255,
	           (unsigned short)65535, 100);
	CHECK_TEXT("12345678901", "%zu", (size_t)12345678901);
	CHECK_TEXT("[42   ][          42]", "[%0*d][%12d]", -5, 42, 42);
	CHECK_TEXT("", "%s", "");
	CHECK(snprintf(text, 4, "%s", "abcdef") == 6 && strcmp(text, "abc") == 0);
	CHECK(snprintf(NULL, 0, "%d", 12345) == 5);
}

static void test_strings(void)
{
	char text[] = "0123456789";
	char *end;

	memmove(text + 2, text, 5);
	CHECK(strcmp(text, "0101234789") == 0);
	memmove(text, text + 2, 5);
	CHECK(strcmp(text, "0123434789") == 0);
	CHECK(memset(text, 'x', 3) == text && memcmp(text, "xxx3", 4) == 0);
	CHECK(memcmp(text, "xxx\xff", 4) < 0 && memcmp("\xff", text, 1) > 0 && memcmp("a", text, 0) == 0);
	strcpy(text, "abce");
	CHECK(strncmp("abcd", text, 3) == 0 && strcmp("abc", text) < 0 && strcmp("b", text) > 0);
	CHECK(*strchr("path/to/it", '/') == '/' && strcmp(strrchr("path/to/it", '/'), "/it") == 0);
	CHECK(strchr("abc", 'x') == NULL && strrchr("abc", 'x') == NULL && *strchr("abc", '\0') == '\0');
	CHECK(strcmp(strstr("VmRSS: 12", ": "), ": 12") == 0 && strstr("abc", "abd") == NULL);
	CHECK(strlen(strcpy(text, "four")) == 4);
	CHECK(strtoul(" 0x1fz", &end, 0) == 0x1f && *end == 'z');
	CHECK(strtoul("017", NULL, 0) == 15 && strtoul("-3", NULL, 10) == (u64)-3 && strtoul("ff", NULL, 16) == 255);
	CHECK(strtoul("none", &end, 10) == 0 && *end == 'n');
	CHECK(strtoul("0x", &end, 0) == 0 && *end == 'x');
}

static void test_memory_and_files(void)
{
	struct abi_stat status;
	u64 page = (u64)sys_mmap(0, 8192ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0ul);
	i64 fd;

	CHECK((i64)page > 0 && (page & 4095) == 0);
	memcpy((void *)page, "/proc/self/exe", 15);
	CHECK(sys_mprotect(page, 4096ul, PROT_READ) == 0);
	fd = sys_openat((u64)AT_FDCWD, page, O_RDONLY | O_CLOEXEC, 0);
	CHECK(fd >= 0);
	CHECK(sys_read((u64)fd, page, 16ul) == -EFAULT);
	CHECK(sys_fstat((u64)fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 1000);
	CHECK(sys_close((u64)fd) == 0);
	CHECK(sys_close((u64)fd) == -EBADF);
	CHECK(sys_munmap(page, 8192ul) == 0);
	CHECK(sys_openat((u64)AT_FDCWD, page, O_RDONLY, 0) == -EFAULT);
	CHECK(sys_openat((u64)AT_FDCWD, "/no such file", O_RDONLY, 0) == -ENOENT);
}

static volatile int handled;

static void on_signal(int signal, struct abi_siginfo *info, struct abi_ucontext *context)
{
	if (signal == SIGSEGV) {
		handled = info->si_code == SEGV_MAPERR && info->si_addr == 16 ? 2 : -1;
		context->uc_mcontext.sc_regs.pc += 4;
		return;
	}
	handled = signal == SIGUSR1 && info->si_code == SI_TKILL ? 1 : -1;
}

static void test_signals(void)
{
	struct abi_sigaction action = { .sa_handler = (u64)on_signal, .sa_flags = SA_SIGINFO };

	CHECK(sys_rt_sigaction(SIGUSR1, &action, 0ul, 8ul) == 0);
	CHECK(sys_rt_sigaction(SIGSEGV, &action, 0ul, 8ul) == 0);
	CHECK(sys_rt_sigaction(SIGKILL, &action, 0ul, 8ul) == -EINVAL);
	CHECK(sys_tgkill((u64)sys_getpid(0), sys_gettid(0), SIGUSR1) == 0);
	CHECK(handled == 1);
	__asm__ volatile(".option push\n\t.option norvc\n\tlw zero, 16(zero)\n\t.option pop" ::: "memory");
	CHECK(handled == 2);
}

static void test_processes(void)
{
	i32 ends[2];
	char text[8] = "";
	int status = -1;
	i64 pid;

	CHECK(sys_pipe2((u64)ends, 0) == 0);
	pid = fork();
	if (pid == 0) {
		dprintf(ends[1], "%s", "child");
		exit(7);
	}
	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(ABI_WIFEXITED(status) && ABI_WEXITSTATUS(status) == 7);
	CHECK(sys_read((u64)ends[0], text, 8ul) == 5 && strcmp(text, "child") == 0);
	CHECK(waitpid(pid, &status, 0) == -ECHILD);
	pid = fork();
	if (pid == 0) {
		*(volatile int *)(u64)getauxval(9999) = 1;
		exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(ABI_WIFEXITED(status) && handled == 2);
}

int main(int argc, char **argv, char **envp)
{
	if (argc != 3) {
		printf("usage: lib_test ONE \"two words\"\n");
		return 2;
	}
	test_start(argv, envp);
	test_printf();
	test_strings();
	test_memory_and_files();
	test_signals();
	test_processes();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
