/*
 * What became of the expectations, as JUnit XML or JSON: see expect.h. Both are well-formed whatever the guest's file
 * is called: what is no printable character of UTF-8 is written as '?'.
 */
#include <stdio.h>
#include <string.h>

#include "emu/observe/expect_internal.h"
#include "emu/observe/output.h"

/* How many bytes the printable UTF-8 character at `at` has; 0: there is none. */
static u32 character_size(const char *at)
{
	const u8 *b = (const u8 *)at;
	u32 size = b[0] < 0x80 ? 1 : b[0] >= 0xc2 && b[0] < 0xe0 ? 2 : b[0] >= 0xe1 && b[0] < 0xed ? 3 : 0;
	if (b[0] < 0x20 || b[0] == 0x7f)
		return 0;
	for (u32 i = 1; i < size; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

static void put_xml(FILE *out, const char *text)
{
	static const char special[] = "<>&\"'";
	static const char *const names[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&apos;" };
	while (*text) {
		const char *found = strchr(special, *text);
		u32 size = character_size(text);
		if (found)
			fputs(names[found - special], out);
		else if (size)
			fwrite(text, 1, size, out);
		else
			fputc('?', out);
		text += size ? size : 1;
	}
}

static void put_json(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		u32 size = character_size(text);
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if (size)
			fwrite(text, 1, size, out);
		else
			fputc('?', out);
		text += size ? size : 1;
	}
	fputc('"', out);
}

static void write_xml_clause(FILE *out, const struct clause *c)
{
	char text[EXPECT_LINE_MAX];
	fprintf(out, "  <testcase classname=\"expect\" name=\"");
	put_xml(out, c->text);
	fprintf(out, "\">\n");
	if (!c->ok) {
		expect_describe(c, text, sizeof(text));
		fprintf(out, "   <failure message=\"");
		put_xml(out, text);
		fprintf(out, "\"/>\n");
	}
	fprintf(out, "   <system-out>%s = %llu", c->name, (unsigned long long)c->value);
	if (c->other[0])
		fprintf(out, ", %s = %llu", c->other, (unsigned long long)c->wanted);
	fprintf(out, "</system-out>\n  </testcase>\n");
}

static void write_xml(FILE *out, const struct expect *e, const struct expect_run *run, const char *cut)
{
	u32 tests = e->count + (cut != NULL);
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	fprintf(out, "<testsuites tests=\"%u\" failures=\"%u\" errors=\"%u\">\n", tests, e->failed, cut != NULL);
	fprintf(out, " <testsuite name=\"");
	put_xml(out, run->guest);
	fprintf(out, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"%.3f\">\n", tests, e->failed, cut != NULL,
	        (double)run->host_ns / 1e9);
	fprintf(out, "  <properties><property name=\"exit\" value=\"%d\"/></properties>\n", run->status);
	for (u32 i = 0; i < e->count; i++)
		write_xml_clause(out, &e->clauses[i]);
	if (cut) {
		fprintf(out,
		        "  <testcase classname=\"expect\" name=\"the run comes to its end\">\n   <error message=\"");
		put_xml(out, cut);
		fprintf(out, "\"/>\n  </testcase>\n");
	}
	fprintf(out, " </testsuite>\n</testsuites>\n");
}

static void write_json(FILE *out, const struct expect *e, const struct expect_run *run)
{
	fprintf(out, "{\"guest\": ");
	put_json(out, run->guest);
	fprintf(out, ",\n \"exit\": %d,\n \"cut\": ", run->status);
	if (run->cut)
		put_json(out, run->cut);
	else
		fprintf(out, "null");
	fprintf(out, ",\n \"passed\": %u,\n \"failed\": %u,\n \"expectations\": [", e->count - e->failed, e->failed);
	for (u32 i = 0; i < e->count; i++) {
		const struct clause *c = &e->clauses[i];
		fprintf(out, "%s\n  {\"text\": ", i ? "," : "");
		put_json(out, c->text);
		fprintf(out, ", \"name\": \"%s\", \"op\": \"%s\", \"wanted\": %llu, \"value\": %llu, \"ok\": %s}",
		        c->name, expect_op_name(c->op), (unsigned long long)c->wanted, (unsigned long long)c->value,
		        c->ok ? "true" : "false");
	}
	fprintf(out, "\n ]}\n");
}

/* What is reported, for output_write(). */
struct job {
	const struct expect *expect;
	const struct expect_run *run;
	const char *cut; /* why the run did not come to its end, if that is a failure */
	bool is_xml;     /* JUnit; else JSON */
};

static void write_report(const void *arg, FILE *out)
{
	const struct job *job = arg;
	if (job->is_xml)
		write_xml(out, job->expect, job->run, job->cut);
	else
		write_json(out, job->expect, job->run);
}

bool expect_report(const struct expect *e, const struct expect_run *run, const char *path, struct error *err)
{
	size_t length = strlen(path);
	bool is_xml = length > 4 && strcmp(path + length - 4, ".xml") == 0;
	struct job job = { .expect = e, .run = run, .cut = run->cut, .is_xml = is_xml };
	for (u32 i = 0; i < e->count; i++)
		if (strcmp(e->clauses[i].name, "exit") == 0)
			job.cut = NULL; /* it was thought of */
	return output_write(path, write_report, &job, err);
}
