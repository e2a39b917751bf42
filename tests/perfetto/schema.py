# SPDX-License-Identifier: GPL-2.0-only
"""schema.py - the messages of a Perfetto trace that an export of a recording may hold; any other is an error.

Each field is a line: number, name, kind. A kind is a scalar or another message; "*" after it says repeated, "+" says
repeated and packed. Kinds of integers differ in what they may hold: i32 and i64 are written as 64 bits of two's
complement.
"""

TEXT = """
Trace
  1 packet TracePacket*
TracePacket
  1 ftrace_events FtraceEventBundle
  2 process_tree ProcessTree
  6 clock_snapshot ClockSnapshot
  8 timestamp u64
  10 trusted_packet_sequence_id u32
  11 track_event TrackEvent
  12 interned_data InternedData
  13 sequence_flags u32
  34 ftrace_stats FtraceStats
  45 system_info SystemInfo
  50 compressed_packets bytes
  58 timestamp_clock_id u32
  59 trace_packet_defaults TracePacketDefaults
  60 track_descriptor TrackDescriptor
  67 cpu_info CpuInfo
  117 generic_kernel_task_state_event TaskStateEvent
  126 trace_attributes TraceAttributes
FtraceEventBundle
  1 cpu u32
  2 event FtraceEvent*
  3 lost_events bool
  4 compact_sched CompactSched
  5 ftrace_clock u32
  6 ftrace_timestamp i64
  7 boot_timestamp i64
  9 last_read_event_timestamp u64
  10 previous_bundle_end_timestamp u64
CompactSched
  1 switch_timestamp u64+
  2 switch_prev_state i64+
  3 switch_next_pid i32+
  4 switch_next_prio i32+
  5 intern_table string*
  6 switch_next_comm_index u32+
  7 waking_timestamp u64+
  8 waking_pid i32+
  9 waking_target_cpu i32+
  10 waking_prio i32+
  11 waking_comm_index u32+
  12 waking_common_flags u32+
FtraceEvent
  1 timestamp u64
  2 pid u32
  3 print Print
  4 sched_switch SchedSwitch
  5 common_flags u32
  11 cpu_frequency CpuFrequency
  13 cpu_idle CpuIdle
  17 sched_wakeup SchedWaking
  18 sched_blocked_reason SchedBlockedReason
  20 sched_waking SchedWaking
  24 softirq_entry Softirq
  25 softirq_exit Softirq
  36 irq_handler_entry IrqHandlerEntry
  37 irq_handler_exit IrqHandlerExit
  235 task_newtask TaskNewtask
  236 task_rename TaskRename
  237 sched_process_exec SchedProcessExec
  238 sched_process_exit SchedProcessExit
  239 sched_process_fork SchedProcessFork
  240 sched_process_free SchedProcessFree
  329 sys_enter SysEnter
  330 sys_exit SysExit
  491 sched_migrate_task SchedMigrateTask
Print
  1 ip u64
  2 buf string
SchedSwitch
  1 prev_comm string
  2 prev_pid i32
  3 prev_prio i32
  4 prev_state i64
  5 next_comm string
  6 next_pid i32
  7 next_prio i32
SchedWaking
  1 comm string
  2 pid i32
  3 prio i32
  4 success i32
  5 target_cpu i32
SchedBlockedReason
  1 pid i32
  2 caller u64
  3 io_wait u32
CpuFrequency
  1 state u32
  2 cpu_id u32
CpuIdle
  1 state u32
  2 cpu_id u32
Softirq
  1 vec u32
IrqHandlerEntry
  1 irq i32
  2 name string
  3 handler u32
IrqHandlerExit
  1 irq i32
  2 ret i32
TaskNewtask
  1 pid i32
  2 comm string
  3 clone_flags u64
  4 oom_score_adj i32
TaskRename
  1 pid i32
  2 oldcomm string
  3 newcomm string
  4 oom_score_adj i32
SchedProcessExec
  1 filename string
  2 pid i32
  3 old_pid i32
SchedProcessExit
  1 comm string
  2 pid i32
  3 tgid i32
  4 prio i32
SchedProcessFork
  1 parent_comm string
  2 parent_pid i32
  3 child_comm string
  4 child_pid i32
SchedProcessFree
  1 comm string
  2 pid i32
  3 prio i32
SysEnter
  1 id i64
  2 args u64*
SysExit
  1 id i64
  2 ret i64
SchedMigrateTask
  1 comm string
  2 pid i32
  3 prio i32
  4 orig_cpu i32
  5 dest_cpu i32
TaskStateEvent
  1 cpu i32
  2 comm string
  3 tid i64
  4 state u32
  5 prio i32
ProcessTree
  1 processes Process*
  2 threads Thread*
  3 collection_end_timestamp u64
Process
  1 pid i32
  2 ppid i32
  3 cmdline string*
  5 uid i32
  6 nspid i32*
  7 process_start_from_boot u64
  8 is_kthread bool
  9 cmdline_is_comm bool
Thread
  1 tid i32
  2 name string
  3 tgid i32
  4 nstid i32*
ClockSnapshot
  1 clocks Clock*
  2 primary_trace_clock u32
Clock
  1 clock_id u32
  2 timestamp u64
  3 is_incremental bool
  4 unit_multiplier_ns u64
FtraceStats
  1 phase u32
  2 cpu_stats FtraceCpuStats*
FtraceCpuStats
  1 cpu u64
  2 entries u64
  3 overrun u64
  4 commit_overrun u64
  5 bytes_read u64
  6 oldest_event_ts double
  7 now_ts double
  8 dropped_events u64
  9 read_events u64
SystemInfo
  1 utsname Utsname
  3 hz i64
  4 tracing_service_version string
  6 page_size u32
  7 timezone_off_mins i32
  8 num_cpus u32
  16 system_ram_bytes u64
  17 machine_name string
Utsname
  1 sysname string
  2 version string
  3 release string
  4 machine string
CpuInfo
  1 cpus Cpu*
Cpu
  1 processor string
  2 frequencies u32*
  3 capacity u32
TrackDescriptor
  1 uuid u64
  2 name string
  3 process ProcessDescriptor
  4 thread ThreadDescriptor
  5 parent_uuid u64
  8 counter CounterDescriptor
  9 disallow_merging_with_system_tracks bool
  10 static_name string
  11 child_ordering u32
  12 sibling_order_rank i32
  14 description string
  15 sibling_merge_behavior u32
  16 sibling_merge_key string
  17 sibling_merge_key_int u64
  19 process_ordering u32
  20 thread_ordering u32
ProcessDescriptor
  1 pid i32
  2 cmdline string*
  3 legacy_sort_index i32
  5 process_priority i32
  6 process_name string
  7 start_timestamp_ns i64
  8 process_labels string*
ThreadDescriptor
  1 pid i32
  2 tid i64
  3 legacy_sort_index i32
  5 thread_name string
CounterDescriptor
  1 type u32
  2 categories string*
  3 unit u32
  4 unit_multiplier i64
  5 is_incremental bool
  6 unit_name string
  7 y_axis_share_key string
TrackEvent
  3 category_iids u64*
  4 debug_annotations DebugAnnotation*
  9 type u32
  10 name_iid u64
  11 track_uuid u64
  22 categories string*
  23 name string
  30 counter_value i64
  44 double_counter_value double
  47 flow_ids fixed64*
  48 terminating_flow_ids fixed64*
  52 correlation_id u64
DebugAnnotation
  1 name_iid u64
  2 bool_value bool
  3 uint_value u64
  4 int_value i64
  5 double_value double
  6 string_value string
  7 pointer_value u64
  10 name string
  11 dict_entries DebugAnnotation*
  12 array_values DebugAnnotation*
  17 string_value_iid u64
InternedData
  1 event_categories Interned*
  2 event_names Interned*
  3 debug_annotation_names Interned*
  26 kernel_symbols InternedString*
  29 debug_annotation_string_values InternedString*
Interned
  1 iid u64
  2 name string
InternedString
  1 iid u64
  2 str bytes
TracePacketDefaults
  11 track_event_defaults TrackEventDefaults
  58 timestamp_clock_id u32
TrackEventDefaults
  11 track_uuid u64
TraceAttributes
  1 attribute Attribute*
Attribute
  1 key string
  2 long_value i64
  3 string_value string
"""

SCALARS = {"u64", "u32", "i64", "i32", "bool", "string", "bytes", "fixed64", "double"}


class Field:
    def __init__(self, number, name, kind):
        self.number, self.name = int(number), name
        self.kind = kind.rstrip("*+")
        self.repeated = kind[-1] in "*+"
        self.packed = kind.endswith("+")

    def wire(self):
        """0 varint, 1 eight bytes, 2 a length and that many bytes."""
        if self.packed or self.kind in ("string", "bytes") or self.kind not in SCALARS:
            return 2
        return 1 if self.kind in ("fixed64", "double") else 0


def parse(text):
    """message -> number -> Field"""
    out = {}
    for line in text.strip().splitlines():
        if line[0] != " ":
            fields = out[line] = {}
            continue
        field = Field(*line.split())
        assert field.number not in fields, line
        fields[field.number] = field
    return out


MESSAGES = parse(TEXT)
BY_NAME = {message: {f.name: f for f in fields.values()} for message, fields in MESSAGES.items()}
assert all(f.kind in SCALARS or f.kind in MESSAGES for fields in MESSAGES.values() for f in fields.values())
