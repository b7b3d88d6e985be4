/*
 * The serial line: a 16550 (National Semiconductor PC16550D), as the device tree names it. Output is polled: nobody
 * waits long for an emulated line, and panics need it. Input interrupts. There is no flow control.
 */
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/mm/frame.h"

enum uart_register { UART_DATA = 0, UART_IER = 1, UART_FCR = 2, UART_MCR = 4, UART_LSR = 5 };
#define IER_RECEIVED 0x01
#define FCR_ENABLE 0x01
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 lets interrupts through on PCs' boards */
#define LSR_RECEIVED 0x01
#define LSR_ROOM 0x20
#define RECEIVE_MAX 256    /* bytes taken in one interrupt */
#define ROOM_TRIES 1000000 /* a line that never takes a byte is left alone */

static struct {
	u64 base;       /* 0: none found */
	unsigned shift; /* registers are 1 << shift bytes apart */
	bool wide;      /* and accessed by 32 bits */
	void (*receive)(u8 byte);
} uart;

static u8 get(enum uart_register number)
{
	u64 at = uart.base + ((u64)number << uart.shift);
	return uart.wide ? (u8) * (volatile u32 *)at : *(volatile u8 *)at;
}

static void set(enum uart_register number, u8 value)
{
	u64 at = uart.base + ((u64)number << uart.shift);
	if (uart.wide)
		*(volatile u32 *)at = value;
	else
		*(volatile u8 *)at = value;
}

static void interrupt(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < RECEIVE_MAX && (get(UART_LSR) & LSR_RECEIVED); i++) {
		u8 byte = get(UART_DATA);
		if (uart.receive)
			uart.receive(byte);
	}
}

void uart_init(void)
{
	u64 pa, size;
	int node = device_tree_compatible(-1, "ns16550a");
	if (node < 0)
		node = device_tree_compatible(-1, "ns16550");
	if (!device_tree_reg(node, 0, &pa, &size)) {
		printk("no 16550 UART: the console prints through the firmware, and nothing can be typed\n");
		return;
	}
	uart.shift = (unsigned)device_tree_number(node, "reg-shift", 0) & 3;
	uart.wide = device_tree_number(node, "reg-io-width", 1) == 4;
	uart.base = DIRECT_MAP + pa;
	set(UART_IER, 0);
	set(UART_FCR, FCR_ENABLE);
	set(UART_MCR, MCR_DTR_RTS_OUT2);
	irq_register(device_tree_interrupt(node), interrupt, NULL);
}

bool uart_is_found(void)
{
	return uart.base != 0;
}

void uart_put(const char *text, u64 size)
{
	for (u64 i = 0; i < size; i++) {
		for (unsigned tries = 0; !(get(UART_LSR) & LSR_ROOM) && tries < ROOM_TRIES; tries++)
			;
		set(UART_DATA, (u8)text[i]);
	}
}

void uart_set_receiver(void (*receive)(u8 byte))
{
	uart.receive = receive;
	if (uart.base)
		set(UART_IER, IER_RECEIVED);
}
