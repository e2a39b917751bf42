/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * follow.h - a process that was running before: is it there, has it ended?
 */
#ifndef SCHEDVIZ_CMD_FOLLOW_H
#define SCHEDVIZ_CMD_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct follow {
	uint32_t pid;
	int pidfd; /* readable when the process has ended; -1: none */
};

/* -ESRCH and a sentence when there is no such process (a thread that is no leader is none). */
int follow_open(struct follow *f, uint32_t pid, struct err *e);
bool follow_ended(const struct follow *f);
void follow_close(struct follow *f);

#endif
