/*
 * The console's font: Terminus, as the distribution's console-setup has it (the Makefile unpacks it). PC Screen Font
 * files, which font.c reads.
 *
 * rvemu_has_screen_console is a name for the emulator, which looks for it in the kernel's symbols: a guest that has it
 * draws a console by itself, so that a window is worth opening for it. Its value means nothing.
 */
	.section .rodata
	.globl font_usual, font_usual_end, font_bold, font_bold_end
	.globl rvemu_has_screen_console
	.balign 8
font_usual:
rvemu_has_screen_console:
	.incbin "build/fonts/Terminus16.psf"
font_usual_end:
	.balign 8
font_bold:
	.incbin "build/fonts/TerminusBold16.psf"
font_bold_end:
