/*
 * The plot of the miss curves and of the geometries beside them, as an SVG file of its own: see what_if.h. Both axes
 * are logarithmic. It brings its background, light or dark as the viewer prefers, so that it can be read anywhere.
 */
#include <inttypes.h>
#include <math.h>

#include "emu/observe/what_if_internal.h"
#include "mmu/tlb.h"

#define WIDTH 980
#define HEIGHT 520
#define LEFT 78.0
#define TOP 64.0
#define PLOT_WIDTH 600.0
#define PLOT_HEIGHT 380.0
#define LEGEND_X 706.0
#define SIZE_LOG2_MAX 12 /* 4096 entries */
#define DECADES_MAX 7
#define NEIGHBOUR_WIDTH 24.0

/* The y axis: misses per 1000 instructions from 10^low to 10^high. */
struct scale {
	int low, high;
};

static const struct {
	const char *name, *class;
	u32 which;
} curves[WHAT_IF_CURVES] = {
	{ "fetches", "c0", TLB_FETCH },
	{ "loads and stores", "c1", TLB_DATA },
	{ "both in one TLB", "c2", WHAT_IF_BOTH },
};

static double x_of(double entries)
{
	return LEFT + PLOT_WIDTH * log2(entries < 1 ? 1 : entries) / SIZE_LOG2_MAX;
}

/* What is off the scale lies on its edge. */
static double y_of(struct scale s, double misses)
{
	double at = misses > 0 ? (log10(misses) - s.low) / (s.high - s.low) : 0;
	at = at < 0 ? 0 : at > 1 ? 1 : at;
	return TOP + PLOT_HEIGHT * (1 - at);
}

static struct scale scale_of(const struct what_if *w)
{
	double most = 0, least = 1e9;
	for (u32 c = 0; c < WHAT_IF_CURVES; c++) {
		double first = what_if_per_thousand(w, what_if_curve(w, c, 1));
		double last = what_if_per_thousand(w, what_if_curve(w, c, 1u << SIZE_LOG2_MAX));
		most = first > most ? first : most;
		least = last > 0 && last < least ? last : least;
	}
	struct scale s = { .low = 0, .high = 1 };
	if (most <= 0)
		return s;
	s.high = (int)ceil(log10(most));
	s.low = (int)floor(log10(least));
	if (s.low >= s.high)
		s.low = s.high - 1;
	if (s.high - s.low > DECADES_MAX)
		s.low = s.high - DECADES_MAX;
	return s;
}

static void put_style(FILE *out)
{
	fprintf(out,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
	        "role=\"img\" aria-label=\"TLB misses by TLB size\">\n<style>\n"
	        "svg { color-scheme: light dark; --back: #ffffff; --ink: #1f2328; --soft: #656d76; --grid: #d8dee4;\n"
	        "  --c0: #0969da; --c1: #cf222e; --c2: #1a7f37; --dot: #8250df }\n"
	        "@media (prefers-color-scheme: dark) { svg { --back: #0d1117; --ink: #e6edf3; --soft: #9198a1;\n"
	        "  --grid: #30363d; --c0: #58a6ff; --c1: #ff7b72; --c2: #3fb950; --dot: #d2a8ff } }\n"
	        ".back { fill: var(--back) } .grid { stroke: var(--grid) } .frame { stroke: var(--soft); fill: none }\n"
	        "text { font: 12px system-ui, sans-serif; fill: var(--ink) } .soft { fill: var(--soft) }\n"
	        ".title { font-size: 16px; font-weight: 600 } .end { text-anchor: end } .mid { text-anchor: middle }\n"
	        ".curve { fill: none; stroke-width: 2.2; stroke-linejoin: round }\n"
	        ".c0 { stroke: var(--c0) } .c1 { stroke: var(--c1) } .c2 { stroke: var(--c2) }\n"
	        ".c1 { stroke-dasharray: 7 3 } .c2 { stroke-dasharray: 2 3 }\n"
	        ".dot { fill: var(--dot); stroke: var(--back); stroke-width: 1.5 }\n"
	        ".leader { stroke: var(--dot); stroke-width: 0.7 }\n"
	        ".number { font-size: 10px; font-weight: 600; fill: var(--dot) }\n"
	        ".figures { font-variant-numeric: tabular-nums }\n"
	        "</style>\n<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n",
	        WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
}

static void put_axes(struct scale s, FILE *out)
{
	for (u32 i = 0; i <= SIZE_LOG2_MAX; i++) {
		double x = x_of(1u << i);
		fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x, TOP,
		        TOP + PLOT_HEIGHT);
		fprintf(out, "<text class=\"mid soft\" x=\"%.1f\" y=\"%.1f\">%u</text>\n", x, TOP + PLOT_HEIGHT + 18,
		        1u << i);
	}
	for (int d = s.low; d <= s.high; d++) {
		double y = y_of(s, pow(10, d));
		fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
		        LEFT + PLOT_WIDTH, y, y);
		fprintf(out, "<text class=\"end soft\" x=\"%.1f\" y=\"%.1f\">%g</text>\n", LEFT - 8, y + 4, pow(10, d));
	}
	fprintf(out, "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", LEFT, TOP,
	        PLOT_WIDTH, PLOT_HEIGHT);
	fprintf(out, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">entries of the TLB (first level)</text>\n",
	        LEFT + PLOT_WIDTH / 2, TOP + PLOT_HEIGHT + 42);
	fprintf(out,
	        "<text class=\"mid\" transform=\"translate(20 %.1f) rotate(-90)\">misses per 1000 "
	        "instructions</text>\n",
	        TOP + PLOT_HEIGHT / 2);
}

