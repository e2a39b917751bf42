# SPDX-License-Identifier: GPL-2.0-only
"""streams.py - the events of a trace in the order in which Perfetto's importer takes them.

It keeps a queue for packets, one for track events and, for each CPU, one for whole ftrace events, one for compact
switches and one for compact wakings, in the order in which each was first needed. A queue is sorted by time, events of
the same time by their place in the file. Of all queues the one with the earliest event is emptied up to the earliest of
the others, that instant included: what happens at the same nanosecond in two queues has no order to rely on.
"""
from decode import SWITCH, WAKING, expand, interned

CLEARED = 1
NEEDS_STATE = 2


def text(string):
    return string.decode(errors="replace") if isinstance(string, bytes) else string


class Event:
    """ts, kind, what it holds (fields), and where it was: cpu of a bundle, number of the packet."""

    __slots__ = ("ts", "kind", "fields", "cpu", "packet")

    def __init__(self, ts, kind, fields, cpu, packet):
        self.ts, self.kind, self.fields, self.cpu, self.packet = ts, kind, fields, cpu, packet


class Sequence:
    """What packets of one sequence share: interned strings and defaults, gone where the state is cleared."""

    def __init__(self):
        self.valid = False
        self.strings, self.defaults = {}, {}
        self.thread = None  # the last that was described on it, which the importer takes for who wrote the sequence

    def take(self, packet):
        if packet.get("sequence_flags", 0) & CLEARED:
            self.valid = True
            self.strings, self.defaults = {}, {}
        if "trace_packet_defaults" in packet:
            self.defaults = packet["trace_packet_defaults"]
        if self.valid and "thread" in packet.get("track_descriptor", {}):
            self.thread = packet["track_descriptor"]["thread"]
        for table, entries in packet.get("interned_data", {}).items():
            for entry in entries:
                self.strings[table, entry.get("iid", 0)] = entry.get("name", entry.get("str", ""))

    def string(self, table, iid):
        return self.strings.get((table, iid))


class Streams:
    def __init__(self, stats):
        self.queues, self.by_key, self.stats = [], {}, stats
        self.sequences = {}
        self.latest = 0
        self.queue("packet")
        self.queue("track")

    def queue(self, *key):
        """Those of CPUs are made up to the one asked for, as one of a higher CPU makes those of all below."""
        if key not in self.by_key:
            for key_of_cpu in [(key[0], i) for i in range(key[1] + 1)] if len(key) > 1 else [key]:
                if key_of_cpu not in self.by_key:
                    self.by_key[key_of_cpu] = []
                    self.queues.append(self.by_key[key_of_cpu])
        return self.by_key[key]

    def push(self, key, event):
        self.latest = max(self.latest, event.ts)
        self.queue(*key).append(event)

    # ---- what a packet holds ----

    def bundle(self, bundle, packet, sequence):
        if "cpu" not in bundle:
            self.stats["ftrace_bundle_tokenizer_errors"] += 1
            return
        cpu = bundle["cpu"]
        if bundle.get("lost_events"):
            self.stats["ftrace_cpu_has_data_loss"] += 1
        compact = bundle.get("compact_sched", {})
        for ts, state, pid, _, comm in expand(compact, SWITCH):
            fields = {"prev_state": state, "next_pid": pid, "next_comm": interned(compact, comm)}
            self.push(("switch", cpu), Event(ts, "switch", fields, cpu, packet))
        for ts, pid, target, _, comm, flags in expand(compact, WAKING):
            fields = {"pid": pid, "target_cpu": target, "comm": interned(compact, comm), "flags": flags}
            self.push(("waking", cpu), Event(ts, "waking", fields, cpu, packet))
        for event in bundle.get("event", ()):
            kinds = [k for k, v in event.items() if isinstance(v, dict)]
            if "timestamp" not in event or len(kinds) != 1:
                self.stats["ftrace_bundle_tokenizer_errors"] += 1
                continue
            fields = dict(event[kinds[0]], _pid=event.get("pid"))
            if kinds[0] == "sched_blocked_reason":
                fields["_function"] = text(sequence.string("kernel_symbols", fields.get("caller", 0)))
            self.push(("event", cpu), Event(event["timestamp"], kinds[0], fields, cpu, packet))

    def track_event(self, packet, number, sequence):
        event = dict(packet["track_event"])
        if "timestamp" not in packet:
            self.stats["track_event_missing_timestamp"] += 1
            return
        if "track_uuid" not in event:
            event["track_uuid"] = sequence.defaults.get("track_event_defaults", {}).get("track_uuid", 0)
        if "name_iid" in event:
            event["name"] = sequence.string("event_names", event["name_iid"])
        event["_sequence"] = sequence
        self.push(("track",), Event(packet["timestamp"], "track_event", event, None, number))

    def packet(self, packet, number):
        sequence = self.sequences.setdefault(packet.get("trusted_packet_sequence_id", 0), Sequence())
        sequence.take(packet)
        if "clock_snapshot" in packet:
            return
        if packet.get("sequence_flags", 0) & NEEDS_STATE and not sequence.valid:
            self.stats["packet_skipped_seq_needs_incremental_state_invalid"] += 1
            return
        if "track_event" in packet:
            self.track_event(packet, number, sequence)
            return
        if "ftrace_events" in packet:
            self.bundle(packet["ftrace_events"], number, sequence)
            return
        ts = packet.get("timestamp", self.latest)
        for kind in ("process_tree", "track_descriptor", "system_info", "generic_kernel_task_state_event"):
            if kind in packet:
                self.push(("packet",), Event(ts, kind, packet[kind], None, number))

    # ---- their order ----

    def merged(self):
        queues = [sorted(q, key=lambda e: e.ts) for q in self.queues]
        at = [0] * len(queues)
        while True:
            first = None
            best = second = None
            for i, queue in enumerate(queues):
                if at[i] == len(queue):
                    continue
                ts = queue[at[i]].ts
                if first is None or ts < best:
                    first, best, second = i, ts, best
                elif second is None or ts < second:
                    second = ts
            if first is None:
                return
            queue = queues[first]
            while at[first] < len(queue) and (second is None or queue[at[first]].ts <= second):
                yield queue[at[first]]
                at[first] += 1


def events(packets, stats):
    streams = Streams(stats)
    for number, packet in enumerate(packets):
        streams.packet(packet, number)
    return streams.merged()
