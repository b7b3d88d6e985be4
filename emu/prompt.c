/*
 * Reads lines and hands them to emu/monitor.c: see prompt.h.
 */
#include "emu/prompt.h"

#include <stdio.h>

#define LINE_SIZE 1024

/* Somebody else lets the guest go on, or ends the run. */
static bool is_taken_away(const struct control *control, bool was_paused, bool was_stepping)
{
	bool goes_on = (was_paused && !control->paused) || (!was_stepping && control->stepping) || control->by_front;
	return goes_on || control->quit || control->reset;
}

/* Waits until there is something to read. False: somebody else drives the guest now. */
static bool wait_for_line(const struct console *console, const struct control *control, struct host_io *io)
{
	while (console_must_wait(console)) {
		bool was_paused = control->paused, was_stepping = control->stepping;
		host_io_poll(io, HOST_IO_FOREVER);
		if (is_taken_away(control, was_paused, was_stepping))
			return false;
	}
	return true;
}

void prompt_run(struct console *console, struct monitor *monitor, struct control *control, struct host_io *io)
{
	char line[LINE_SIZE];
	control->by_front = false; /* until a window lets it go while the prompt waits */
	if (!control->paused)
		printf("\nrvemu monitor: help lists commands, cont goes on\n");
	else if (monitor_paused(monitor, stdout) == MONITOR_CONTINUE)
		return;
	for (;;) {
		printf("(rvemu) ");
		fflush(stdout);
		if (!wait_for_line(console, control, io)) {
			printf("\n");
			return;
		}
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
