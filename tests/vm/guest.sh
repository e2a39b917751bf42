#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - what is done in each virtual machine; the host judges what it leaves in /out.
#
# A step leaves STEP.out, STEP.err and a line "STEP STATUS FROM TO" in steps, in seconds since the kernel came up.

uptime() { cut -d ' ' -f 1 /proc/uptime; }

# step NAME COMMAND...
step()
{
	local name=$1 from status

	shift
	from=$(uptime)
	"$@" >"/out/$name.out" 2>"/out/$name.err"
	status=$?
	echo "$name $status $from $(uptime)" >>/out/steps
}

uptime >/out/up
step doctor schedviz doctor
step load loadall
step pool schedviz run pool --scale 0.1 --no-picture -o /out/pool.svz
step audit schedviz record -o /out/audit.svz -- switcher 5
step timers schedviz record -o /out/timers.svz -- taskset 1 switcher 20
step only schedviz record --only-target -o /out/only.svz -- switcher 5
