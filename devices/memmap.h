/*
 * Where things are: physical addresses and interrupt numbers of QEMU's `virt` board, so that unmodified kernels find
 * them. The one header that host code, firmware and guest share; plain #defines, fit for assembler. Sizes are bytes.
 */
#ifndef RVEMU_DEVICES_MEMMAP_H
#define RVEMU_DEVICES_MEMMAP_H

#define MEMMAP_SYSCON_BASE 0x00100000
#define MEMMAP_SYSCON_SIZE 0x00001000
#define MEMMAP_RTC_BASE 0x00101000
#define MEMMAP_RTC_SIZE 0x00001000
#define MEMMAP_CLINT_BASE 0x02000000
#define MEMMAP_CLINT_SIZE 0x00010000
#define MEMMAP_PLIC_BASE 0x0c000000
#define MEMMAP_PLIC_SIZE 0x00600000
#define MEMMAP_UART_BASE 0x10000000
#define MEMMAP_UART_SIZE 0x00000100
#define MEMMAP_VIRTIO_BASE 0x10001000
#define MEMMAP_VIRTIO_SIZE 0x00001000 /* each; one after another */
#define MEMMAP_VIRTIO_COUNT 8
#define MEMMAP_FRAMEBUFFER_BASE 0x50000000 /* at most 64 MiB */
#define MEMMAP_RAM_BASE 0x80000000

#define MEMMAP_VIRTIO_IRQ 1 /* of slot 0; slot i has 1 + i */
#define MEMMAP_UART_IRQ 10
#define MEMMAP_RTC_IRQ 11
#define MEMMAP_PLIC_SOURCES 96 /* inputs 1..95; 0 means none */

#define MEMMAP_TIMEBASE_HZ 10000000 /* mtime ticks a second */

#endif
