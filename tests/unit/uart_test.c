/*
 * devices/uart.c: each register bit, each interrupt cause and what takes it back, FIFO, time-out, loopback.
 */
#include "devices/uart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE 0x10000000ull

enum { RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };

enum { IER_RDI = 1, IER_THRI = 2, IER_RLSI = 4, IER_MSI = 8 };

/* IIR values, FIFO bits apart. */
enum { MSI = 0x00, NONE = 0x01, THRI = 0x02, RDI = 0x04, RLSI = 0x06, TIMEOUT = 0x0c, FIFOS = 0xc0 };

enum { LSR_DR = 0x01, LSR_OE = 0x02, LSR_IDLE = 0x60, MSR_IDLE = 0xb0 };
#define DLAB 0x80
#define LOOP 0x10

struct fixture {
	struct bus bus;     /* where it is attached */
	struct clock clock; /* for the time-out */
	struct uart *uart;  /* under test */
	bool irq;           /* its line */
	u32 edges;          /* how often the line changed */
	u8 sent[64];        /* what it sent */
	u32 sent_count;     /* how much */
};

static void hear(void *arg, u32 number, bool level)
{
	struct fixture *f = arg;
	assert_int_equal(number, 10);
	f->irq = level;
	f->edges++;
}

static void put(void *arg, u8 byte)
{
	struct fixture *f = arg;
	assert_true(f->sent_count < sizeof(f->sent));
	f->sent[f->sent_count++] = byte;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;
	bus_init(&f->bus);
	clock_init(&f->clock);
	struct irq_line irq = { .set = hear, .arg = f, .number = 10 };
	struct byte_sink out = { .put = put, .arg = f };
	f->uart = uart_create(&f->bus, &f->clock, BASE, irq, out, &err);
	assert_non_null(f->uart);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	uart_destroy(f->uart);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	clock_free(&f->clock);
	bus_free(&f->bus);
	free(f);
	return 0;
}

static u8 in(struct fixture *f, u64 reg)
{
	u64 value = 0;
	assert_true(bus_load(&f->bus, BASE + reg, 1, &value));
	return (u8)value;
}

static void out(struct fixture *f, u64 reg, u8 value)
{
	assert_true(bus_store(&f->bus, BASE + reg, 1, value));
}

static void receive(struct fixture *f, const char *bytes)
{
	for (; *bytes; bytes++)
		uart_receive(f->uart, (u8)*bytes);
}

/* Four characters at the divisor and LCR in force, in nanoseconds. */
static u64 timeout_ns(u64 divisor, u64 bit_count)
{
	return 4 * (bit_count * 16 * divisor * 1000000000 / UART_CLOCK_HZ);
}

static void test_reset_state(void **state)
{
	struct fixture *f = *state;
	static const u8 want[8] = { 0, 0, NONE, 0, 0x08, LSR_IDLE, MSR_IDLE, 0 };
	for (u64 i = 0; i < 8; i++)
		assert_int_equal(in(f, i), want[i]);
	out(f, LCR, DLAB);
	assert_int_equal(in(f, DLL), 12);
	assert_int_equal(in(f, DLM), 0);
	assert_int_equal(f->edges, 0);
	assert_int_equal(f->sent_count, 0);
}

static void test_registers_keep_their_bits(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u64 reg;
		u8 kept;
	} rows[] = { { IER, 0x0f }, { LCR, 0xff }, { MCR, 0x1f }, { SCR, 0xff } };
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 bit = 0; bit < 8; bit++) {
			out(f, LCR, 0);
			out(f, rows[i].reg, (u8)BIT(bit));
			assert_int_equal(in(f, rows[i].reg), BIT(bit) & rows[i].kept);
			out(f, rows[i].reg, 0);
			assert_int_equal(in(f, rows[i].reg), 0);
		}
}

static void test_status_registers_ignore_stores(void **state)
{
	struct fixture *f = *state;
	out(f, LSR, 0xff);
	out(f, MSR, 0xff);
	assert_int_equal(in(f, LSR), LSR_IDLE);
	assert_int_equal(in(f, MSR), MSR_IDLE);
	out(f, LSR, 0);
	assert_int_equal(in(f, LSR), LSR_IDLE);
}

