"""The experiments in which torus-sim and the reference simulators are compared.

Each is a scenario, as docs/scenario.md has it, with the number of seeds and the figures that are held together: those
of `figures` within the tolerance, those of `rare` within their standard error.
"""

# What docs/scenario.md gives as defaults: the reference simulators have none of their own, and scenarios that say all
# of it do not change their meaning when a default does.
DEFAULTS = {
    "chord": {"successors": 16, "maintenance": "corrected", "stabilize_every": "30s", "fix_fingers_every": "30s",
              "check_predecessor_every": "30s", "routing": "iterative", "retries": 8, "lookups_mend_tables": True,
              "lookups_end_at": "owner", "lookup_deadline": "10s"},
    "kademlia": {"k": 20, "alpha": 3, "parallelism": "strict", "final_step": True, "answers": 20, "results": 20,
                 "upkeep_results": 20, "replacement_cache": 20, "ping_oldest": False, "stale_after": 5,
                 "keep_stale": True, "refresh_after": "1h", "refresh_check_every": "5min", "refresh_on_join": True,
                 "lookup_deadline": "30s"},
}

K_8 = {"k": 8, "answers": 8, "results": 8, "upkeep_results": 8, "replacement_cache": 8}

LOOKUPS = ["hops_mean", "rpcs_mean", "latency_ms_mean", "lookup_messages_per_node_s", "lookup_bytes_per_node_s"]
UPKEEP = ["maintenance_messages_per_node_s", "maintenance_bytes_per_node_s"]
RING = ["failure_rate", "timeouts_mean", "wrong_successor_share", "wrong_finger_share"]
TABLES = ["timeouts_mean", "contacts_mean", "dead_contact_share"]


def sessions(mean):
    """Churn that replaces each node that departs."""
    return {"steady": True, "session": {"exponential": {"mean": mean}}}


def setting(protocol, name, seeds, figures, options, rare=(), **tables):
    """A setting; `tables` replace those of the scenario."""
    scenario = {
        "name": f"{protocol}-{name}",
        "population": {"nodes": 300},
        "protocol": {protocol: dict(DEFAULTS[protocol], **options)},
        "network": {"rpc_timeout": "1s", "latency": {"exponential": {"mean": "50ms"}}},
        "workload": {"lookups_every": "45s"},
        "measurement": {"warmup": "10min", "duration": "60min"},
    }
    scenario.update(tables)
    return {"scenario": scenario, "seeds": seeds, "figures": figures, "rare": rare}


SETTINGS = [
    setting("chord", "static", 6, LOOKUPS + UPKEEP, {"successors": 4},
            population={"nodes": 500}, measurement={"warmup": "1min", "duration": "60min"}),
    setting("chord", "corrected", 40, LOOKUPS + UPKEEP + RING, {"successors": 10}, churn=sessions("6min")),
    setting("chord", "original", 36, LOOKUPS + UPKEEP + RING,
            {"successors": 12, "maintenance": "original", "stabilize_every": "20s", "fix_fingers_every": "15s"},
            churn=sessions("6min")),
    setting("chord", "recursive", 42, LOOKUPS + UPKEEP + RING, {"successors": 10, "routing": "recursive"},
            churn=sessions("6min")),
    setting("chord", "loss", 76, LOOKUPS + UPKEEP + RING, {"successors": 10, "stabilize_every": "1min"},
            network={"rpc_timeout": "1s", "loss": 0.02, "latency": {"uniform": {"from": "20ms", "to": "120ms"}}},
            churn=sessions("12min")),
    setting("chord", "failure", 300, [*LOOKUPS, "timeouts_mean", "wrong_finger_share"],
            {"successors": 12, "stabilize_every": "never", "fix_fingers_every": "never",
             "check_predecessor_every": "never", "retries": 200, "lookup_deadline": "10min",
             "lookups_mend_tables": False, "lookups_end_at": "predecessor"},
            population={"nodes": 500}, event=[{"at": "1s", "crash": {"fraction": 0.3}}],
            workload={"network_lookups_every": "100ms"}, measurement={"warmup": "2s", "duration": "200s"}),
    setting("kademlia", "paper", 8, [*LOOKUPS, "contacts_mean"], {},
            population={"nodes": 300, "start": "joining", "join_every": "1s"},
            workload={"lookups_every": "60s"}, measurement={"warmup": "60min", "duration": "20min"}),
    setting("kademlia", "refresh", 8, LOOKUPS + UPKEEP + ["contacts_mean"],
            {**K_8, "refresh_after": "10min", "refresh_check_every": "1min"},
            population={"nodes": 300, "start": "joining", "join_every": "1s"},
            workload={"lookups_every": "4min"}, measurement={"warmup": "60min", "duration": "60min"}),
    setting("kademlia", "churn", 26, LOOKUPS + UPKEEP + TABLES,
            {**K_8, "stale_after": 2, "refresh_after": "15min", "refresh_check_every": "1min"},
            rare=["failure_rate"], workload={"lookups_every": "60s"}, churn=sessions("20min"),
            measurement={"warmup": "60min", "duration": "40min"}),
    setting("kademlia", "one-at-a-time", 24, LOOKUPS + UPKEEP + TABLES[1:],
            {"alpha": 1, "results": 3, "final_step": False, "stale_after": 1, "keep_stale": False,
             "refresh_after": "15min"},
            network={"rpc_timeout": "300ms", "latency": {"constant": {"delay": "50ms"}}},
            rare=["failure_rate"], workload={"lookups_every": "60s"}, churn=sessions("30min"),
            measurement={"warmup": "60min", "duration": "40min"}),
    setting("kademlia", "loose", 30, LOOKUPS + UPKEEP + TABLES,
            {**K_8, "parallelism": "loose", "final_step": False, "stale_after": 1, "refresh_after": "20min"},
            rare=["failure_rate"], workload={"lookups_every": "60s"}, churn=sessions("30min"),
            network={"rpc_timeout": "1s", "loss": 0.02, "latency": {"uniform": {"from": "20ms", "to": "120ms"}}},
            measurement={"warmup": "60min", "duration": "40min"}),
]
