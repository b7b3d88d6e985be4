/*
 * `rvemu report RUN.zst`: what was recorded of a run (emu/observe/run_file.h) made into text, JSON lines, a Chrome
 * trace or the page of pictures (emu/observe/page.h).
 */
#ifndef RVEMU_EMU_OBSERVE_REPORT_MAIN_H
#define RVEMU_EMU_OBSERVE_REPORT_MAIN_H

/* The sub-command: argv[0] is "report". Returns rvemu's exit status; a mistake was told in one line. */
int report_main(int argc, char **argv);

#endif