static void test_dlab_gives_the_divisor(void **state)
{
	struct fixture *f = *state;
	out(f, IER, IER_RDI);
	out(f, LCR, DLAB | 3);
	out(f, DLL, 0x34);
	out(f, DLM, 0x12);
	assert_int_equal(in(f, DLL), 0x34);
	assert_int_equal(in(f, DLM), 0x12);
	out(f, LCR, 3);
	assert_int_equal(in(f, IER), IER_RDI);
	assert_int_equal(in(f, RBR), 0);
	assert_int_equal(f->sent_count, 0);
}

static void test_wide_access_is_one_of_its_register(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_true(bus_store(&f->bus, BASE + SCR, 1, 0x5a));
	assert_true(bus_store(&f->bus, BASE + THR, 4, 0x11223341));
	assert_true(bus_store(&f->bus, BASE + THR, 8, 0x1122334455667742ull));
	assert_int_equal(f->sent_count, 2);
	assert_int_equal(f->sent[0], 'A');
	assert_int_equal(f->sent[1], 'B');
	assert_true(bus_load(&f->bus, BASE + MCR, 4, &value));
	assert_int_equal(value, 0x08);
	assert_true(bus_load(&f->bus, BASE + MSR, 2, &value));
	assert_int_equal(value, MSR_IDLE);
}

static void test_offsets_past_the_registers_are_refused(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_false(bus_load(&f->bus, BASE + 8, 1, &value));
	assert_false(bus_store(&f->bus, BASE + 8, 1, 0));
	assert_false(bus_load(&f->bus, BASE + 0xff, 1, &value));
}

static void test_sent_bytes_are_out_at_once(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < 40; i++) {
		out(f, THR, (u8)i);
		assert_int_equal(f->sent_count, i + 1);
		assert_int_equal(f->sent[i], i);
		assert_int_equal(in(f, LSR), LSR_IDLE);
	}
	assert_false(f->irq);
}

static void test_thri_is_raised_by_enabling_it(void **state)
{
	struct fixture *f = *state;
	out(f, IER, IER_THRI);
	assert_true(f->irq);
	assert_int_equal(in(f, IIR), THRI);
	assert_false(f->irq);
	assert_int_equal(in(f, IIR), NONE);
	out(f, IER, IER_THRI);
	assert_false(f->irq);
	out(f, IER, 0);
	out(f, IER, IER_THRI);
	assert_true(f->irq);
	out(f, IER, 0);
	assert_false(f->irq);
}

static void test_thri_is_raised_by_each_sent_byte(void **state)
{
	struct fixture *f = *state;
	out(f, IER, IER_THRI);
	assert_int_equal(in(f, IIR), THRI);
	for (u32 i = 0; i < 3; i++) {
		out(f, THR, 'x');
		assert_true(f->irq);
		assert_int_equal(in(f, IIR), THRI);
		assert_false(f->irq);
	}
}

static void test_thri_survives_a_look_at_a_higher_cause(void **state)
{
	struct fixture *f = *state;
	out(f, IER, IER_THRI | IER_RDI);
	receive(f, "a");
	assert_int_equal(in(f, IIR), RDI);
	assert_int_equal(in(f, IIR), RDI);
	assert_int_equal(in(f, RBR), 'a');
	assert_int_equal(in(f, IIR), THRI);
	assert_int_equal(in(f, IIR), NONE);
}

static void test_linux_finds_a_working_thri(void **state)
{
	struct fixture *f = *state;
	out(f, IER, IER_THRI);
	u8 first = in(f, IIR);
	out(f, IER, 0);
	out(f, IER, IER_THRI);
	u8 second = in(f, IIR);
	out(f, IER, 0);
	assert_int_equal(first, THRI);
	assert_int_equal(second, THRI);
}

