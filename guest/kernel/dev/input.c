/*
 * /dev/input/eventN: see input.h. Each open file is a reader with a ring of its own; who reads too slowly loses events
 * and is told so (SYN_DROPPED).
 */
#include "guest/kernel/dev/input.h"

#include "guest/abi/input.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/screen/vt.h"

#define DEVICES_MAX 8
#define INPUT_MAJOR 13
#define FIRST_MINOR 64
#define RING 64
#define DESCRIBE_MAX 128
#define CLOCK_MONOTONIC 1

/* Parts of a request: Linux's _IOC. */
#define REQUEST_LETTER(request) ((request) >> 8 & 0xff)
#define REQUEST_NUMBER(request) ((request)&0xff)
#define REQUEST_SIZE(request) ((request) >> 16 & 0x3fff)

struct reader {
	struct list link; /* in device->readers */
	struct input_device *device;
	bool is_monotonic; /* the clock of its events' times */
	bool grabs;        /* it has the device for itself */
	u32 head, tail;    /* free-running */
	struct abi_input_event ring[RING];
};

static struct input_device *devices[DEVICES_MAX];
static unsigned device_count;

/* --- events come --- */

static void deliver(struct reader *reader, u16 type, u16 code, i32 value)
{
	u64 us = (reader->is_monotonic ? time_now_ns() : time_real_ns()) / 1000;
	struct abi_input_event event = { us / 1000000, us % 1000000, type, code, value };

	if (reader->tail - reader->head == RING) { /* all of it goes: half a report is worth nothing */
		reader->head = reader->tail;
		event = (struct abi_input_event){ us / 1000000, us % 1000000, EV_SYN, SYN_DROPPED, 0 };
	}
	reader->ring[reader->tail++ % RING] = event;
}

static void remember_key(struct input_device *device, u16 code, i32 value)
{
	u8 bit = (u8)(1u << code % 8);

	if (code / 8 >= sizeof(device->keys))
		return;
	if (value)
		device->keys[code / 8] |= bit;
	else
		device->keys[code / 8] &= (u8)~bit;
}

void input_event(struct input_device *device, u16 type, u16 code, i32 value)
{
	if (type == EV_KEY)
		remember_key(device, code, value);
	LIST_FOR_EACH(node, &device->readers) {
		struct reader *reader = LIST_ENTRY(node, struct reader, link);

		if (!device->grabbed || reader->grabs)
			deliver(reader, type, code, value);
	}
	wake_all(&device->waiting);
	/* Keys that were down when a reader grabbed the device must come up, or they would repeat for ever. */
	if (type == EV_KEY && code < BTN_MISC && (!device->grabbed || !value))
		vt_key(code, value);
}

/* --- files --- */

