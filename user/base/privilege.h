/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privilege.h - who this process is, whom it works for, and how it becomes that and nothing more.
 */
#ifndef SCHEDVIZ_BASE_PRIVILEGE_H
#define SCHEDVIZ_BASE_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"

/* ---- capabilities(7), by their numbers there ---- */

uint64_t capability_effective(void); /* a bit each */
bool capability_has(int number);
/* May it load tracing programs? CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, which stands for both. */
bool capability_can_record(void);
/* Give up every capability of this process, for good: effective, permitted, inheritable and ambient. */
int capability_drop_all(struct err *e);

/* ---- users ---- */

struct identity {
	uid_t uid;
	gid_t gid;
	char name[64]; /* "" when the user has none */
	char home[256];
};

void identity_self(struct identity *id); /* the user this process runs as */
/* Under sudo the user who called it, else the one this process runs as. */
void identity_caller(struct identity *id);
/* A user by name or number; -ENOENT and a sentence when there is none. */
int identity_named(struct identity *id, const char *user, struct err *e);
/* Is it another than this process runs as? */
bool identity_differs(const struct identity *id);
/*
 * Become that user, with its groups, for good: real, effective and saved ids; a change from root also ends all
 * capabilities. Nothing to do when it does not differ. Makes sure there is no way back.
 */
int identity_become(const struct identity *id, struct err *e);
/* HOME, USER and LOGNAME, as a login would set them. For a child that becomes another user. */
void identity_environment(const struct identity *id);

#endif
