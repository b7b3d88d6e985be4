/*
 * The stub's breakpoints and watchpoints: Z and z packets become points of cpu/debug.h.
 *
 * gdb has no word for "only in U mode" or "a physical address", and takes all its points away at every stop to set them
 * again when it goes on. So how a point is meant is kept by address: from when it is first set, or as `monitor
 * break-priv` and `monitor break-space` say.
 */
#include "emu/gdbstub_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PRIVS_ANY (BIT(PRIV_U) | BIT(PRIV_S) | BIT(PRIV_M))

enum { TYPE_SOFTWARE, TYPE_HARDWARE, TYPE_WATCH, TYPE_RWATCH, TYPE_AWATCH, TYPES };

void gdb_points_apply(struct gdbstub *g)
{
	struct machine *m = g->control->machine;

	g->points_changed = false;
	for (u32 i = 0; m && i < m->hart_count; i++)
		debug_apply(m->harts[i]);
}

/* The harts are told when they run on, so that taking all points away and setting them again costs them nothing. */
static void note_change(struct gdbstub *g)
{
	g->points_changed = true;
	if (!g->control->paused)
		gdb_points_apply(g);
}

/* --- the manner of points --- */

static struct gdb_manner *find_manner(struct gdbstub *g, u64 address)
{
	u32 count = g->manner_count < GDB_MANNERS_MAX ? g->manner_count : GDB_MANNERS_MAX;

	for (u32 i = 0; i < count; i++)
		if (g->manners[i].address == address)
			return &g->manners[i];
	return NULL;
}

/* How points at the address are taken; noted if it is new. */
static struct gdb_manner *manner_of(struct gdbstub *g, u64 address)
{
	struct gdb_manner *manner = find_manner(g, address);

	if (manner)
		return manner;
	manner = &g->manners[g->manner_count++ % GDB_MANNERS_MAX];
	*manner = g->manner;
	manner->address = address;
	return manner;
}

/* --- setting and removing --- */

static struct debug_point make_point(struct gdbstub *g, u32 type, u64 address, u64 size)
{
	static const u8 kinds[TYPES] = { DEBUG_EXECUTE, DEBUG_EXECUTE, DEBUG_STORE, DEBUG_LOAD,
		                         DEBUG_LOAD | DEBUG_STORE };
	const struct gdb_manner *manner = manner_of(g, address);

	return (struct debug_point){
		.address = address,
		.size = type <= TYPE_HARDWARE ? 1 : size,
		.kinds = kinds[type],
		.privs = manner->privs,
		.physical = manner->physical,
	};
}

static struct gdb_point *find_point(struct gdbstub *g, u32 type, u64 address, u64 size)
{
	for (u32 i = 0; i < g->point_count; i++) {
		struct gdb_point *p = &g->points[i];

		if (p->type == type && p->point.address == address && (type <= TYPE_HARDWARE || p->point.size == size))
			return p;
	}
	return NULL;
}

/* Setting one twice is setting it once. False: there are too many. */
static bool insert(struct gdbstub *g, u32 type, u64 address, u64 size)
{
	struct debug_point point;

	if (find_point(g, type, address, size))
		return true;
	point = make_point(g, type, address, size);
	if (g->point_count == DEBUG_POINTS_MAX || !debug_add(&g->control->debug, &point))
		return false;
	g->points[g->point_count++] = (struct gdb_point){ .type = (u8)type, .point = point };
	note_change(g);
	return true;
}

static void take_away(struct gdbstub *g, struct gdb_point *p)
{
	if (debug_remove(&g->control->debug, &p->point))
		note_change(g);
	*p = g->points[--g->point_count];
}

/* TYPE,ADDRESS,KIND: kind is a watchpoint's size; a breakpoint's means nothing to us. */
void gdb_point_command(struct gdbstub *g, struct gdb_text *t, bool is_insert)
{
	u64 type, address, size;
	struct gdb_point *p;

	if (!gdb_take_number(t, &type) || !gdb_take(t, ',') || !gdb_take_number(t, &address) || !gdb_take(t, ',') ||
	    !gdb_take_number(t, &size)) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	if (type >= TYPES)
		return;
	if (size == 0 && type > TYPE_HARDWARE) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	p = is_insert ? NULL : find_point(g, (u32)type, address, size);
	if (p)
		take_away(g, p);
	if (is_insert && !insert(g, (u32)type, address, size))
		gdb_put_error(g, GDB_ENOSPC);
	else
		gdb_put(g, "OK");
}

