/*
 * Text on the UART, for test programs that run on the bare machine: here and in tests/firmware.
 */
#ifndef TESTS_GUEST_CONSOLE_H
#define TESTS_GUEST_CONSOLE_H

void put_string(const char *s);
void put_hex(unsigned long value);
void put_decimal(unsigned long value);

#endif
