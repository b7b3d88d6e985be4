/*
 * The one thing about an interrupt line that is not inline: see irq.h.
 */
#include "devices/irq.h"

#include "emu/base/state.h"

void irq_state(struct state *s, struct irq_line *line)
{
	state_bool(s, &line->level);
}
