/*
 * From the run file to the page: see page.h. The page's template has two marks where the style and the data and the
 * scripts go; they are comments of HTML, each once.
 */
#include "emu/observe/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/page_assets.h"
#include "emu/observe/page_internal.h"
#include "emu/observe/run_file.h"

#define TEXT_MAX 400000 /* bytes of a JSON record that are taken */

static void keep_text(struct page_model *m, u32 index, const struct run_item *item)
{
	free(m->texts[index]);
	m->texts[index] = NULL;
	if (item->size > TEXT_MAX)
		return;
	m->texts[index] = xcalloc(item->size + 1, 1);
	memcpy(m->texts[index], item->payload, item->size);
}

static void take_record(struct page_model *m, const struct run_item *item)
{
	switch (item->kind) {
	case RUN_META:
		keep_text(m, 0, item);
		break;
	case RUN_STATS:
		keep_text(m, 1, item);
		break;
	case RUN_CURVES:
		keep_text(m, 2, item);
		break;
	case RUN_END:
		keep_text(m, 3, item);
		break;
	case RUN_TABLES:
		page_moments_tables(m->moments, item->payload, item->size);
		break;
	case RUN_FRAMES:
		page_moments_frames(m->moments, item->payload, item->size);
		break;
	default:
		break;
	}
}

static bool read_run(struct page_model *m, struct run_reader *reader, bool *is_cut, struct error *err)
{
	*is_cut = false;
	for (;;) {
		struct run_item item;
		switch (run_reader_next(reader, &item, err)) {
		case RUN_NEXT_EVENT:
			page_model_event(m, item.sort, item.event);
			break;
		case RUN_NEXT_OTHER:
			take_record(m, &item);
			break;
		case RUN_NEXT_CUT:
			*is_cut = true;
			return true;
		case RUN_NEXT_END:
			return true;
		case RUN_NEXT_BAD:
			return false;
		}
	}
}

/* Writes the template up to a mark, and returns what is behind it. */
static const char *put_until(FILE *out, const char *from, const char *mark)
{
	size_t length = strlen(mark);
	const char *at = memmem(from, page_html_size - (size_t)(from - page_html), mark, length);
	BUG_ON(!at);
	fwrite(from, 1, (size_t)(at - from), out);
	return at + length;
}

static void write_page(struct page_model *m, const struct symbols *symbols, bool is_cut, FILE *out)
{
	const char *rest = put_until(out, page_html, "<!--style-->");
	fputs("<style>\n", out);
	fwrite(page_css, 1, page_css_size, out);
	fputs("</style>", out);
	rest = put_until(out, rest, "<!--scripts-->");
	fputs("<script type=\"application/json\" id=\"data\">{", out);
	page_model_write(m, symbols, out);
	fprintf(out, ",\"cut\":%s}</script>\n<script>\n'use strict';\n", is_cut ? "true" : "false");
	fwrite(page_js, 1, page_js_size, out);
	fputs("</script>", out);
	fwrite(rest, 1, page_html_size - (size_t)(rest - page_html), out);
}

static bool save_page(struct page_model *m, const struct symbols *symbols, bool is_cut, const char *path,
                      struct error *err)
{
	bool is_stdout = strcmp(path, "-") == 0;
	FILE *out = is_stdout ? stdout : fopen(path, "w");
	if (!out)
		return error_set(err, "%s: cannot be written: %s", path, strerror(errno));
	errno = 0;
	write_page(m, symbols, is_cut, out);
	bool ok = fflush(out) == 0 && !ferror(out);
	int reason = errno;
	if (!is_stdout && fclose(out) != 0) {
		ok = false;
		reason = errno;
	}
	return ok || error_set(err, "%s: the page is not whole: %s", path, strerror(reason));
}

bool report_page(const char *run_path, const char *out_path, struct error *err)
{
	struct run_reader *reader = run_reader_open(run_path, err);
	if (!reader)
		return false;
	struct page_model *m = page_model_create();
	bool is_cut;
	bool ok = read_run(m, reader, &is_cut, err) && save_page(m, run_reader_symbols(reader), is_cut, out_path, err);
	page_model_destroy(m);
	run_reader_close(reader);
	return ok;
}
