/*
 * replace: the laboratory of page replacement: a reference string, a pool of few frames, a policy; how many faults?
 *
 *     replace                                       a table: Belady's string, a loop, and random strings with locality
 *     replace --string "1 2 3 1w" --frames N --policy P      the number of faults, alone
 *     replace --random SEED --length N --pages N --frames N --policy P [--print]    the same for a random string
 *
 * A reference is a page number; with `w` it is a store, else a load. The first reference to a page is always a store,
 * since a page never stored to has no frame of its own. The arena gets a pool of its own by /proc/self/framepool, and
 * the kernel's own counter of that pool is what is printed. OPT and LRU are computed here: no kernel can be OPT, and
 * LRU is what they approach. Kernel: mm/policy_*.c, mm/reclaim.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_REFERENCES 20000
#define MAX_PAGES 256
#define BELADY "1 2 3 4 1 2 5 1 2 3 4 5"

struct string {
	int page[MAX_REFERENCES];
	bool store[MAX_REFERENCES];
	int length; /* references */
	int pages;  /* 1 + the largest page number */
};

static const char *const policies[] = { "fifo", "clock", "enhanced", "aging", "random" };
#define POLICIES (int)(sizeof(policies) / sizeof(policies[0]))

static void parse_string(const char *text, struct string *s)
{
	char *end;

	memset(s, 0, sizeof(*s));
	for (; *text && s->length < MAX_REFERENCES; text = end) {
		long page = strtol(text, &end, 10);

		if (end == text)
			break;
		if (page < 0 || page >= MAX_PAGES)
			die("page %ld: pages are 0 to %d", page, MAX_PAGES - 1);
		s->page[s->length] = (int)page;
		s->store[s->length++] = *end == 'w';
		end += *end == 'w';
		end += strspn(end, " ,");
		s->pages = page >= s->pages ? (int)page + 1 : s->pages;
	}
}

/* Nine in ten references go to a window of pages/4 pages, which moves on now and then; one in three is a store. */
static void random_string(uint64_t seed, int length, int pages, struct string *s)
{
	uint64_t state = seed;
	int base = 0, window = pages / 4 > 0 ? pages / 4 : 1;

	memset(s, 0, sizeof(*s));
	for (; s->length < length && s->length < MAX_REFERENCES; s->length++) {
		uint64_t r = random_next(&state);

		if (r % 64 == 0)
			base = (int)(r >> 8) & 0xffff;
		s->page[s->length] = (r >> 40) % 10 ? (base + (int)((r >> 44) % (uint64_t)window)) % pages
		                                    : (int)((r >> 44) % (uint64_t)pages);
		s->store[s->length] = (r >> 33) % 3 == 0;
	}
	s->pages = pages;
}

static void loop_string(int pages, int turns, struct string *s)
{
	memset(s, 0, sizeof(*s));
	for (; s->length < pages * turns; s->length++)
		s->page[s->length] = s->length % pages;
	s->pages = pages;
}

/* --- computed --- */

/* When page is referenced next after `at`. */
static int next_use(const struct string *s, int page, int at)
{
	while (++at < s->length && s->page[at] != page)
		continue;
	return at;
}

/* Faults of the best possible choice (opt) or of least recently used. */
static int simulate(const struct string *s, int frames, bool opt)
{
	int resident[MAX_PAGES], last[MAX_PAGES] = { 0 }, count = 0, faults = 0;

	for (int at = 0; at < s->length; at++) {
		int slot = 0, best = -1;

		while (slot < count && resident[slot] != s->page[at])
			slot++;
		last[s->page[at]] = at;
		if (slot < count)
			continue;
		faults++;
		if (count < frames) {
			resident[count++] = s->page[at];
			continue;
		}
		for (int i = 0; i < count; i++) {
			int worth = opt ? next_use(s, resident[i], at) : at - last[resident[i]];

			if (worth > best) {
				best = worth;
				slot = i;
			}
		}
		resident[slot] = s->page[at];
	}
	return faults;
}

/* --- measured --- */

/* "start end frames policy resident faults evictions writes" of the arena's pool; false: there is none. */
static bool pool_counts(const volatile char *arena, long *faults, long *writes)
{
	FILE *file = fopen("/proc/self/framepool", "re");
	unsigned long start, end;
	bool found = false;
	char line[256];
	long evictions;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %lx %*d %*s %*d %ld %ld %ld", &start, &end, faults, &evictions, writes) == 5 &&
		    start == (unsigned long)arena)
			found = true;
	if (file)
		fclose(file);
	return found;
}

