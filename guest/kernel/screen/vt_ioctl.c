/*
 * What only virtual terminals are asked for: ioctl_console(2). See vt.h.
 */
#include "guest/abi/vt.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/screen/vt.h"

static i64 set_mode(struct vt *vt, const struct task *task, u64 mode)
{
	if (mode != KD_TEXT && mode != KD_GRAPHICS)
		return -EINVAL;
	vt_set_graphic(vt, mode == KD_GRAPHICS, task->process->pid);
	return 0;
}

static i64 set_keyboard(struct vt *vt, u64 mode)
{
	if (mode < K_XLATE || mode > K_OFF)
		return -EINVAL;
	vt->keyboard = (u8)mode;
	return 0;
}

/* The first terminal that nobody has open. */
static i64 find_free(u64 argument)
{
	for (u32 number = 1; number <= VT_COUNT; number++)
		if (!vt_find(number) || !vt_find(number)->tty.refs)
			return store_user_u32(argument, number);
	return store_user_u32(argument, (u32)-1);
}

static i64 tell_state(u64 argument)
{
	struct abi_vt_stat state = { .v_active = (u16)vt_front()->number };

	for (u32 number = 1; number <= VT_COUNT; number++)
		if (vt_find(number) && vt_find(number)->tty.refs)
			state.v_state |= (u16)(1u << number);
	state.v_state |= 1; /* as on Linux: /dev/tty0 */
	return copy_to_user(argument, &state, sizeof(state));
}

static i64 set_switching(u64 argument)
{
	struct abi_vt_mode mode;

	if (copy_from_user(&mode, argument, sizeof(mode)))
		return -EFAULT;
	return mode.mode == VT_AUTO ? 0 : -EINVAL;
}

static i64 activate(u64 number)
{
	struct vt *vt = number && number <= VT_COUNT ? vt_get((u32)number) : NULL;

	if (!vt)
		return number && number <= VT_COUNT ? -ENOMEM : -ENXIO;
	vt_switch(vt);
	return 0;
}

static i64 wait_active(u64 number)
{
	if (!number || number > VT_COUNT)
		return -ENXIO;
	while (vt_front()->number != number)
		if (sleep_on(&vt_switched, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	return 0;
}

/* Requests about all of them. */
static i64 common_ioctl(u64 request, u64 argument)
{
	struct abi_vt_mode mode = { .mode = VT_AUTO };

	switch (request) {
	case VT_OPENQRY:
		return find_free(argument);
	case VT_GETMODE:
		return copy_to_user(argument, &mode, sizeof(mode));
	case VT_SETMODE:
		return set_switching(argument);
	case VT_GETSTATE:
		return tell_state(argument);
	case VT_ACTIVATE:
		return activate(argument);
	case VT_WAITACTIVE:
		return wait_active(argument);
	case VT_RELDISP:
	case VT_DISALLOCATE:
		return argument <= VT_COUNT ? 0 : -ENXIO;
	default:
		return -ENOTTY;
	}
}

i64 vt_ioctl(struct tty *tty, struct task *task, u64 request, u64 argument)
{
	struct vt *vt = vt_of(tty);
	u8 type = KB_101, leds = 0;

	switch (request) {
	case KDGETMODE:
		return store_user_u32(argument, vt->is_graphic ? KD_GRAPHICS : KD_TEXT);
	case KDSETMODE:
		return set_mode(vt, task, argument);
	case KDGKBMODE:
		return store_user_u32(argument, vt->keyboard);
	case KDSKBMODE:
		return set_keyboard(vt, argument);
	case KDGKBTYPE:
		return copy_to_user(argument, &type, sizeof(type));
	case KDGKBMETA:
		return store_user_u32(argument, K_ESCPREFIX);
	case KDGETLED:
	case KDGKBLED:
		return copy_to_user(argument, &leds, sizeof(leds));
	case KDSETLED:
	case KDSKBLED:
	case KIOCSOUND:
	case KDMKTONE:
		return 0; /* neither lamps nor a speaker */
	default:
		return common_ioctl(request, argument);
	}
}
