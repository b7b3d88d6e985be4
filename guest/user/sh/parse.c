/*
 * From text to a tree: a recursive-descent parser, one function for each rule of the grammar.
 *
 *     line     := list newline
 *     list     := and_or ((; | & | newline) and_or)*
 *     and_or   := pipeline ((&& | ||) pipeline)*
 *     pipeline := [!] command (| command)*
 *     command  := (( list ) | { list } | if | while | until | for | word+) redirect*
 *
 * Words stay as they were typed; expand.c removes quotes when the command runs. Text that ends too early is not an
 * error but PARSE_INCOMPLETE: the caller gets another line.
 */
#include "guest/user/sh/sh.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	struct shell *sh;
	const char *p;            /* what comes next */
	enum parse_result result; /* once not OK, every rule returns at once */
};

static struct node *list(struct parser *ps, bool stop_at_newline);

static struct node *fail(struct parser *ps)
{
	if (ps->result == PARSE_OK)
		ps->result = *ps->p ? PARSE_ERROR : PARSE_INCOMPLETE;
	return NULL;
}

static void skip_blanks(struct parser *ps)
{
	for (;;) {
		if (*ps->p == ' ' || *ps->p == '\t')
			ps->p++;
		else if (ps->p[0] == '\\' && ps->p[1] == '\n')
			ps->p += 2;
		else if (*ps->p == '#')
			ps->p += strcspn(ps->p, "\n");
		else
			return;
	}
}

static void skip_newlines(struct parser *ps)
{
	skip_blanks(ps);
	while (*ps->p == '\n') {
		ps->p++;
		skip_blanks(ps);
	}
}

/* Past the closing parenthesis of $( or $((; quotes inside count. */
static const char *skip_parens(const char *p)
{
	for (int depth = 0; *p; p++) {
		if (*p == '(') {
			depth++;
		} else if (*p == ')') {
			if (--depth == 0)
				return p + 1;
		} else if (*p == '\'') {
			p = strchr(p + 1, '\'');
			if (!p)
				return NULL;
		} else if (*p == '\\' && p[1]) {
			p++;
		}
	}
	return NULL;
}

static const char *skip_double_quotes(const char *p)
{
	while (*p && *p != '"') {
		if (*p == '\\' && p[1]) {
			p += 2;
		} else if (p[0] == '$' && p[1] == '(') {
			p = skip_parens(p + 1);
			if (!p)
				return NULL;
		} else {
			p++;
		}
	}
	return *p ? p + 1 : NULL;
}

const char *skip_word(const char *p)
{
	while (p && *p && !strchr(" \t\n;&|<>()", *p)) {
		if (*p == '\\') {
			p += p[1] ? 2 : 1;
		} else if (*p == '\'') {
			p = strchr(p + 1, '\'');
			p = p ? p + 1 : NULL;
		} else if (*p == '"') {
			p = skip_double_quotes(p + 1);
		} else if (p[0] == '$' && p[1] == '(') {
			p = skip_parens(p + 1);
		} else if (p[0] == '$' && p[1] == '{') {
			p = strchr(p, '}');
			p = p ? p + 1 : NULL;
		} else {
			p++;
		}
	}
	return p;
}

/* Is the next word exactly this one? Words that end a list are only seen where a command could begin. */
static bool at_keyword(struct parser *ps, const char *keyword)
{
	size_t n = strlen(keyword);

	skip_blanks(ps);
	return strncmp(ps->p, keyword, n) == 0 && skip_word(ps->p) == ps->p + n;
}

static bool take_keyword(struct parser *ps, const char *keyword)
{
	if (!at_keyword(ps, keyword))
		return false;
	ps->p += strlen(keyword);
	return true;
}

/* As take_keyword, where newlines may come first and nothing else may. */
static bool need_keyword(struct parser *ps, const char *keyword)
{
	skip_newlines(ps);
	if (ps->result == PARSE_OK && take_keyword(ps, keyword))
		return true;
	fail(ps);
	return false;
}

static bool at_list_end(struct parser *ps)
{
	static const char *const closers[] = { "then", "else", "elif", "fi", "do", "done", "}" };

	skip_blanks(ps);
	if (*ps->p == 0 || *ps->p == ')')
		return true;
	for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++)
		if (at_keyword(ps, closers[i]))
			return true;
	return false;
}

