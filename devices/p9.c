/*
 * The 9P server's session: which message goes where, fids, and walking from one to another. See p9.h.
 *
 * Every message is answered before the next is looked at, so none can be flushed. Arguments are read whole before
 * anything is done. Files are in p9_files.c, directories and names in p9_folders.c, the way to either in p9_tree.c.
 */
#include "devices/p9.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "devices/memmap.h"
#include "devices/p9_internal.h"

#define RLERROR 7
#define NO_FID UINT32_MAX
#define WALK_MAX 16
#define MESSAGE_MIN 4096

/* Descriptors that are left to the rest of the program. */
#define FILES_RESERVED 256

/* --- fids --- */

static struct p9_fid **fid_place(struct p9 *p9, u32 id)
{
	struct p9_fid **at = &p9->fids[id % P9_FID_BUCKETS];
	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

u32 p9_fid_get(struct p9 *p9, struct p9_in *in, struct p9_fid **fid)
{
	u32 id = p9_get_u32(in);
	*fid = in->bad ? NULL : *fid_place(p9, id);
	if (!*fid)
		return EBADF;
	return (*fid)->fd < 0 ? ESTALE : 0;
}

u32 p9_fid_add(struct p9 *p9, struct p9_fid fid)
{
	struct p9_fid **at = fid_place(p9, fid.id);
	u32 error = 0;
	if (fid.id == NO_FID || *at)
		error = EBADF;
	else if (p9->fid_count >= p9->fids_max)
		error = EMFILE;
	if (error) {
		if (fid.fd >= 0)
			close(fid.fd);
		return error;
	}
	fid.next = NULL;
	*at = xcalloc(1, sizeof(**at));
	**at = fid;
	p9->fid_count++;
	return 0;
}

void p9_fid_set(struct p9_fid *fid, int fd)
{
	close(fid->fd);
	fid->fd = fd;
}

static void release(struct p9_fid *fid)
{
	if (fid->fd >= 0)
		close(fid->fd);
	free(fid);
}

void p9_fid_drop(struct p9 *p9, struct p9_fid *fid)
{
	struct p9_fid **at = fid_place(p9, fid->id);
	*at = fid->next;
	p9->fid_count--;
	release(fid);
}

void p9_fid_drop_all(struct p9 *p9)
{
	for (u32 i = 0; i < P9_FID_BUCKETS; i++) {
		struct p9_fid *fid = p9->fids[i];
		p9->fids[i] = NULL;
		while (fid) {
			struct p9_fid *next = fid->next;
			release(fid);
			fid = next;
		}
	}
	p9->fid_count = 0;
}

u32 p9_put_qid_of(const struct p9 *p9, int fd, struct p9_out *out)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return (u32)errno;
	p9_put_qid(out, p9_tree_qid(&st, p9->root_device));
	return 0;
}

/* --- the session's messages --- */

static u32 version(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	char name[P9_TEXT_MAX + 1];
	u32 size = p9_get_u32(in);
	p9_get_string(in, name, sizeof(name));
	if (in->bad)
		return EINVAL;
	if (size < MESSAGE_MIN)
		return EMSGSIZE;
	bool known = strcmp(name, "9P2000.L") == 0;
	p9_fid_drop_all(p9);
	if (size > VIRTIO_9P_MESSAGE_MAX)
		size = VIRTIO_9P_MESSAGE_MAX;
	p9->message_max = known ? size : 0;
	p9_put_u32(out, size);
	p9_put_string(out, known ? "9P2000.L" : "unknown");
	return 0;
}

/* Whoever attaches is welcome: the host's user has named the folder for this guest. The only tree is "". */
static u32 attach(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	char user[P9_TEXT_MAX + 1];
	char tree[P9_TEXT_MAX + 1];
	u32 id = p9_get_u32(in);
	u32 auth_id = p9_get_u32(in);
	p9_get_string(in, user, sizeof(user));
	p9_get_string(in, tree, sizeof(tree));
	if (in->bad || auth_id != NO_FID)
		return EINVAL;
	if (strcmp(tree, "") != 0 && strcmp(tree, "/") != 0)
		return ENOENT;
	int fd = p9_tree_at(p9->root, "");
	if (fd < 0)
		return (u32)-fd;
	u32 error = p9_put_qid_of(p9, fd, out);
	if (error) {
		close(fd);
		return error;
	}
	return p9_fid_add(p9, (struct p9_fid){ .id = id, .fd = fd });
}