void gdb_points_clear(struct gdbstub *g)
{
	while (g->point_count)
		take_away(g, &g->points[g->point_count - 1]);
	g->manner_count = 0;
	g->manner = (struct gdb_manner){ .privs = PRIVS_ANY };
}

int gdb_points_hit(const struct gdbstub *g)
{
	const struct debug *d = &g->control->debug;
	const struct debug_point *hit = &d->points[d->hit.point];

	for (u32 i = 0; d->hit.valid && i < g->point_count; i++) {
		const struct debug_point *p = &g->points[i].point;

		if (p->address == hit->address && p->size == hit->size && p->kinds == hit->kinds)
			return g->points[i].type;
	}
	return -1;
}

/* --- monitor commands --- */

static void print_manner(const struct gdb_manner *manner, const char *which, FILE *out)
{
	fprintf(out, "%s: %s addresses, in", which, manner->physical ? "physical" : "virtual");
	if (manner->privs == PRIVS_ANY)
		fprintf(out, " any mode\n");
	else
		fprintf(out, "%s%s%s mode\n", manner->privs & BIT(PRIV_U) ? " U" : "",
		        manner->privs & BIT(PRIV_S) ? " S" : "", manner->privs & BIT(PRIV_M) ? " M" : "");
}

/* "u", "sm", "any". False: it is none of these. */
static bool parse_privs(const char *text, u8 *privs)
{
	static const char letters[] = "usm";
	static const u8 modes[] = { BIT(PRIV_U), BIT(PRIV_S), BIT(PRIV_M) };

	*privs = 0;
	if (strcmp(text, "any") == 0)
		*privs = PRIVS_ANY;
	else
		for (; *text; text++) {
			const char *letter = strchr(letters, *text | 0x20);

			if (!letter)
				return false;
			*privs |= modes[letter - letters];
		}
	return *privs != 0;
}

/* What a manner now is for an address that has points: they are set anew. */
static void set_again(struct gdbstub *g, u64 address, FILE *out)
{
	for (u32 i = 0; i < g->point_count; i++) {
		struct gdb_point *p = &g->points[i];
		struct debug_point point = make_point(g, p->type, address, p->point.size);

		if (p->point.address != address || !debug_remove(&g->control->debug, &p->point))
			continue;
		if (!debug_add(&g->control->debug, &point))
			fprintf(out, "there are too many points\n");
		p->point = point;
		note_change(g);
	}
}

/* `value`: what was asked for; `where`: an address, or NULL: for addresses that are new. */
static void change_manner(struct gdbstub *g, bool is_priv, const char *value, const char *where, FILE *out)
{
	struct gdb_manner *manner = &g->manner;
	u64 address = 0;
	char *end = NULL;
	u8 privs = 0;

	if (where) {
		address = strtoull(where, &end, 0);
		if (*end || end == where) {
			fprintf(out, "%s is no address: 0x80001000, for example\n", where);
			return;
		}
	}
	if (is_priv && value && !parse_privs(value, &privs)) {
		fprintf(out, "break-priv takes letters of u, s, m, or any; not %s\n", value);
		return;
	}
	if (!is_priv && value && strcmp(value, "virtual") != 0 && strcmp(value, "physical") != 0) {
		fprintf(out, "break-space takes virtual or physical; not %s\n", value);
		return;
	}
	if (where)
		manner = manner_of(g, address);
	if (is_priv && value)
		manner->privs = privs;
	else if (value)
		manner->physical = strcmp(value, "physical") == 0;
	if (where)
		set_again(g, address, out);
	print_manner(manner, where ? where : "new points", out);
}

bool gdb_points_monitor(struct gdbstub *g, const char *line, FILE *out)
{
	char text[128];
	char *rest, *word, *value;
	bool is_priv;

	if (strlen(line) >= sizeof(text))
		return false;
	memcpy(text, line, strlen(line) + 1);
	word = strtok_r(text, " \t", &rest);
	if (!word)
		return false;
	is_priv = strcmp(word, "break-priv") == 0;
	if (!is_priv && strcmp(word, "break-space") != 0) {
		if (strcmp(word, "help") == 0)
			fprintf(out,
			        "break-priv u|s|m|any [ADDRESS]   points count in these modes only (letters: sm); without\n"
			        "    an address: points at addresses that had none before. gdb sets points when it lets the\n"
			        "    guest run on, unless you `set breakpoint always-inserted on`\n"
			        "break-space virtual|physical [ADDRESS]   what the addresses of points are; likewise\n");
		return false;
	}
	value = strtok_r(NULL, " \t", &rest);
	change_manner(g, is_priv, value, value ? strtok_r(NULL, " \t", &rest) : NULL, out);
	return true;
}
