/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_futex.c - a counter in shared memory: idle workers sleep in futex on it, a submit adds one and wakes one.
 *
 * Sleepers are woken first come, first served, each by the master, and closing wakes the rest. Whoever comes back to a
 * counter that is not zero takes one off, without a system call.
 */
#include "svpool/inside.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>

#define CLOSED (1u << 31)

static int futex_offer(svp *p)
{
	__atomic_add_fetch(&p->shared->tokens, 1, __ATOMIC_SEQ_CST);
	svp_futex(&p->shared->tokens, FUTEX_WAKE, 1, NULL);
	return 0;
}

static int futex_close(svp *p)
{
	__atomic_or_fetch(&p->shared->tokens, CLOSED, __ATOMIC_SEQ_CST);
	svp_futex(&p->shared->tokens, FUTEX_WAKE, INT_MAX, NULL);
	return 0;
}

/* 1: a token; 0: no more; or -EINTR: the pool is stopping. */
static int token_take(svp *p)
{
	uint32_t *tokens = &p->shared->tokens, had;

	for (;;) {
		had = __atomic_load_n(tokens, __ATOMIC_SEQ_CST);
		if (svp_pool_stopping(p))
			return -EINTR;
		if (had & ~CLOSED) {
			if (__atomic_compare_exchange_n(tokens, &had, had - 1, false, __ATOMIC_SEQ_CST,
							__ATOMIC_SEQ_CST))
				return 1;
		} else if (had & CLOSED) {
			return 0;
		} else {
			svp_futex(tokens, FUTEX_WAIT, had, NULL);
		}
	}
}

static int futex_take(struct svp_worker *w, uint64_t *task)
{
	int ret;

	for (;;) {
		ret = token_take(w->pool);
		if (ret < 0)
			return 0;
		if (svp_claim(w, task))
			return 1;
		if (ret == 0)
			return 0;
	}
}

const struct svp_way svp_way_futex = {
	.offer = futex_offer,
	.close = futex_close,
	.take = futex_take,
};