static void test_received_byte_without_fifo(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(uart_room(f->uart), 1);
	out(f, IER, IER_RDI);
	receive(f, "a");
	assert_int_equal(uart_room(f->uart), 0);
	assert_int_equal(in(f, LSR), LSR_IDLE | LSR_DR);
	assert_int_equal(in(f, IIR), RDI);
	assert_true(f->irq);
	assert_int_equal(in(f, RBR), 'a');
	assert_int_equal(in(f, LSR), LSR_IDLE);
	assert_int_equal(in(f, IIR), NONE);
	assert_false(f->irq);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_overrun_without_fifo_keeps_the_newer_byte(void **state)
{
	struct fixture *f = *state;
	out(f, IER, IER_RLSI);
	receive(f, "ab");
	assert_int_equal(in(f, IIR), RLSI);
	assert_true(f->irq);
	assert_int_equal(in(f, LSR), LSR_IDLE | LSR_DR | LSR_OE);
	assert_false(f->irq);
	assert_int_equal(in(f, LSR), LSR_IDLE | LSR_DR);
	assert_int_equal(in(f, RBR), 'b');
}

static void test_fifo_shows_in_iir(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 1);
	assert_int_equal(in(f, IIR), FIFOS | NONE);
	out(f, FCR, 0);
	assert_int_equal(in(f, IIR), NONE);
}

static void test_fifo_keeps_sixteen_in_order(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 1);
	for (u32 round = 0; round < 3; round++) {
		receive(f, "0123456789abcdef");
		assert_int_equal(uart_room(f->uart), 0);
		for (const char *p = "0123456789abcdef"; *p; p++) {
			assert_int_equal(in(f, LSR), LSR_IDLE | LSR_DR);
			assert_int_equal(in(f, RBR), *p);
		}
		assert_int_equal(in(f, LSR), LSR_IDLE);
		assert_int_equal(in(f, RBR), 0);
	}
}

static void test_fifo_overrun_loses_the_newer_byte(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 0xc1);
	out(f, IER, IER_RLSI | IER_RDI);
	receive(f, "0123456789abcdefX");
	assert_int_equal(in(f, IIR), FIFOS | RLSI);
	assert_int_equal(in(f, LSR), LSR_IDLE | LSR_DR | LSR_OE);
	assert_int_equal(in(f, IIR), FIFOS | RDI);
	for (const char *p = "0123456789abcdef"; *p; p++)
		assert_int_equal(in(f, RBR), *p);
	assert_int_equal(in(f, LSR), LSR_IDLE);
}

static void test_trigger_levels(void **state)
{
	struct fixture *f = *state;
	static const u32 levels[4] = { 1, 4, 8, 14 };
	out(f, IER, IER_RDI);
	for (u32 i = 0; i < 4; i++) {
		out(f, FCR, (u8)(i << 6 | 3));
		for (u32 n = 1; n <= 16; n++) {
			assert_int_equal(uart_room(f->uart), n <= levels[i] ? levels[i] - n + 1 : 1);
			uart_receive(f->uart, (u8)n);
			assert_int_equal(f->irq, n >= levels[i]);
			assert_int_equal(in(f, IIR), FIFOS | (n >= levels[i] ? RDI : NONE));
		}
		for (u32 n = 16; n >= 1; n--) {
			assert_int_equal(f->irq, n >= levels[i]);
			in(f, RBR);
		}
		assert_false(f->irq);
	}
}

static void test_timeout_after_four_characters(void **state)
{
	struct fixture *f = *state;
	out(f, LCR, DLAB | 3);
	out(f, DLL, 2);
	out(f, LCR, 3);
	out(f, FCR, 0xc1);
	out(f, IER, IER_RDI);
	receive(f, "ab");
	assert_int_equal(clock_next(&f->clock), timeout_ns(2, 10));
	clock_run(&f->clock, timeout_ns(2, 10) - 1);
	assert_false(f->irq);
	clock_run(&f->clock, timeout_ns(2, 10));
	assert_true(f->irq);
	assert_int_equal(in(f, IIR), FIFOS | TIMEOUT);
	assert_int_equal(in(f, RBR), 'a');
	assert_false(f->irq);
	assert_int_equal(in(f, IIR), FIFOS | NONE);
	assert_int_equal(clock_next(&f->clock), 2 * timeout_ns(2, 10));
	assert_int_equal(in(f, RBR), 'b');
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_timeout_counts_from_the_last_byte(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 0xc1);
	receive(f, "a");
	clock_run(&f->clock, 1000);
	receive(f, "b");
	assert_int_equal(clock_next(&f->clock), 1000 + timeout_ns(12, 7));
}

