/*
 * Virtual terminals: the ioctls of Linux's console (ioctl_console(2)) as far as programs of today use them.
 */
#ifndef GUEST_ABI_VT_H
#define GUEST_ABI_VT_H

#include "guest/abi/types.h"

/* The screen and the keyboard of a virtual terminal. */
#define KIOCSOUND 0x4b2f
#define KDMKTONE 0x4b30
#define KDGETLED 0x4b31
#define KDSETLED 0x4b32
#define KDGKBTYPE 0x4b33
#define KDSETMODE 0x4b3a
#define KDGETMODE 0x4b3b
#define KDGKBMODE 0x4b44
#define KDSKBMODE 0x4b45
#define KDGKBMETA 0x4b62
#define KDGKBLED 0x4b64
#define KDSKBLED 0x4b65

#define KB_101 0x02 /* KDGKBTYPE: a PC's keyboard */

/* KDSETMODE */
#define KD_TEXT 0
#define KD_GRAPHICS 1 /* a program draws: the console does not */

/* KDSKBMODE: what is read for a key */
#define K_XLATE 1
#define K_MEDIUMRAW 2 /* its number, with bit 7 when it comes up */
#define K_UNICODE 3
#define K_OFF 4

#define K_ESCPREFIX 4 /* KDGKBMETA: Alt sends ESC first */

/* Virtual terminals. */
#define VT_OPENQRY 0x5600
#define VT_GETMODE 0x5601
#define VT_SETMODE 0x5602
#define VT_GETSTATE 0x5603
#define VT_RELDISP 0x5605
#define VT_ACTIVATE 0x5606
#define VT_WAITACTIVE 0x5607
#define VT_DISALLOCATE 0x5608

struct abi_vt_mode {
	u8 mode; /* VT_AUTO */
	u8 waitv;
	u16 relsig, acqsig, frsig; /* signals */
};
_Static_assert(sizeof(struct abi_vt_mode) == 8, "struct vt_mode");
#define VT_AUTO 0    /* switching asks nobody */
#define VT_PROCESS 1 /* a process is asked first: not supported */

struct abi_vt_stat {
	u16 v_active; /* number of the one in front */
	u16 v_signal;
	u16 v_state; /* bit n: terminal n is in use */
};
_Static_assert(sizeof(struct abi_vt_stat) == 6, "struct vt_stat");

#endif
