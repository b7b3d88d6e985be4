/*
 * The line discipline: what becomes of a byte that is typed, and of one that is printed. termios(3) describes all of
 * it; what is here is what terminals of today use (no parity, no upper-case terminals, no delays).
 *
 * Canonical mode: bytes gather in tty->edit, where they can still be erased; a delimiter moves the line to tty->input.
 * Otherwise bytes go to tty->input at once. A byte that finds no room is dropped (and the bell rings, with IMAXBEL).
 */
#include "guest/kernel/dev/tty.h"

#include "guest/abi/signal.h"
#include "guest/kernel/proc/sched.h"
#include "guest/kernel/proc/signal.h"

#define BELL 7
#define BACKSPACE 8

static bool has_local(const struct tty *tty, u32 flag)
{
	return tty->termios.c_lflag & flag;
}

/* Whether the byte is the control character at this place of c_cc; 0 there switches it off. */
static bool is_control(const struct tty *tty, unsigned place, u8 byte)
{
	return byte && tty->termios.c_cc[place] == byte;
}

/* --- output and echo --- */

unsigned tty_process_output(struct tty *tty, u8 byte, u8 to[8])
{
	u32 mode = tty->termios.c_oflag;

	to[0] = byte;
	if (!(mode & OPOST))
		return 1;
	if (byte == '\n') {
		tty->column = mode & (ONLCR | ONLRET) ? 0 : tty->column;
		if (!(mode & ONLCR))
			return 1;
		to[0] = '\r';
		to[1] = '\n';
		return 2;
	}
	if (byte == '\r') {
		if (mode & ONOCR && tty->column == 0)
			return 0;
		tty->column = 0;
		if (mode & OCRNL)
			to[0] = '\n';
		return 1;
	}
	if (byte == '\t') {
		unsigned spaces = 8 - tty->column % 8;

		tty->column += spaces;
		if ((mode & TABDLY) != TAB3)
			return 1;
		memset(to, ' ', spaces);
		return spaces;
	}
	if (byte == BACKSPACE)
		tty->column -= tty->column > 0;
	else if (byte >= ' ' && (byte & 0xc0) != 0x80)
		tty->column++;
	return 1;
}

/* Echo that finds no room is lost. */
static void echo_raw(struct tty *tty, u8 byte)
{
	u8 out[8];
	unsigned size = tty_process_output(tty, byte, out);

	if (size && tty->room(tty) >= size)
		tty->output(tty, out, size);
}

/* Control characters as ^X. */
static void echo(struct tty *tty, u8 byte)
{
	bool is_shown = byte >= ' ' || byte == '\n' || byte == '\t' || !has_local(tty, ECHOCTL);

	if (byte == 0x7f || !is_shown) {
		echo_raw(tty, '^');
		byte ^= 0x40;
	}
	echo_raw(tty, byte);
}

/* --- erasing --- */

/* Columns the byte takes where the line is at `column`. */
static unsigned width_of(const struct tty *tty, u8 byte, unsigned column)
{
	if (byte == '\t')
		return 8 - column % 8;
	if ((byte < ' ' || byte == 0x7f) && has_local(tty, ECHOCTL))
		return 2;
	return byte >= ' ' && (byte & 0xc0) != 0x80;
}

static unsigned column_of_end(const struct tty *tty)
{
	unsigned column = tty->edit_column;

	for (u32 i = 0; i < tty->edit_size; i++)
		column += width_of(tty, tty->edit[i], column);
	return column;
}

/* Removes the last character: of UTF-8 all its bytes. */
static void erase_one(struct tty *tty)
{
	unsigned before = column_of_end(tty);

	if (!tty->edit_size)
		return;
	do
		tty->edit_size--;
	while (tty->edit_size && tty->termios.c_iflag & IUTF8 && (tty->edit[tty->edit_size] & 0xc0) == 0x80);
	if (!has_local(tty, ECHO))
		return;
	if (!has_local(tty, ECHOE)) {
		echo(tty, tty->termios.c_cc[VERASE]);
		return;
	}
	for (unsigned columns = before - column_of_end(tty); columns; columns--) {
		echo_raw(tty, BACKSPACE);
		echo_raw(tty, ' ');
		echo_raw(tty, BACKSPACE);
	}
}

