/*
 * Processes of kernels that give no hints, by their debug information: of xv6 and what students make of it. Where the
 * kernel's ELF file has DWARF that describes `struct proc proc[N]` with pid, name, pagetable and parent, the table is
 * looked at each time a hart loads a root page table, and what it says is told to everybody as the hints that our own
 * kernel gives (HINT_PROCESS, HINT_SWITCH, HINT_EXIT; cpu/hint.h). So a run file has them as well.
 *
 * Frames, faults and swapping are not known this way. Nor are other kernels: Linux keeps its tasks in a graph, and
 * distributions' images have no DWARF; there address spaces have numbers alone.
 */
#ifndef RVEMU_EMU_OBSERVE_GUEST_SYMBOLS_H
#define RVEMU_EMU_OBSERVE_GUEST_SYMBOLS_H

#include "emu/machine.h"
#include "emu/observe/sinks.h"

struct guest_symbols;

/* Tells `sinks`, which must live as long. */
struct guest_symbols *guest_symbols_create(const struct sinks *sinks);
void guest_symbols_destroy(struct guest_symbols *g);

/* Looks for the table in the images that the machine was loaded from; NULL: there is no machine any more. */
void guest_symbols_attach(struct guest_symbols *g, struct machine *m);

/* The sink: fits struct trace; wants TRACE_SPACE. */
void guest_symbols_emit(void *g, enum trace_sort sort, const void *event);

#endif
