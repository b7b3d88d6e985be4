/*
 * Takes the firmware's bytes into the program: see firmware.h.
 */
	.section .rodata
	.balign 8
	.globl firmware_bytes
	.globl firmware_size
firmware_bytes:
	.incbin "build/firmware/firmware.bin"
firmware_end:
	.balign 8
firmware_size:
	.quad firmware_end - firmware_bytes

	.section .note.GNU-stack, "", @progbits
