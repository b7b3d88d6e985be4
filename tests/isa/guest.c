/*
 * The runner: bare metal, M mode. Goes through the plan and prints, on the 16550, a line for every row: its name, how
 * many cases, and a hash of all results; or, where the plan says verbose, a line for every case. Then it powers off.
 *
 * It runs alike on rvemu and on QEMU's virt board: what it prints is compared. cases.h says what a stub is.
 */
#include "tests/isa/cases.h"

#define UART_DATA ((volatile uint8_t *)0x10000000)
#define UART_LSR ((volatile uint8_t *)0x10000005)
#define FINISHER ((volatile uint32_t *)0x100000)
#define FINISHER_PASS 0x5555
#define MSTATUS_START 0x7800 /* FS dirty, MPP M */

struct frame frame;

void call_stub(struct frame *f);
void checkpoint(void);
void print_checkpoint(struct frame *f);
int main(void);

static const struct plan *const plan = (const struct plan *)GUEST_PLAN;
static uint64_t *const window = (uint64_t *)GUEST_WINDOW;

static void print_char(char c)
{
	while (!(*UART_LSR & 0x20))
		;
	*UART_DATA = (uint8_t)c;
}

static void print(const char *s)
{
	while (*s)
		print_char(*s++);
}

static void print_hex(uint64_t v, int digits)
{
	while (digits-- > 0)
		print_char("0123456789abcdef"[v >> digits * 4 & 15]);
}

static void print_value(const char *name, uint64_t v)
{
	print(name);
	print_hex(v, 16);
}

static void print_line(const char *row, uint64_t cases, uint64_t hash)
{
	print(row);
	print_char(' ');
	print_hex(cases, 6);
	print_value(" ", hash);
	print_char('\n');
}

static void fill_window(void)
{
	uint64_t v = WINDOW_PATTERN;

	for (unsigned i = 0; i < WINDOW_DWORDS; i++, v = next_window(v))
		window[i] = v;
}

static void print_case(const struct stub *s, const struct frame *f)
{
	uint64_t h = 0;

	print(s->row);
	print_char(' ');
	print_hex(s->raw, 8);
	for (unsigned i = 0; i < INPUTS; i++)
		if (s->pool[i])
			print_value(" ", f->in[i]);
	print(" fcsr ");
	print_hex(f->fcsr, 2);
	print_value(": ", f->out[0]);
	print_value(" ", f->out[1]);
	print(" fcsr ");
	print_hex(f->fcsr_out, 2);
	if (f->landing)
		print(" taken");
	if (f->cause != ~0ull) {
		print(" cause ");
		print_hex(f->cause, 2);
		print_value(" tval ", f->tval);
		print_value(" epc ", f->epc);
	}
	for (unsigned i = 0; (s->flags & STUB_MEMORY) && i < WINDOW_DWORDS; i++)
		h = fold(h, window[i]);
	if (h)
		print_value(" memory ", h);
	print_char('\n');
}

static uint64_t run_case(const struct stub *s, uint32_t n, uint64_t h)
{
	struct frame *f = &frame;

	for (unsigned i = 0; i < INPUTS; i++)
		f->in[i] = s->pool[i] ? ((const uint64_t *)s->pool[i])[stub_index(s, n, i)] : 0;
	f->out[0] = f->out[1] = f->fcsr_out = f->landing = f->tval = f->epc = 0;
	f->cause = ~0ull;
	if (s->flags & STUB_MEMORY)
		fill_window();
	__asm__ volatile("csrw mstatus, %0" : : "r"(MSTATUS_START) : "memory");
	call_stub(f);
	if (plan->verbose)
		print_case(s, f);
	return fold_case(h, f, s->flags & STUB_MEMORY ? window : 0);
}

static uint64_t checkpoints;

/* A random program is at a checkpoint: called from start.S. */
void print_checkpoint(struct frame *f)
{
	const uint8_t *memory = (const uint8_t *)(GUEST_WINDOW & ~4095ull) - 4096;
	uint64_t h = fold(f->fcsr_out, f->traps);

	for (unsigned i = 0; i < 32; i++)
		h = fold(fold(h, i == 0 || i == 4 || i == 5 ? 0 : f->x[i]), f->f[i]);
	for (unsigned i = 0; i < 3 * 4096 / 8; i++)
		h = fold(h, ((const uint64_t *)memory)[i]);
	print_line("checkpoint", checkpoints++, h);
	if (!plan->verbose)
		return;
	for (unsigned i = 0; i < 32; i++) {
		print("register ");
		print_hex(i, 2);
		print_value(" x ", i == 4 ? 0 : f->x[i]);
		print_value(" f ", f->f[i]);
		print_char('\n');
	}
	print_value("before ", f->x[5]);
	print_value(" fcsr ", f->fcsr_out);
	print_value(" traps ", f->traps);
	print_value(" cause ", f->cause);
	print_value(" tval ", f->tval);
	print_value(" epc ", f->epc);
	print_char('\n');
}

static void run_program(const struct stub *s)
{
	uint64_t *memory = (uint64_t *)((GUEST_WINDOW & ~4095ull) - 4096), v = s->raw;

	for (unsigned i = 0; i < 3 * 4096 / 8; i++, v = next_window(v))
		memory[i] = v;
	print("program ");
	print(s->row);
	print_char('\n');
	checkpoints = 0;
	frame.traps = 0;
	frame.in[0] = (uint64_t)checkpoint;
	call_stub(&frame);
}

static int same_row(const struct stub *a, const struct stub *b)
{
	for (unsigned i = 0; i < sizeof(a->row); i++)
		if (a->row[i] != b->row[i])
			return 0;
	return 1;
}

int main(void)
{
	const struct stub *end = plan->stub + plan->count;
	uint64_t cases = 0, h = 0;

	frame.poison = POISON;
	for (const struct stub *s = plan->stub; s < end; s++) {
		frame.code = s->code;
		frame.resume = s->resume;
		frame.fcsr = s->fcsr;
		if (s->flags & STUB_PROGRAM) {
			run_program(s);
			continue;
		}
		for (uint32_t n = 0; n < stub_cases(s); n++)
			h = run_case(s, n, h);
		cases += stub_cases(s);
		if (s + 1 < end && same_row(s, s + 1))
			continue;
		print_line(s->row, cases, h);
		cases = h = 0;
	}
	*FINISHER = FINISHER_PASS;
	for (;;)
		;
}
