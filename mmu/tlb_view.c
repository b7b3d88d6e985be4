/*
 * A look into the TLB: see tlb_view.h.
 */
#include "mmu/tlb_view.h"

#include <stdio.h>

#include "mmu/tlb_internal.h"

enum { GROUP_WALK_CACHE = ARRAY_GROUPS };

/* "data L1", and of several arrays for different page sizes which: "data L1 2M+". */
static void name_array(struct tlb_view_array *view, const struct tlb *tlb, const struct tlb_array_config *config)
{
	static const char *const sizes[] = { "4K", "2M", "1G", "512G", "256T" };
	const char *const names[] = { tlb->config.split ? "data L1" : "L1", "fetch L1", "L2", "walk cache" };
	bool takes_all = config->min_level == 0 && config->max_level + 1u >= WALK_LEVELS_MAX;
	bool tells = view->group != GROUP_WALK_CACHE && !takes_all;

	snprintf(view->name, sizeof(view->name), "%s%s%s%s", names[view->group], tells ? " " : "",
	         tells ? sizes[config->min_level % WALK_LEVELS_MAX] : "",
	         tells && config->max_level > config->min_level ? "+" : "");
}

u32 tlb_view_arrays(const struct tlb *tlb, struct tlb_view_array arrays[TLB_VIEW_ARRAYS_MAX])
{
	u32 count = 0;

	for (u32 group = 0; group <= GROUP_WALK_CACHE; group++) {
		for (u32 i = 0; i < TLB_ARRAYS_MAX; i++) {
			const struct tlb_array_config *config =
				group == GROUP_WALK_CACHE ? &tlb->pointers[i].config : &tlb->arrays[group][i].config;

			if (!config->ways)
				break;
			arrays[count] = (struct tlb_view_array){
				.sets = config->sets,
				.ways = config->ways,
				.is_of_first = group < ARRAYS_SECOND,
				.has_pointers = group == GROUP_WALK_CACHE,
				.group = (u8)group,
				.index = (u8)i,
			};
			name_array(&arrays[count++], tlb, config);
		}
	}
	return count;
}

static void see_pointer(const struct tlb *tlb, const struct pointer_array *array, u32 at,
                        void (*see)(void *arg, const struct tlb_view_entry *entry), void *arg)
{
	const struct pointer *p = &array->pointers[at];
	const struct tlb_view_entry view = {
		.set = at / array->config.ways,
		.way = at % array->config.ways,
		.pte_addr = p->pte_addr,
		.pte = p->pte,
		.stamp = p->stamp,
		.asid = p->asid,
		.global = p->global,
	};

	if (tlb_is_alive(tlb, p->stamp, p->global, p->asid))
		see(arg, &view);
}

static void see_entry(const struct tlb *tlb, const struct array *array, u32 at,
                      void (*see)(void *arg, const struct tlb_view_entry *entry), void *arg)
{
	const struct tlb_entry *e = &array->entries[at];
	const struct tlb_view_entry view = {
		.set = at / array->config.ways,
		.way = at % array->config.ways,
		.entry = e,
		.pte = e->pte,
		.stamp = e->stamp,
		.asid = e->asid,
		.global = e->global,
	};

	if (tlb_is_alive(tlb, e->stamp, e->global, e->asid))
		see(arg, &view);
}

void tlb_view_each(const struct tlb *tlb, const struct tlb_view_array *view,
                   void (*see)(void *arg, const struct tlb_view_entry *entry), void *arg)
{
	u32 count = view->sets * view->ways;

	if (view->has_pointers) {
		for (u32 i = 0; i < count; i++)
			see_pointer(tlb, &tlb->pointers[view->index], i, see, arg);
		return;
	}
	const struct array *array = &tlb->arrays[view->group][view->index];

	/* Nothing was put in since everything was flushed: a large TLB need not be looked through. */
	for (u32 i = 0; array->kinds && i < count; i++)
		see_entry(tlb, array, i, see, arg);
}

u64 tlb_view_now(const struct tlb *tlb)
{
	return tlb->now;
}
