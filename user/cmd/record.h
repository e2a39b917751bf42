/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - what `record` and `run` share: the options of a recording, and what is said at its end.
 */
#ifndef SCHEDVIZ_CMD_RECORD_H
#define SCHEDVIZ_CMD_RECORD_H

#include "cmd/cmd.h"
#include "cmd/session.h"

struct recording_cfg {
	const char *output;
	uint64_t ring_bytes;
	bool only_target;
	struct opt_list exports; /* "svg:pool.svg" */
};

void recording_defaults(struct recording_cfg *cfg);

#define RECORDING_OPTS(st, r)                                                               \
	OPT_STRING('o', "output", st, r.output, "FILE",                                     \
		   "write the recording to FILE (schedviz.svz; - is standard output)"),     \
		OPT_SIZE(0, "buffer", st, r.ring_bytes, CAPTURE_RING_MIN, CAPTURE_RING_MAX, \
			 "memory of each CPU's ring, 16K to 4M (4M)"),                      \
		OPT_LIST(0, "export", st, r.exports, "FORMAT:FILE",                         \
			 "export it at the end, as svg:pool.svg; see export; repeatable"),  \
		OPT_FLAG(0, "only-target", st, r.only_target,                               \
			 "keep only the events of the program and what it starts")

/* The words as a shell would need them typed. */
void recording_command(struct facts *facts, int argc, char **argv);

/* Record, then one line about it on standard error. Exit code: the program's, or that of the failure. */
int recording_run(struct cmd_ctx *ctx, const struct recording_cfg *cfg, struct session_cfg *session);

#endif
