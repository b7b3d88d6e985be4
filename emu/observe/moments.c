/*
 * Moments of a run, evenly spread: see moments.h.
 */
#include "emu/observe/moments.h"

void moments_init(struct moments *m, u32 max, size_t bytes_max, u64 interval)
{
	*m = (struct moments){ .max = max, .bytes_max = bytes_max, .interval = interval };
}

void moments_free(struct moments *m)
{
	for (u32 i = 0; i < m->count; i++)
		pack_free(&m->all[i]);
	m->count = 0;
	m->bytes = 0;
}

static void thin(struct moments *m)
{
	u32 kept = 0;

	for (u32 i = 0; i < m->count; i++) {
		if (i % 2 == 0) {
			m->all[kept++] = m->all[i];
			continue;
		}
		m->bytes -= m->all[i].size;
		pack_free(&m->all[i]);
	}
	m->count = kept;
	m->interval *= 2;
}

void moments_add(struct moments *m, struct pack *moment, u64 now)
{
	while (m->interval < m->least ||
	       (m->count > 1 && (m->count >= m->max || m->bytes + moment->size > m->bytes_max)))
		thin(m);
	m->bytes += moment->size;
	m->all[m->count++] = *moment;
	*moment = (struct pack){ 0 };
	m->next = now + m->interval;
}

void moments_write(struct moments *m, struct run_writer *writer, enum run_record kind)
{
	for (u32 i = 0; i < m->count; i++)
		run_writer_put(writer, kind, m->all[i].bytes, m->all[i].size);
	moments_free(m);
}
