/*
 * What belongs to the machine as a whole and is seen through uname(2), reboot(2) and /proc/sys/kernel.
 */
#ifndef GUEST_KERNEL_CORE_SYSTEM_H
#define GUEST_KERNEL_CORE_SYSTEM_H

#include "guest/kernel/core/base.h"

#define SYSTEM_RELEASE "6.12.0-rvemu"
#define SYSTEM_VERSION "#1 SMP rvemu guest"

extern char system_hostname[65];
extern char system_domainname[65];
/* /proc/sys/kernel/exit_status: not 0: power-off tells the firmware of a failure, so that the emulator's exit status
 * is 1. */
extern int system_exit_status;

struct abi_riscv_hwprobe;
/* riscv_hwprobe's value for pair->key; the key becomes -1 if it is not known. */
void system_probe(struct abi_riscv_hwprobe *pair);

#endif
