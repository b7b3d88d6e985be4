/*
 * Names in memory: dentries, found by directory and name in one hash table. A name that does not exist has a dentry
 * without an inode, so that looking for it again asks no disk.
 *
 * A dentry counts its users and its children, so that a path upward always exists. Unused ones wait in a list, the
 * oldest first, and are freed from there. File systems that change by themselves (/proc) are asked each time: theirs
 * are not hashed and go with their last user.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/mm/kmalloc.h"

#define BUCKETS_LOG2 11
#define UNUSED_MAX 1024

static struct dentry *buckets[1u << BUCKETS_LOG2];
static struct list unused = { &unused, &unused };
static unsigned unused_count;

u32 dentry_hash(const struct dentry *dir, const char *name, u64 length)
{
	u32 hash = (u32)((u64)dir >> 4);

	for (u64 i = 0; i < length; i++)
		hash = (hash ^ (u8)name[i]) * 0x01000193u;
	return hash;
}

static struct dentry **bucket_of(u32 hash)
{
	return &buckets[(hash ^ hash >> 16) & (ARRAY_SIZE(buckets) - 1)];
}

static void hash_add(struct dentry *dentry)
{
	struct dentry **bucket;

	dentry->hash = dentry_hash(dentry->parent, dentry->name, strlen(dentry->name));
	dentry->hashed = true;
	bucket = bucket_of(dentry->hash);
	dentry->hash_next = *bucket;
	*bucket = dentry;
}

static void hash_remove(struct dentry *dentry)
{
	struct dentry **at = bucket_of(dentry->hash);

	if (!dentry->hashed)
		return;
	while (*at != dentry)
		at = &(*at)->hash_next;
	*at = dentry->hash_next;
	dentry->hashed = false;
}

struct dentry *dentry_find(struct dentry *dir, const char *name, u64 length, u32 hash)
{
	for (struct dentry *dentry = *bucket_of(hash); dentry; dentry = dentry->hash_next)
		if (dentry->hash == hash && dentry->parent == dir && !strncmp(dentry->name, name, length) &&
		    !dentry->name[length]) {
			dentry_get(dentry);
			return dentry;
		}
	return NULL;
}

void dentry_get(struct dentry *dentry)
{
	if (!dentry->refs++ && !list_is_empty(&dentry->unused_link)) {
		list_remove(&dentry->unused_link);
		unused_count--;
	}
}

/* Frees a dentry without references; returns its parent, whose reference is the caller's now, or NULL. */
static struct dentry *dentry_free(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent == dentry ? NULL : dentry->parent;

	hash_remove(dentry);
	if (dentry->inode)
		inode_put(dentry->inode);
	if (dentry->name != (char *)(dentry + 1))
		kfree(dentry->name);
	kfree(dentry);
	return parent;
}

/* dentry_put that lets the list of unused ones grow: upward until somebody else needs one. */
static void put(struct dentry *dentry)
{
	while (dentry && !--dentry->refs) {
		if (dentry->hashed) {
			list_add_last(&unused, &dentry->unused_link);
			unused_count++;
			return;
		}
		dentry = dentry_free(dentry);
	}
}

void dentry_put(struct dentry *dentry)
{
	BUG_ON(!dentry->refs);
	put(dentry);
	if (unlikely(unused_count > UNUSED_MAX))
		dentry_shrink(UNUSED_MAX / 16);
}

static void free_unused(struct dentry *dentry)
{
	list_remove(&dentry->unused_link);
	unused_count--;
	put(dentry_free(dentry));
}

/* An unused one holds no inode without a name, nor the last reference of a removed directory (dentry_unlinked): freeing
 * it does not sleep. */
unsigned dentry_shrink(unsigned n)
{
	unsigned freed = 0;

	for (; freed < n && unused_count; freed++)
		free_unused(LIST_ENTRY(unused.next, struct dentry, unused_link));
	return freed;
}

static bool belongs_to(const struct dentry *dentry, const struct fs *fs, const struct dentry *parent)
{
	if (parent)
		return dentry->parent == parent;
	return dentry->parent->inode->fs == fs;
}

/* Frees the unused children of a directory or (parent NULL) all unused ones of a file system. Each one freed may have
 * made its parent unused. */