/* One step from `fd`, which stays open. */
static int step(struct p9 *p9, int fd, const char *name)
{
	if (strcmp(name, "..") == 0)
		return p9_tree_parent(p9->root, fd);
	u32 error = p9_tree_check_name(name);
	return error ? -(int)error : p9_tree_child(fd, name);
}

/* Steps as far as the names lead, and writes their qids; *fd moves along. Returns what stopped it, or 0. */
static u32 walk_names(struct p9 *p9, struct p9_in *in, u32 count, int *fd, struct p9_out *out, u32 *done)
{
	for (*done = 0; *done < count; ++*done) {
		char name[P9_TEXT_MAX + 1];
		p9_get_string(in, name, sizeof(name));
		if (in->bad)
			return EINVAL;
		int next = step(p9, *fd, name);
		if (next < 0)
			return (u32)-next;
		close(*fd);
		*fd = next;
		u32 error = p9_put_qid_of(p9, *fd, out);
		if (error)
			return error;
	}
	return 0;
}

/* A walk that stops on its way says how far it got, and makes no fid; one that stops at once is an error. */
static u32 walk(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *from;
	u32 error = p9_fid_get(p9, in, &from);
	u32 new_id = p9_get_u32(in);
	u32 count = p9_get_u16(in);
	if (error)
		return error;
	if (in->bad || count > WALK_MAX)
		return EINVAL;
	if (new_id != from->id && *fid_place(p9, new_id))
		return EBADF;
	if (new_id == from->id && from->is_open)
		return EBUSY;
	char name[P9_PROC_NAME_MAX];
	p9_tree_name(from->fd, name);
	/* Anew rather than duplicated: an open file's descriptor must not be shared. */
	int fd = open(name, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return (u32)errno;
	u32 done;
	u32 count_at = out->used;
	p9_put_u16(out, 0);
	error = walk_names(p9, in, count, &fd, out, &done);
	if (done < count) {
		close(fd);
		if (done == 0 || in->bad)
			return error;
	} else if (new_id == from->id) {
		p9_fid_set(from, fd);
	} else {
		error = p9_fid_add(p9, (struct p9_fid){ .id = new_id, .fd = fd });
		if (error)
			return error;
	}
	if (!out->full)
		out->start[count_at] = (u8)done;
	return 0;
}

static u32 clunk(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = p9_fid_get(p9, in, &fid);
	(void)out;
	if (error == EBADF)
		return error;
	p9_fid_drop(p9, fid);
	return 0;
}

/* What is to be flushed has been answered. */
static u32 flush(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	(void)p9;
	(void)in;
	(void)out;
	return 0;
}

/* The messages' numbers, Linux' include/net/9p/9p.h. Others, among them those for extended attributes and Tauth (102),
 * are refused. */
static p9_handler *const HANDLERS[] = {
	[8] = p9_statfs,    [12] = p9_lopen,    [14] = p9_lcreate, [16] = p9_symlink, [18] = p9_mknod,
	[20] = p9_rename,   [22] = p9_readlink, [24] = p9_getattr, [26] = p9_setattr, [40] = p9_readdir,
	[50] = p9_fsync,    [52] = p9_lock,     [54] = p9_getlock, [70] = p9_link,    [72] = p9_mkdir,
	[74] = p9_renameat, [76] = p9_unlinkat, [100] = version,   [104] = attach,    [108] = flush,
	[110] = walk,       [116] = p9_read,    [118] = p9_write,  [120] = clunk,     [122] = p9_remove,
};

#define TVERSION 100

static u32 handle(struct p9 *p9, u8 type, struct p9_in *in, struct p9_out *out)
{
	if (type >= ARRAY_SIZE(HANDLERS) || !HANDLERS[type])
		return EOPNOTSUPP;
	if (type != TVERSION && p9->message_max == 0)
		return EPROTO;
	return HANDLERS[type](p9, in, out);
}

static void put_header(struct p9_out *out, u8 type, u16 tag)
{
	out->used = 0;
	out->full = false;
	p9_put_u32(out, 0);
	p9_put_u8(out, type);
	p9_put_u16(out, tag);
}

u32 p9_answer(void *arg, const u8 *request, u32 size, u8 *reply, u32 room)
{
	struct p9 *p9 = arg;
	if (room < P9_REPLY_MIN)
		return 0;
	struct p9_in in = { .at = request, .left = size };
	struct p9_out out = { .start = reply, .room = room };
	u32 says_size = p9_get_u32(&in);
	u8 type = p9_get_u8(&in);
	u16 tag = p9_get_u16(&in);
	u32 error = EPROTO;
	if (!in.bad && says_size >= P9_HEADER_SIZE && says_size <= size) {
		in.left = says_size - P9_HEADER_SIZE;
		put_header(&out, (u8)(type + 1), tag);
		error = handle(p9, type, &in, &out);
		if (!error && out.full)
			error = EMSGSIZE;
	}
	if (error) {
		put_header(&out, RLERROR, tag);
		p9_put_u32(&out, error);
	}
	p9_patch_u32(&out, 0, out.used);
	return out.used;
}

/* --- making it --- */

/* Every fid holds a descriptor: takes what the host allows. Returns how many fids that makes for one of the folders
 * that a machine can have. */
static u32 raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return FILES_RESERVED;
	rlim_t wanted = MEMMAP_VIRTIO_COUNT * P9_FIDS_MAX + FILES_RESERVED;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= wanted)
		return P9_FIDS_MAX;
	rlim_t left = limit.rlim_cur > 2 * FILES_RESERVED ? limit.rlim_cur - FILES_RESERVED : limit.rlim_cur / 2;
	return (u32)(left / MEMMAP_VIRTIO_COUNT);
}