static void test_timeout_depends_on_line_settings(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u8 lcr;
		u64 bit_count;
	} rows[] = { { 0, 7 }, { 1, 8 }, { 2, 9 }, { 3, 10 }, { 4, 8 }, { 8, 8 }, { 0x0f, 12 }, { 0x1b, 11 } };
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		out(f, LCR, rows[i].lcr);
		out(f, FCR, 0xc3);
		receive(f, "a");
		assert_int_equal(clock_next(&f->clock), timeout_ns(12, rows[i].bit_count));
		in(f, RBR);
	}
}

static void test_extreme_divisors_are_harmless(void **state)
{
	struct fixture *f = *state;
	for (u32 divisor = 0; divisor <= 0xffff; divisor += 0xffff) {
		out(f, LCR, DLAB);
		out(f, DLL, (u8)divisor);
		out(f, DLM, (u8)divisor);
		out(f, LCR, 0x0f);
		out(f, FCR, 3);
		receive(f, "a");
		assert_int_equal(clock_next(&f->clock), timeout_ns(divisor ? divisor : 1, 12));
	}
}

static void test_fifo_clear_forgets_received_bytes(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 0xc1);
	out(f, IER, IER_RDI);
	receive(f, "abc");
	clock_run(&f->clock, clock_next(&f->clock));
	assert_true(f->irq);
	out(f, FCR, 0xc3);
	assert_false(f->irq);
	assert_int_equal(in(f, LSR), LSR_IDLE);
	assert_int_equal(in(f, IIR), FIFOS | NONE);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_fifo_clear_of_the_transmitter_raises_thri(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 1);
	out(f, IER, IER_THRI);
	assert_int_equal(in(f, IIR), FIFOS | THRI);
	out(f, FCR, 1);
	assert_int_equal(in(f, IIR), FIFOS | NONE);
	out(f, FCR, 5);
	assert_int_equal(in(f, IIR), FIFOS | THRI);
}

static void test_switching_fifos_forgets_received_bytes(void **state)
{
	struct fixture *f = *state;
	receive(f, "a");
	out(f, FCR, 1);
	assert_int_equal(in(f, LSR), LSR_IDLE);
	receive(f, "bc");
	out(f, FCR, 1);
	assert_int_equal(in(f, LSR), LSR_IDLE | LSR_DR);
	out(f, FCR, 0);
	assert_int_equal(in(f, LSR), LSR_IDLE);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_causes_come_by_priority(void **state)
{
	struct fixture *f = *state;
	out(f, MCR, LOOP);
	out(f, MCR, 0);
	out(f, FCR, 0xc1);
	out(f, IER, 0x0f);
	receive(f, "0123456789abcdefX");
	clock_run(&f->clock, clock_next(&f->clock));
	assert_int_equal(in(f, IIR), FIFOS | RLSI);
	in(f, LSR);
	assert_int_equal(in(f, IIR), FIFOS | TIMEOUT);
	in(f, RBR);
	assert_int_equal(in(f, IIR), FIFOS | RDI);
	in(f, RBR);
	in(f, RBR);
	assert_int_equal(in(f, IIR), FIFOS | THRI);
	assert_int_equal(in(f, IIR), FIFOS | MSI);
	assert_true(f->irq);
	in(f, MSR);
	assert_int_equal(in(f, IIR), FIFOS | NONE);
	assert_false(f->irq);
}

static void test_each_cause_needs_its_enable_bit(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u8 enable;
		u8 cause;
	} rows[] = { { IER_RDI, RDI }, { IER_THRI, THRI }, { IER_RLSI, RLSI }, { IER_MSI, MSI } };
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		out(f, MCR, LOOP);
		out(f, MCR, 0);
		receive(f, "ab");
		out(f, IER, rows[i].enable);
		assert_true(f->irq);
		assert_int_equal(in(f, IIR), rows[i].cause);
		out(f, IER, 0);
		assert_false(f->irq);
		assert_int_equal(in(f, IIR), NONE);
	}
}

