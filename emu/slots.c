/*
 * Which virtio device is in which slot: see slots.h. One row of `switch` a kind, four times: make, destroy, show, save.
 */
#include "emu/slots.h"

static bool create(struct slots *slots, u32 i, const struct slot_config *wanted, struct bus *bus, struct clock *clock,
                   struct irq_line irq, const struct config *config, const struct slot_io *io, struct error *err)
{
	struct slot *slot = &slots->all[i];
	const char *tag;
	slot->kind = wanted->kind;
	switch (wanted->kind) {
	case SLOT_BLK:
		slot->blk = virtio_blk_create(bus, clock, i, irq, io->disks[wanted->index], err);
		return slot->blk != NULL;
	case SLOT_NET:
		slots->net = slot->net = virtio_net_create(bus, i, irq, config->net.mac, io->net, err);
		return slot->net != NULL;
	case SLOT_RNG:
		slot->rng = virtio_rng_create(bus, i, irq, io->seed, err);
		return slot->rng != NULL;
	case SLOT_CONSOLE:
		slots->console = slot->console = virtio_console_create(bus, i, irq, io->out, err);
		return slot->console != NULL;
	case SLOT_9P:
		tag = config->shares[wanted->index].tag;
		slot->p9 = virtio_9p_create(bus, i, irq, tag, io->shares[wanted->index], err);
		return slot->p9 != NULL;
	case SLOT_GPU:
		slots->gpu = slot->gpu =
			virtio_gpu_create(bus, clock, i, irq, config->screen.width, config->screen.height, err);
		return slot->gpu != NULL;
	case SLOT_INPUT:
		slot->input = virtio_input_create(bus, i, irq, (enum virtio_input_kind)wanted->index, err);
		if (wanted->index == VIRTIO_INPUT_KEYBOARD)
			slots->keyboard = slot->input;
		else if (wanted->index == VIRTIO_INPUT_TABLET || !slots->pointer)
			slots->pointer = slot->input;
		return slot->input != NULL;
	default:
		return virtio_create_empty(bus, i, err);
	}
}

bool slots_create(struct slots *slots, const struct config *config, struct bus *bus, struct clock *clock,
                  struct plic *plic, const struct slot_io *io, struct error *err)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (!create(slots, i, &config->slots[i], bus, clock, plic_line(plic, MEMMAP_VIRTIO_IRQ + i), config, io,
		            err))
			return false;
	return true;
}

void slots_destroy(struct slots *slots)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		struct slot *slot = &slots->all[i];
		switch (slot->kind) {
		case SLOT_BLK:
			virtio_blk_destroy(slot->blk);
			break;
		case SLOT_NET:
			virtio_net_destroy(slot->net);
			break;
		case SLOT_RNG:
			virtio_rng_destroy(slot->rng);
			break;
		case SLOT_CONSOLE:
			virtio_console_destroy(slot->console);
			break;
		case SLOT_9P:
			virtio_9p_destroy(slot->p9);
			break;
		case SLOT_GPU:
			virtio_gpu_destroy(slot->gpu);
			break;
		case SLOT_INPUT:
			virtio_input_destroy(slot->input);
			break;
		default:
			break;
		}
	}
}

struct virtio *slots_transport(const struct slots *slots, u32 i)
{
	const struct slot *slot = &slots->all[i];
	switch (slot->kind) {
	case SLOT_BLK:
		return virtio_blk_transport(slot->blk);
	case SLOT_NET:
		return virtio_net_transport(slot->net);
	case SLOT_RNG:
		return virtio_rng_transport(slot->rng);
	case SLOT_CONSOLE:
		return virtio_console_transport(slot->console);
	case SLOT_9P:
		return virtio_9p_transport(slot->p9);
	case SLOT_GPU:
		return virtio_gpu_transport(slot->gpu);
	case SLOT_INPUT:
		return virtio_input_transport(slot->input);
	default:
		return NULL;
	}
}

u32 slots_used(const struct config *config)
{
	u32 used = 0;
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (config->slots[i].kind != SLOT_EMPTY)
			used |= (u32)BIT(i);
	return used;
}

void slots_state(struct state *s, struct slots *slots)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		struct slot *slot = &slots->all[i];
		switch (slot->kind) {
		case SLOT_BLK:
			virtio_blk_state(s, slot->blk);
			break;
		case SLOT_NET:
			virtio_net_state(s, slot->net);
			break;
		case SLOT_RNG:
			virtio_rng_state(s, slot->rng);
			break;
		case SLOT_CONSOLE:
			virtio_console_state(s, slot->console);
			break;
		case SLOT_9P:
			virtio_9p_state(s, slot->p9);
			break;
		case SLOT_GPU:
			virtio_gpu_state(s, slot->gpu);
			break;
		case SLOT_INPUT:
			virtio_input_state(s, slot->input);
			break;
		default:
			break;
		}
	}
}
