/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.h - one recording from beginning to end: capture, child, marks, file, signals, receipt.
 */
#ifndef SCHEDVIZ_CMD_SESSION_H
#define SCHEDVIZ_CMD_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/privilege.h"
#include "trace/facts.h"

struct session_cfg {
	const char *output;
	uint64_t ring_bytes; /* 0: the default */
	bool only_target;
	uint64_t duration_ns; /* 0: until the program ends, or a signal */

	/* what is recorded: a program, a function in a child of ours, a process that runs, or (none of them) the
	 * machine */
	char **argv;
	int (*main)(void *main_ctx);
	void *main_ctx;
	uint32_t pid;
	bool machine;	       /* the machine, though a program runs meanwhile: no tree is singled out */
	struct identity child; /* whom the program runs as */

	struct facts facts; /* of the caller: command, workload, theory */
};

struct session_result {
	int exit_code; /* of the program; 0 without one */
	uint64_t events, bytes, lost;
	uint64_t wall_ns; /* of the recording */
};

/*
 * Record. The file is at cfg->output when this returns 0, and also when recording ended early by an error after it had
 * begun (disk full): then a negative code and the sentence. Errors before the program has begun leave no file, and an
 * old one where it was.
 */
int session_record(struct session_cfg *cfg, struct session_result *out, struct err *e);

#endif
