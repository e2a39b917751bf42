/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * filter.c - which tasks a user means by names, globs and tids.
 */
#include <string.h>
#include "analysis/summary.h"

#define ITEM_MAX 256

static bool item_match(const char *item, const struct task *t)
{
	uint64_t tid;

	if (!parse_u64(item, 0, UINT32_MAX, &tid, NULL) && tid == t->tid)
		return true;
	/* the name itself first: a kernel thread's "[name]" is a glob of something else */
	return !strcmp(item, t->name) || fmt_glob(item, t->name);
}

bool task_filter_match(const struct task_filter *f, const struct task *t)
{
	const char *at = f->text;

	if (!at || !*at)
		return true;
	while (*at) {
		size_t n = strcspn(at, ",");
		char item[ITEM_MAX];

		if (n && n < sizeof(item)) {
			memcpy(item, at, n);
			item[n] = '\0';
			if (item_match(item, t))
				return true;
		}
		at += n + (at[n] == ',');
	}
	return false;
}
