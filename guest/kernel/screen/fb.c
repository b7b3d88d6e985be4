/*
 * /dev/fb0: the framebuffer for programs, as on Linux. It is read and written like a file, or mapped: then each page
 * comes when it is first touched, by a page fault of its own (mm/fault.c, the row "of a device"), and the frame behind
 * it is no RAM: nobody counts it, and it is never swapped.
 *
 * The console goes on drawing unless KD_GRAPHICS tells it not to (ioctl_console(2)). It does not notice what others
 * draw: rows that it draws later are whole again.
 */
#include "guest/kernel/screen/fb.h"

#include "guest/abi/fb.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/mm.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/screen/screen.h"
#include "guest/kernel/screen/vt.h"

#define FB_RDEV DEVICE(29, 0)
#define REFRESH_NS (NS_PER_S / 60)

static struct wait_queue refresh; /* which nobody wakes: the time does */

static u64 bytes(void)
{
	return (u64)screen_get()->stride * screen_get()->height;
}

static u8 *pixels(void)
{
	return (u8 *)(DIRECT_MAP + screen_get()->pa);
}

static i64 fb_read(struct file *file, struct io *io, u64 *pos)
{
	(void)file;
	if (*pos >= bytes())
		return 0;
	i64 done = io_write(io, pixels() + *pos, MIN(io->left, bytes() - *pos));
	if (done > 0)
		*pos += (u64)done;
	return done;
}

static i64 fb_write(struct file *file, struct io *io, u64 *pos)
{
	(void)file;
	if (!io->left)
		return 0;
	if (*pos >= bytes())
		return *pos > bytes() ? -EFBIG : -ENOSPC;
	i64 done = io_read(io, pixels() + *pos, MIN(io->left, bytes() - *pos));
	if (done > 0)
		*pos += (u64)done;
	return done;
}

static i64 fb_seek(struct file *file, i64 offset, int whence)
{
	i64 base = whence == SEEK_CUR ? (i64)file->pos : whence == SEEK_END ? (i64)bytes() : 0;
	i64 target;

	if (whence < SEEK_SET || whence > SEEK_END || __builtin_add_overflow(base, offset, &target) || target < 0)
		return -EINVAL;
	file->pos = (u64)target;
	return target;
}

/* Shared only: there is no telling a copy of the screen from it. Never executable. */
static int fb_mmap(struct file *file, struct region *region)
{
	u64 size = region->end - region->start;

	(void)file;
	if (!(region->flags & REGION_SHARED) || region->offset > screen_get()->size ||
	    size > screen_get()->size - region->offset)
		return -EINVAL;
	if (region->prot & PROT_EXEC)
		return -EACCES;
	region->flags |= REGION_DEVICE;
	return 0;
}

static u64 fb_device_page(struct file *file, u64 offset)
{
	(void)file;
	return offset < screen_get()->size ? screen_get()->pa + offset : 0;
}

/* --- ioctls --- */

static struct abi_fb_var_screeninfo variable_info(void)
{
	const struct screen *screen = screen_get();

	return (struct abi_fb_var_screeninfo){
		.xres = screen->width,
		.yres = screen->height,
		.xres_virtual = screen->width,
		.yres_virtual = screen->height,
		.bits_per_pixel = 32,
		.red = { 16, 8, 0 },
		.green = { 8, 8, 0 },
		.blue = { 0, 8, 0 },
		.height = (u32)-1,
		.width = (u32)-1,
	};
}

static i64 get_variable(u64 argument)
{
	struct abi_fb_var_screeninfo info = variable_info();

	return copy_to_user(argument, &info, sizeof(info));
}

/* What is asked for must be what there is. */
static i64 put_variable(u64 argument, bool pan)
{
	struct abi_fb_var_screeninfo wanted, info = variable_info();

	if (copy_from_user(&wanted, argument, sizeof(wanted)))
		return -EFAULT;
	if (wanted.xoffset || wanted.yoffset)
		return -EINVAL;
	if (pan)
		return 0;
	if (wanted.xres != info.xres || wanted.yres != info.yres || wanted.bits_per_pixel != info.bits_per_pixel ||
	    wanted.xres_virtual > info.xres || wanted.yres_virtual > info.yres)
		return -EINVAL;
	return get_variable(argument);
}

static i64 get_fixed(u64 argument)
{
	const struct screen *screen = screen_get();
	struct abi_fb_fix_screeninfo info = {
		.id = "simple",
		.smem_start = screen->pa,
		.smem_len = (u32)screen->size,
		.type = FB_TYPE_PACKED_PIXELS,
		.visual = FB_VISUAL_TRUECOLOR,
		.line_length = screen->stride,
	};

	return copy_to_user(argument, &info, sizeof(info));
}

static i64 wait_for_refresh(void)
{
	u64 now = time_now_ns();
	int error = sleep_on(&refresh, SLEEP_SIGNAL, now - now % REFRESH_NS + REFRESH_NS);

	return error == -EINTR ? -ERESTARTSYS : 0;
}

static i64 fb_ioctl(struct file *file, struct task *task, u64 request, u64 argument)
{
	(void)file;
	(void)task;
	switch ((u32)request) {
	case FBIOGET_VSCREENINFO:
		return get_variable(argument);
	case FBIOPUT_VSCREENINFO:
		return put_variable(argument, false);
	case FBIOGET_FSCREENINFO:
		return get_fixed(argument);
	case FBIOPAN_DISPLAY:
		return put_variable(argument, true);
	case FBIOBLANK:
		return argument <= FB_BLANK_POWERDOWN ? 0 : -EINVAL;
	case FBIO_WAITFORVSYNC:
		return wait_for_refresh();
	default:
		return -ENOTTY;
	}
}

static void fb_release(struct file *file)
{
	(void)file;
	vt_redraw();
}

static const struct file_ops fb_ops = {
	.read = fb_read,
	.write = fb_write,
	.ioctl = fb_ioctl,
	.mmap = fb_mmap,
	.device_page = fb_device_page,
	.release = fb_release,
	.seek = fb_seek,
};

void fb_init(void)
{
	if (!screen_get())
		return;
	wait_queue_init(&refresh);
	char_device_register(FB_RDEV, "fb0", 0660, &fb_ops);
}
