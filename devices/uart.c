/*
 * The 16550A: see uart.h for the registers and for what is not modelled.
 *
 * One function, update_irq(), derives IIR and the interrupt line from the causes, in the data sheet's order of
 * priority; whatever changes a cause calls it. Two causes are remembered rather than derived: the transmitter-empty
 * interrupt, which a load of IIR takes back although the transmitter stays empty, and the character time-out, which an
 * event raises.
 */
#include "devices/uart.h"

#include <stdlib.h>

#include "devices/memmap.h"
#include "emu/base/state.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR, REG_COUNT };

#define IER_RDI 0x01  /* received data, and time-out */
#define IER_THRI 0x02 /* transmitter holding register empty */
#define IER_RLSI 0x04 /* receiver line status */
#define IER_MSI 0x08  /* modem status */
#define IER_MASK 0x0f

#define IIR_MSI 0x00
#define IIR_NONE 0x01
#define IIR_THRI 0x02
#define IIR_RDI 0x04
#define IIR_RLSI 0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFOS 0xc0

#define FCR_ENABLE 0x01
#define FCR_CLEAR_RX 0x02
#define FCR_CLEAR_TX 0x04
#define FCR_DMA 0x08
#define FCR_TRIGGER_SHIFT 6
#define FCR_KEPT (FCR_ENABLE | FCR_DMA | 3 << FCR_TRIGGER_SHIFT)

#define LCR_DATA_BITS 0x03
#define LCR_STOP 0x04
#define LCR_PARITY 0x08
#define LCR_DLAB 0x80

#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_MASK 0x1f

#define LSR_DR 0x01
#define LSR_OE 0x02
#define LSR_THRE 0x20
#define LSR_TEMT 0x40

#define MSR_TERI 0x04
#define MSR_DELTAS 0x0f
#define MSR_CTS 0x10
#define MSR_DSR 0x20
#define MSR_RI 0x40
#define MSR_DCD 0x80

#define RX_FIFO_SIZE 16
#define RESET_DIVISOR 12
#define TIMEOUT_CHARACTERS 4

struct uart {
	struct clock *clock;    /* for the character time-out */
	struct irq_line irq;    /* out: high while IIR names a cause */
	struct byte_sink out;   /* where sent bytes go */
	struct event timeout;   /* fires when received bytes lie in the FIFO for four character times */
	u8 rx[RX_FIFO_SIZE];    /* received bytes, a ring; one place is used while FIFOs are off */
	u32 rx_first;           /* the oldest byte's place */
	u32 rx_count;           /* how many bytes are in it */
	u16 divisor;            /* DLM:DLL */
	u8 ier;                 /* as written, 4 bits */
	u8 iir;                 /* as read */
	u8 fcr;                 /* as written, without the bits that clear themselves */
	u8 lcr;                 /* as written */
	u8 mcr;                 /* as written, 5 bits */
	u8 lsr;                 /* as read, but DR follows rx_count */
	u8 msr;                 /* as read */
	u8 scr;                 /* as written */
	bool thr_empty_pending; /* the transmitter became empty, and nobody looked at IIR since */
	bool timeout_pending;   /* the character time-out fired, and nobody took a byte since */
};

static u32 rx_capacity(const struct uart *uart)
{
	return uart->fcr & FCR_ENABLE ? RX_FIFO_SIZE : 1;
}

/* How many received bytes raise the interrupt. */
static u32 rx_trigger(const struct uart *uart)
{
	static const u8 levels[4] = { 1, 4, 8, 14 };
	return uart->fcr & FCR_ENABLE ? levels[uart->fcr >> FCR_TRIGGER_SHIFT] : 1;
}

static u8 highest_cause(const struct uart *uart)
{
	if ((uart->ier & IER_RLSI) && (uart->lsr & LSR_OE))
		return IIR_RLSI;
	if ((uart->ier & IER_RDI) && uart->timeout_pending)
		return IIR_TIMEOUT;
	if ((uart->ier & IER_RDI) && uart->rx_count >= rx_trigger(uart))
		return IIR_RDI;
	if ((uart->ier & IER_THRI) && uart->thr_empty_pending)
		return IIR_THRI;
	if ((uart->ier & IER_MSI) && (uart->msr & MSR_DELTAS))
		return IIR_MSI;
	return IIR_NONE;
}

