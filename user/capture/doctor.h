/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor.h - what this machine, kernel and user can and cannot do for a recording, and what to do about each "no".
 */
#ifndef SCHEDVIZ_CAPTURE_DOCTOR_H
#define SCHEDVIZ_CAPTURE_DOCTOR_H

#include <stddef.h>
#include "base/vec.h"

enum check_verdict {
	CHECK_YES,
	CHECK_LESS, /* a recording works, but lacks something or may */
	CHECK_NO,   /* no recording */
};

struct check {
	const char *name;
	enum check_verdict verdict;
	char detail[200]; /* what was found */
	char remedy[240]; /* "" when nothing is to be done */
};

typedef VEC(struct check) check_list;

/* Run all checks; none changes anything. The last is the proof: load the programs, attach them, and record a moment. */
void capture_doctor(check_list *out);

#endif
