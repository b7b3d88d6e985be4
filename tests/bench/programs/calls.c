/*
 * Calls and returns: recursion with small functions, and a tree that is walked through a function pointer.
 */
#include "tests/bench/runtime/bench.h"

#define FIBONACCI 34
#define NODES 4096
#define WALKS 300

struct node {
	struct node *left, *right; /* smaller and larger keys */
	u64 key;
};

static struct node nodes[NODES];

static NOINLINE u64 fibonacci(u64 n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static NOINLINE s64 takeuchi(s64 x, s64 y, s64 z)
{
	if (x <= y)
		return z;
	return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static NOINLINE u64 mix(u64 sum, u64 key)
{
	return sum * 31 + key;
}

static NOINLINE u64 walk(const struct node *node, u64 sum, u64 (*visit)(u64, u64))
{
	if (!node)
		return sum;
	sum = walk(node->left, sum, visit);
	sum = visit(sum, node->key);
	return walk(node->right, sum, visit);
}

static struct node *grow(void)
{
	u64 state = 0x082efa98ec4e6c89;
	struct node *root = NULL;
	u32 i;

	for (i = 0; i < NODES; i++) {
		struct node **place = &root;

		nodes[i].key = bench_random(&state);
		while (*place)
			place = nodes[i].key < (*place)->key ? &(*place)->left : &(*place)->right;
		*place = &nodes[i];
	}
	return root;
}

static u64 run(void)
{
	const struct node *tree = grow();
	u64 hash = fibonacci(FIBONACCI) + (u64)takeuchi(18, 12, 6);
	int i;

	for (i = 0; i < WALKS; i++)
		hash = walk(tree, hash, mix);
	return hash;
}

const struct bench bench = { "calls", run, 0x2c9f0be00388314e };
