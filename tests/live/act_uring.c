// SPDX-License-Identifier: Apache-2.0
/* Acts by io_uring, with the bare system calls: no library, and one request at a time or a few. */
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "act.h"

struct ring {
	int fd;
	bool polled;
	unsigned int *sq_tail, *sq_mask, *sq_flags, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned int queued;
};

static int ring_make(struct ring *r, unsigned int flags)
{
	struct io_uring_params p = {.flags = flags, .sq_thread_idle = 1000};
	size_t array, completions;
	char *rings;

	*r = (struct ring){.polled = flags & IORING_SETUP_SQPOLL};
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &p);
	if (r->fd < 0)
		return fail("io_uring_setup");
	if (!(p.features & IORING_FEAT_SINGLE_MMAP)) {
		errno = ENOSYS;
		return fail("io_uring before 5.4");
	}
	array = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	completions = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	rings = mmap(NULL, array > completions ? array : completions, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		     IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		       r->fd, IORING_OFF_SQES);
	if (rings == MAP_FAILED || r->sqes == MAP_FAILED)
		return fail("mmap of the rings");
	r->sq_tail = (unsigned int *)(rings + p.sq_off.tail);
	r->sq_mask = (unsigned int *)(rings + p.sq_off.ring_mask);
	r->sq_flags = (unsigned int *)(rings + p.sq_off.flags);
	r->sq_array = (unsigned int *)(rings + p.sq_off.array);
	r->cq_head = (unsigned int *)(rings + p.cq_off.head);
	r->cq_tail = (unsigned int *)(rings + p.cq_off.tail);
	r->cq_mask = (unsigned int *)(rings + p.cq_off.ring_mask);
	r->cqes = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
	return 0;
}

static struct io_uring_sqe *ring_request(struct ring *r, int op, unsigned int flags)
{
	unsigned int tail = *r->sq_tail + r->queued++, slot = tail & *r->sq_mask;
	struct io_uring_sqe *sqe = &r->sqes[slot];

	memset(sqe, 0, sizeof(*sqe));
	r->sq_array[slot] = slot;
	sqe->opcode = (unsigned char)op;
	sqe->flags = (unsigned char)flags;
	return sqe;
}

/* Submits what was queued and waits for so many completions. */
static int ring_submit(struct ring *r, unsigned int completions)
{
	unsigned int n = r->queued, flags = IORING_ENTER_GETEVENTS;

	__atomic_store_n(r->sq_tail, *r->sq_tail + n, __ATOMIC_RELEASE);
	r->queued = 0;
	if (r->polled && __atomic_load_n(r->sq_flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, r->fd, n, completions, flags, NULL, 0) < 0)
		return fail("io_uring_enter");
	return 0;
}

/* The next completion's result. */
static int ring_result(struct ring *r, const char *step)
{
	unsigned int head = *r->cq_head;
	int res;

	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE)) {
		errno = ENODATA;
		return fail("completion");
	}
	res = r->cqes[head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	if (res < 0) {
		errno = -res;
		return fail(step);
	}
	return res;
}

/* The doors: how the ring is made and the request flagged. */
static const struct mode {
	const char *name;
	unsigned int setup, flags;
} modes[] = {
	{"inline", 0, 0},
	{"async", 0, IOSQE_ASYNC}, /* a worker thread does it */
	{"sqpoll", IORING_SETUP_SQPOLL, 0},
	{"skip", 0, IOSQE_CQE_SKIP_SUCCESS}, /* posts no completion */
	{0},
};

static const struct mode *mode_find(const char *name)
{
	const struct mode *m = modes;

	while (m->name && strcmp(m->name, name))
		m++;
	return m->name ? m : NULL;
}

static void request_open(struct ring *r, unsigned int flags, const char *path)
{
	struct io_uring_sqe *sqe = ring_request(r, IORING_OP_OPENAT, flags);

	sqe->fd = AT_FDCWD;
	sqe->addr = (unsigned long)path;
	sqe->open_flags = O_RDONLY | O_CLOEXEC;
}

