"""Runs behind every claim of speed or quality: ``python -m benchmarks.<name>`` writes results/<name>.json."""
