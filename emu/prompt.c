/*
 * Reads lines and hands them to emu/monitor.c: see prompt.h.
 */
#include "emu/prompt.h"

#include <stdio.h>

#define LINE_SIZE 1024

void prompt_run(struct console *console, struct monitor *monitor, struct control *control)
{
	char line[LINE_SIZE];
	if (!control->paused)
		printf("\nrvemu monitor: help lists commands, cont goes on\n");
	else if (monitor_paused(monitor, stdout) == MONITOR_CONTINUE)
		return;
	for (;;) {
		printf("(rvemu) ");
		fflush(stdout);
		if (!console_read_line(console, line, sizeof(line))) {
			printf("\n");
			(void)monitor_command(monitor, "cont", stdout);
			return;
		}
		enum monitor_result result = monitor_command(monitor, line, stdout);
		fflush(stdout);
		if (result == MONITOR_QUIT)
			control->quit = true;
		if (result != MONITOR_AGAIN)
			return;
	}
}
