#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# load.sh - the verifier of the running kernel accepts every program.
exec "${BUILD:-build}/tests/bpf/progs/loadall"
