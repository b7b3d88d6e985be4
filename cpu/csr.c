/*
 * Zicsr instructions: finds the register, checks that it may be used, reads and writes. See csr.h.
 *
 * What makes an access illegal: there is no such register, this hart lacks the extension it belongs to, the mode is not
 * privileged enough (bits 9:8 of the number), it is read-only (bits 11:10 both set) and would be written, or its gate
 * is closed. All five are the same exception, so their order cannot be seen.
 */
#include "cpu/csr.h"

#include <string.h>

#include "cpu/csr_table.h"
#include "cpu/fpu.h"

static bool is_read_only(u32 number)
{
	return bits(number, 11, 10) == 3;
}

static bool is_in_hart(const struct hart *h, const struct csr_row *row)
{
	return row && (h->isa->ext & row->needs) == row->needs;
}

static u64 read_row(const struct hart *h, const struct csr_row *row, u32 number)
{
	u64 value;

	if (row->get)
		return row->get(h, number);
	memcpy(&value, (const u8 *)h + row->offset, sizeof(value));
	return value;
}

static void write_row(struct hart *h, const struct csr_row *row, u32 number, u64 value)
{
	if (row->set) {
		row->set(h, number, value);
		return;
	}
	value = (value & row->mask) | (read_row(h, row, number) & ~row->mask);
	memcpy((u8 *)h + row->offset, &value, sizeof(value));
}

static void emit_write(struct hart *h, u32 number, u64 value)
{
	struct trace_csr event = { .number = (u16)number, .value = value };

	hart_trace_head(h, &event.head);
	h->trace->emit(h->trace->arg, TRACE_CSR, &event);
}

/* mcountinhibit, mhpmevent<n>, mcycle, minstret, mhpmcounter<n>. */
static bool is_counter(u32 number)
{
	return (number & ~31u) == (CSR_MCOUNTINHIBIT & ~31u) || (number & ~31u) == (CSR_MCYCLE & ~31u);
}

static cold void write_traced(struct hart *h, const struct csr_row *row, u32 number, u64 value)
{
	write_row(h, row, number, value);
	value = read_row(h, row, number);
	h->count -= is_counter(number);
	emit_write(h, number, value);
	h->count += is_counter(number);
}

/*
 * A write to a counter takes effect when the instruction has been counted: it starts there, so that the next
 * instruction reads what was written ("CSR Instructions": the explicit write is done instead of the update from the
 * side effect).
 */
static void write_counted(struct hart *h, const struct csr_row *row, u32 number, u64 value)
{
	if (unlikely(is_counter(number)))
		h->count++;
	if (trace_wants(h->trace, TRACE_CSR))
		write_traced(h, row, number, value);
	else
		write_row(h, row, number, value);
	if (unlikely(is_counter(number)))
		h->count--;
}

bool csr_access(struct hart *h, u32 number, enum csr_op op, u64 operand, bool reads, bool writes, u64 *old)
{
	const struct csr_row *row = csr_row(number);
	u32 frm = h->csr.frm;
	u64 value = 0;

	if (unlikely(!is_in_hart(h, row) || h->priv < bits(number, 9, 8) || (writes && is_read_only(number))))
		return false;
	if (row->gate && unlikely(!row->gate(h, number)))
		return false;
	if (reads || op != CSR_WRITE)
		value = read_row(h, row, number);
	if (reads)
		*old = value;
	if (!writes)
		return true;
	/* "the value used in the read-modify-write sequence is only the software-writable SEIP bit" */
	if (number == CSR_MIP)
		value = h->csr.mip_soft;
	if (op == CSR_SET)
		operand = value | operand;
	else if (op == CSR_CLEAR)
		operand = value & ~operand;
	write_counted(h, row, number, operand);
	if (unlikely(h->csr.frm != frm))
		fpu_set_rounding(h->csr.frm);
	return true;
}

bool csr_peek(const struct hart *h, u32 number, u64 *value)
{
	const struct csr_row *row = csr_row(number);

	if (!is_in_hart(h, row))
		return false;
	*value = read_row(h, row, number);
	return true;
}

bool csr_poke(struct hart *h, u32 number, u64 value)
{
	const struct csr_row *row = csr_row(number);

	if (!is_in_hart(h, row) || is_read_only(number))
		return false;
	write_row(h, row, number, value);
	return true;
}

const char *csr_name(u32 number)
{
	const struct csr_row *row = csr_row(number);

	return row ? row->names[number - row->first] : NULL;
}

int csr_number(const char *name)
{
	for (u32 number = 0; number < CSR_NUMBERS; number++)
		if (csr_row(number) && strcmp(csr_name(number), name) == 0)
			return (int)number;
	return -1;
}
