/*
 * Options of the form FIRST,key=value,key=value: disks, network, shared folders.
 *
 * Each kind of option has one function that is given its words one after another (emu/options_words.h). Devices get the
 * slot that -device asked for, or else the first free one in the order disks, network, shares, console, rng, screen.
 */
#include "emu/options_devices.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "devices/framebuffer.h"
#include "devices/virtio_9p.h"
#include "devices/virtio_input.h"
#include "emu/options_words.h"

#define DEFAULT_TAG "share"
#define LOOPBACK 0x7f000001

void device_options_init(struct device_options *d)
{
	*d = (struct device_options){ .net_slot = -1 };
	for (u32 i = 0; i < ARRAY_SIZE(d->drive_slots); i++)
		d->drive_slots[i] = -1;
}

void device_options_free(struct device_options *d)
{
	for (u32 i = 0; i < ARRAY_SIZE(d->drive_ids); i++)
		free(d->drive_ids[i]);
	free(d->net_id);
}

static void replace(char **string, const char *with)
{
	free(*string);
	*string = xstrdup(with);
}

static bool drive_word(struct words *w, struct disk_config *drive, char **path, char **id, bool first)
{
	if (word_is_key(w, "file"))
		replace(path, w->value);
	else if (!w->value && first)
		replace(path, w->word);
	else if (word_is_key(w, "readonly") || word_is_key(w, "read-only"))
		return word_switch(w, &drive->read_only);
	else if (word_is_key(w, "snapshot"))
		return word_switch(w, &drive->snapshot);
	else if (word_is_key(w, "id"))
		replace(id, w->value);
	else if (word_is_key(w, "format") && strcmp(w->value, "raw") != 0)
		return error_set(w->err,
		                 "%s: format=%s: only raw images can be used (qemu-img convert -O raw makes one)",
		                 w->given, w->value);
	else if (word_is_key(w, "if") && strcmp(w->value, "none") != 0 && strcmp(w->value, "virtio") != 0)
		return error_set(w->err, "%s: if=%s: must be none or virtio", w->given, w->value);
	else if (!word_is_key(w, "format") && !word_is_key(w, "if") && !word_is_key(w, "index") &&
	         !word_is_key(w, "media") && !word_is_key(w, "cache") && !word_is_key(w, "aio"))
		return word_unknown(w, "file=, readonly=on, snapshot=on, format=raw, if=none, id=");
	return true;
}

bool device_options_drive(struct device_options *d, struct config *c, const char *given, const char *text,
                          struct error *err)
{
	struct words w = { .given = given, .rest = text, .err = err };
	if (c->drive_count == ARRAY_SIZE(c->drives))
		return error_set(err, "%s: there is room for %zu devices only", given, ARRAY_SIZE(c->drives));
	struct disk_config *drive = &c->drives[c->drive_count];
	char *path = NULL, *id = NULL;
	bool ok = true;
	for (bool first = true; ok && word_next(&w); first = false)
		ok = drive_word(&w, drive, &path, &id, first);
	free(w.word);
	drive->path = path;
	d->drive_ids[c->drive_count++] = id;
	if (ok && (!path || !*path))
		return error_set(err, "%s %s: the image is missing: file=PATH", given, text);
	return ok;
}

/* A.B.C.D, or nothing, which leaves *addr as it is. */
static bool read_address(const char *text, u32 *addr)
{
	struct in_addr parsed;
	if (*text == '\0')
		return true;
	if (inet_pton(AF_INET, text, &parsed) != 1)
		return false;
	*addr = ntohl(parsed.s_addr);
	return true;
}

static bool read_port(const char *text, u16 *port)
{
	u64 value;
	if (!options_number(text, false, &value) || value > UINT16_MAX)
		return false;
	*port = (u16)value;
	return true;
}

/* [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport */
static bool read_forward(char *text, struct net_forward *f)
{
	char *host = strchr(text, ':');
	char *host_port = host ? strchr(host + 1, ':') : NULL;
	char *guest = host_port ? strchr(host_port + 1, '-') : NULL;
	char *guest_port = guest ? strchr(guest + 1, ':') : NULL;
	if (!guest_port)
		return false;
	*host++ = *host_port++ = *guest++ = *guest_port++ = '\0';
	*f = (struct net_forward){ .udp = strcmp(text, "udp") == 0, .host_addr = LOOPBACK };
	if (*text && !f->udp && strcmp(text, "tcp") != 0)
		return false;
	return read_address(host, &f->host_addr) && read_address(guest, &f->guest_addr) &&
	       read_port(host_port, &f->host_port) && read_port(guest_port, &f->guest_port) && f->guest_port;
}

