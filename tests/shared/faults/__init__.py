"""A fault-injecting check of operations: `bench/faults.py` plays all of it, `test_flows_faults.py` a few cases."""
