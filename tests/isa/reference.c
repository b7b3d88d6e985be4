/*
 * The reference for integer instructions: Zicond, Zimop, Zcmop, Zcb, Zacas, Zicbom, Zicboz, Zawrs, and where QEMU 7.2
 * is no judge (row_oracles() in rows.c). See reference.h.
 */
#include "tests/isa/reference.h"

#include <string.h>

#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_FAULT 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_FAULT 7
#define CACHE_BLOCK 64

static u64 sign_extend(u64 v, u32 width)
{
	u64 sign = 1ull << (width - 1), low = sign | (sign - 1);

	return v & sign ? v | ~low : v & low;
}

static void set_x(struct model *m, u32 reg, u64 v)
{
	if (reg != 0)
		m->x[reg] = v;
}

static void take_trap(struct model *m, u64 cause, u64 tval)
{
	m->cause = cause;
	m->tval = tval;
}

/* Memory at va, or NULL after an access fault. */
static u8 *memory(struct model *m, u64 va, u32 size, u64 cause)
{
	if (va >= GUEST_WINDOW && va + size <= GUEST_WINDOW + sizeof(m->window))
		return (u8 *)m->window + (va - GUEST_WINDOW);
	take_trap(m, cause, va);
	return NULL;
}

/* --- Zacas: "if memory equals rd, store rs2; rd gets what was in memory" --- */

/* The register's value as amocas sees it; of a pair x0 both halves are 0. */
static void read_register(const struct model *m, u32 reg, u32 size, u8 *out)
{
	u64 low = m->x[reg], high = reg == 0 || size < 16 ? 0 : m->x[reg + 1];

	memcpy(out, &low, 8);
	memcpy(out + 8, &high, 8);
}

static void amocas(struct model *m, u32 raw, u32 size)
{
	u32 rd = raw >> 7 & 31, rs2 = raw >> 20 & 31;
	u64 va = m->x[raw >> 15 & 31], old[2] = { 0, 0 };
	u8 expected[16], desired[16], *at;

	if (va % size != 0) {
		take_trap(m, CAUSE_STORE_MISALIGNED, va);
		return;
	}
	at = memory(m, va, size, CAUSE_STORE_FAULT);
	if (!at)
		return;
	read_register(m, rd, size, expected);
	read_register(m, rs2, size, desired);
	memcpy(old, at, size);
	if (memcmp(old, expected, size) == 0)
		memcpy(at, desired, size);
	set_x(m, rd, size == 4 ? sign_extend(old[0], 32) : old[0]);
	if (size == 16 && rd != 0)
		set_x(m, rd + 1, old[1]);
}

/* --- AMOs and SC --- */

static u64 amo_result(const char *operation, u64 old, u64 b, u32 width)
{
	s64 signed_old = (s64)sign_extend(old, width), signed_b = (s64)sign_extend(b, width);
	u64 unsigned_old = width == 64 ? old : old & 0xffffffff, unsigned_b = width == 64 ? b : b & 0xffffffff;

	if (strncmp(operation, "swap", 4) == 0)
		return b;
	if (strncmp(operation, "add", 3) == 0)
		return old + b;
	if (strncmp(operation, "xor", 3) == 0)
		return old ^ b;
	if (strncmp(operation, "and", 3) == 0)
		return old & b;
	if (strncmp(operation, "or", 2) == 0)
		return old | b;
	if (strncmp(operation, "minu", 4) == 0)
		return unsigned_old < unsigned_b ? old : b;
	if (strncmp(operation, "maxu", 4) == 0)
		return unsigned_old > unsigned_b ? old : b;
	if (strncmp(operation, "min", 3) == 0)
		return signed_old < signed_b ? old : b;
	return signed_old > signed_b ? old : b; /* max */
}

static void amo(struct model *m, const char *name, u32 raw)
{
	u32 size = name[strlen(name) - 1] == 'w' ? 4 : 8, rd = raw >> 7 & 31;
	u64 va = m->x[raw >> 15 & 31], b = m->x[raw >> 20 & 31], old = 0, new;
	bool is_sc = strncmp(name, "sc", 2) == 0;
	u8 *at;

	if (va % size != 0) {
		take_trap(m, CAUSE_STORE_MISALIGNED, va);
		return;
	}
	at = memory(m, va, size, CAUSE_STORE_FAULT);
	if (!at)
		return;
	if (is_sc) { /* without a reservation */
		set_x(m, rd, 1);
		return;
	}
	memcpy(&old, at, size);
	new = amo_result(name + 3, old, b, size * 8);
	memcpy(at, &new, size);
	set_x(m, rd, size == 4 ? sign_extend(old, 32) : old);
}

/* --- Zicbom, Zicboz: the whole block is touched; there is no cache to see --- */