static bool read_mac(const struct words *w, u8 mac[6])
{
	char end;
	u8 read[6];
	if (sscanf(w->value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &read[0], &read[1], &read[2], &read[3], &read[4],
	           &read[5], &end) != 6)
		return error_set(w->err, "%s: mac=%s: must look like 52:54:00:12:34:56", w->given, w->value);
	if (read[0] & 1)
		return error_set(w->err, "%s: mac=%s: is a group's address, not a card's", w->given, w->value);
	memcpy(mac, read, sizeof(read));
	return true;
}

static bool net_word(struct words *w, struct device_options *d, struct net_config *net)
{
	if (word_is_key(w, "id")) {
		replace(&d->net_id, w->value);
	} else if (word_is_key(w, "restrict")) {
		return word_switch(w, &net->restricted);
	} else if (word_is_key(w, "mac")) {
		return read_mac(w, net->mac);
	} else if (word_is_key(w, "hostfwd")) {
		char *copy = xstrdup(w->value);
		bool room = net->forward_count < ARRAY_SIZE(net->forwards);
		bool ok = room && read_forward(copy, &net->forwards[net->forward_count]);
		free(copy);
		if (!room)
			return error_set(w->err, "%s: at most %zu hostfwd", w->given, ARRAY_SIZE(net->forwards));
		if (!ok)
			return error_set(w->err, "%s: hostfwd=%s: must look like tcp:127.0.0.1:2222-:22", w->given,
			                 w->value);
		net->forward_count++;
	} else if (!word_is_key(w, "model")) {
		return word_unknown(w, "hostfwd=, restrict=on, mac=, id=");
	}
	return true;
}

bool device_options_net(struct device_options *d, struct config *c, const char *given, const char *text,
                        struct error *err)
{
	struct words w = { .given = given, .rest = text, .err = err };
	if (strcmp(text, "none") == 0) {
		c->net.enabled = false;
		return true;
	}
	bool ok = word_next(&w) && !w.value && strcmp(w.word, "user") == 0;
	if (!ok)
		error_set(err, "%s %s: must be user (with its words behind commas) or none", given, text);
	c->net.enabled = true;
	while (ok && word_next(&w))
		ok = net_word(&w, d, &c->net);
	free(w.word);
	return ok;
}

static bool share_word(struct words *w, struct share_config *share, bool first)
{
	if (!share->path && (word_is_key(w, "path") || (!w->value && first)))
		share->path = xstrdup(w->value ? w->value : w->word);
	else if (!share->tag && word_is_key(w, "tag"))
		share->tag = xstrdup(w->value);
	else if (word_is_key(w, "readonly"))
		return word_switch(w, &share->read_only);
	else
		return word_unknown(w, "tag=, readonly=on");
	return true;
}

bool device_options_share(struct device_options *d, struct config *c, const char *given, const char *text,
                          struct error *err)
{
	struct words w = { .given = given, .rest = text, .err = err };
	(void)d;
	if (c->share_count == ARRAY_SIZE(c->shares))
		return error_set(err, "%s: there is room for %zu devices only", given, ARRAY_SIZE(c->shares));
	struct share_config *share = &c->shares[c->share_count++];
	bool ok = true;
	for (bool first = true; ok && word_next(&w); first = false)
		ok = share_word(&w, share, first);
	free(w.word);
	if (!ok)
		return false;
	if (!share->tag)
		share->tag = xstrdup(DEFAULT_TAG);
	if (!share->path || !*share->path)
		return error_set(err, "%s %s: the folder is missing: DIR,tag=NAME", given, text);
	if (!*share->tag || strlen(share->tag) > VIRTIO_9P_TAG_MAX)
		return error_set(err, "%s: tag=%s: must have 1 to %d letters", given, share->tag, VIRTIO_9P_TAG_MAX);
	for (u32 i = 0; i + 1 < c->share_count; i++)
		if (strcmp(c->shares[i].tag, share->tag) == 0)
			return error_set(err, "%s: two shares with the tag %s", given, share->tag);
	return true;
}

/* bus=virtio-mmio-bus.N */
static bool read_bus(const struct words *w, s32 *slot)
{
	static const char bus[] = "virtio-mmio-bus.";
	u64 number;
	if (strncmp(w->value, bus, sizeof(bus) - 1) != 0 ||
	    !options_number(w->value + sizeof(bus) - 1, false, &number) || number >= MEMMAP_VIRTIO_COUNT)
		return error_set(w->err, "%s: bus=%s: must be virtio-mmio-bus.0 to .%d", w->given, w->value,
		                 MEMMAP_VIRTIO_COUNT - 1);
	*slot = (s32)number;
	return true;
}

