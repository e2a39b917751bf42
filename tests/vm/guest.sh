#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
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

# A CPU leaves for a while and comes back, under a load that is everywhere.
hotplug()
{
	local online=/sys/devices/system/cpu/cpu1/online

	schedviz record -a -o /out/hotplug.svz -- sh -c "
		for i in 1 2 3 4 5 6; do while :; do sleep 0.01; done & done
		sleep 0.2; echo 0 >$online; sleep 0.3; echo 1 >$online; sleep 0.3
		kill \$(jobs -p); wait"
}

# The same CPU is away when the recording begins.
arrival()
{
	local online=/sys/devices/system/cpu/cpu1/online

	echo 0 >$online
	schedviz record -a -o /out/arrival.svz -- sh -c "sleep 0.1; echo 1 >$online; taskset 2 sleep 0.3"
}

uptime >/out/up
step doctor schedviz doctor
step load loadall
step pool schedviz run pool --scale 0.1 --no-picture -o /out/pool.svz
step audit schedviz record -o /out/audit.svz -- switcher 5
step timers schedviz record -o /out/timers.svz -- taskset 1 switcher 20
step only schedviz record --only-target -o /out/only.svz -- switcher 5
step hotplug hotplug
step arrival arrival
