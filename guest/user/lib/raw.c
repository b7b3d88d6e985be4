/*
 * A raw system call: see raw.h.
 */
#include "guest/user/lib/raw.h"

#include <stdbool.h>
#include <sys/syscall.h>

long call_raw(long number, const uint64_t args[6])
{
	bool births = number == SYS_clone || number == SYS_clone3;
	register uint64_t a0 __asm__("a0") = args[0];
	register uint64_t a1 __asm__("a1") = args[1];
	register uint64_t a2 __asm__("a2") = args[2];
	register uint64_t a3 __asm__("a3") = args[3];
	register uint64_t a4 __asm__("a4") = args[4];
	register uint64_t a5 __asm__("a5") = args[5];
	register uint64_t a7 __asm__("a7") = (uint64_t)number;

	__asm__ volatile("ecall\n\t"
	                 "beqz %[births], 1f\n\t"
	                 "bnez a0, 1f\n\t"
	                 "li a7, %[exit]\n\t"
	                 "ecall\n"
	                 "1:"
	                 : "+r"(a0), "+r"(a7)
	                 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), [births] "r"(births), [exit] "i"(SYS_exit)
	                 : "memory");
	return (long)a0;
}
