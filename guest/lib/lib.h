/*
 * A tiny C library for static programs that want nothing of glibc: hostile tests, and programs whose every system call
 * is to be seen. System calls as they are (negative errno, no errno variable), strings, a subset of printf. It has no
 * heap, no stdio buffers, no locale, no threads; output goes out with one write a call. It uses no writable data
 * but the pointer to the auxiliary vector.
 */
#ifndef GUEST_LIB_LIB_H
#define GUEST_LIB_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "guest/abi/errno.h"
#include "guest/abi/syscall.h"
#include "guest/abi/types.h"

/*
 * sys_openat(AT_FDCWD, path, O_RDONLY, 0) and so on, for all of syscall.def. The number of arguments is the call's; a
 * call without any is given a 0. Numbers, pointers and u64 may be mixed after the first, which is a u64: cast a pointer
 * there. The compiler checks no types here.
 */
#define SYSCALL(number, name, kinds) i64 sys_##name(u64 first, ...);
#define SYSCALL_REFUSED(number, name, kinds, error) i64 sys_##name(u64 first, ...);
#include "guest/abi/syscall.def"

/* The program itself: argc >= 0, argv and envp end with NULL. What it returns is the exit status. */
int main(int argc, char **argv, char **envp);
/* Called by crt0.S with the stack as the kernel made it. */
__attribute__((noreturn)) void lib_start(u64 *stack);
/* The value of an AT_ entry of the auxiliary vector (abi/process.h), 0 if there is none. */
u64 getauxval(u64 type);
/* Ends all threads of the process. */
__attribute__((noreturn)) void exit(int status);
/* fork: 0 in the child, its process id in the parent, or a negative errno. */
i64 fork(void);
/* Waits for the child pid (-1: any) and stores its wait status; gives its process id or a negative errno. */
i64 waitpid(i64 pid, int *status, int options);

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *string);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strcpy(char *to, const char *from);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);
char *strstr(const char *string, const char *part);
/* As libc's: base 0 takes 0x and 0 prefixes; *end (if not NULL) is the first character that is no digit. */
u64 strtoul(const char *string, char **end, int base);

/*
 * The conversions d i u x X o c s p %, with the flags - and 0, a width, a precision for s (both may be *), and the
 * lengths h hh l ll z. Gives the length the whole text would have; the room always ends with a zero byte, if size > 0.
 */
int vsnprintf(char *room, size_t size, const char *format, va_list arguments);
__attribute__((format(printf, 3, 4))) int snprintf(char *room, size_t size, const char *format, ...);
/* The same to a descriptor, at most 1023 characters, in one write. Gives what write gave. */
__attribute__((format(printf, 2, 3))) int dprintf(int fd, const char *format, ...);
#define printf(...) dprintf(1, __VA_ARGS__)

#endif
