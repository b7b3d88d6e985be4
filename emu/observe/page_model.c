/*
 * A run boiled down for the page: time, who ran, and what is counted by time. See page_internal.h.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_WIDTH 64 /* instructions a bucket at first */
#define SATP_SV39 ((u64)8 << 60)
#define LAST_TIME ((u64)1 << 52) /* numbers up to here are exact in the page's script */

static const char *const column_names[PAGE_COLUMNS] = {
	"walksFetch",  "walksLoad",   "walksStore", "walksFailed",  "walkCycles",    "pteReads",
	"adUpdates",   "faultsFetch", "faultsLoad", "faultsStore",  "faultsAccess",  "solvedZero",
	"solvedMinor", "solvedFile",  "solvedSwap", "solvedCopy",   "solvedStack",   "solvedSignal",
	"fencesAll",   "fencesAsid",  "fencesVa",   "fencesVaAsid", "fencedEntries", "evictions",
	"spaces",      "interrupts",  "ecalls",     "trapsOther",   "swapOut",       "swapIn",
};

struct page_model *page_model_create(void)
{
	struct page_model *m = xcalloc(1, sizeof(*m));
	m->time.width = FIRST_WIDTH;
	m->owner_map.limit = PAGE_OWNERS;
	m->space_map.limit = PAGE_SPACES_MAX;
	m->view = guest_view_create(0, 0);
	m->walks = page_walks_create();
	m->life = page_life_create();
	m->moments = page_moments_create();
	return m;
}

void page_model_destroy(struct page_model *m)
{
	page_map_free(&m->owner_map);
	page_map_free(&m->space_map);
	guest_view_destroy(m->view);
	page_walks_destroy(m->walks);
	page_life_destroy(m->life);
	page_moments_destroy(m->moments);
	for (size_t i = 0; i < ARRAY_SIZE(m->texts); i++)
		free(m->texts[i]);
	free(m);
}

/* --- time --- */

/* Adds to a band; who is not its owner wears the owner down first, so that at the end the one with most of the bucket
 * is there if he had more than half, and otherwise one who had much. */
static void band_add(struct page_band *band, u32 owner, u64 weight)
{
	if (band->owner == owner || band->weight == 0) {
		band->owner = owner;
		band->weight += weight;
	} else if (band->weight >= weight) {
		band->weight -= weight;
	} else {
		band->owner = owner;
		band->weight = weight - band->weight;
	}
}

/* Joins pairs of buckets: twice the time fits. */
static void time_halve(struct page_time *t)
{
	for (u32 i = 0; i < PAGE_BUCKETS / 2; i++) {
		for (u32 c = 0; c < PAGE_COLUMNS; c++)
			t->counts[c][i] = t->counts[c][2 * i] + t->counts[c][2 * i + 1];
		t->begin_ns[i] = t->begin_ns[2 * i] ? t->begin_ns[2 * i] : t->begin_ns[2 * i + 1];
		for (u32 h = 0; h < PAGE_HARTS; h++) {
			struct page_band joined = t->bands[h][2 * i];
			band_add(&joined, t->bands[h][2 * i + 1].owner, t->bands[h][2 * i + 1].weight);
			t->bands[h][i] = joined;
		}
	}
	for (u32 c = 0; c < PAGE_COLUMNS; c++)
		memset(&t->counts[c][PAGE_BUCKETS / 2], 0, sizeof(t->counts[c]) / 2);
	memset(&t->begin_ns[PAGE_BUCKETS / 2], 0, sizeof(t->begin_ns) / 2);
	for (u32 h = 0; h < PAGE_HARTS; h++)
		memset(&t->bands[h][PAGE_BUCKETS / 2], 0, sizeof(t->bands[h]) / 2);
	t->width *= 2;
}

/* Brings the page's time up to an event. A hart whose count went back began anew: the machine rebooted. */
static void time_see(struct page_model *m, const struct trace_head *head)
{
	struct page_time *t = &m->time;
	if (head->hart < PAGE_HARTS) {
		u64 *last = &t->last[head->hart];
		u64 step = head->instret > *last ? head->instret - *last : 0;
		t->now = step < LAST_TIME - t->now ? t->now + step : LAST_TIME;
		t->harts |= BIT(head->hart);
		*last = head->instret;
	}
	if (head->time_ns > t->now_ns)
		t->now_ns = head->time_ns;
	while (t->now / t->width >= PAGE_BUCKETS) {
		time_halve(t);
		page_walks_halve(m->walks);
	}
	u32 bucket = (u32)(t->now / t->width);
	if (t->count <= bucket)
		t->count = bucket + 1;
	if (t->begin_ns[bucket] == 0)
		t->begin_ns[bucket] = t->now_ns;
}

