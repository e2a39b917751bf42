/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - which CPUs a workload may use; the rest of place.c is in workload.h.
 */
#ifndef SCHEDVIZ_WORKLOADS_PLACE_H
#define SCHEDVIZ_WORKLOADS_PLACE_H

#include <stdint.h>
#include "base/err.h"

/* How many CPUs `list` (a kernel list; NULL: all that this process may use) names. -EINVAL: one that it may not use. */
int place_count(const char *list, uint32_t *nr, struct err *e);

#endif
