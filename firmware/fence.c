/*
 * Remote fences: see fence.h for how they travel.
 */
#include "firmware/fence.h"

#include "firmware/guard.h"
#include "firmware/hart.h"
#include "firmware/hsm.h"
#include "firmware/ipi.h"

#define PAGE_SIZE 4096ul

/* From so many pages on one fence for all addresses is cheaper than one for each. */
#define PAGES_MAX 64

/* A hart without Zifencei keeps nothing that would need it. */
static void fence_i(const struct hart *hart)
{
	if (hart->features.fence_i)
		try_fence_i();
}

static void sfence_vma(void)
{
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

static void sfence_vma_page(u64 va)
{
	__asm__ volatile("sfence.vma %0, zero" ::"r"(va) : "memory");
}

static void sfence_vma_asid(u64 asid)
{
	__asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}

static void sfence_vma_page_asid(u64 va, u64 asid)
{
	__asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(asid) : "memory");
}

static void do_vma(const struct fence_request *request)
{
	bool one_space = request->kind == FENCE_VMA_ASID;
	u64 page = request->start & -PAGE_SIZE;
	/* May wrap round for the largest sizes: for those it is not used. */
	u64 span = request->size + (request->start - page);

	if (request->size > PAGES_MAX * PAGE_SIZE) {
		if (one_space)
			sfence_vma_asid(request->asid);
		else
			sfence_vma();
		return;
	}
	for (u64 done = 0; done < span; done += PAGE_SIZE) {
		if (one_space)
			sfence_vma_page_asid(page + done, request->asid);
		else
			sfence_vma_page(page + done);
	}
}

static void do_fence(const struct hart *hart, const struct fence_request *request)
{
	if (request->kind == FENCE_I)
		fence_i(hart);
	else
		do_vma(request);
}

void fence_all(struct hart *hart)
{
	sfence_vma();
	fence_i(hart);
}

static void count_sent(struct hart *hart, enum fence_kind kind)
{
	static const enum pmu_firmware_event events[] = {
		[FENCE_I] = PMU_FENCE_I_SENT,
		[FENCE_VMA] = PMU_SFENCE_VMA_SENT,
		[FENCE_VMA_ASID] = PMU_SFENCE_VMA_ASID_SENT,
	};
	pmu_count(hart, events[kind]);
}

static void count_received(struct hart *hart, enum fence_kind kind)
{
	static const enum pmu_firmware_event events[] = {
		[FENCE_I] = PMU_FENCE_I_RECEIVED,
		[FENCE_VMA] = PMU_SFENCE_VMA_RECEIVED,
		[FENCE_VMA_ASID] = PMU_SFENCE_VMA_ASID_RECEIVED,
	};
	pmu_count(hart, events[kind]);
}

void fence_serve(struct hart *hart)
{
	u64 wanted = __atomic_exchange_n(&hart->fences_wanted, 0, __ATOMIC_ACQ_REL);

	for_each_bit(id, wanted) {
		struct fence_request *request = &harts[id].fence;

		do_fence(hart, request);
		count_received(hart, request->kind);
		__atomic_fetch_and(&request->waiting, ~BIT(hart->id), __ATOMIC_ACQ_REL);
	}
}

void fence_remote(struct hart *hart, u64 targets, const struct fence_request *request)
{
	u64 running, others;

	/*
	 * What the supervisor wrote before the call is seen by everybody before we look who runs: a hart that is
	 * starting just now forgets everything after it has said that it runs.
	 */
	fence();
	running = hsm_running(targets);
	others = running & ~BIT(hart->id);
	hart->fence = *request;
	__atomic_store_n(&hart->fence.waiting, others, __ATOMIC_RELEASE);
	for_each_bit(id, others)
		__atomic_fetch_or(&harts[id].fences_wanted, BIT(hart->id), __ATOMIC_ACQ_REL);
	ipi_kick(others);
	count_sent(hart, request->kind);
	if (running & BIT(hart->id))
		do_fence(hart, request);
	while (__atomic_load_n(&hart->fence.waiting, __ATOMIC_ACQUIRE))
		fence_serve(hart);
}
