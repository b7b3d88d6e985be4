/*
 * The page's own files (emu/observe/page/), as rvemu carries them: page_assets.S.
 */
#ifndef RVEMU_EMU_OBSERVE_PAGE_ASSETS_H
#define RVEMU_EMU_OBSERVE_PAGE_ASSETS_H

#include "emu/base/base.h"

/* Their bytes, and how many. */
extern const char page_html[], page_css[], page_js[];
extern const u32 page_html_size, page_css_size, page_js_size;

#endif
