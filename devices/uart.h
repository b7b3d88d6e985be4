/*
 * The serial port: a 16550A as on QEMU's virt board, eight byte-wide registers (PC16550D data sheet, section 8):
 *
 *       load                                    store
 *     0 RBR received byte                       THR byte to send              (DLL divisor, low, while LCR.DLAB)
 *     1 IER interrupt enable                    same                          (DLM divisor, high, while LCR.DLAB)
 *     2 IIR which interrupt; THRI is cleared    FCR FIFO control
 *     3 LCR line control, kept                  same
 *     4 MCR modem control, loopback             same
 *     5 LSR line status                         ignored
 *     6 MSR modem status                        ignored
 *     7 SCR scratch                             same
 *
 * An access of 2, 4 or 8 bytes is one of the register at its address; offsets from 8 on are access faults.
 *
 * Sending takes no time: a byte written to THR is out, and the transmitter empty again, before the store is over; so
 * the transmit FIFO is always empty, and the transmitter-empty interrupt is raised by each byte. Received bytes come as
 * fast as the machine delivers them, whatever the divisor; only the FIFO's character time-out counts in bit times of
 * the line settings. The line has no noise: there are overruns, but no parity or framing errors and no breaks. The
 * other side holds CTS, DSR and DCD.
 */
#ifndef RVEMU_DEVICES_UART_H
#define RVEMU_DEVICES_UART_H

#include "devices/bus.h"
#include "devices/byte_sink.h"
#include "devices/irq.h"
#include "emu/base/clock.h"

/* Input clock of the baud rate generator, for the device tree: 16 times the baud rate at divisor 1. */
#define UART_CLOCK_HZ 3686400

struct uart;
struct state;

/* Makes a serial port at base, which drives irq and puts what the guest sends into out. NULL: the bus refused it, see
 * err. After reset FIFOs and interrupts are off and OUT2 is set. */
struct uart *uart_create(struct bus *bus, struct clock *clock, u64 base, struct irq_line irq, struct byte_sink out,
                         struct error *err);
void uart_destroy(struct uart *uart);

/* How many bytes may be received now without crowding the guest: up to its trigger level, then one at a time while the
 * FIFO has room; 0 in loopback mode, when the input is cut off. */
u32 uart_room(const struct uart *uart);

/* A byte arrives on the line. If there is no room for it it is lost, and the guest sees an overrun. */
void uart_receive(struct uart *uart, u8 byte);

/* Saves or restores registers, received bytes and the character time-out. */
void uart_state(struct state *s, struct uart *uart);

#endif
