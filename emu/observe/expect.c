/*
 * Expectations are read, and judged at the end of the run: see expect.h. Reports are emu/observe/expect_report.c's.
 */
#include "emu/observe/expect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "emu/nearest.h"
#include "emu/observe/expect_internal.h"
#include "emu/options_values.h"

static const char *const op_names[] = { "==", "!=", "<=", ">=", "<", ">" };

const char *expect_op_name(enum expect_op op)
{
	return op_names[op];
}

static const char *skip_blanks(const char *at)
{
	while (*at && isspace((unsigned char)*at))
		at++;
	return at;
}

/* Copies the word (a name or a number) at *at, and moves *at behind it. False: none is there, or it is too long. */
static bool take_word(const char **at, char word[EXPECT_NAME_MAX])
{
	size_t size = 0;
	*at = skip_blanks(*at);
	while (isalnum((unsigned char)(*at)[size]) || ((*at)[size] && strchr("._-", (*at)[size])))
		size++;
	if (size == 0 || size >= EXPECT_NAME_MAX)
		return false;
	memcpy(word, *at, size);
	word[size] = '\0';
	*at = skip_blanks(*at + size);
	return true;
}

/* Longer operators stand in front of those they begin with. */
static bool take_op(const char **at, enum expect_op *op)
{
	for (u32 i = 0; i < ARRAY_SIZE(op_names); i++) {
		if (strncmp(*at, op_names[i], strlen(op_names[i])) == 0) {
			*op = (enum expect_op)i;
			*at += strlen(op_names[i]);
			return true;
		}
	}
	return false;
}

static bool parse_clause(struct clause *c, const char *text, struct error *err)
{
	const char *at = text;
	char word[EXPECT_NAME_MAX];
	c->text = xstrdup(text);
	if (!take_word(&at, c->name) || isdigit((unsigned char)c->name[0]))
		return error_set(err, "--expect '%s': it must begin with the name of a counter (--stats=names)", text);
	if (!take_op(&at, &c->op)) {
		if (*at == '=')
			return error_set(err, "--expect '%s': equality is ==", text);
		return error_set(err, "--expect '%s': behind %s must stand ==, !=, <=, >=, < or >", text, c->name);
	}
	if (!take_word(&at, word))
		return error_set(err, "--expect '%s': a number or a name is missing behind %s", text, op_names[c->op]);
	if (*at)
		return error_set(err, "--expect '%s': '%s' is too much; clauses are separated by ';'", text, at);
	if (word[0] == '-')
		return error_set(err, "--expect '%s': what is counted is never below 0", text);
	if (!isdigit((unsigned char)word[0]))
		memcpy(c->other, word, sizeof(word));
	else if (!options_number(word, true, &c->wanted))
		return error_set(err, "--expect '%s': %s is not a number", text, word);
	return true;
}

static bool add_clause(struct expect *e, const char *text, struct error *err)
{
	e->clauses = xrealloc(e->clauses, (e->count + 1) * sizeof(*e->clauses));
	e->clauses[e->count] = (struct clause){ 0 };
	return parse_clause(&e->clauses[e->count++], text, err);
}

/* Reads the clauses of one text. */
static bool parse_text(struct expect *e, const char *text, struct error *err)
{
	u32 before = e->count;
	char *copy = xstrdup(text), *rest = copy;
	bool ok = true;
	while (ok && rest) {
		char *clause = strsep(&rest, ";");
		clause = (char *)skip_blanks(clause);
		for (size_t size = strlen(clause); size && isspace((unsigned char)clause[size - 1]); size--)
			clause[size - 1] = '\0';
		if (*clause)
			ok = add_clause(e, clause, err);
	}
	free(copy);
	if (ok && e->count == before)
		return error_set(err, "--expect '%s': nothing is expected there", text);
	return ok;
}

struct expect *expect_create(const char *const *texts, u32 count, struct error *err)
{
	struct expect *e = xcalloc(1, sizeof(*e));
	for (u32 i = 0; i < count; i++) {
		if (!parse_text(e, texts[i], err)) {
			expect_destroy(e);
			return NULL;
		}
	}
	return e;
}

void expect_destroy(struct expect *e)
{
	for (u32 i = 0; e && i < e->count; i++)
		free(e->clauses[i].text);
	if (e)
		free(e->clauses);
	free(e);
}

/* --- names --- */

/* The counter whose name is nearest to a misspelled one. */
struct search {
	const char *name;              /* the misspelled one */
	char nearest[EXPECT_NAME_MAX]; /* empty: none is near */
	u32 distance;                  /* how far that is */
};

static void see_name(void *arg, const char *name, u64 value)
{
	struct search *s = arg;
	(void)value;
	if (strlen(name) >= NAME_LENGTH_MAX || strlen(s->name) >= NAME_LENGTH_MAX)
		return;
	u32 distance = name_distance(s->name, name);
	if (distance < s->distance) {
		s->distance = distance;
		snprintf(s->nearest, sizeof(s->nearest), "%s", name);
	}
}

static bool check_name(const struct expect_source *source, const char *name, struct error *err)
{
	u64 value;
	/* At most three letters, and not most of a short name. */
	u32 length = (u32)strlen(name);
	struct search s = { .name = name, .distance = length < 6 ? length / 2 + 1 : 4 };
	if (!name[0] || strcmp(name, "exit") == 0 || source->find(source->from, name, &value))
		return true;
	see_name(&s, "exit", 0);
	source->each(source->from, see_name, &s);
	if (s.nearest[0])
		return error_set(err, "--expect: nothing is counted as %s: did you mean %s?", name, s.nearest);
	return error_set(err, "--expect: nothing is counted as %s: --stats=names lists all", name);
}

bool expect_check_names(const struct expect *e, const struct expect_source *source, struct error *err)
{
	for (u32 i = 0; i < e->count; i++)
		if (!check_name(source, e->clauses[i].name, err) || !check_name(source, e->clauses[i].other, err))
			return false;
	return true;
}

/* --- values --- */

static bool holds(enum expect_op op, u64 a, u64 b)
{
	switch (op) {
	case EXPECT_EQ:
		return a == b;
	case EXPECT_NE:
		return a != b;
	case EXPECT_LE:
		return a <= b;
	case EXPECT_GE:
		return a >= b;
	case EXPECT_LT:
		return a < b;
	case EXPECT_GT:
		break;
	}
	return a > b;
}

static u64 value_of(const struct expect_source *source, const char *name, int status)
{
	u64 value = 0;
	if (strcmp(name, "exit") == 0)
		return (u64)status;
	bool found = source->find(source->from, name, &value);
	BUG_ON(!found); /* expect_check_names() has seen it */
	return value;
}

void expect_describe(const struct clause *c, char *text, size_t size)
{
	if (c->other[0])
		snprintf(text, size, "expected %s, was %llu and %llu", c->text, (unsigned long long)c->value,
		         (unsigned long long)c->wanted);
	else
		snprintf(text, size, "expected %s, was %llu", c->text, (unsigned long long)c->value);
}

u32 expect_judge(struct expect *e, const struct expect_source *source, int status, FILE *out)
{
	char text[EXPECT_LINE_MAX];
	e->failed = 0;
	for (u32 i = 0; i < e->count; i++) {
		struct clause *c = &e->clauses[i];
		c->value = value_of(source, c->name, status);
		if (c->other[0])
			c->wanted = value_of(source, c->other, status);
		c->ok = holds(c->op, c->value, c->wanted);
		if (c->ok)
			continue;
		e->failed++;
		expect_describe(c, text, sizeof(text));
		fprintf(out, "%s\n", text);
	}
	return e->failed;
}