static int event_open(struct file *file)
{
	struct reader *reader = kmalloc(sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->device = devices[(file->inode->rdev & 0xff) - FIRST_MINOR];
	list_add_last(&reader->device->readers, &reader->link);
	file->private = reader;
	return 0;
}

static void event_release(struct file *file)
{
	struct reader *reader = file->private;

	if (reader->grabs)
		reader->device->grabbed = false;
	list_remove(&reader->link);
	kfree(reader);
}

static i64 event_read(struct file *file, struct io *io, u64 *pos)
{
	struct reader *reader = file->private;
	i64 total = 0;

	(void)pos;
	if (io->left < sizeof(struct abi_input_event))
		return -EINVAL;
	while (reader->head == reader->tail) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&reader->device->waiting, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
	while (io->left >= sizeof(struct abi_input_event) && reader->head != reader->tail) {
		struct abi_input_event event = reader->ring[reader->head++ % RING];
		i64 copied = io_write(io, &event, sizeof(event));

		if (copied < (i64)sizeof(event))
			return total ? total : -EFAULT;
		total += copied;
	}
	return total;
}

static u32 event_poll(struct file *file, struct poll_table *table)
{
	struct reader *reader = file->private;

	poll_wait(table, &reader->device->waiting);
	return reader->head != reader->tail ? POLLIN | POLLRDNORM : 0;
}

/* Bytes for a buffer of the size that the request says; how many were copied. */
static i64 give(u64 argument, u64 request, const void *from, u64 size)
{
	u64 count = MIN(size, REQUEST_SIZE(request));

	return copy_to_user(argument, from, count) ? -EFAULT : (i64)count;
}

static i64 give_description(struct input_device *device, u64 argument, u64 request, u8 select, u8 subselect)
{
	u8 data[DESCRIBE_MAX] = { 0 };
	u32 size = device->describe(device, select, subselect, data, sizeof(data) - 1);

	if (select == INPUT_NAME)
		size += size > 0;
	else if (select == INPUT_BITS || select == INPUT_PROPERTIES) /* of which there may be more room: zeros */
		size = sizeof(data);
	return give(argument, request, data, size);
}

/* The types of events it has, which virtio does not tell in one answer. */
static i64 give_types(struct input_device *device, u64 argument, u64 request)
{
	u32 types = 1u << EV_SYN;
	u8 data[DESCRIBE_MAX];

	for (u8 type = 1; type < 32; type++)
		if (device->describe(device, INPUT_BITS, type, data, sizeof(data)))
			types |= 1u << type;
	return give(argument, request, &types, sizeof(types));
}

/* Axes: the value now is not known, the rest is virtio's order: minimum, maximum, fuzz, flat, resolution. */
static i64 give_axis(struct input_device *device, u64 argument, u64 request, u8 axis)
{
	u32 info[6] = { 0 };

	if (!device->describe(device, INPUT_AXIS, axis, (u8 *)(info + 1), 5 * sizeof(u32)))
		return -EINVAL;
	return give(argument, request, info, sizeof(info)) < 0 ? -EFAULT : 0;
}

static i64 give_ids(struct input_device *device, u64 argument, u64 request)
{
	struct abi_input_id id = { .bustype = BUS_VIRTUAL };

	(void)device->describe(device, INPUT_IDS, 0, (u8 *)&id, sizeof(id));
	return give(argument, request, &id, sizeof(id)) < 0 ? -EFAULT : 0;
}

static i64 grab(struct reader *reader, bool on)
{
	if (on && reader->device->grabbed)
		return -EBUSY;
	if (!on && !reader->grabs)
		return -EINVAL;
	reader->device->grabbed = reader->grabs = on;
	return 0;
}

static i64 set_clock(struct reader *reader, u64 argument)
{
	u32 clock;

	if (load_user_u32(argument, &clock))
		return -EFAULT;
	if (clock > CLOCK_MONOTONIC)
		return -EINVAL;
	reader->is_monotonic = clock == CLOCK_MONOTONIC;
	return 0;
}

static i64 event_ioctl(struct file *file, struct task *task, u64 request, u64 argument)
{
	static const u32 repeat[2] = { 250, 33 };
	static const u8 nothing[DESCRIBE_MAX];
	struct reader *reader = file->private;
	struct input_device *device = reader->device;
	u64 number = REQUEST_NUMBER(request);

	(void)task;
	if (REQUEST_LETTER(request) != ABI_EVIOC_LETTER)
		return -ENOTTY;
	if (number > ABI_EVIOCGBIT && number < ABI_EVIOCGABS)
		return give_description(device, argument, request, INPUT_BITS, (u8)(number - ABI_EVIOCGBIT));
	if (number >= ABI_EVIOCGABS && number < 2 * ABI_EVIOCGABS)
		return give_axis(device, argument, request, (u8)(number - ABI_EVIOCGABS));
	switch (number) {
	case ABI_EVIOCGVERSION:
		return store_user_u32(argument, EV_VERSION);
	case ABI_EVIOCGID:
		return give_ids(device, argument, request);
	case ABI_EVIOCGREP:
		return copy_to_user(argument, repeat, sizeof(repeat));
	case ABI_EVIOCGNAME:
		return give_description(device, argument, request, INPUT_NAME, 0);
	case ABI_EVIOCGPHYS:
	case ABI_EVIOCGUNIQ:
		return -ENOENT;
	case ABI_EVIOCGPROP:
		return give_description(device, argument, request, INPUT_PROPERTIES, 0);
	case ABI_EVIOCGKEY:
		return give(argument, request, device->keys, sizeof(device->keys));
	case ABI_EVIOCGLED:
	case ABI_EVIOCGSW:
		return give(argument, request, nothing, sizeof(nothing));
	case ABI_EVIOCGBIT:
		return give_types(device, argument, request);
	case ABI_EVIOCGRAB:
		return grab(reader, argument != 0);
	case ABI_EVIOCSCLOCKID:
		return set_clock(reader, argument);
	default:
		return -EINVAL;
	}
}

static i64 event_seek(struct file *file, i64 offset, int whence)
{
	(void)file, (void)offset, (void)whence;
	return -ESPIPE;
}

static const struct file_ops event_ops = {
	.read = event_read,
	.poll = event_poll,
	.ioctl = event_ioctl,
	.open = event_open,
	.release = event_release,
	.seek = event_seek,
};

bool input_register(struct input_device *device)
{
	char name[16];

	if (device_count == DEVICES_MAX)
		return false;
	list_init(&device->readers);
	wait_queue_init(&device->waiting);
	device->number = device_count;
	devices[device_count++] = device;
	format_text(name, sizeof(name), "input/event%u", device->number);
	char_device_register(DEVICE(INPUT_MAJOR, FIRST_MINOR + device->number), name, 0660, &event_ops);
	return true;
}