static void test_loopback_receives_what_is_sent(void **state)
{
	struct fixture *f = *state;
	out(f, FCR, 1);
	out(f, IER, IER_RDI);
	out(f, MCR, LOOP);
	out(f, THR, 'x');
	out(f, THR, 'y');
	assert_int_equal(f->sent_count, 0);
	assert_true(f->irq);
	assert_int_equal(in(f, RBR), 'x');
	assert_int_equal(in(f, RBR), 'y');
	assert_int_equal(in(f, LSR), LSR_IDLE);
}

static void test_loopback_cuts_the_line_off(void **state)
{
	struct fixture *f = *state;
	out(f, MCR, LOOP);
	assert_int_equal(uart_room(f->uart), 0);
	uart_receive(f->uart, 'a');
	assert_int_equal(in(f, LSR), LSR_IDLE);
	out(f, MCR, 0);
	assert_int_equal(uart_room(f->uart), 1);
}

static void test_loopback_wires_modem_outputs_to_inputs(void **state)
{
	struct fixture *f = *state;
	static const u8 want[16] = { 0x00, 0x20, 0x10, 0x30, 0x40, 0x60, 0x50, 0x70,
		                     0x80, 0xa0, 0x90, 0xb0, 0xc0, 0xe0, 0xd0, 0xf0 };
	for (u8 i = 0; i < 16; i++) {
		out(f, MCR, LOOP | i);
		assert_int_equal(in(f, MSR) & 0xf0, want[i]);
	}
	out(f, MCR, 0x0f);
	assert_int_equal(in(f, MSR) & 0xf0, MSR_IDLE);
}

static void test_modem_deltas(void **state)
{
	struct fixture *f = *state;
	out(f, MCR, LOOP | 0x0b);
	assert_int_equal(in(f, MSR), 0xb0);
	out(f, MCR, LOOP | 0x09);
	assert_int_equal(in(f, MSR), 0xa1);
	out(f, MCR, LOOP | 0x08);
	assert_int_equal(in(f, MSR), 0x82);
	out(f, MCR, LOOP);
	assert_int_equal(in(f, MSR), 0x08);
	out(f, MCR, LOOP | 0x04);
	assert_int_equal(in(f, MSR), 0x40);
	out(f, MCR, LOOP);
	assert_int_equal(in(f, MSR), 0x04);
	assert_int_equal(in(f, MSR), 0x00);
	/* A delta stays until it is read, even if the input is back where it was. */
	out(f, MCR, LOOP | 0x0b);
	in(f, MSR);
	out(f, MCR, LOOP | 0x09);
	out(f, MCR, LOOP | 0x0b);
	assert_int_equal(in(f, MSR), 0xb1);
	assert_int_equal(in(f, MSR), 0xb0);
}

static void test_output_without_listener_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct error err;
	struct irq_line no_irq = { 0 };
	struct byte_sink no_sink = { 0 };
	struct uart *mute = uart_create(&f->bus, &f->clock, BASE + 0x1000, no_irq, no_sink, &err);
	assert_non_null(mute);
	out(f, 0x1000 + IER, IER_THRI);
	out(f, 0x1000 + THR, 'x');
	uart_destroy(mute);
	assert_null(uart_create(&f->bus, &f->clock, BASE, no_irq, no_sink, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reset_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_registers_keep_their_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_status_registers_ignore_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dlab_gives_the_divisor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide_access_is_one_of_its_register, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offsets_past_the_registers_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sent_bytes_are_out_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thri_is_raised_by_enabling_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thri_is_raised_by_each_sent_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thri_survives_a_look_at_a_higher_cause, setup, teardown),
		cmocka_unit_test_setup_teardown(test_linux_finds_a_working_thri, setup, teardown),
		cmocka_unit_test_setup_teardown(test_received_byte_without_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overrun_without_fifo_keeps_the_newer_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_shows_in_iir, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_keeps_sixteen_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_overrun_loses_the_newer_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trigger_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_after_four_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_counts_from_the_last_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_depends_on_line_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extreme_divisors_are_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_clear_forgets_received_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_clear_of_the_transmitter_raises_thri, setup, teardown),
		cmocka_unit_test_setup_teardown(test_switching_fifos_forgets_received_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_causes_come_by_priority, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_cause_needs_its_enable_bit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loopback_receives_what_is_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loopback_cuts_the_line_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loopback_wires_modem_outputs_to_inputs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modem_deltas, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output_without_listener_is_dropped, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
