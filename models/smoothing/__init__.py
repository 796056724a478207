"""The simple filters: no weights, the yardstick for everything else."""
