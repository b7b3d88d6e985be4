/*
 * Takes the page's files into the program: see page_assets.h. The scripts are one after another, in this order.
 */
	.section .rodata
	.globl page_html, page_html_size, page_css, page_css_size, page_js, page_js_size
page_html:
	.incbin "emu/observe/page/page.html"
page_html_end:
page_css:
	.incbin "emu/observe/page/page.css"
page_css_end:
page_js:
	.incbin "emu/observe/page/data.js"
	.incbin "emu/observe/page/words.js"
	.incbin "emu/observe/page/draw.js"
	.incbin "emu/observe/page/timeline.js"
	.incbin "emu/observe/page/overview.js"
	.incbin "emu/observe/page/walks.js"
	.incbin "emu/observe/page/walk_picture.js"
	.incbin "emu/observe/page/tables.js"
	.incbin "emu/observe/page/frames.js"
	.incbin "emu/observe/page/curves.js"
	.incbin "emu/observe/page/life.js"
	.incbin "emu/observe/page/main.js"
page_js_end:

	.balign 4
page_html_size:
	.long page_html_end - page_html
page_css_size:
	.long page_css_end - page_css
page_js_size:
	.long page_js_end - page_js

	.section .note.GNU-stack, "", @progbits