static bool is_word(u8 byte)
{
	return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}

static void erase_word(struct tty *tty)
{
	while (tty->edit_size && !is_word(tty->edit[tty->edit_size - 1]))
		erase_one(tty);
	while (tty->edit_size && is_word(tty->edit[tty->edit_size - 1]))
		erase_one(tty);
}

static void erase_line(struct tty *tty)
{
	if (!has_local(tty, ECHOK) || (has_local(tty, ECHOKE) && has_local(tty, ECHOE))) {
		while (tty->edit_size)
			erase_one(tty);
		return;
	}
	tty->edit_size = 0;
	if (has_local(tty, ECHO)) {
		echo(tty, tty->termios.c_cc[VKILL]);
		echo_raw(tty, '\n');
	}
}

static void print_line_again(struct tty *tty)
{
	echo(tty, tty->termios.c_cc[VREPRINT]);
	echo_raw(tty, '\n');
	tty->edit_column = 0;
	for (u32 i = 0; i < tty->edit_size; i++)
		echo(tty, tty->edit[i]);
}

/* --- input --- */

static u32 ring_room(const struct tty *tty)
{
	return TTY_BUFFER - (tty->tail - tty->head);
}

static void ring_put(struct tty *tty, u8 byte, bool ends_line)
{
	u32 at = tty->tail++ % TTY_BUFFER;

	tty->input[at] = byte;
	tty->line_end[at / 8] &= (u8) ~(1u << at % 8);
	if (ends_line) {
		tty->line_end[at / 8] |= (u8)(1u << at % 8);
		tty->lines++;
	}
}

void tty_put_input(struct tty *tty, u8 byte)
{
	if (ring_room(tty))
		ring_put(tty, byte, false);
}

static bool ring_ends_line(const struct tty *tty, u32 at)
{
	at %= TTY_BUFFER;
	return tty->line_end[at / 8] >> at % 8 & 1;
}

static void ring_bell(struct tty *tty)
{
	u8 bell = BELL;

	if (tty->termios.c_iflag & IMAXBEL && tty->room(tty))
		tty->output(tty, &bell, 1);
}

void tty_flush_input(struct tty *tty)
{
	tty->head = tty->tail;
	tty->lines = 0;
	tty->edit_size = 0;
	wake_all(&tty->writers);
}

/* The line is complete: the delimiter goes with it. */
static void finish_line(struct tty *tty, u8 delimiter)
{
	if (ring_room(tty) < tty->edit_size + 1) {
		ring_bell(tty);
		return;
	}
	for (u32 i = 0; i < tty->edit_size; i++)
		ring_put(tty, tty->edit[i], false);
	ring_put(tty, delimiter, true);
	tty->edit_size = 0;
	wake_all(&tty->readers);
}

static bool send_signal(struct tty *tty, u8 byte)
{
	int signal = is_control(tty, VINTR, byte)   ? SIGINT
	             : is_control(tty, VQUIT, byte) ? SIGQUIT
	             : is_control(tty, VSUSP, byte) ? SIGTSTP
	                                            : 0;

	if (!signal)
		return false;
	if (!has_local(tty, NOFLSH))
		tty_flush_input(tty);
	if (has_local(tty, ECHO))
		echo(tty, byte);
	if (tty->pgid)
		signal_send_group(tty->pgid, signal, NULL);
	return true;
}

/* Keeps the byte in the line being typed. The last place is left for the delimiter. */
static void edit_put(struct tty *tty, u8 byte)
{
	if (tty->edit_size == 0)
		tty->edit_column = tty->column;
	if (tty->edit_size >= TTY_BUFFER - 1) {
		ring_bell(tty);
		return;
	}
	tty->edit[tty->edit_size++] = byte;
	if (has_local(tty, ECHO))
		echo(tty, byte);
}