/* The opened file is in a slot of the ring and never a descriptor: it is read through the ring too. */
static int open_direct(const char *path)
{
	struct io_uring_sqe *sqe;
	struct ring r;
	int ret = ring_make(&r, 0), none = -1;

	if (ret)
		return ret;
	if (syscall(SYS_io_uring_register, r.fd, IORING_REGISTER_FILES, &none, 1))
		return fail("io_uring_register");
	request_open(&r, 0, path);
	r.sqes[*r.sq_tail & *r.sq_mask].open_flags = O_RDONLY;
	r.sqes[*r.sq_tail & *r.sq_mask].file_index = 1;
	ret = ring_submit(&r, 1);
	if (!ret)
		ret = ring_result(&r, path);
	if (ret < 0)
		return ret;
	sqe = ring_request(&r, IORING_OP_READ, IOSQE_FIXED_FILE);
	sqe->addr = (unsigned long)proof;
	sqe->len = sizeof(proof) - 1;
	ret = ring_submit(&r, 1);
	if (!ret)
		ret = ring_result(&r, "read");
	if (ret < 0)
		return ret;
	proof[ret] = 0;
	proof[strcspn(proof, "\n")] = 0;
	return 0;
}

/* Completions that nobody takes fill their ring; the open's is kept by the kernel apart. */
static int open_overflow(const char *path)
{
	struct ring r;
	int ret = ring_make(&r, 0);

	for (int i = 0; i < 3 && !ret; i++) {
		for (int n = 0; n < 4; n++)
			ring_request(&r, IORING_OP_NOP, 0);
		ret = ring_submit(&r, 0);
	}
	if (ret)
		return ret;
	request_open(&r, 0, path);
	ret = ring_submit(&r, 0);
	for (int i = 0; i < 12 && ret >= 0; i++) {
		if (i == 8)
			ret = ring_submit(&r, 1);
		if (ret >= 0)
			ret = ring_result(&r, "nop");
	}
	if (ret >= 0)
		ret = ring_submit(&r, 1);
	if (ret >= 0)
		ret = ring_result(&r, path);
	return ret < 0 ? ret : read_fd(ret, "read");
}

/* An open without a completion: its descriptor is the lowest that is free. */
static int open_skip(struct ring *r, const char *path)
{
	int next = dup(0), ret;

	close(next);
	ret = ring_submit(r, 0);
	/* a worker does it where the way to the file is not cached, as procfs's links never are */
	for (int ms = 0; !ret && ms < DEADLINE_MS && fcntl(next, F_GETFD) < 0; ms++)
		usleep(1000);
	return ret ? ret : read_fd(next, path);
}

static int act_uring_open(char **arg)
{
	const struct mode *m = mode_find(arg[0]);
	struct ring r;
	int ret;

	if (!strcmp(arg[0], "direct"))
		return open_direct(arg[1]);
	if (!strcmp(arg[0], "overflow"))
		return open_overflow(arg[1]);
	if (!m) {
		errno = EINVAL;
		return fail(arg[0]);
	}
	ret = ring_make(&r, m->setup);
	if (ret)
		return ret;
	request_open(&r, m->flags, arg[1]);
	if (m->flags & IOSQE_CQE_SKIP_SUCCESS)
		return open_skip(&r, arg[1]);
	ret = ring_submit(&r, 1);
	if (!ret)
		ret = ring_result(&r, arg[1]);
	return ret < 0 ? ret : read_fd(ret, "read");
}

static int act_uring_connect(char **arg)
{
	const struct mode *m = mode_find(arg[0]);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;
	struct io_uring_sqe *sqe;
	struct ring r;

	if (!m) {
		errno = EINVAL;
		return fail(arg[0]);
	}
	ret = ring_make(&r, m->setup);
	if (ret)
		return ret;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", arg[1]);
	sqe = ring_request(&r, IORING_OP_CONNECT, m->flags);
	sqe->fd = fd;
	sqe->addr = (unsigned long)&addr;
	sqe->off = sizeof(addr);
	ret = ring_submit(&r, 1);
	if (!ret)
		ret = ring_result(&r, "connect");
	return ret < 0 ? ret : ask(fd);
}

/* clang-format off */
const struct act uring_acts[] = {
	{"uring-open", 2, act_uring_open, "M54", "inline|async|sqpoll|skip|direct|overflow PATH", "opens a file by io_uring and reads it"},
	{"uring-connect", 2, act_uring_connect, "M54", "inline|async|sqpoll PATH", "connects to a unix socket by io_uring"},
	{0},
};
/* clang-format on */
