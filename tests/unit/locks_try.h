/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks_try.h - hand-drawn traces of tasks that sleep and wake each other, a line of C for each; and their locks.
 *
 * Task number k has the tid 100 + k, the name tk and CPU k to itself, so that it runs 1 us after it was woken.
 *
 *         draw_begin(3, ONE_PROCESS);
 *         sleeps(10, 1, "futex(0x1000)");        at 10 us
 *         wakes(50, 0, 1);                       task 0 wakes task 1
 *         const struct lock *l = draw_end(100, 0x1000);
 */
#ifndef SCHEDVIZ_LOCKS_TRY_H
#define SCHEDVIZ_LOCKS_TRY_H

#include "unit/explain_try.h"

enum drawn {
	ONE_PROCESS,
	SIBLINGS,  /* processes of one parent */
	FAMILY,	   /* processes, of which task 0 is the parent of the others */
	STRANGERS, /* whose parents nobody knows */
};

static struct buf drawn_text;
static struct try drawn;

static inline void draw_begin(unsigned tasks, enum drawn what)
{
	buf_reset(&drawn_text);
	buf_printf(&drawn_text, "schedviz-text 1\ncpus %u\n", tasks);
	if (what != ONE_PROCESS)
		buf_puts(&drawn_text,
			 "0us cpu0 task parent/50 tgid 50 state S\n0us cpu0 task other/60 tgid 60 state S\n");
	for (unsigned i = 0; i < tasks; i++) {
		buf_printf(&drawn_text, "0us cpu%u task t%u/%u tgid %u ppid %u state R on %u\n", i, i, 100 + i,
			   what == ONE_PROCESS ? 100 : 100 + i,
			   what == STRANGERS	 ? 1
			   : what == FAMILY && i ? 100
						 : 50,
			   i);
		buf_printf(&drawn_text, "0us cpu%u current t%u/%u\n", i, i, 100 + i);
	}
}

static inline void sleeps(unsigned us, unsigned who, const char *call)
{
	buf_printf(&drawn_text, "%uus cpu%u switch t%u/%u S %s -> idle\n", us, who, who, 100 + who, call);
}

static inline void runs(unsigned us, unsigned who)
{
	buf_printf(&drawn_text, "%uus cpu%u switch idle R -> t%u/%u\n", us, who, who, 100 + who);
}

static inline void wakes(unsigned us, unsigned by, unsigned who)
{
	buf_printf(&drawn_text, "%uus cpu%u waking t%u/%u by t%u/%u\n", us, by, who, 100 + who, by, 100 + by);
	runs(us + 1, who);
}

/* An interrupt on CPU `cpu`. */
static inline void wakes_by_irq(unsigned us, unsigned cpu, unsigned who)
{
	buf_printf(&drawn_text, "%uus cpu%u waking t%u/%u by idle in hardirq\n", us, cpu, who, 100 + who);
	runs(us + 1, who);
}

static inline void marks(unsigned us, unsigned who, const char *what, unsigned job)
{
	buf_printf(&drawn_text, "%uus cpu%u mark t%u/%u %s %u\n", us, who, who, 100 + who, what, job);
}

static inline void dies(unsigned us, unsigned who)
{
	buf_printf(&drawn_text, "%uus cpu%u exit t%u/%u\n%uus cpu%u switch t%u/%u X -> idle\n", us, who, who, 100 + who,
		   us + 1, who, who, 100 + who);
}

/* The lock of this argument; NULL: there is none. */
static inline const struct lock *lock_at(uint64_t arg)
{
	for (size_t i = 0; i < drawn.account.locks.v.n; i++)
		if (drawn.account.locks.v.v[i].arg == arg)
			return &drawn.account.locks.v.v[i];
	return NULL;
}

static inline const struct lock *draw_end_in(unsigned us, uint64_t arg, struct window asked)
{
	buf_printf(&drawn_text, "%uus end\n", us);
	try_text(&drawn, drawn_text.data, asked, NULL);
	try_account(&drawn);
	return lock_at(arg);
}

static inline const struct lock *draw_end(unsigned us, uint64_t arg)
{
	return draw_end_in(us, arg, ALL);
}

/* The user with this number; a zeroed one if it is none. */
static inline struct lock_user user_of(const struct lock *l, unsigned who)
{
	for (size_t i = 0; l && i < l->users.n; i++)
		if (model_task(drawn.model, l->users.v[i].task)->tid == 100 + who)
			return l->users.v[i];
	return (struct lock_user){ 0 };
}

static inline bool is_task(task_id id, unsigned who)
{
	return task_some(id) && model_task(drawn.model, id)->tid == 100 + who;
}

#endif
