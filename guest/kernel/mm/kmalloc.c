/*
 * Small kernel objects: see kmalloc.h. A slab is one frame cut into objects of one size; the free ones are a chain
 * through their first words. (Bonwick, "The Slab Allocator", 1994, without its constructors and colours.) What a slab
 * knows of itself is in its struct frame: rmap the first free object, table_used how many are in use, index its class,
 * list its class's list.
 */
#include "guest/kernel/mm/kmalloc.h"

#include "guest/kernel/mm/frame_internal.h"

#define SLAB_MAX 2048
#define STEP 16
#define LARGEST_ORDER 4 /* 64 KiB */

/* One size of objects. */
struct class
{
	u32 size;
	u32 objects;         /* in a slab */
	struct list partial; /* slabs with a free object, and in use */
	struct frame *spare; /* an empty slab that is kept, or NULL */
};

static struct class classes[] = { { .size = 16 },  { .size = 32 },   { .size = 48 },   { .size = 64 },  { .size = 96 },
	                          { .size = 128 }, { .size = 192 },  { .size = 256 },  { .size = 336 }, { .size = 512 },
	                          { .size = 672 }, { .size = 1024 }, { .size = 1360 }, { .size = 2048 } };
static u8 class_of_step[SLAB_MAX / STEP + 1]; /* by the size in steps, rounded up */
static bool is_ready;

static void prepare(void)
{
	unsigned class = 0;
	for (unsigned step = 0; step < ARRAY_SIZE(class_of_step); step++) {
		while (classes[class].size < step * STEP)
			class ++;
		class_of_step[step] = (u8) class;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++) {
		classes[i].objects = PAGE_SIZE / classes[i].size;
		list_init(&classes[i].partial);
	}
	is_ready = true;
}

static struct frame *new_slab(struct class *class, unsigned flags)
{
	struct frame *slab = frame_alloc_unfailing(FRAME_SLAB, 0, flags);
	if (!slab)
		return NULL;
	u8 *data = frame_data(slab);
	void *chain = NULL;
	for (u32 i = class->objects; i-- > 0;) {
		void **object = (void **)(data + (u64)i * class->size);
		*object = chain;
		chain = object;
	}
	slab->rmap = (u64)chain;
	slab->index = (u64)(class - classes);
	return slab;
}

/* A slab of the class with a free object, at the head of its list; NULL: no memory. */
static struct frame *find_slab(struct class *class, unsigned flags)
{
	if (likely(!list_is_empty(&class->partial)))
		return LIST_ENTRY(class->partial.next, struct frame, list);
	struct frame *slab = class->spare;
	class->spare = NULL;
	if (!slab)
		slab = new_slab(class, flags);
	/* The allocation may have slept, and others made slabs, too: no harm. */
	if (slab)
		list_add_first(&class->partial, &slab->list);
	return slab;
}

static void *allocate_large(u64 size, unsigned flags)
{
	unsigned order = 0;
	while (order <= LARGEST_ORDER && PAGE_SIZE << order < size)
		order++;
	if (order > LARGEST_ORDER)
		return NULL;
	struct frame *frame = frame_alloc_unfailing(FRAME_KERNEL, order, flags | ALLOC_ZERO);
	return frame ? frame_data(frame) : NULL;
}

static void *allocate(u64 size, unsigned flags)
{
	if (unlikely(allocation_must_fail()))
		return NULL;
	if (unlikely(!is_ready))
		prepare();
	if (unlikely(size > SLAB_MAX))
		return allocate_large(size, flags);
	struct class *class = &classes[class_of_step[(size + STEP - 1) / STEP]];
	struct frame *slab = find_slab(class, flags);
	if (!slab)
		return NULL;
	u64 *object = (u64 *)slab->rmap;
	slab->rmap = *object;
	slab->table_used++;
	if (slab->rmap == 0)
		list_remove(&slab->list);
	/* All sizes are multiples of 16. */
	for (u64 i = 0; i < class->size / sizeof(u64); i += 2) {
		object[i] = 0;
		object[i + 1] = 0;
		__asm__ volatile("" ::: "memory");
	}
	return object;
}

void *kmalloc(u64 size)
{
	return allocate(size, 0);
}

void *kmalloc_nowait(u64 size)
{
	return allocate(size, ALLOC_NOWAIT);
}

static void free_slab(struct class *class, struct frame *slab)
{
	list_remove(&slab->list);
	if (!class->spare) {
		class->spare = slab;
		return;
	}
	slab->rmap = 0;
	frame_put(slab);
}

void kfree(void *pointer)
{
	if (!pointer)
		return;
	struct frame *slab = frame_of_virtual(pointer);
	BUG_ON(!slab);
	if (slab->kind == FRAME_KERNEL) {
		frame_put(slab);
		return;
	}
	BUG_ON(slab->kind != FRAME_SLAB || slab->table_used == 0);
	struct class *class = &classes[slab->index];
	BUG_ON(((u64)pointer & PAGE_MASK) % class->size != 0);
	if (slab->rmap == 0)
		list_add_first(&class->partial, &slab->list);
	*(u64 *)pointer = slab->rmap;
	slab->rmap = (u64)pointer;
	if (--slab->table_used == 0)
		free_slab(class, slab);
}

void *krealloc(void *old, u64 old_size, u64 size)
{
	void *grown = kmalloc(size);
	if (!grown)
		return NULL;
	if (old)
		memcpy(grown, old, MIN(old_size, size));
	kfree(old);
	return grown;
}

char *kstrdup(const char *text)
{
	u64 size = strlen(text) + 1;
	char *copy = kmalloc(size);
	if (copy)
		memcpy(copy, text, size);
	return copy;
}