static void update_irq(struct uart *uart)
{
	u8 cause = highest_cause(uart);
	uart->iir = cause | (uart->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
	if (cause != IIR_NONE)
		irq_request(&uart->irq);
	else
		irq_set(&uart->irq, false);
}

/* Start bit, data, parity, stop bits; one and a half stop bits count as two. A divisor of 0 stops a real chip. */
static u64 character_ns(const struct uart *uart)
{
	u64 bit_count =
		1 + 5 + (uart->lcr & LCR_DATA_BITS) + (uart->lcr & LCR_PARITY ? 1 : 0) + (uart->lcr & LCR_STOP ? 2 : 1);
	u64 divisor = uart->divisor ? uart->divisor : 1;
	return bit_count * 16 * divisor * 1000000000ull / UART_CLOCK_HZ;
}

/* A byte came or went: the time-out counts anew, or not at all if there is nothing to wait for. */
static void restart_timeout(struct uart *uart)
{
	if ((uart->fcr & FCR_ENABLE) && uart->rx_count > 0)
		clock_arm(uart->clock, &uart->timeout, uart->clock->now_ns + TIMEOUT_CHARACTERS * character_ns(uart));
	else
		clock_disarm(uart->clock, &uart->timeout);
}

static void on_timeout(void *arg)
{
	struct uart *uart = arg;
	uart->timeout_pending = true;
	update_irq(uart);
}

static void clear_rx(struct uart *uart)
{
	uart->rx_count = 0;
	uart->timeout_pending = false;
	restart_timeout(uart);
}

/* Puts a byte behind the others. What does not fit is lost; on a real chip without FIFO the older byte is. */
static void rx_push(struct uart *uart, u8 byte)
{
	if (uart->rx_count < rx_capacity(uart)) {
		uart->rx[(uart->rx_first + uart->rx_count++) % RX_FIFO_SIZE] = byte;
	} else {
		uart->lsr |= LSR_OE;
		if (!(uart->fcr & FCR_ENABLE))
			uart->rx[uart->rx_first] = byte;
	}
	restart_timeout(uart);
	update_irq(uart);
}

static u8 rx_pop(struct uart *uart)
{
	u8 byte = 0;
	if (uart->rx_count > 0) {
		byte = uart->rx[uart->rx_first];
		uart->rx_first = (uart->rx_first + 1) % RX_FIFO_SIZE;
		uart->rx_count--;
	}
	uart->timeout_pending = false;
	restart_timeout(uart);
	update_irq(uart);
	return byte;
}

static void transmit(struct uart *uart, u8 byte)
{
	if (uart->mcr & MCR_LOOP)
		rx_push(uart, byte);
	else
		byte_put(&uart->out, byte);
	uart->thr_empty_pending = true;
	update_irq(uart);
}

/* The modem inputs as MSR shows them: the other side's, or in loopback mode our own outputs. */
static u8 modem_inputs(const struct uart *uart)
{
	if (!(uart->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (uart->mcr & MCR_RTS ? MSR_CTS : 0) | (uart->mcr & MCR_DTR ? MSR_DSR : 0) |
	       (uart->mcr & MCR_OUT1 ? MSR_RI : 0) | (uart->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* Notes which inputs changed; the ring indicator counts only when it falls. */
static void update_modem_status(struct uart *uart)
{
	u8 now = modem_inputs(uart);
	u8 changed = (now ^ uart->msr) >> 4;
	if (now & MSR_RI)
		changed &= (u8)~MSR_TERI;
	uart->msr = now | (uart->msr & MSR_DELTAS) | changed;
	update_irq(uart);
}

static void store_ier(struct uart *uart, u8 value)
{
	u8 rising = value & ~uart->ier;
	uart->ier = value & IER_MASK;
	/* Enabling the interrupt while the transmitter is empty raises it, even if a load of IIR had taken it back:
	 * drivers start sending this way. */
	if (rising & IER_THRI)
		uart->thr_empty_pending = true;
	update_irq(uart);
}

static void store_fcr(struct uart *uart, u8 value)
{
	bool toggled = (value ^ uart->fcr) & FCR_ENABLE;
	uart->fcr = value & FCR_KEPT;
	if (toggled || (value & FCR_CLEAR_RX))
		clear_rx(uart);
	if (toggled || (value & FCR_CLEAR_TX))
		uart->thr_empty_pending = true;
	update_irq(uart);
}

static u8 load_iir(struct uart *uart)
{
	u8 iir = uart->iir;
	if ((iir & ~IIR_FIFOS) == IIR_THRI) {
		uart->thr_empty_pending = false;
		update_irq(uart);
	}
	return iir;
}

static u8 load_lsr(struct uart *uart)
{
	u8 lsr = uart->lsr | (uart->rx_count ? LSR_DR : 0);
	if (uart->lsr & LSR_OE) {
		uart->lsr &= (u8)~LSR_OE;
		update_irq(uart);
	}
	return lsr;
}

static u8 load_msr(struct uart *uart)
{
	u8 msr = uart->msr;
	uart->msr &= (u8)~MSR_DELTAS;
	update_irq(uart);
	return msr;
}

static u8 load_register(struct uart *uart, u64 offset)
{
	bool dlab = uart->lcr & LCR_DLAB;
	switch (offset) {
	case REG_DATA:
		return dlab ? (u8)uart->divisor : rx_pop(uart);
	case REG_IER:
		return dlab ? (u8)(uart->divisor >> 8) : uart->ier;
	case REG_IIR_FCR:
		return load_iir(uart);
	case REG_LCR:
		return uart->lcr;
	case REG_MCR:
		return uart->mcr;
	case REG_LSR:
		return load_lsr(uart);
	case REG_MSR:
		return load_msr(uart);
	default:
		return uart->scr;
	}
}

static void store_register(struct uart *uart, u64 offset, u8 value)
{
	bool dlab = uart->lcr & LCR_DLAB;
	switch (offset) {
	case REG_DATA:
		if (dlab)
			uart->divisor = (uart->divisor & 0xff00) | value;
		else
			transmit(uart, value);
		break;
	case REG_IER:
		if (dlab)
			uart->divisor = (u16)((uart->divisor & 0x00ff) | value << 8);
		else
			store_ier(uart, value);
		break;
	case REG_IIR_FCR:
		store_fcr(uart, value);
		break;
	case REG_LCR:
		uart->lcr = value;
		break;
	case REG_MCR:
		uart->mcr = value & MCR_MASK;
		update_modem_status(uart);
		break;
	case REG_SCR:
		uart->scr = value;
		break;
	default:
		break; /* LSR and MSR are read only */
	}
}

static bool load(void *device, u64 offset, u32 size, u64 *value)
{
	(void)size;
	if (offset >= REG_COUNT)
		return false;
	*value = load_register(device, offset);
	return true;
}

static bool store(void *device, u64 offset, u32 size, u64 value)
{
	(void)size;
	if (offset >= REG_COUNT)
		return false;
	store_register(device, offset, (u8)value);
	return true;
}

static const struct device_ops uart_ops = { .load = load, .store = store };

struct uart *uart_create(struct bus *bus, struct clock *clock, u64 base, struct irq_line irq, struct byte_sink out,
                         struct error *err)
{
	struct uart *uart = xcalloc(1, sizeof(*uart));
	uart->clock = clock;
	uart->irq = irq;
	uart->out = out;
	uart->timeout = (struct event){ .fire = on_timeout, .arg = uart };
	uart->divisor = RESET_DIVISOR;
	uart->mcr = MCR_OUT2;
	uart->lsr = LSR_THRE | LSR_TEMT;
	uart->msr = modem_inputs(uart);
	uart->iir = IIR_NONE;
	if (!bus_add_device(bus, "uart", base, MEMMAP_UART_SIZE, &uart_ops, uart, err)) {
		free(uart);
		return NULL;
	}
	return uart;
}

void uart_destroy(struct uart *uart)
{
	if (!uart)
		return;
	clock_disarm(uart->clock, &uart->timeout);
	free(uart);
}

u32 uart_room(const struct uart *uart)
{
	if ((uart->mcr & MCR_LOOP) || uart->rx_count >= rx_capacity(uart))
		return 0;
	u32 trigger = rx_trigger(uart);
	return uart->rx_count < trigger ? trigger - uart->rx_count : 1;
}

void uart_receive(struct uart *uart, u8 byte)
{
	if (uart->mcr & MCR_LOOP)
		return;
	rx_push(uart, byte);
}

void uart_state(struct state *s, struct uart *uart)
{
	u8 *const registers[] = { &uart->ier, &uart->iir, &uart->fcr, &uart->lcr,
		                  &uart->mcr, &uart->lsr, &uart->msr, &uart->scr };
	state_section(s, "uart", 1);
	irq_state(s, &uart->irq);
	state_event(s, uart->clock, &uart->timeout);
	state_bytes(s, uart->rx, sizeof(uart->rx));
	state_below(s, &uart->rx_first, RX_FIFO_SIZE);
	state_below(s, &uart->rx_count, RX_FIFO_SIZE + 1);
	state_u16(s, &uart->divisor);
	for (u32 i = 0; i < ARRAY_SIZE(registers); i++)
		state_u8(s, registers[i]);
	state_bool(s, &uart->thr_empty_pending);
	state_bool(s, &uart->timeout_pending);
}
