/*
 * The manual's names for numbers: causes, modes, accesses.
 */
#ifndef RVEMU_EMU_NAMES_H
#define RVEMU_EMU_NAMES_H

#include "emu/base/base.h"

/* A cause as xcause holds it: "load page fault", "supervisor timer interrupt". Never NULL. */
const char *cause_name(u64 cause);

/* 'U', 'S', 'M', or '?'. */
char priv_letter(u32 priv);

/* enum access: "fetch", "load", "store". */
const char *access_name(u32 access);

/* enum walk_reason, for scripts and filters: "ok", "invalid", "no_write"; the enum's names in small letters. */
const char *reason_name(u32 reason);

/* enum walk_source: "memory", "walk_cache", "l1", "l2". */
const char *source_name(u32 source);

#endif
