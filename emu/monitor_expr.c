/*
 * The monitor's expressions: recursive descent, one function a level of precedence. See monitor_expr.h.
 */
#include "emu/monitor_expr.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cpu/csr.h"
#include "emu/options.h"

#define NAME_SIZE 128
#define DEPTH_MAX 64

struct parser {
	const struct monitor_scope *scope; /* names */
	const char *at;                    /* what comes next */
	u32 depth;                         /* parentheses and signs that are open */
	struct error *err;                 /* what is wrong */
};

static const char *const x_names[32] = {
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
	"a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

static const char *const f_names[32] = {
	"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	"fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	"fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

const char *monitor_x_name(u32 number)
{
	return x_names[number];
}

const char *monitor_f_name(u32 number)
{
	return f_names[number];
}

static bool parse_or(struct parser *p, u64 *value);

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool is_name_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

/* Reads letters, digits, '_', '.' and '$'. */
static bool read_name(struct parser *p, char name[NAME_SIZE])
{
	size_t length = 0;
	while (is_name_letter(p->at[length]))
		length++;
	if (length >= NAME_SIZE)
		return error_set(p->err, "no name is that long: %.40s...", p->at);
	memcpy(name, p->at, length);
	name[length] = '\0';
	p->at += length;
	return true;
}

static bool parse_number(struct parser *p, u64 *value)
{
	char text[NAME_SIZE];
	if (!read_name(p, text))
		return false;
	if (options_number(text, false, value))
		return true;
	if (strspn(text, "0123456789abcdefABCDEF") == strlen(text) && strlen(text) <= 16 &&
	    strpbrk(text, "abcdefABCDEF"))
		return error_set(p->err, "'%s' is no number: hexadecimal ones begin with 0x", text);
	return error_set(p->err, "'%s' is no number, or does not fit into 64 bits", text);
}

/* x0..x31 or f0..f31: the number, or -1. */
static int numbered(const char *name, char letter)
{
	u64 number;
	if (name[0] != letter || !isdigit((unsigned char)name[1]) || !options_number(name + 1, false, &number))
		return -1;
	return number < 32 ? (int)number : -1;
}

static bool parse_register(struct parser *p, u64 *value)
{
	const struct hart *h = p->scope->hart;
	char name[NAME_SIZE];
	p->at++;
	if (!read_name(p, name))
		return false;
	if (strcmp(name, "pc") == 0) {
		*value = h->pc;
		return true;
	}
	if (strcmp(name, "fp") == 0)
		strcpy(name, "s0");
	for (int i = 0; i < 32; i++) {
		if (strcmp(name, x_names[i]) == 0 || numbered(name, 'x') == i) {
			*value = h->x[i];
			return true;
		}
		if (strcmp(name, f_names[i]) == 0 || numbered(name, 'f') == i) {
			*value = h->f[i];
			return true;
		}
	}
	int csr = csr_number(name);
	if (csr >= 0 && csr_peek(h, (u32)csr, value))
		return true;
	return error_set(p->err, "this hart has no register $%s", name);
}

static bool is_register(const char *name)
{
	for (u32 i = 0; i < 32; i++)
		if (strcmp(name, x_names[i]) == 0)
			return true;
	return strcmp(name, "pc") == 0 || strcmp(name, "fp") == 0 || csr_number(name) >= 0;
}

static bool parse_symbol(struct parser *p, u64 *value)
{
	char name[NAME_SIZE];
	if (!read_name(p, name))
		return false;
	const struct symbol *found = p->scope->symbols ? symbols_named(p->scope->symbols, name) : NULL;
	if (found) {
		*value = found->addr;
		return true;
	}
	if (is_register(name))
		return error_set(p->err, "no symbol is called %s; the register is written $%s", name, name);
	return error_set(p->err, "no symbol is called %s", name);
}

static bool parse_character(struct parser *p, u64 *value)
{
	if (!p->at[1] || p->at[2] != '\'')
		return error_set(p->err, "a character is written 'c'");
	*value = (u8)p->at[1];
	p->at += 3;
	return true;
}

static bool parse_unary(struct parser *p, u64 *value);

static bool parse_nested(struct parser *p, u64 *value)
{
	char what = *p->at++;
	if (what != '(') {
		if (!parse_unary(p, value))
			return false;
		*value = what == '-' ? 0 - *value : what == '~' ? ~*value : what == '!' ? !*value : *value;
		return true;
	}
	if (!parse_or(p, value))
		return false;
	skip_blanks(p);
	if (*p->at != ')')
		return error_set(p->err, "a ) is missing");
	p->at++;
	return true;
}

static bool parse_unary(struct parser *p, u64 *value)
{
	skip_blanks(p);
	if (*p->at && strchr("(-~!+", *p->at)) {
		if (p->depth == DEPTH_MAX)
			return error_set(p->err, "the expression is too deep");
		p->depth++;
		bool ok = parse_nested(p, value);
		p->depth--;
		return ok;
	}
	if (isdigit((unsigned char)*p->at))
		return parse_number(p, value);
	if (*p->at == '$')
		return parse_register(p, value);
	if (*p->at == '\'')
		return parse_character(p, value);
	if (is_name_letter(*p->at))
		return parse_symbol(p, value);
	if (*p->at == '\0')
		return error_set(p->err, "a number, a $register or a symbol is missing");
	return error_set(p->err, "'%c' begins no number, $register or symbol", *p->at);
}

static bool parse_product(struct parser *p, u64 *value)
{
	if (!parse_unary(p, value))
		return false;
	for (;;) {
		u64 right;
		skip_blanks(p);
		char what = *p->at;
		if (what != '*' && what != '/' && what != '%')
			return true;
		p->at++;
		if (!parse_unary(p, &right))
			return false;
		if (what == '*')
			*value *= right;
		else if (right == 0)
			return error_set(p->err, "division by zero");
		else
			*value = what == '/' ? *value / right : *value % right;
	}
}

static bool parse_sum(struct parser *p, u64 *value)
{
	if (!parse_product(p, value))
		return false;
	for (;;) {
		u64 right;
		skip_blanks(p);
		char what = *p->at;
		if (what != '+' && what != '-')
			return true;
		p->at++;
		if (!parse_product(p, &right))
			return false;
		*value = what == '+' ? *value + right : *value - right;
	}
}

static bool parse_shift(struct parser *p, u64 *value)
{
	if (!parse_sum(p, value))
		return false;
	for (;;) {
		u64 right;
		skip_blanks(p);
		bool left = strncmp(p->at, "<<", 2) == 0;
		if (!left && strncmp(p->at, ">>", 2) != 0)
			return true;
		p->at += 2;
		if (!parse_sum(p, &right))
			return false;
		if (right > 63)
			*value = 0;
		else
			*value = left ? *value << right : *value >> right;
	}
}

/* & binds closer than ^, and that closer than |. */
static bool parse_bits(struct parser *p, u64 *value, const char *operators)
{
	if (operators[1] ? !parse_bits(p, value, operators + 1) : !parse_shift(p, value))
		return false;
	for (;;) {
		u64 right;
		skip_blanks(p);
		if (*p->at != operators[0])
			return true;
		p->at++;
		if (operators[1] ? !parse_bits(p, &right, operators + 1) : !parse_shift(p, &right))
			return false;
		*value = operators[0] == '|' ? *value | right : operators[0] == '^' ? *value ^ right : *value & right;
	}
}

static bool parse_or(struct parser *p, u64 *value)
{
	return parse_bits(p, value, "|^&");
}

bool monitor_expr(const struct monitor_scope *scope, const char **at, u64 *value, struct error *err)
{
	struct parser p = { .scope = scope, .at = *at, .err = err };
	if (!parse_or(&p, value))
		return false;
	*at = p.at;
	return true;
}
