/*
 * The distribution's console font inside rvemu, as PC Screen Font files: emu/display/font.c knows them by these names.
 */
	.section .rodata
.macro font name, file
	.globl \name
	.globl \name\()_end
	.balign 8
\name:
	.incbin "\file"
\name\()_end:
.endm

	font font_12, "build/fonts/Terminus12x6.psf"
	font font_14, "build/fonts/Terminus14.psf"
	font font_16, "build/fonts/Terminus16.psf"
	font font_20, "build/fonts/Terminus20x10.psf"
	font font_24, "build/fonts/Terminus24x12.psf"
	font font_32, "build/fonts/Terminus32x16.psf"
	font font_bold_14, "build/fonts/TerminusBold14.psf"
	font font_bold_16, "build/fonts/TerminusBold16.psf"
	font font_bold_20, "build/fonts/TerminusBold20x10.psf"
	font font_bold_24, "build/fonts/TerminusBold24x12.psf"
	font font_bold_32, "build/fonts/TerminusBold32x16.psf"

	.section .note.GNU-stack, "", @progbits
