/*
 * Expressions of the monitor, which are accepted wherever it wants a number: numbers (decimal, 0x, 0b), registers
 * ($a0, $x10, $pc, $satp), symbols, and + - * / % & | ^ << >> ~ ! with parentheses, in C's order. All arithmetic is
 * unsigned, modulo 2^64.
 */
#ifndef RVEMU_EMU_MONITOR_EXPR_H
#define RVEMU_EMU_MONITOR_EXPR_H

#include "cpu/hart.h"
#include "emu/symbols.h"

/* Where names come from. */
struct monitor_scope {
	const struct hart *hart;       /* registers */
	const struct symbols *symbols; /* symbols; may be NULL */
};

/* The ABI name of an integer or floating-point register, by number. */
const char *monitor_x_name(u32 number);
const char *monitor_f_name(u32 number);

/* Evaluates the longest expression that *at begins with and moves *at behind it. False: see err; *at means nothing. */
bool monitor_expr(const struct monitor_scope *scope, const char **at, u64 *value, struct error *err) must_check;

#endif
