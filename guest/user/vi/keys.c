/*
 * Where keys come from: from the terminal, or once more, for `.` and for counts of insertions. And the signals.
 */
#include "guest/user/vi/vi.h"
#include "guest/user/lib/utf8.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* All that a signal handler can reach. */
static volatile sig_atomic_t resized, ended;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else
		ended = number;
}

void keys_begin(void)
{
	static const int seen[] = { SIGWINCH, SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		sigaddset(&set, seen[i]);
		sigaction(seen[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, NULL); /* they come while a key is waited for */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write that is too large fails instead */
}

void keys_add(struct keys *keys, int key)
{
	if (keys->count == keys->room) {
		keys->room = keys->room * 2 + 32;
		keys->key = must_grow(keys->key, keys->room * sizeof(*keys->key));
	}
	keys->key[keys->count++] = key;
}

int key_bytes(int key, char *out)
{
	if (key >= KEY_BYTE) {
		out[0] = (char)(key - KEY_BYTE);
		return 1;
	}
	return key < 0 || key >= KEY_UP ? 0 : utf8_encode((unsigned)key, out);
}

/* Signal or hangup: nothing may be lost. */
static void end(struct vi *vi)
{
	terminal_give_back();
	file_preserve(vi);
	_exit(1);
}

static int typed_key(struct vi *vi)
{
	sigset_t all;
	int key;

	sigemptyset(&all);
	for (;;) {
		if (resized || vi->screen.rows == 0) {
			int rows, columns;

			resized = 0;
			terminal_size(1, &rows, &columns);
			screen_resize(&vi->screen, rows, columns);
		}
		if (vi->input.count == 0)
			view_draw(vi);
		key = terminal_key(0, &vi->input, -1, &all);
		if (ended || key == KEY_CLOSED)
			end(vi);
		if (key != KEY_NONE)
			return key;
	}
}

int next_key(struct vi *vi)
{
	int key;

	if (vi->replay_at < vi->replay.count)
		return vi->replay.key[vi->replay_at++];
	key = typed_key(vi);
	vi->message[0] = 0;
	keys_add(&vi->record, key);
	return key;
}

void run_outside(struct vi *vi, const char *command)
{
	struct terminal_input input = { 0 };
	sigset_t none, before;
	int status = 0;

	terminal_give_back();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &before);
	if (command)
		status = system(command);
	else
		kill(0, SIGTSTP);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (command && status)
		printf("\n(status %d)", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (command) {
		printf("\n[Press a key] ");
		fflush(stdout);
	}
	terminal_take_again();
	if (command)
		terminal_key(0, &input, -1, NULL);
	resized = 1;
	vi->screen.unknown = true;
}
