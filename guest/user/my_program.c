/*
 * my_program: the program that the guest OS exists to run.
 *
 * Compile it, type ./my_program, and everything in guest/kernel has had its turn: execve, a new address space, the
 * first page faults, libc mapped and shared, printf, write, exit and every frame given back. `strace ./my_program`
 * shows it.
 */
#include <stdio.h>

int main(void)
{
	printf("Hello, World!\n");
	return 0;
}
