/*
 * Passing hints of the guest's kernel on to who looks at the machine: see cpu/hint.h.
 */
#include "cpu/hint.h"

#include <string.h>

#include "cpu/hart.h"

#define A0 10 /* x10 is a0 */

void hint_tell(struct hart *h, u32 number)
{
	struct trace_hint event = { .number = number };

	hart_trace_head(h, &event.head);
	memcpy(event.args, &h->x[A0], sizeof(event.args));
	h->trace->emit(h->trace->arg, TRACE_HINT, &event);
}
