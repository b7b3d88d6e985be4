/*
 * The page of pictures: a run file (emu/observe/run_file.h) made into one HTML file that needs nothing else, no network
 * and no server. What the page shows is emu/observe/page/README.md's matter; the page's own files are in that folder
 * and are carried in rvemu.
 */
#ifndef RVEMU_EMU_OBSERVE_PAGE_H
#define RVEMU_EMU_OBSERVE_PAGE_H

#include "emu/base/base.h"

/* Reads the run file once, in memory that does not grow with the run, and writes the page, of at most a few megabytes.
 * The run file may be anybody's. A run file that is cut makes a page that says so. out_path "-": stdout. False: see
 * err. */
bool report_page(const char *run_path, const char *out_path, struct error *err) must_check;

#endif