static bool find_drive(const struct device_options *d, const struct config *c, const char *id, u32 *index)
{
	for (u32 i = 0; i < c->drive_count; i++) {
		if (d->drive_ids[i] && strcmp(d->drive_ids[i], id) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* The words behind -device NAME. Every drive and network is attached anyway: what counts is the slot. */
static bool read_device(struct words *w, struct device_options *d, struct config *c, const char *name)
{
	s32 slot = -1;
	u32 drive = 0;
	bool is_blk = strncmp(name, "virtio-blk", 10) == 0, has_drive = false;
	while (word_next(w)) {
		if (word_is_key(w, "bus")) {
			if (!read_bus(w, &slot))
				return false;
		} else if (is_blk && word_is_key(w, "drive")) {
			has_drive = find_drive(d, c, w->value, &drive);
			if (!has_drive)
				return error_set(w->err, "%s %s: there is no drive with id=%s before it", w->given,
				                 name, w->value);
		} else if (word_is_key(w, "mac")) {
			if (!read_mac(w, c->net.mac))
				return false;
		} else if (word_is_key(w, "netdev") && (!d->net_id || strcmp(d->net_id, w->value) != 0)) {
			return error_set(w->err, "%s %s: there is no -netdev with id=%s before it", w->given, name,
			                 w->value);
		} else if (!word_is_key(w, "netdev") && !word_is_key(w, "id")) {
			return word_unknown(w, "drive=, netdev=, mac=, bus=virtio-mmio-bus.N");
		}
	}
	if (is_blk && !has_drive)
		return error_set(w->err, "%s %s: which disk? drive=ID", w->given, name);
	if (is_blk)
		d->drive_slots[drive] = slot;
	else
		d->net_slot = slot;
	return true;
}

/* What a screen is made of, in the order in which slots are given. */
static const struct screen_device {
	const char *name; /* QEMU's */
	u8 kind;          /* enum slot_kind */
	u8 index;         /* of the slot: which input device */
} screen_devices[SCREEN_DEVICES] = {
	{ "virtio-gpu-device", SLOT_GPU, 0 },
	{ "virtio-keyboard-device", SLOT_INPUT, VIRTIO_INPUT_KEYBOARD },
	{ "virtio-mouse-device", SLOT_INPUT, VIRTIO_INPUT_MOUSE },
	{ "virtio-tablet-device", SLOT_INPUT, VIRTIO_INPUT_TABLET },
};

static const struct screen_device *find_screen_device(const char *name)
{
	for (u32 i = 0; i < SCREEN_DEVICES; i++)
		if (strcmp(screen_devices[i].name, name) == 0)
			return &screen_devices[i];
	return NULL;
}

/* xres= and yres= of the GPU. */
static bool read_side(const struct words *w, u32 *side)
{
	u64 value;
	if (!options_number(w->value, false, &value) || value < FRAMEBUFFER_SIDE_MIN || value > FRAMEBUFFER_SIDE_MAX)
		return error_set(w->err, "%s: %s=%s: must be %d to %d pixels", w->given, w->word, w->value,
		                 FRAMEBUFFER_SIDE_MIN, FRAMEBUFFER_SIDE_MAX);
	*side = (u32)value;
	return true;
}

/* The words behind -device NAME of a screen's part. */
static bool read_screen_device(struct words *w, struct device_options *d, struct config *c,
                               const struct screen_device *device)
{
	s32 slot = -1;
	u32 *side;
	while (word_next(w)) {
		side = word_is_key(w, "xres") ? &c->screen.width : word_is_key(w, "yres") ? &c->screen.height : NULL;
		if (word_is_key(w, "bus")) {
			if (!read_bus(w, &slot))
				return false;
		} else if (side && device->kind == SLOT_GPU) {
			if (!read_side(w, side))
				return false;
		} else if (!word_is_key(w, "id")) {
			return word_unknown(w, device->kind == SLOT_GPU ? "xres=, yres=, bus=virtio-mmio-bus.N"
			                                                : "bus=virtio-mmio-bus.N");
		}
	}
	d->has_screen[device - screen_devices] = true;
	d->screen_slots[device - screen_devices] = slot;
	return true;
}

bool device_options_device(struct device_options *d, struct config *c, const char *given, const char *text,
                           struct error *err)
{
	struct words w = { .given = given, .rest = text, .err = err };
	char name[32] = "";
	if (word_next(&w))
		snprintf(name, sizeof(name), "%s", w.word);
	bool ok = true;
	if (strcmp(name, "virtio-blk-device") == 0 || strcmp(name, "virtio-net-device") == 0)
		ok = read_device(&w, d, c, name);
	else if (strcmp(name, "virtio-rng-device") == 0)
		d->has_rng = true;
	else if (find_screen_device(name))
		ok = read_screen_device(&w, d, c, find_screen_device(name));
	else
		ok = error_set(err,
		               "%s %s: must be virtio-blk-device, virtio-net-device, virtio-rng-device, "
		               "virtio-gpu-device, virtio-keyboard-device, virtio-mouse-device or virtio-tablet-device "
		               "(see --share and --console for others)",
		               given, text);
	free(w.word);
	return ok;
}

/* Puts a device into the slot asked for, or the first free one. */
static bool take_slot(struct config *c, s32 wanted, enum slot_kind kind, u32 index, struct error *err)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		if ((wanted >= 0 && (u32)wanted != i) || c->slots[i].kind != SLOT_EMPTY)
			continue;
		c->slots[i] = (struct slot_config){ .kind = (u8)kind, .index = index };
		return true;
	}
	if (wanted >= 0)
		return error_set(err, "-device: two devices on virtio-mmio-bus.%d", wanted);
	return error_set(err,
	                 "too many devices: disks, network, shares, console, rng and screen (GPU, keyboard, pointer) "
	                 "together have %d slots",
	                 MEMMAP_VIRTIO_COUNT);
}

static bool take_screen_slot(struct config *c, u32 device, s32 wanted, struct error *err)
{
	return take_slot(c, wanted, screen_devices[device].kind, screen_devices[device].index, err);
}

static bool has_device(const struct config *c, enum slot_kind kind, u32 index)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (c->slots[i].kind == kind && c->slots[i].index == index)
			return true;
	return false;
}