static struct node *new_node(struct parser *ps, enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = arena_alloc(ps->sh, sizeof(*node));

	node->kind = kind;
	node->left = left;
	node->right = right;
	return node;
}

static char *take_word(struct parser *ps)
{
	const char *start, *end;

	skip_blanks(ps);
	start = ps->p;
	end = skip_word(start);
	if (!end) {
		ps->result = PARSE_INCOMPLETE;
		return NULL;
	}
	if (end == start) {
		fail(ps);
		return NULL;
	}
	ps->p = end;
	return arena_copy(ps->sh, start, (size_t)(end - start));
}

/* A redirection at the cursor, appended to *tail; false when there is none. */
static bool take_redirect(struct parser *ps, struct redirect ***tail)
{
	const char *p;
	struct redirect *r;
	int fd = -1;

	skip_blanks(ps);
	p = ps->p;
	if (isdigit((unsigned char)*p) && (p[1] == '<' || p[1] == '>'))
		fd = *p++ - '0';
	if (*p != '<' && *p != '>')
		return false;
	r = arena_alloc(ps->sh, sizeof(*r));
	r->fd = fd >= 0 ? fd : *p == '>';
	r->flags = *p == '<' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
	if (p[0] == '>' && p[1] == '>') {
		r->flags = O_WRONLY | O_CREAT | O_APPEND;
		p++;
	} else if (p[0] == '<' && p[1] == '>') {
		r->flags = O_RDWR | O_CREAT;
		p++;
	} else if (p[1] == '&') {
		r->flags = -1;
		p++;
	}
	ps->p = p + 1;
	r->word = take_word(ps);
	**tail = r;
	*tail = &r->next;
	return true;
}

static void add_word(struct parser *ps, struct node *node, int *count, char *word)
{
	char **bigger;

	/* Doubling: 4, 8, 16... with room for the NULL. */
	if (!node->words || (*count >= 3 && ((*count + 1) & *count) == 0)) {
		bigger = arena_alloc(ps->sh, sizeof(char *) * 2 * (size_t)(*count + 2));
		if (*count)
			memcpy(bigger, node->words, sizeof(char *) * (size_t)*count);
		node->words = bigger;
	}
	node->words[(*count)++] = word;
}

static struct node *simple(struct parser *ps)
{
	struct node *node = new_node(ps, NODE_SIMPLE, NULL, NULL);
	struct redirect **tail = &node->redirects;
	int count = 0;

	for (;;) {
		if (take_redirect(ps, &tail))
			continue;
		if (ps->result != PARSE_OK || !*ps->p || strchr("\n;&|()", *ps->p))
			break;
		add_word(ps, node, &count, take_word(ps));
	}
	if (!count)
		add_word(ps, node, &count, NULL);
	return count && (node->words[0] || node->redirects) ? node : fail(ps);
}

/* After `if` or `elif`. */
static struct node *if_rest(struct parser *ps)
{
	struct node *node = new_node(ps, NODE_IF, NULL, NULL);

	node->left = list(ps, false);
	if (!need_keyword(ps, "then"))
		return NULL;
	node->right = list(ps, false);
	skip_newlines(ps);
	if (take_keyword(ps, "elif")) {
		node->other = if_rest(ps);
		return node;
	}
	if (take_keyword(ps, "else"))
		node->other = list(ps, false);
	need_keyword(ps, "fi");
	return node;
}

static struct node *loop(struct parser *ps, enum node_kind kind)
{
	struct node *node = new_node(ps, kind, NULL, NULL);
	int count = 0;

	if (kind == NODE_FOR) {
		add_word(ps, node, &count, take_word(ps));
		if (take_keyword(ps, "in")) {
			for (skip_blanks(ps); ps->result == PARSE_OK && *ps->p && !strchr("\n;", *ps->p);) {
				add_word(ps, node, &count, take_word(ps));
				skip_blanks(ps);
			}
		} else {
			add_word(ps, node, &count, arena_copy(ps->sh, "\"$@\"", 4));
		}
		skip_blanks(ps);
		if (*ps->p == ';')
			ps->p++;
	} else {
		node->left = list(ps, false);
	}
	if (!need_keyword(ps, "do"))
		return NULL;
	node->right = list(ps, false);
	need_keyword(ps, "done");
	return node;
}

