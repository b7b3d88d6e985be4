/*
 * External interrupts: the PLIC, and which driver a source belongs to.
 */
#ifndef GUEST_KERNEL_DEV_IRQ_H
#define GUEST_KERNEL_DEV_IRQ_H

#include "guest/kernel/core/base.h"

/* Finds the PLIC in the device tree. */
void irq_init(void);
/* Threshold and enable bits of this hart's S-mode context. */
void irq_init_hart(unsigned hart_index);
/* handler(context) is called with the kernel lock whenever the source interrupts; must not sleep. */
void irq_register(u32 source, void (*handler)(void *context), void *context);
/* Claims, calls, completes, until nothing is pending. */
void irq_handle(void);

/* Drivers, found in the device tree; each prints a line for what it found. */
void uart_init(void);
void virtio_init(void);                    /* all virtio-mmio slots; disks become vda, vdb, ... */
void uart_put(const char *text, u64 size); /* polled; the console's sink */
bool uart_is_found(void);
/* Whom received bytes go to (the console's tty). */
void uart_set_receiver(void (*receive)(u8 byte));

#endif