static void count(struct page_model *m, enum page_column column, u64 n)
{
	m->time.counts[column][m->time.now / m->time.width] += n;
	m->columns[column] += n;
}

/* --- who --- */

static void name_owner(struct page_model *m, struct page_owner *o)
{
	const struct guest_process *p = guest_view_find(m->view, o->pid);
	if (!p)
		return;
	o->parent = p->parent;
	o->satp = p->satp;
	memcpy(o->name, p->name, sizeof(o->name));
	o->name[sizeof(o->name) - 1] = 0;
}

/* The owner of that pid: index + 1, or 0 for pid 0 and when there are too many. */
static u32 owner_of(struct page_model *m, u64 pid)
{
	bool is_new;
	u32 index = pid && pid <= UINT32_MAX ? page_map_add(&m->owner_map, pid, &is_new) : PAGE_MAP_FULL;
	if (index == PAGE_MAP_FULL)
		return 0;
	struct page_owner *o = &m->owners[index];
	if (is_new) {
		o->pid = (u32)pid;
		o->first = m->time.now;
	}
	if (is_new || !o->name[0])
		name_owner(m, o);
	o->last = m->time.now;
	return index + 1;
}

/* Gives the time since the last change on this hart to who had it. */
static void running_flush(struct page_model *m, u32 hart)
{
	struct page_time *t = &m->time;
	u32 owner = t->running[hart];
	u64 from = t->since[hart];
	if (owner) {
		m->owners[owner - 1].insns += t->now - from;
		m->owners[owner - 1].last = t->now;
	}
	while (owner && from < t->now) {
		u64 end = (from / t->width + 1) * t->width;
		u64 to = end < t->now ? end : t->now;
		band_add(&t->bands[hart][from / t->width], owner, to - from);
		from = to;
	}
	t->since[hart] = t->now;
}

static void running_see(struct page_model *m, u32 hart)
{
	if (hart >= PAGE_HARTS)
		return;
	u32 owner = owner_of(m, guest_view_running(m->view, hart));
	if (owner == m->time.running[hart])
		return;
	running_flush(m, hart);
	m->time.running[hart] = owner;
}

static u32 running_on(const struct page_model *m, u32 hart)
{
	return hart < PAGE_HARTS ? m->time.running[hart] : 0;
}

/* --- events --- */

static void see_walk(struct page_model *m, const struct trace_walk *e)
{
	const struct walk_request *q = e->request;
	const struct walk_result *r = e->result;
	bool is_new;
	u32 space = page_map_add(&m->space_map, e->satp, &is_new);
	if (space != PAGE_MAP_FULL && is_new)
		m->spaces[space] = e->satp;
	struct page_walk w = {
		.when = m->time.now,
		.bucket = (u16)(m->time.now / m->time.width),
		.time_ns = e->head.time_ns,
		.pc = e->head.pc,
		.va = q->va,
		.pa = r->reason == WALK_OK ? r->pa : 0,
		.pte = r->pte,
		.cycles = e->cycles < UINT32_MAX ? (u32)e->cycles : UINT32_MAX,
		.space = space == PAGE_MAP_FULL ? PAGE_SPACES_MAX : (u16)space,
		.owner = (u16)running_on(m, e->head.hart),
		.hart = (u8)e->head.hart,
		.access = q->access % MMU_ACCESSES,
		.priv = q->priv,
		.reason = (u8)r->reason,
		.first = e->first,
		.second = e->second,
		.size_log2 = r->size_log2,
		.level = r->level,
		.levels = q->levels,
		.step_count = r->step_count <= WALK_LEVELS_MAX ? r->step_count : WALK_LEVELS_MAX,
		.flags = (u8)((r->ad_updated ? PAGE_WALK_UPDATED : 0) | (r->global ? PAGE_WALK_GLOBAL : 0) |
		              (q->sum ? PAGE_WALK_SUM : 0) | (q->mxr ? PAGE_WALK_MXR : 0)),
	};
	memcpy(w.steps, r->steps, sizeof(w.steps));
	page_walks_see(m->walks, &w);
	count(m, PAGE_WALKS_FETCH + w.access, 1);
	count(m, PAGE_WALK_CYCLES, w.cycles);
	count(m, PAGE_PTE_READS, w.step_count);
	if (r->reason != WALK_OK)
		count(m, PAGE_WALKS_FAILED, 1);
	if (w.owner) {
		m->owners[w.owner - 1].walks++;
		m->owners[w.owner - 1].faults += r->reason != WALK_OK;
	}
	if (!r->ad_updated)
		return;
	count(m, PAGE_AD_UPDATES, 1);
	struct page_life_event life = { .when = w.when,
		                        .va = w.va,
		                        .extra = r->pte,
		                        .frame = (u32)(w.pa >> 12),
		                        .owner = w.owner,
		                        .kind = PAGE_LIFE_UPDATED };
	page_life_see(m->life, &life);
}