struct p9 *p9_create(const char *folder, bool read_only, struct error *err)
{
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	if (root < 0 || fstat(root, &st) < 0) {
		error_set(err, "%s: cannot be shared as a folder: %s", folder, strerror(errno));
		if (root >= 0)
			close(root);
		return NULL;
	}
	if (access("/proc/self/fd", X_OK) < 0) {
		error_set(err, "%s: sharing a folder needs /proc, which is not there", folder);
		close(root);
		return NULL;
	}
	struct p9 *p9 = xcalloc(1, sizeof(*p9));
	p9->root = root;
	p9->root_device = st.st_dev;
	p9->read_only = read_only;
	p9->fids_max = raise_file_limit();
	return p9;
}

void p9_destroy(struct p9 *p9)
{
	if (!p9)
		return;
	p9_fid_drop_all(p9);
	close(p9->root);
	free(p9);
}

/* --- snapshots --- */

static void save_fid(struct state *s, struct p9 *p9, struct p9_fid *fid)
{
	char path[P9_PATH_MAX] = "";
	bool lost = fid->fd < 0 || p9_tree_path(p9->root, fid->fd, path) != 0;
	u32 length = lost ? 0 : (u32)strlen(path);
	state_u32(s, &fid->id);
	state_bool(s, &lost);
	state_bool(s, &fid->is_open);
	state_u32(s, &fid->flags);
	state_u32(s, &length);
	state_bytes(s, path, length);
}

/* Opens again what the fid had. -1: it is lost. */
static int restore_fd(struct p9 *p9, const char *path, bool is_open, u32 guest_flags)
{
	u32 flags;
	int fd = p9_tree_at(p9->root, path);
	if (fd < 0 || !is_open)
		return fd < 0 ? -1 : fd;
	int opened = p9_open_flags(p9, guest_flags & O_ACCMODE, &flags) == 0 ? p9_tree_reopen(fd, (int)flags) : -1;
	close(fd);
	return opened < 0 ? -1 : opened;
}

static void load_fid(struct state *s, struct p9 *p9)
{
	char path[P9_PATH_MAX] = "";
	struct p9_fid saved = { .fd = -1 };
	bool lost = true;
	u32 length = 0;
	state_u32(s, &saved.id);
	state_bool(s, &lost);
	state_bool(s, &saved.is_open);
	state_u32(s, &saved.flags);
	state_below(s, &length, P9_PATH_MAX);
	if (!state_ok(s))
		return;
	state_bytes(s, path, length);
	path[length] = '\0';
	if (!p9)
		return;
	if (!lost)
		saved.fd = restore_fd(p9, path, saved.is_open, saved.flags);
	if (p9_fid_add(p9, saved) != 0)
		state_fail(s, "the snapshot has more open files in the shared folder than can be opened here");
}

void p9_state(struct state *s, struct p9 *p9)
{
	u32 count = p9 ? p9->fid_count : 0, message_max = p9 ? p9->message_max : 0;
	state_section(s, "9p-files", 1);
	state_u32(s, &message_max);
	state_below(s, &count, P9_FIDS_MAX + 1);
	if (s->loading && p9) {
		p9->message_max = message_max <= VIRTIO_9P_MESSAGE_MAX ? message_max : 0;
		p9_fid_drop_all(p9);
	}
	for (u32 i = 0; s->loading && i < count && state_ok(s); i++)
		load_fid(s, p9);
	for (u32 i = 0; !s->loading && p9 && i < P9_FID_BUCKETS; i++)
		for (struct p9_fid *fid = p9->fids[i]; fid; fid = fid->next)
			save_fid(s, p9, fid);
}
