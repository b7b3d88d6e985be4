/*
 * Holding the machine and letting it go: see control.h. What is asked for here is done by emu/run.c.
 */
#include "emu/control.h"

#include "emu/machine.h"

void control_pause(struct control *c, enum pause_why why, u32 hart)
{
	c->paused = true;
	c->stepping = false;
	c->pause_due = false;
	c->why = why;
	c->hart = hart;
	if (c->on_pause)
		c->on_pause(c->on_pause_arg);
}

void control_pause_soon(struct control *c, enum pause_why why, u32 hart)
{
	c->pause_due = true;
	c->due_why = why;
	c->due_hart = hart;
	if (c->machine)
		machine_interrupt(c->machine);
}

void control_by_front(struct control *c)
{
	c->by_front = true;
}

void control_continue(struct control *c)
{
	c->paused = false;
	c->stepping = false;
	c->by_front = false;
}

void control_step(struct control *c, u32 hart)
{
	c->paused = false;
	c->stepping = true;
	c->others_run = false;
	c->by_front = false;
	c->hart = hart;
}