/* Counts an exception by its cause. */
static void count_exception(struct page_model *m, u64 cause)
{
	switch (cause) {
	case 12:
		count(m, PAGE_FAULTS_FETCH, 1);
		break;
	case 13:
		count(m, PAGE_FAULTS_LOAD, 1);
		break;
	case 15:
		count(m, PAGE_FAULTS_STORE, 1);
		break;
	case 1:
	case 5:
	case 7:
		count(m, PAGE_FAULTS_ACCESS, 1);
		break;
	case 8:
	case 9:
	case 11:
		count(m, PAGE_ECALLS, 1);
		break;
	default:
		count(m, PAGE_TRAPS_OTHER, 1);
	}
}

static bool is_memory_fault(u64 cause)
{
	return cause == 1 || cause == 5 || cause == 7 || cause == 12 || cause == 13 || cause == 15;
}

static void see_fault(struct page_model *m, const struct trace_fault *e)
{
	m->fault_events++;
	if (!is_memory_fault(e->cause))
		return;
	count_exception(m, e->cause);
	u32 reason = e->reason < WALK_REASONS ? e->reason : 0;
	m->reasons[reason]++;
	u32 priv = e->request ? e->request->priv : e->head.priv;
	struct page_life_event life = { .when = m->time.now,
		                        .va = e->tval,
		                        .extra = reason | (u64)e->access << 8 | (u64)priv << 10,
		                        .owner = (u16)running_on(m, e->head.hart),
		                        .kind = PAGE_LIFE_FAILED };
	page_life_see(m->life, &life);
}

static void see_trap(struct page_model *m, const struct trace_trap *e)
{
	if (e->is_return)
		return;
	if (e->cause >> 63)
		count(m, PAGE_INTERRUPTS, 1);
	else if (!m->fault_events || !is_memory_fault(e->cause))
		count_exception(m, e->cause);
}

static void see_fence(struct page_model *m, const struct trace_fence *e)
{
	enum page_column by_va = e->by_asid ? PAGE_FENCES_VA_ASID : PAGE_FENCES_VA;
	enum page_column all = e->by_asid ? PAGE_FENCES_ASID : PAGE_FENCES_ALL;
	count(m, e->by_va ? by_va : all, 1);
	count(m, PAGE_FENCED_ENTRIES, e->dropped);
}

static u32 small_frame(u64 frame)
{
	return frame <= UINT32_MAX ? (u32)frame : 0;
}

static u32 at_least_one(u64 n)
{
	return n == 0 ? 1 : n < BIT(24) ? (u32)n : (u32)BIT(24);
}

/* Hints name a space by the frame of its root table; whose it is may only be told later. */
static void set_space(struct page_model *m, struct page_life_event *life, u64 space)
{
	const struct guest_process *p = guest_view_of_satp(m->view, SATP_SV39 | space);
	life->space = small_frame(space);
	life->owner = (u16)(p ? owner_of(m, p->pid) : 0);
}

