/*
 * rvemu's main program: options -> files -> session -> exit status. Only here does the program end.
 *
 * `rvemu matrix` and `rvemu report` are programs of their own inside this one.
 *
 * Exit status: the guest's own, or one of emu/session.h. Ended by a signal, rvemu ends by that signal.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/machine.h"
#include "emu/observe/matrix.h"
#include "emu/observe/report_main.h"
#include "emu/observe/stats.h"
#include "emu/session.h"

static int fail(const struct error *err)
{
	fprintf(stderr, "rvemu: %s\n", err->text);
	return SESSION_NO_START;
}

static int dump_dtb(struct config *config, struct boot *boot)
{
	struct error err;
	bool ok = machine_describe(config, boot, &err) && boot_dump_dtb(boot, config->dump_dtb, &err);
	return ok ? EXIT_SUCCESS : fail(&err);
}

static int run(struct config *config)
{
	struct boot boot;
	struct error err;
	int signal_number = 0;
	if (!boot_open(&boot, config, &err))
		return fail(&err);
	int status = config->dump_dtb ? dump_dtb(config, &boot) : session_run(config, &boot, &signal_number);
	boot_close(&boot);
	if (signal_number) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct config config;
	struct error err;
	if (argc > 1 && strcmp(argv[1], "matrix") == 0)
		return matrix_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return report_main(argc - 1, argv + 1);
	if (!options_parse(&config, argc, argv, &err))
		return fail(&err);
	int status = EXIT_SUCCESS;
	switch (config.action) {
	case CONFIG_HELP:
		options_print_help(config.help_topic, isatty(STDOUT_FILENO));
		break;
	case CONFIG_VERSION:
		printf("rvemu %s\n", OPTIONS_RVEMU_VERSION);
		break;
	case CONFIG_STATS_NAMES:
		stats_print_names(stdout);
		break;
	case CONFIG_RUN:
		status = run(&config);
		break;
	}
	options_free(&config);
	return status;
}
