/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explained.h - a recording opened and its account taken: what explain, compare and the end of `run` begin with.
 */
#ifndef SCHEDVIZ_CMD_EXPLAINED_H
#define SCHEDVIZ_CMD_EXPLAINED_H

#include "analysis/account.h"
#include "cmd/views.h"

struct explained {
	struct view view;
	struct summary sum;
	struct model *m;
	struct account account;
};

/* Changes whom or when it is about, once that is known; negative and a sentence: it cannot. */
typedef int (*explained_aim)(struct target *t, const struct model *m, const void *ctx, struct err *e);

/* An exit code; explained_close() in any case. */
int explained_open(struct explained *x, const char *path, const struct view_cfg *cfg, struct err *e);
int explained_make(struct explained *x, const struct view_cfg *cfg, explained_aim aim, const void *ctx, struct err *e);
void explained_close(struct explained *x);

#endif