/* What hints tell of pages and frames; processes are the guest view's matter. */
static void see_hint(struct page_model *m, const struct trace_hint *e)
{
	const u64 *a = e->args;
	struct page_life_event life = { .when = m->time.now };
	switch (e->number) {
	case HINT_EXIT: {
		u32 owner = owner_of(m, a[0]);
		if (owner) {
			m->owners[owner - 1].is_gone = true;
			m->owners[owner - 1].status = a[1];
		}
		return;
	}
	case HINT_PROCESS: {
		u32 owner = owner_of(m, a[0]);
		if (!owner)
			return;
		name_owner(m, &m->owners[owner - 1]);
		page_life_adopt(m->life, small_frame(a[1]), (u16)owner);
		return;
	}
	case HINT_FRAME:
		life.kind = PAGE_LIFE_FRAME;
		life.frame = small_frame(a[0]);
		life.va = a[3] << 12;
		life.extra = a[1] % HINT_FRAME_KINDS | (u64)at_least_one(a[2]) << 8;
		break;
	case HINT_MAP:
	case HINT_UNMAP:
		life.kind = e->number == HINT_MAP ? PAGE_LIFE_MAP : PAGE_LIFE_UNMAP;
		life.frame = small_frame(bits(a[0], PTE_PPN_SHIFT + PTE_PPN_BITS - 1, PTE_PPN_SHIFT));
		set_space(m, &life, a[1]);
		life.va = a[2];
		life.extra = e->number == HINT_MAP ? a[0] : at_least_one(a[3]);
		break;
	case HINT_FAULT:
		count(m, PAGE_SOLVED_ZERO + a[2] % HINT_FAULTS, 1);
		life.kind = PAGE_LIFE_FAULT;
		set_space(m, &life, a[0]);
		life.va = a[1];
		life.extra = a[2] % HINT_FAULTS;
		break;
	case HINT_SWAP_OUT:
	case HINT_SWAP_IN:
		count(m, e->number == HINT_SWAP_OUT ? PAGE_SWAP_OUT : PAGE_SWAP_IN, 1);
		life.kind = e->number == HINT_SWAP_OUT ? PAGE_LIFE_SWAP_OUT : PAGE_LIFE_SWAP_IN;
		life.frame = small_frame(a[0]);
		life.extra = a[1];
		break;
	default:
		return;
	}
	page_life_see(m->life, &life);
}

void page_model_event(struct page_model *m, enum trace_sort sort, const void *event)
{
	const struct trace_head *head = event;
	m->events[sort]++;
	time_see(m, head);
	if (GUEST_VIEW_WANTED >> sort & 1)
		guest_view_emit(m->view, sort, event);
	switch (sort) {
	case TRACE_WALK:
		see_walk(m, event);
		break;
	case TRACE_FAULT:
		see_fault(m, event);
		break;
	case TRACE_TRAP:
		see_trap(m, event);
		break;
	case TRACE_FENCE:
		see_fence(m, event);
		break;
	case TRACE_TLB:
		if (((const struct trace_tlb *)event)->what == TRACE_TLB_EVICT)
			count(m, PAGE_EVICTIONS, 1);
		break;
	case TRACE_SPACE:
		count(m, PAGE_SPACES, 1);
		running_see(m, head->hart);
		break;
	case TRACE_HINT:
		see_hint(m, event);
		running_see(m, head->hart);
		break;
	default:
		break;
	}
}

/* --- what is written --- */

static void write_columns(const struct page_model *m, FILE *out)
{
	const struct page_time *t = &m->time;
	double *column = xcalloc(PAGE_BUCKETS, sizeof(*column));
	u32 *small = xcalloc(PAGE_BUCKETS, sizeof(*small));
	for (u32 c = 0; c < PAGE_COLUMNS; c++) {
		if (m->columns[c] == 0)
			continue;
		for (u32 i = 0; i < t->count; i++) {
			column[i] = (double)t->counts[c][i];
			small[i] = (u32)t->counts[c][i];
		}
		/* parts of a sum that fits do fit */
		if (m->columns[c] <= UINT32_MAX)
			page_json_column(out, column_names[c], "u32", small, t->count * sizeof(*small));
		else
			page_json_column(out, column_names[c], "f64", column, t->count * sizeof(*column));
	}
	for (u32 i = 0; i < t->count; i++)
		column[i] = (double)t->begin_ns[i];
	page_json_column(out, "beginNs", "f64", column, t->count * sizeof(*column));
	free(small);
	free(column);
}

