"""Benchmarks: commands with a seed and a size that print machine and versions. Run from the project's root:

python -m benchmarks.NAME --help
"""
