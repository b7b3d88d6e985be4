/*
 * Looking for the guest's mistakes: see check.h.
 */
#include "mmu/check.h"

const char *check_kind_name(enum check_kind kind)
{
	static const char *const names[CHECK_KINDS] = {
		[CHECK_STALE] = "stale", [CHECK_FENCE_I] = "fencei",    [CHECK_TABLES] = "tables",
		[CHECK_PBMT] = "pbmt",   [CHECK_RESERVED] = "reserved", [CHECK_LOOP] = "loop",
		[CHECK_WX] = "wx",       [CHECK_INVALID] = "invalid",
	};

	return names[kind];
}
