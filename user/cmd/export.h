/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.h - exports that are made at the end of a recording: --export FORMAT:FILE of `run` and `record`.
 */
#ifndef SCHEDVIZ_CMD_EXPORT_H
#define SCHEDVIZ_CMD_EXPORT_H

#include "cmd/cmd.h"

/* Before anything is recorded into `trace`: could these be made? -EINVAL and a sentence. */
int export_list_check(const struct opt_list *wishes, const char *trace, struct err *e);
/* Make them, whole recordings, the first to fail ends it: an exit code. */
int export_list_make(struct cmd_ctx *ctx, const struct opt_list *wishes, const char *trace);

#endif