static void put_curve(const struct what_if *w, struct scale s, u32 c, FILE *out)
{
	fprintf(out, "<polyline class=\"curve %s\" points=\"", curves[c].class);
	for (u32 i = 0; what_if_size_at(i); i++) {
		u32 entries = what_if_size_at(i);
		double misses = what_if_per_thousand(w, what_if_curve(w, curves[c].which, entries));
		fprintf(out, "%s%.1f,%.1f", i ? " " : "", x_of(entries), y_of(s, misses));
	}
	fprintf(out, "\"/>\n");
	double y = TOP + 8 + 20 * c;
	fprintf(out, "<line class=\"curve %s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", curves[c].class,
	        LEGEND_X, LEGEND_X + 30, y, y);
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", LEGEND_X + 38, y + 4, curves[c].name);
}

/* Where a geometry stands: its first-level entries, its first-level misses. */
static double preset_x(const struct what_if_row *row)
{
	return x_of(row->entries[TLB_DATA] + row->entries[TLB_FETCH]);
}

/* How high its number is lifted, so that neighbours' numbers stand above each other. */
static double lift_of(const struct what_if *w, u32 i)
{
	struct what_if_row row = what_if_row_at(w, i);
	u32 neighbours = 0;
	for (u32 other = 0; other < i; other++) {
		struct what_if_row before = what_if_row_at(w, other);
		neighbours += fabs(preset_x(&before) - preset_x(&row)) < NEIGHBOUR_WIDTH;
	}
	return 16 + 13 * neighbours;
}

static void put_preset(const struct what_if *w, struct scale s, u32 i, FILE *out)
{
	struct what_if_row row = what_if_row_at(w, i);
	double misses = what_if_per_thousand(w, row.counts.misses[TLB_DATA] + row.counts.misses[TLB_FETCH]);
	double walks = what_if_per_thousand(w, row.counts.walks);
	double x = preset_x(&row), y = y_of(s, misses), line = TOP + 124 + 20 * i;
	if (x <= LEFT + PLOT_WIDTH) {
		double top = y - lift_of(w, i);
		fprintf(out, "<line class=\"leader\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x + 6, y,
		        top + 2);
		fprintf(out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>", x, y);
		fprintf(out, "<text class=\"number mid\" x=\"%.1f\" y=\"%.1f\">%u</text>", x + 8, top, i + 1);
	}
	fprintf(out,
	        "<text class=\"number end\" x=\"%.1f\" y=\"%.1f\">%u</text><text x=\"%.1f\" y=\"%.1f\">%s</text>"
	        "<text class=\"end figures\" x=\"%.1f\" y=\"%.1f\">%.3f</text>"
	        "<text class=\"end figures\" x=\"%.1f\" y=\"%.1f\">%.3f</text>\n",
	        LEGEND_X + 14, line, i + 1, LEGEND_X + 22, line, row.name, LEGEND_X + 178, line, misses, LEGEND_X + 252,
	        line, walks);
}

void what_if_print_svg(const struct what_if *w, FILE *out)
{
	struct scale s = scale_of(w);
	put_style(out);
	fprintf(out, "<text class=\"title\" x=\"%.1f\" y=\"28\">What if the TLB were another one?</text>\n", LEFT);
	fprintf(out,
	        "<text class=\"soft\" x=\"%.1f\" y=\"48\">%" PRIu64 " instructions, %" PRIu64 " fetches and %" PRIu64
	        " data accesses by virtual address; curves: fully associative, LRU</text>\n",
	        LEFT, what_if_instret(w), what_if_references(w, TLB_FETCH), what_if_references(w, TLB_DATA));
	put_axes(s, out);
	for (u32 c = 0; c < WHAT_IF_CURVES; c++)
		put_curve(w, s, c, out);
	fprintf(out,
	        "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\">per 1000 instructions:</text>"
	        "<text class=\"soft end\" x=\"%.1f\" y=\"%.1f\">misses</text>"
	        "<text class=\"soft end\" x=\"%.1f\" y=\"%.1f\">walks</text>\n",
	        LEGEND_X, TOP + 102, LEGEND_X + 178, TOP + 102, LEGEND_X + 252, TOP + 102);
	for (u32 i = 0; what_if_row_at(w, i).name; i++)
		put_preset(w, s, i, out);
	fprintf(out, "</svg>\n");
}
