/*
 * A second PMP for the tests, to be compared with mmu/pmp.c: the privileged manual's "Address Matching" and "Priority
 * and Matching Logic", byte by byte, nothing shared with mmu/. Slow and plain on purpose.
 */
#ifndef RVEMU_TESTS_MMU_NAIVE_PMP_H
#define RVEMU_TESTS_MMU_NAIVE_PMP_H

#include <stdbool.h>
#include <stdint.h>

struct naive_pmp {
	uint8_t pmpcfg[64];
	uint64_t pmpaddr[64];
};

/* Does entry i match this byte? */
static inline bool naive_pmp_matches_byte(const struct naive_pmp *pmp, int i, uint64_t byte)
{
	int a = pmp->pmpcfg[i] / 8 % 4;
	int ones = 0;

	if (a == 0)
		return false;
	if (a == 1) {
		uint64_t bottom = i == 0 ? 0 : pmp->pmpaddr[i - 1];

		return bottom <= byte / 4 && byte / 4 < pmp->pmpaddr[i];
	}
	if (a == 2)
		return byte / 4 == pmp->pmpaddr[i];
	/* yyyy...yyy0: 8 bytes; yyyy...yy01: 16 bytes; yyyy...y011: 32 bytes; and so on */
	while (pmp->pmpaddr[i] >> ones & 1)
		ones++;
	return byte >> (ones + 3) == pmp->pmpaddr[i] * 4 >> (ones + 3);
}

/* Does the operation on these bytes succeed? `permission` is the bit it needs: 1 R, 2 W, 4 X. */
static inline bool naive_pmp_succeeds(const struct naive_pmp *pmp, uint64_t first, int bytes, int permission,
                                      bool m_mode)
{
	for (int i = 0; i < 64; i++) {
		int matched = 0;

		for (int n = 0; n < bytes; n++)
			matched += naive_pmp_matches_byte(pmp, i, first + (uint64_t)n);
		if (matched == 0)
			continue;
		if (matched < bytes)
			return false; /* "must match all bytes of a memory operation, or the operation fails" */
		if (m_mode && pmp->pmpcfg[i] < 128)
			return true;
		return pmp->pmpcfg[i] & permission;
	}
	return m_mode;
}

#endif
