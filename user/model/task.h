/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.h - who a task is: one thread of execution, told apart from every other that ever had its tid.
 */
#ifndef SCHEDVIZ_MODEL_TASK_H
#define SCHEDVIZ_MODEL_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include "trace/event.h"

/* A struct, so that a tid cannot be passed by mistake. Stable: a second run over the same file gives the same ids. */
typedef struct {
	uint32_t i;
} task_id;

#define TASK_NONE ((task_id){ UINT32_MAX })
#define TASK_IDLE_TID 0u

static inline bool task_is(task_id a, task_id b)
{
	return a.i == b.i;
}

static inline bool task_some(task_id a)
{
	return a.i != UINT32_MAX;
}

struct task {
	uint32_t tid;	   /* the one it has now; an exec by a non-leader thread gives it its leader's */
	uint32_t tgid;
	const char *name;  /* comm, the last it had; interned by the model; strangers' bytes */
	const char *path;  /* of the program it last executed; NULL: not seen */
	task_id leader;	   /* first thread of its process; itself for a leader; TASK_NONE: not known */
	task_id parent;	   /* leader of the process that made its process; TASK_NONE: not known */
	uint32_t ppid;	   /* the parent's tgid, 0 if not known */
	uint64_t born_ns;  /* fork, or the window's start when it was there before */
	uint64_t died_ns;  /* its last switch, or the window's end when it outlived it */
	bool born_here, died_here; /* within the recording */
	bool kthread;
	bool in_target;	   /* the recorded tree: the target and all it made, from then on */
	bool outside;	   /* not followed (only-target recording): it has a name, no spans */
	bool exit_known;
	int32_t exit_code; /* wait(2) status */
	event_prio prio;   /* last seen */
};

#endif
