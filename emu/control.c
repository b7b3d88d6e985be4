/*
 * Holding the machine and letting it go: see control.h. What is asked for here is done by emu/run.c.
 */
#include "emu/control.h"

void control_pause(struct control *c, enum pause_why why, u32 hart)
{
	c->paused = true;
	c->stepping = false;
	c->why = why;
	c->hart = hart;
	if (c->on_pause)
		c->on_pause(c->on_pause_arg);
}

void control_continue(struct control *c)
{
	c->paused = false;
	c->stepping = false;
}

void control_step(struct control *c, u32 hart)
{
	c->paused = false;
	c->stepping = true;
	c->others_run = false;
	c->hart = hart;
}