static void write_time(const struct page_model *m, FILE *out)
{
	const struct page_time *t = &m->time;
	fprintf(out, ",\"time\":{\"width\":%llu", (unsigned long long)t->width);
	page_json_number(out, "buckets", t->count);
	page_json_number(out, "end", t->now);
	page_json_number(out, "endNs", t->now_ns < LAST_TIME ? t->now_ns : LAST_TIME);
	write_columns(m, out);
	fputs(",\"bands\":{\"harts\":[", out);
	bool is_first = true;
	for (u32 h = 0; h < PAGE_HARTS; h++)
		if (t->harts >> h & 1) {
			fprintf(out, "%s%u", is_first ? "" : ",", h);
			is_first = false;
		}
	fputc(']', out);
	u16 *owners = xcalloc(PAGE_BUCKETS, sizeof(*owners));
	for (u32 h = 0; h < PAGE_HARTS; h++) {
		if (!(t->harts >> h & 1))
			continue;
		char name[16];
		for (u32 i = 0; i < t->count; i++)
			owners[i] = (u16)t->bands[h][i].owner;
		snprintf(name, sizeof(name), "hart%u", h);
		page_json_column(out, name, "u16", owners, t->count * sizeof(*owners));
	}
	free(owners);
	fputs("}}", out);
}

static void write_owners(struct page_model *m, FILE *out)
{
	fputs(",\"owners\":[", out);
	for (u32 i = 0; i < m->owner_map.count; i++) {
		struct page_owner *o = &m->owners[i];
		name_owner(m, o);
		fprintf(out, "%s{\"pid\":%u", i ? "," : "", o->pid);
		page_json_number(out, "parent", o->parent);
		fprintf(out, ",\"satp\":\"%llx\",\"name\":", (unsigned long long)o->satp);
		page_json_string(out, o->name, strnlen(o->name, sizeof(o->name)));
		page_json_number(out, "first", o->first);
		page_json_number(out, "last", o->last);
		page_json_number(out, "walks", o->walks);
		page_json_number(out, "faults", o->faults);
		page_json_number(out, "insns", o->insns);
		fprintf(out, ",\"isSpace\":%s", o->pid >= GUEST_SPACE_PID ? "true" : "false");
		fprintf(out, ",\"gone\":%s,\"status\":%lld}", o->is_gone ? "true" : "false", (long long)(s32)o->status);
	}
	fputc(']', out);
}

void page_model_write(struct page_model *m, const struct symbols *symbols, FILE *out)
{
	static const char *const text_names[] = { "meta", "stats", "curves", "end" };
	for (u32 h = 0; h < PAGE_HARTS; h++)
		running_flush(m, h);
	fprintf(out, "\"hasHints\":%s", guest_view_has_hints(m->view) ? "true" : "false");
	for (size_t i = 0; i < ARRAY_SIZE(m->texts); i++) {
		fprintf(out, ",\"%s\":", text_names[i]);
		page_json_string(out, m->texts[i] ? m->texts[i] : "", m->texts[i] ? strlen(m->texts[i]) : 0);
	}
	fputs(",\"totals\":{\"events\":", out);
	fprintf(out, "%llu", (unsigned long long)m->fault_events);
	for (u32 c = 0; c < PAGE_COLUMNS; c++)
		page_json_number(out, column_names[c], m->columns[c]);
	fputs("},\"reasons\":[", out);
	for (u32 i = 0; i < WALK_REASONS; i++)
		fprintf(out, "%s%llu", i ? "," : "", (unsigned long long)m->reasons[i]);
	fputs("],\"events\":{\"sorts\":0", out);
	page_json_number(out, "walk", m->events[TRACE_WALK]);
	page_json_number(out, "tlb", m->events[TRACE_TLB]);
	page_json_number(out, "trap", m->events[TRACE_TRAP]);
	page_json_number(out, "fence", m->events[TRACE_FENCE]);
	page_json_number(out, "space", m->events[TRACE_SPACE]);
	page_json_number(out, "fault", m->events[TRACE_FAULT]);
	page_json_number(out, "hint", m->events[TRACE_HINT]);
	fputc('}', out);
	write_time(m, out);
	write_owners(m, out);
	fputs(",\"spaces\":[", out);
	for (u32 i = 0; i < m->space_map.count; i++)
		fprintf(out, "%s\"%llx\"", i ? "," : "", (unsigned long long)m->spaces[i]);
	fputc(']', out);
	page_walks_write(m->walks, symbols, out);
	page_life_write(m->life, out);
	page_moments_write(m->moments, out);
}