/* Plays the string in a pool of its own; faults, or -1 when this kernel has no pools. */
static long play(const struct string *s, int frames, const char *policy, long *writes)
{
	volatile unsigned char *arena = fresh_pages((size_t)s->pages);
	bool seen[MAX_PAGES] = { false };
	long faults = -1, wrong = 0;
	char line[128];

	snprintf(line, sizeof(line), "%lx %lx %d %s", (unsigned long)arena, (unsigned long)arena + PAGES(s->pages),
	         frames, policy);
	if (!proc_write("/proc/self/framepool", line)) {
		munmap((void *)arena, PAGES(s->pages));
		return -1;
	}
	for (int i = 0; i < s->length; i++) {
		volatile unsigned char *p = arena + PAGES(s->page[i]);

		if (s->store[i] || !seen[s->page[i]])
			*p = (unsigned char)(s->page[i] + 1);
		else
			wrong += *p != (unsigned char)(s->page[i] + 1);
		seen[s->page[i]] = true;
	}
	if (!pool_counts((volatile char *)arena, &faults, writes))
		die("/proc/self/framepool says nothing of the pool");
	proc_write("/proc/self/framepool", "off");
	munmap((void *)arena, PAGES(s->pages));
	if (wrong)
		die("%ld references read wrong data", wrong);
	return faults;
}

static void table(struct show *show, const char *title, const struct string *s, int from, int to)
{
	long writes, faults;

	printf("\n  %s (%d references, %d pages)\n  frames", title, s->length, s->pages);
	for (int frames = from; frames <= to; frames++)
		printf("%6d", frames);
	printf("\n  OPT   ");
	for (int frames = from; frames <= to; frames++)
		printf("%6d", simulate(s, frames, true));
	printf("\n  LRU   ");
	for (int frames = from; frames <= to; frames++)
		printf("%6d", simulate(s, frames, false));
	for (int i = 0; i < POLICIES && is_our_kernel(); i++) {
		bool possible = true;

		printf("\n  %-9.9s", policies[i]);
		for (int frames = from; frames <= to; frames++) {
			faults = play(s, frames, policies[i], &writes);
			printf(frames == from ? "%3ld" : "%6ld", faults);
			possible &= faults >= simulate(s, frames, true) && faults <= s->length;
		}
		show->checks++;
		show->failed += !possible;
		printf(possible ? "   ok" : "   WRONG: fewer than OPT, or more than references");
	}
	putchar('\n');
}

static int all(void)
{
	static struct string s;
	struct show show;
	long writes, three, four;

	show_begin(&show, "replace", "page replacement on known reference strings");
	if (!is_our_kernel())
		skip("this kernel has no /proc/self/framepool: only what can be computed");
	parse_string(BELADY, &s);
	table(&show, "Belady's string " BELADY, &s, 1, 6);
	if (is_our_kernel()) {
		three = play(&s, 3, "fifo", &writes);
		four = play(&s, 4, "fifo", &writes);
		check_equal(&show, three, 9, "faults of fifo with 3 frames");
		check_equal(&show, four, 10, "faults of fifo with 4 frames: more, that is Belady's anomaly");
	}
	check_equal(&show, simulate(&s, 4, true), 6, "faults of OPT with 4 frames");
	check_equal(&show, simulate(&s, 3, false), 10, "faults of LRU with 3 frames");
	check_equal(&show, simulate(&s, 4, false), 8, "faults of LRU with 4 frames");
	loop_string(8, 10, &s);
	table(&show, "a loop over 8 pages, 10 times", &s, 1, 8);
	random_string(42, 2000, 16, &s);
	table(&show, "random with locality, seed 42", &s, 1, 8);
	random_string(7, 2000, 16, &s);
	table(&show, "random with locality, seed 7", &s, 1, 8);
	return show_end(&show);
}

int main(int argc, char **argv)
{
	static struct string s;
	const char *text = option_text(argc, argv, "--string", NULL),
		   *policy = option_text(argc, argv, "--policy", "clock");
	long frames = option_number(argc, argv, "--frames", 3), seed = option_number(argc, argv, "--random", -1),
	     writes = 0;
	long pages = option_number(argc, argv, "--pages", 16), length = option_number(argc, argv, "--length", 1000),
	     faults;

	check_usage(
		argc, argv,
		"replace [--string \"1 2 3 1w\"] [--random SEED [--length N] [--pages N]] [--frames N] [--policy NAME] "
		"[--print]");
	if (!text && seed < 0)
		return all();
	if (pages < 1 || pages > MAX_PAGES || frames < 1)
		die("--pages is 1 to %d, --frames at least 1", MAX_PAGES);
	if (text)
		parse_string(text, &s);
	else
		random_string((uint64_t)seed, (int)length, (int)pages, &s);
	for (int i = 0; option_given(argc, argv, "--print") && i < s.length; i++)
		printf("%d%s%s", s.page[i], s.store[i] ? "w" : "", i + 1 < s.length ? " " : "\n");
	if (strcmp(policy, "opt") == 0 || strcmp(policy, "lru") == 0)
		faults = simulate(&s, (int)frames, policy[0] == 'o');
	else
		faults = play(&s, (int)frames, policy, &writes);
	if (faults < 0)
		die("policy %s with %ld frames: /proc/self/framepool refuses", policy, frames);
	printf("%ld\n", faults);
	return 0;
}
