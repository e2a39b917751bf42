/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - from the records of bpf/abi.h to events.
 */
#ifndef SCHEDVIZ_CAPTURE_DECODE_H
#define SCHEDVIZ_CAPTURE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include "bpf/abi.h"
#include "trace/event.h"

/* Fills *ev; false for a kind this side does not know. `cpu` is the ring's. */
bool decode_hot(const struct sv_hot *rec, uint32_t cpu, struct event *ev);
/* The same for a rare record; false also for a doorbell and for a short record. ev may point into rec; a set
 * of CPUs there is as the kernel has it (affinity_clip()). */
bool decode_rare(const void *rec, size_t size, struct event *ev);

#endif