static void cache_block(struct model *m, u32 raw, bool zero)
{
	u64 va = m->x[raw >> 15 & 31];
	u8 *at = memory(m, va & ~(CACHE_BLOCK - 1ull), CACHE_BLOCK, CAUSE_STORE_FAULT);

	if (!at)
		m->tval = va;
	else if (zero)
		memset(at, 0, CACHE_BLOCK);
}

/* --- Zcb and Zcmop, from their 16 bits --- */

static bool load_store_short(struct model *m, u32 raw)
{
	u32 rd = 8 + (raw >> 2 & 7), funct3 = raw >> 10 & 7;
	bool is_half = funct3 & 1;
	bool is_store = funct3 & 2;
	u64 offset = is_half ? (raw >> 5 & 1) * 2 : (raw >> 6 & 1) | (raw >> 5 & 1) * 2;
	u64 va = m->x[8 + (raw >> 7 & 7)] + offset;
	u8 *at = memory(m, va, is_half ? 2 : 1, is_store ? CAUSE_STORE_FAULT : CAUSE_LOAD_FAULT);
	u64 value = 0;

	if (!at)
		return true;
	if (is_store) {
		memcpy(at, &m->x[rd], is_half ? 2 : 1);
		return true;
	}
	memcpy(&value, at, is_half ? 2 : 1);
	m->x[rd] = is_half && raw >> 6 & 1 ? sign_extend(value, 16) : value;
	return true;
}

static bool execute_short(struct model *m, u32 raw)
{
	u64 *rd = &m->x[8 + (raw >> 7 & 7)];

	if (raw == 0x9002) { /* c.ebreak */
		take_trap(m, CAUSE_BREAKPOINT, m->pc);
		return true;
	}
	if ((raw & 0xf8ff) == 0x6081) /* c.mop.n */
		return true;
	if ((raw & 0xf003) == 0x8000)
		return load_store_short(m, raw);
	if ((raw & 0xfc63) == 0x9c41) { /* c.mul */
		*rd *= m->x[8 + (raw >> 2 & 7)];
		return true;
	}
	if ((raw & 0xfc63) != 0x9c61)
		return false;
	switch (raw >> 2 & 7) {
	case 0: /* c.zext.b */
		*rd &= 0xff;
		return true;
	case 1: /* c.sext.b */
		*rd = sign_extend(*rd, 8);
		return true;
	case 2: /* c.zext.h */
		*rd &= 0xffff;
		return true;
	case 3: /* c.sext.h */
		*rd = sign_extend(*rd, 16);
		return true;
	case 4: /* c.zext.w */
		*rd &= 0xffffffff;
		return true;
	case 5: /* c.not */
		*rd = ~*rd;
		return true;
	default:
		return false;
	}
}

static u64 count_trailing_zeros(u64 v, u32 width)
{
	u32 n = 0;

	while (n < width && !(v >> n & 1))
		n++;
	return n;
}

/* csrrs and csrrc of mhartid: any register but x0 is an attempt to write, whatever it holds. */
static void read_only_csr(struct model *m, u32 raw)
{
	if (raw >> 15 & 31)
		take_trap(m, CAUSE_ILLEGAL, raw);
	else
		set_x(m, raw >> 7 & 31, 0);
}

bool reference_execute(struct model *m, const char *name, u32 raw)
{
	u32 rd = raw >> 7 & 31;
	u64 a = m->x[raw >> 15 & 31], b = m->x[raw >> 20 & 31];

	m->cause = ~0ull;
	if ((raw & 3) != 3)
		return execute_short(m, raw);
	if (strcmp(name, "czero.eqz") == 0)
		set_x(m, rd, b == 0 ? 0 : a);
	else if (strcmp(name, "czero.nez") == 0)
		set_x(m, rd, b != 0 ? 0 : a);
	else if (strncmp(name, "mop.", 4) == 0)
		set_x(m, rd, 0);
	else if (strcmp(name, "amocas.w") == 0)
		amocas(m, raw, 4);
	else if (strcmp(name, "amocas.d") == 0)
		amocas(m, raw, 8);
	else if (strcmp(name, "amocas.q") == 0)
		amocas(m, raw, 16);
	else if (strncmp(name, "amo", 3) == 0 || strncmp(name, "sc.", 3) == 0)
		amo(m, name, raw);
	else if (strcmp(name, "ctzw") == 0)
		set_x(m, rd, count_trailing_zeros(a, 32));
	else if (strcmp(name, "ebreak") == 0)
		take_trap(m, CAUSE_BREAKPOINT, m->pc);
	else if (strncmp(name, "csrr", 4) == 0)
		read_only_csr(m, raw);
	else if (strncmp(name, "cbo.", 4) == 0)
		cache_block(m, raw, strcmp(name, "cbo.zero") == 0);
	else if (strncmp(name, "wrs.", 4) != 0) /* without a reservation it does not wait */
		return reference_execute_fp(m, name, raw);
	return true;
}