static void receive_canonical(struct tty *tty, u8 byte)
{
	bool is_extended = has_local(tty, IEXTEN);

	if (is_control(tty, VERASE, byte)) {
		erase_one(tty);
	} else if (is_extended && is_control(tty, VWERASE, byte)) {
		erase_word(tty);
	} else if (is_control(tty, VKILL, byte)) {
		erase_line(tty);
	} else if (is_extended && is_control(tty, VREPRINT, byte)) {
		print_line_again(tty);
	} else if (is_extended && is_control(tty, VLNEXT, byte)) {
		tty->literal_next = true;
	} else if (is_control(tty, VEOF, byte)) {
		finish_line(tty, byte);
	} else if (byte == '\n' || is_control(tty, VEOL, byte) || is_control(tty, VEOL2, byte)) {
		if (has_local(tty, ECHO) || (byte == '\n' && has_local(tty, ECHONL)))
			echo(tty, byte);
		finish_line(tty, byte);
	} else {
		edit_put(tty, byte);
	}
}

static void receive_raw(struct tty *tty, u8 byte)
{
	if (!ring_room(tty)) {
		ring_bell(tty);
		return;
	}
	ring_put(tty, byte, false);
	if (has_local(tty, ECHO))
		echo(tty, byte);
	wake_all(&tty->readers);
}

/* XON and XOFF. true: the byte was one of them. */
static bool flow_control(struct tty *tty, u8 byte)
{
	bool is_start = is_control(tty, VSTART, byte), is_stop = is_control(tty, VSTOP, byte);

	if (!(tty->termios.c_iflag & IXON))
		return false;
	if (is_stop && !tty->stopped) {
		tty->stopped = true;
		return true;
	}
	if (tty->stopped && (is_start || tty->termios.c_iflag & IXANY)) {
		tty->stopped = false;
		wake_all(&tty->writers);
	}
	return is_start || is_stop;
}

void tty_receive(struct tty *tty, u8 byte)
{
	u32 mode = tty->termios.c_iflag;

	if (mode & ISTRIP)
		byte &= 0x7f;
	if (tty->literal_next) {
		tty->literal_next = false;
		edit_put(tty, byte);
		return;
	}
	if (flow_control(tty, byte))
		return;
	if (has_local(tty, ISIG) && send_signal(tty, byte))
		return;
	if (byte == '\r' && mode & IGNCR)
		return;
	if (byte == '\r' && mode & ICRNL)
		byte = '\n';
	else if (byte == '\n' && mode & INLCR)
		byte = '\r';
	if (has_local(tty, ICANON))
		receive_canonical(tty, byte);
	else
		receive_raw(tty, byte);
}

/* --- reading --- */

bool tty_is_readable(const struct tty *tty)
{
	return has_local(tty, ICANON) ? tty->lines > 0 : tty->tail != tty->head;
}

/* An end of file is in the ring, but not a byte to be read. */
static bool is_eof(const struct tty *tty, u32 at)
{
	return ring_ends_line(tty, at) && is_control(tty, VEOF, tty->input[at % TTY_BUFFER]);
}

u32 tty_input_size(const struct tty *tty)
{
	u32 size = 0;

	if (has_local(tty, ICANON) && !tty->lines)
		return 0;
	for (u32 at = tty->head; at != tty->tail; at++) {
		size += !is_eof(tty, at);
		if (has_local(tty, ICANON) && ring_ends_line(tty, at))
			break;
	}
	return size;
}

u64 tty_take_input(struct tty *tty, u8 *to, u64 size, bool *line_done)
{
	u64 taken = 0;

	*line_done = false;
	while (taken < size && tty->head != tty->tail) {
		bool ends_line = ring_ends_line(tty, tty->head), eof = is_eof(tty, tty->head);

		if (!eof)
			to[taken++] = tty->input[tty->head % TTY_BUFFER];
		tty->head++;
		tty->lines -= ends_line;
		if (ends_line && has_local(tty, ICANON)) {
			*line_done = true;
			break;
		}
	}
	wake_all(&tty->writers);
	return taken;
}
