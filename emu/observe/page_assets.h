/*
 * The page's own files (emu/observe/page/), as rvemu carries them: page_assets.S.
 */
#ifndef RVEMU_EMU_OBSERVE_PAGE_ASSETS_H
#define RVEMU_EMU_OBSERVE_PAGE_ASSETS_H

#include "emu/base/base.h"

/* Bytes from the first label to the second. */
extern const char page_html[], page_html_end[];
extern const char page_css[], page_css_end[];
extern const char page_js[], page_js_end[];

#endif
