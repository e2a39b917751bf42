/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stub.c - stands for this room in a build without eBPF (make BPF=0): looking at traces needs none of it.
 */
#include "capture/capture.h"
#include "capture/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/fmt.h"

#define NO_BPF "this schedviz was built without eBPF (BPF=0) and can only read traces - build it with a plain 'make'"

int capture_open(struct capture **out, const struct capture_cfg *cfg, struct err *e)
{
	(void)cfg;
	*out = NULL;
	return err_set(e, -ENOTSUP, NO_BPF);
}

int capture_begin(struct capture *c, struct facts *facts, struct err *e)
{
	(void)c, (void)facts;
	return err_set(e, -ENOTSUP, NO_BPF);
}

int capture_follow_children(struct capture *c, uint32_t tid, struct err *e)
{
	(void)c, (void)tid;
	return err_set(e, -ENOTSUP, NO_BPF);
}

int capture_follow_tree(struct capture *c, uint32_t pid, struct err *e)
{
	return capture_follow_children(c, pid, e);
}

void capture_unfollow(struct capture *c, uint32_t tid)
{
	(void)c, (void)tid;
}

int capture_fd(const struct capture *c)
{
	(void)c;
	return -1;
}

int capture_drain(struct capture *c, uint64_t until_ns, capture_event_fn *fn, void *ctx)
{
	(void)c, (void)until_ns, (void)fn, (void)ctx;
	return 0;
}

void capture_stop(struct capture *c)
{
	(void)c;
}

void capture_receipt(const struct capture *c, struct facts *facts)
{
	(void)c, (void)facts;
}

void capture_end_sample(struct capture *c)
{
	(void)c;
}

uint64_t capture_lost(const struct capture *c)
{
	(void)c;
	return 0;
}

uint64_t capture_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void capture_close(struct capture *c)
{
	(void)c;
}

void capture_doctor(check_list *out)
{
	struct check *c = vec_push(out);

	*c = (struct check){ .name = "recording", .verdict = CHECK_NO };
	snprintf(c->detail, sizeof(c->detail), "this schedviz was built without eBPF (BPF=0)");
	snprintf(c->remedy, sizeof(c->remedy), "build it with a plain 'make'");
}
