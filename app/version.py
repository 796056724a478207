"""The version of the program, as it was installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("micrographia")
except PackageNotFoundError:  # run from a copy of the source that was never installed
    VERSION = "source"