static struct node *command(struct parser *ps)
{
	struct node *node;
	struct redirect **tail;

	skip_blanks(ps);
	if (*ps->p == '(') {
		ps->p++;
		node = new_node(ps, NODE_SUBSHELL, list(ps, false), NULL);
		if (ps->result != PARSE_OK || *ps->p != ')')
			return fail(ps);
		ps->p++;
	} else if (take_keyword(ps, "{")) {
		node = new_node(ps, NODE_GROUP, list(ps, false), NULL);
		if (!need_keyword(ps, "}"))
			return NULL;
	} else if (take_keyword(ps, "if")) {
		node = if_rest(ps);
	} else if (take_keyword(ps, "while")) {
		node = loop(ps, NODE_WHILE);
	} else if (take_keyword(ps, "until")) {
		node = loop(ps, NODE_UNTIL);
	} else if (take_keyword(ps, "for")) {
		node = loop(ps, NODE_FOR);
	} else {
		return simple(ps);
	}
	if (!node || ps->result != PARSE_OK)
		return NULL;
	tail = &node->redirects;
	while (take_redirect(ps, &tail))
		continue;
	return node;
}

static struct node *pipeline(struct parser *ps)
{
	bool negated = take_keyword(ps, "!");
	struct node *node = command(ps);

	skip_blanks(ps);
	if (node && ps->p[0] == '|' && ps->p[1] != '|') {
		ps->p++;
		skip_newlines(ps);
		node = new_node(ps, NODE_PIPE, node, pipeline(ps));
	}
	return negated ? new_node(ps, NODE_NOT, node, NULL) : node;
}

static struct node *and_or(struct parser *ps)
{
	const char *start = (skip_blanks(ps), ps->p);
	struct node *node = pipeline(ps);

	while (ps->result == PARSE_OK) {
		enum node_kind kind = *ps->p == '&' ? NODE_AND : NODE_OR;

		skip_blanks(ps);
		if (strncmp(ps->p, "&&", 2) != 0 && strncmp(ps->p, "||", 2) != 0)
			break;
		kind = *ps->p == '&' ? NODE_AND : NODE_OR;
		ps->p += 2;
		skip_newlines(ps);
		node = new_node(ps, kind, node, pipeline(ps));
	}
	if (node && ps->result == PARSE_OK) {
		const char *end = ps->p;

		while (end > start && isspace((unsigned char)end[-1]))
			end--;
		node->text = arena_copy(ps->sh, start, (size_t)(end - start));
	}
	return node;
}

static struct node *list(struct parser *ps, bool stop_at_newline)
{
	struct node *all = NULL;

	if (!stop_at_newline)
		skip_newlines(ps);
	while (ps->result == PARSE_OK && !at_list_end(ps) && *ps->p != '\n') {
		struct node *node = and_or(ps);

		if (ps->result != PARSE_OK)
			return NULL;
		skip_blanks(ps);
		if (*ps->p == '&') {
			const char *text = node->text;

			node = new_node(ps, NODE_BACKGROUND, node, NULL);
			node->text = text;
			ps->p++;
		} else if (*ps->p == ';') {
			ps->p++;
		} else if (*ps->p != '\n' && !at_list_end(ps)) {
			return fail(ps);
		}
		all = all ? new_node(ps, NODE_SEQUENCE, all, node) : node;
		if (!stop_at_newline)
			skip_newlines(ps);
	}
	return all ? all : stop_at_newline ? NULL : fail(ps);
}

enum parse_result parse_line(struct shell *sh, const char **text, struct node **out)
{
	struct parser ps = { sh, *text, PARSE_OK };

	skip_blanks(&ps);
	*out = list(&ps, true);
	if (ps.result == PARSE_OK && *ps.p && *ps.p != '\n')
		fail(&ps); /* a `fi` or `)` without its beginning */
	if (ps.result == PARSE_OK && *ps.p)
		ps.p++;
	*text = ps.p;
	return ps.result;
}
