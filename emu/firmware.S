/*
 * Takes the firmware's bytes into the program: see firmware.h.
 */
	.section .rodata
	.balign 8
	.globl firmware_start
	.globl firmware_end
firmware_start:
	.incbin "build/firmware/firmware.bin"
firmware_end:

	.section .note.GNU-stack, "", @progbits
