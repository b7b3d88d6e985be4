/*
 * /dev/fb0; see fb.c.
 */
#ifndef GUEST_KERNEL_SCREEN_FB_H
#define GUEST_KERNEL_SCREEN_FB_H

/* Registers it, if there is a screen; at boot, after vt_init(). */
void fb_init(void);

#endif