bool device_options_settle(struct device_options *d, struct config *c, struct error *err)
{
	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 i = 0; i < c->drive_count; i++) {
			c->drives[i].snapshot |= d->snapshot && !c->drives[i].read_only;
			if ((d->drive_slots[i] < 0) == pass && !take_slot(c, d->drive_slots[i], SLOT_BLK, i, err))
				return false;
		}
		if (c->net.enabled && (d->net_slot < 0) == pass && !take_slot(c, d->net_slot, SLOT_NET, 0, err))
			return false;
		for (u32 i = 0; i < SCREEN_DEVICES && !pass; i++)
			if (d->has_screen[i] && d->screen_slots[i] >= 0 &&
			    !take_screen_slot(c, i, d->screen_slots[i], err))
				return false;
	}
	for (u32 i = 0; i < c->share_count; i++)
		if (!take_slot(c, -1, SLOT_9P, i, err))
			return false;
	if (c->virtio_console && !take_slot(c, -1, SLOT_CONSOLE, 0, err))
		return false;
	if (d->has_rng && !take_slot(c, -1, SLOT_RNG, 0, err))
		return false;
	for (u32 i = 0; i < SCREEN_DEVICES; i++)
		if (d->has_screen[i] && d->screen_slots[i] < 0 && !take_screen_slot(c, i, -1, err))
			return false;
	return device_options_add_screen(c, err);
}

bool device_options_add_screen(struct config *c, struct error *err)
{
	static const s8 pointers[] = {
		[SCREEN_POINTER_TABLET] = 3, [SCREEN_POINTER_MOUSE] = 2, [SCREEN_POINTER_NONE] = -1
	};
	s8 pointer = pointers[c->screen.pointer];
	if (!display_options_has_screen(&c->screen, &c->display))
		return true;
	if (!c->screen.no_gpu && !has_device(c, SLOT_GPU, 0) && !take_screen_slot(c, 0, -1, err))
		return false;
	if (!has_device(c, SLOT_INPUT, VIRTIO_INPUT_KEYBOARD) && !take_screen_slot(c, 1, -1, err))
		return false;
	if (pointer < 0 || has_device(c, SLOT_INPUT, VIRTIO_INPUT_MOUSE) ||
	    has_device(c, SLOT_INPUT, VIRTIO_INPUT_TABLET))
		return true;
	return take_screen_slot(c, (u32)pointer, -1, err);
}
