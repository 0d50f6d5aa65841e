"""A fault-injecting check of operations: `bench/faults.py` plays all of it, tests/flows/test_faults.py a few cases."""
