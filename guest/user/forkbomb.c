/*
 * forkbomb: processes that do nothing but make processes; first held by RLIMIT_NPROC, then by nothing but the kernel's
 * own limits and memory. Afterwards all are gone and everything they had is free again.
 *
 *     forkbomb [--limit N] [--seconds N]
 *
 * The bomb runs as another user, since root is not held by RLIMIT_NPROC. What ends it is one kill of its process group:
 * that has to reach everybody, also who is being born at the moment.
 */
#include "guest/user/lib/balance.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534
#define SLAB_PAGES 32 /* tolerance; see balance_holds() */

/* Shared by the bomb's processes. */
struct score {
	volatile long born;    /* forks that succeeded */
	volatile long refused; /* forks with EAGAIN or ENOMEM */
	volatile long strange; /* forks with another error */
};

struct bomb {
	struct score *score;
	long limit; /* RLIMIT_NPROC, 0: none */
	bool as_root;
};

/* Every process of the bomb, from the first on. */
static void explode(const struct bomb *bomb)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			__atomic_fetch_add(&bomb->score->born, 1, __ATOMIC_RELAXED);
		else if (pid < 0 && (errno == EAGAIN || errno == ENOMEM))
			__atomic_fetch_add(&bomb->score->refused, 1, __ATOMIC_RELAXED);
		else if (pid < 0)
			__atomic_fetch_add(&bomb->score->strange, 1, __ATOMIC_RELAXED);
		if (pid < 0) /* let the others, and who wants to end this, have a turn */
			usleep(1000);
	}
}

static void light(const struct bomb *bomb)
{
	struct rlimit limit = { (rlim_t)bomb->limit, (rlim_t)bomb->limit };

	setpgid(0, 0);
	if (bomb->limit && setrlimit(RLIMIT_NPROC, &limit) < 0)
		_exit(1);
	if (!bomb->as_root && setuid(NOBODY) < 0)
		_exit(1);
	explode(bomb);
}

/* Orphans come to us; until there is nobody left. */
static void bury_all(pid_t group)
{
	int quiet = 0;

	while (quiet < 10) {
		kill(-group, SIGKILL);
		if (waitpid(-1, NULL, 0) < 0)
			quiet += errno == ECHILD ? 10 : 1;
	}
}

/* Lets it burn until forks are refused, and some time more. */
static void try_bomb(struct show *show, const struct bomb *bomb, long seconds)
{
	time_t end = time(NULL) + seconds;
	long refused_enough = 200;
	pid_t pid;

	bomb->score->born = bomb->score->refused = bomb->score->strange = 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		light(bomb);
	setpgid(pid, pid);
	while (time(NULL) < end && bomb->score->refused < refused_enough)
		usleep(10000);
	bury_all(pid);
	if (bomb->limit)
		check(show, bomb->score->born < bomb->limit && bomb->score->born >= bomb->limit / 2,
		      "with a limit of %ld processes: %ld born, %ld refused", bomb->limit, bomb->score->born,
		      bomb->score->refused);
	else
		check(show, bomb->score->born > 0 && bomb->score->refused > 0,
		      "without a limit: %ld born until no more could be, %ld refused", bomb->score->born,
		      bomb->score->refused);
	check_equal(show, bomb->score->strange, 0, "forks with an error that explains nothing");
}

static void do_nothing(void *context)
{
	(void)context;
}

int main(int argc, char **argv)
{
	struct bomb bomb = { .limit = option_number(argc, argv, "--limit", 40) };
	long seconds = option_number(argc, argv, "--seconds", 60);
	struct balance before;
	struct show show;

	check_usage(argc, argv, "forkbomb [--limit N] [--seconds N] [--anyway]");
	show_begin(&show, "forkbomb", "processes that only make processes");
	bomb.score = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bomb.score == MAP_FAILED)
		die("mmap");
	bomb.score->born = 0; /* shared memory is made when first touched */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	in_child(do_nothing, NULL);
	before = balance_now();
	if (getuid() == 0)
		try_bomb(&show, &bomb, seconds);
	else
		skip("the limited bomb: only root can become somebody else");
	if (is_our_kernel() || option_given(argc, argv, "--anyway")) {
		bomb.limit = 0;
		bomb.as_root = true;
		try_bomb(&show, &bomb, seconds);
	} else {
		skip("the bomb without a limit: not on this kernel (--anyway)");
	}
	check(&show, in_child(do_nothing, NULL) == 0, "a process can be made again");
	check(&show, balance_holds("forkbomb", &before, SLAB_PAGES), "nothing is lost");
	return show_end(&show);
}
