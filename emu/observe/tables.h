/*
 * The page tables of the guest at a few moments of a run, whole: for the page-table tree of the report. Up to 8 moments
 * evenly spread over the run (as in emu/observe/frame_map.h) and its end. At each the address spaces that harts use
 * now, and the TABLES_SPACES ones last used that are still alive, as emu/observe/guest_view.h knows them.
 *
 * A RUN_TABLES record is one moment. All numbers are LEB128 (unsigned):
 *
 *     version (1), flags (bit 0: cut, not all tables are here; 1: the end of the run), time_ns, instret (of all harts
 * together), count of spaces, for each: satp, pid, state (bit 0: alive), bit mask of harts that have it loaded, levels
 * (3..5), length of name, name count of tables, for each: pa >> 12, level (of its entries: 0 has leaves of 4 KiB),
 * count of entries that are not 0, for each: index, less that of the entry before (the first: index), and the PTE
 *
 * A table that several spaces or pointers share is there once; the tree is found by following the PTEs from the root of
 * a space (satp's low 44 bits, level `levels` - 1) by (pa >> 12, level). A pointer to what is not in the list: it was
 * cut, or is no RAM.
 */
#ifndef RVEMU_EMU_OBSERVE_TABLES_H
#define RVEMU_EMU_OBSERVE_TABLES_H

#include "emu/observe/guest_view.h"
#include "emu/observe/run_file.h"

struct machine;

#define TABLES_SPACES 64
#define TABLES_MOMENTS 8
#define TABLES_MAX 4096                 /* tables in a record */
#define TABLES_BYTES_MAX (4u * 1048576) /* of a record, about */

struct tables;

/* Watches the model `view`, which must live as long and be told of events before it. */
struct tables *tables_create(struct guest_view *view);
void tables_destroy(struct tables *tables);

/* The machine whose RAM is read; NULL: none any more. */
void tables_attach(struct tables *tables, struct machine *m);

/* The sink: fits struct trace. It wants what guest_view wants. */
void tables_emit(void *tables, enum trace_sort sort, const void *event);

/* Takes the last moment and writes all records. */
void tables_finish(struct tables *tables, struct run_writer *writer);

/* One moment, read back. */
struct tables_space {
	u64 satp;                    /* mode, ASID and root */
	u32 pid;                     /* whose; 0: the kernel's, or not known */
	u64 harts;                   /* bit n: hart n has it loaded */
	u8 levels;                   /* of page tables, 3..5 */
	bool is_alive;               /* the process is */
	char name[GUEST_NAME_BYTES]; /* of the process */
};
struct tables_entry {
	u16 index; /* in its table, 0..511 */
	u64 pte;   /* not 0 */
};
struct tables_table {
	u64 ppn;          /* pa >> 12 */
	u8 level;         /* of its entries */
	u32 first, count; /* which of `entries` */
};
struct tables_moment {
	u64 time_ns, instret;                      /* guest time; instructions of all harts */
	bool is_cut, is_end;                       /* flags of the record */
	u32 space_count, table_count, entry_count; /* of the arrays */
	struct tables_space *spaces;               /* the one used last first */
	struct tables_table *tables;               /* each once */
	struct tables_entry *entries;              /* of all tables, one table's together */
};

/* Reads the payload of a RUN_TABLES record, which may be anybody's. False: it is damaged, see err. */
bool tables_read(const void *payload, size_t size, struct tables_moment *moment, struct error *err) must_check;
void tables_free(struct tables_moment *moment);

/* The table of that page and level, or NULL. */
const struct tables_table *tables_find(const struct tables_moment *moment, u64 ppn, u8 level);

#endif
