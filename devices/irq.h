/*
 * An interrupt line: one wire from a device to whoever listens. A device is handed its line and knows no more.
 */
#ifndef RVEMU_DEVICES_IRQ_H
#define RVEMU_DEVICES_IRQ_H

#include "emu/base/base.h"

struct state;

struct irq_line {
	void (*set)(void *arg, u32 number, bool level); /* the listener; NULL: the line hangs in the air */
	void *arg;                                      /* what the listener is given */
	u32 number;                                     /* which of the listener's inputs this is */
	bool level;                                     /* what the wire carries now */
};

/* Drives the wire; the listener hears changes only. */
static inline void irq_set(struct irq_line *line, bool level)
{
	if (line->level == level)
		return;
	line->level = level;
	if (line->set)
		line->set(line->arg, line->number, level);
}

/* Drives the wire high; the listener hears it even if it was high before. For inputs that count requests. */
static inline void irq_request(struct irq_line *line)
{
	line->level = true;
	if (line->set)
		line->set(line->arg, line->number, true);
}

/* Saves or restores the level. The listener is not told: it has saved what it made of it. */
void irq_state(struct state *s, struct irq_line *line);

#endif
