/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture_impl.h - what load.c (how the programs get into the kernel) and drain.c (how events get out) share.
 */
#ifndef SCHEDVIZ_CAPTURE_IMPL_H
#define SCHEDVIZ_CAPTURE_IMPL_H

#include "base/intern.h"
#include "bpf/abi.h"
#include "capture/affinity.h"
#include "capture/capture.h"
#include "capture/cost.h"
#include "capture/probe.h"
#include "capture/snapshot.h"

struct ring {
	struct sv_ring *shared;
	uint64_t tail;
	uint32_t pos; /* tail modulo capacity */
	uint32_t cpu;
	uint64_t lost;
};

struct capture {
	struct schedviz_bpf *skel;
	struct bpf_link **links; /* nr_programs of them; NULL: not attached */
	int no_functions;	 /* 0: programs on functions are attached; else why not, as -errno */
	struct affinity affinity;
	struct probe probe;
	struct ring *rings;
	uint32_t nr_rings, capacity;
	void *memory;
	size_t element, memory_size;
	struct ring_buffer *rare;
	struct cost cost;
	struct snapshot census;
	uint64_t from_ns;
	bool census_told, stopped;
	VEC(struct event) early; /* rare events of the window that came before its census was told */
	struct intern *paths;	 /* of these */
	/* of the drain that is going on, for the rare ring's callback */
	capture_event_fn *fn;
	void *fn_ctx;
	uint64_t until_ns;
	int fn_ret;
};

/* Callback of the rare ring (drain.c). */
int capture_on_rare(void *ctx, void *data, size_t size);

#endif
