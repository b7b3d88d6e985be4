/*
 * Physical memory protection: privileged manual, "Physical Memory Protection".
 *
 * Each entry's registers are turned into a byte range when they are written, so that a check is a scan over ranges. All
 * 64 entries are implemented, so S and U modes have no access to what no entry matches. The grain is four bytes (G =
 * 0): NA4 can be selected and no address bit is hidden. Of Smepmp nothing is here.
 */
#include "mmu/pmp.h"

#include <string.h>

#include "emu/base/state.h"

#define CFG_PERMISSIONS (PMP_R | PMP_W | PMP_X)
#define CFG_DEFINED (CFG_PERMISSIONS | MASK(2) << PMP_A_SHIFT | PMP_L)
#define ADDR_BITS 54
#define CFG_PER_REGISTER 8

enum match { MATCH_OFF, MATCH_TOR, MATCH_NA4, MATCH_NAPOT };

static enum match match_mode(u8 cfg)
{
	return (enum match)bits(cfg, PMP_A_SHIFT + 1, PMP_A_SHIFT);
}

/* Works out which bytes the entry matches. A range that matches nothing lies behind the last address. */
static void set_range(struct pmp *pmp, u32 i)
{
	u64 addr = pmp->addr[i];
	u64 below = i > 0 ? pmp->addr[i - 1] : 0;
	u64 low_ones = addr ^ (addr + 1); /* the trailing ones and the zero above them */

	pmp->lo[i] = ~0ull;
	pmp->hi[i] = 0;
	switch (match_mode(pmp->cfg[i])) {
	case MATCH_OFF:
		break;
	case MATCH_TOR:
		if (below < addr) {
			pmp->lo[i] = below << 2;
			pmp->hi[i] = (addr << 2) - 1;
		}
		break;
	case MATCH_NA4:
		pmp->lo[i] = addr << 2;
		pmp->hi[i] = (addr << 2) | 3;
		break;
	case MATCH_NAPOT:
		pmp->lo[i] = (addr & ~low_ones) << 2;
		pmp->hi[i] = ((addr | low_ones) << 2) | 3;
		break;
	}
}

static void set_active_end(struct pmp *pmp)
{
	pmp->active_end = PMP_ENTRIES;
	while (pmp->active_end > 0 && match_mode(pmp->cfg[pmp->active_end - 1]) == MATCH_OFF)
		pmp->active_end--;
}

void pmp_reset(struct pmp *pmp)
{
	memset(pmp, 0, sizeof(*pmp));
	for (u32 i = 0; i < PMP_ENTRIES; i++)
		set_range(pmp, i);
}

u64 pmp_read_cfg(const struct pmp *pmp, u32 first)
{
	u64 value = 0;

	for (u32 i = 0; i < CFG_PER_REGISTER; i++)
		value |= (u64)pmp->cfg[first + i] << (8 * i);
	return value;
}

/* What a write of `value` makes of the entry's configuration. */
static u8 legal_cfg(u8 old, u8 value)
{
	if (old & PMP_L)
		return old;
	value &= CFG_DEFINED;
	if ((value & (PMP_R | PMP_W)) == PMP_W)
		value = (u8)((value & ~CFG_PERMISSIONS) | (old & CFG_PERMISSIONS));
	return value;
}

bool pmp_write_cfg(struct pmp *pmp, u32 first, u64 value)
{
	bool changed = false;

	for (u32 i = first; i < first + CFG_PER_REGISTER; i++, value >>= 8) {
		u8 old = pmp->cfg[i];

		pmp->cfg[i] = legal_cfg(old, (u8)value);
		set_range(pmp, i);
		if (pmp->cfg[i] != old && (match_mode(old) != MATCH_OFF || match_mode(pmp->cfg[i]) != MATCH_OFF))
			changed = true;
	}
	set_active_end(pmp);
	return changed;
}

bool pmp_write_addr(struct pmp *pmp, u32 index, u64 value)
{
	bool top_above = index + 1 < PMP_ENTRIES && match_mode(pmp->cfg[index + 1]) == MATCH_TOR;

	value &= MASK(ADDR_BITS);
	if (pmp->cfg[index] & PMP_L || (top_above && pmp->cfg[index + 1] & PMP_L) || pmp->addr[index] == value)
		return false;
	pmp->addr[index] = value;
	set_range(pmp, index);
	if (top_above)
		set_range(pmp, index + 1);
	return top_above || match_mode(pmp->cfg[index]) != MATCH_OFF;
}

/* The permissions of pa..last in this mode, or -1 if the entry that decides matches only a part. */
static int rights_of(const struct pmp *pmp, u64 pa, u64 last, enum priv priv)
{
	for (u32 i = 0; i < pmp->active_end; i++) {
		if (pmp->lo[i] > last || pmp->hi[i] < pa)
			continue;
		if (pmp->lo[i] > pa || pmp->hi[i] < last)
			return -1;
		if (priv == PRIV_M && !(pmp->cfg[i] & PMP_L))
			return CFG_PERMISSIONS;
		return pmp->cfg[i] & CFG_PERMISSIONS;
	}
	return priv == PRIV_M ? (int)CFG_PERMISSIONS : 0;
}

/* The range's last byte; a range cannot wrap. */
static u64 last_byte(u64 pa, u64 size)
{
	u64 last = pa + (size - 1);

	return last < pa ? ~0ull : last;
}

bool pmp_allows(const struct pmp *pmp, u64 pa, u64 size, enum access access, enum priv priv)
{
	static const u8 needed[] = { [ACCESS_FETCH] = PMP_X, [ACCESS_LOAD] = PMP_R, [ACCESS_STORE] = PMP_W };
	int rights = rights_of(pmp, pa, last_byte(pa, size), priv);

	return rights >= 0 && rights & needed[access];
}

int pmp_range_rights(const struct pmp *pmp, u64 pa, u64 size, enum priv priv)
{
	return rights_of(pmp, pa, last_byte(pa, size), priv);
}

void pmp_state(struct state *s, struct pmp *pmp)
{
	state_section(s, "pmp", 1);
	state_bytes(s, pmp->cfg, sizeof(pmp->cfg));
	state_u64s(s, pmp->addr, PMP_ENTRIES);
	for (u32 i = 0; i < PMP_ENTRIES; i++) {
		if (pmp->cfg[i] & ~CFG_DEFINED || pmp->addr[i] > MASK(ADDR_BITS))
			state_fail(s, "the snapshot is damaged: PMP entry %u has a value that does not exist", i);
		set_range(pmp, i);
	}
	set_active_end(pmp);
}