static void drop_unused(const struct fs *fs, const struct dentry *parent)
{
	struct list *node = unused.next;

	while (node != &unused) {
		struct dentry *dentry = LIST_ENTRY(node, struct dentry, unused_link);

		node = node->next;
		if (!belongs_to(dentry, fs, parent))
			continue;
		free_unused(dentry);
		node = unused.next;
	}
}

void dentry_drop_unused(const struct fs *fs)
{
	drop_unused(fs, NULL);
}

struct dentry *dentry_new(struct dentry *parent, const char *name, struct inode *inode)
{
	u64 size = strlen(name) + 1;
	struct dentry *dentry = kmalloc(sizeof(*dentry) + size);

	if (!dentry)
		return NULL;
	dentry->name = memcpy(dentry + 1, name, size);
	dentry->refs = 1;
	dentry->inode = inode;
	dentry->parent = parent ? parent : dentry;
	if (parent)
		dentry_get(parent);
	list_init(&dentry->unused_link);
	return dentry;
}

/* Whether the directory or one above it is the inode: only a damaged disk has such a name in it, and who locked one
 * directory and then the other would wait for himself. */
static bool is_inside(const struct dentry *dir, const struct inode *inode)
{
	while (dir->inode != inode && dir->parent != dir)
		dir = dir->parent;
	return dir->inode == inode;
}

int dentry_lookup_locked(struct dentry *dir, const char *name, struct dentry **dentry)
{
	struct inode *inode = NULL;
	struct fs *fs = dir->inode->fs;
	u64 length = strlen(name);
	int error;

	*dentry = dentry_find(dir, name, length, dentry_hash(dir, name, length));
	if (*dentry)
		return 0;
	if (dir->unlinked)
		return -ENOENT;
	if (!dir->inode->ops->lookup)
		return -ENOTDIR;
	error = dir->inode->ops->lookup(dir->inode, name, &inode);
	if (error && error != -ENOENT)
		return error;
	if (!error && S_ISDIR(inode->mode) && is_inside(dir, inode)) {
		inode_put(inode);
		return -EUCLEAN;
	}
	*dentry = dentry_new(dir, name, error ? NULL : inode);
	if (!*dentry) {
		if (!error)
			inode_put(inode);
		return -ENOMEM;
	}
	if (fs->keeps_names)
		hash_add(*dentry);
	return 0;
}

int dentry_lookup(struct dentry *dir, const char *name, struct dentry **dentry)
{
	u64 length = strlen(name);
	int error;

	*dentry = dentry_find(dir, name, length, dentry_hash(dir, name, length));
	if (*dentry)
		return 0;
	mutex_lock(&dir->inode->lock);
	error = dentry_lookup_locked(dir, name, dentry);
	mutex_unlock(&dir->inode->lock);
	return error;
}

void dentry_unlinked(struct dentry *dentry)
{
	hash_remove(dentry);
	dentry->unlinked = true;
	if (dentry->inode && S_ISDIR(dentry->inode->mode) && dentry->refs > 1)
		drop_unused(NULL, dentry);
}

void dentry_move(struct dentry *dentry, struct dentry *parent, char *name)
{
	struct dentry *old = dentry->parent;

	hash_remove(dentry);
	if (dentry->name != (char *)(dentry + 1))
		kfree(dentry->name);
	dentry->name = name;
	dentry->parent = parent;
	dentry_get(parent);
	if (parent->inode->fs->keeps_names)
		hash_add(dentry);
	dentry_put(old);
}

/* Puts the text before `at`; NULL: there is no room. */
static char *prepend(char *at, const char *buffer, const char *text)
{
	u64 length = strlen(text);

	if (!at || (u64)(at - buffer) < length)
		return NULL;
	return memcpy(at - length, text, length);
}

char *dentry_path(const struct dentry *dentry, const struct dentry *root, char *buffer, u64 size)
{
	char *end = buffer + size - 1, *at = end;

	*at = 0;
	if (dentry->unlinked)
		at = end = prepend(at, buffer, " (deleted)");
	while (at && dentry != root) {
		if (dentry->parent != dentry) {
			at = prepend(at, buffer, dentry->name);
			at = prepend(at, buffer, "/");
			dentry = dentry->parent;
		} else if (dentry->covers) {
			dentry = dentry->covers;
		} else if (dentry->name[0] && strcmp(dentry->name, "/")) {
			return prepend(at, buffer, dentry->name); /* a nameless file's label */
		} else {
			break; /* the root of all */
		}
	}
	return at == end ? prepend(at, buffer, "/") : at;
}
