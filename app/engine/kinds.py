"""Reading the table of job kinds: by name, so that a worker and its supervisor use the same one."""

import importlib

Kinds = dict[str, tuple[type, str]]

DEFAULT = "app.engine.specs"


def load_kinds(module: str = DEFAULT) -> Kinds:
    """Return the ``KINDS`` of a module: kind -> (class of its spec, module of its runner)."""
    kinds: Kinds = importlib.import_module(module).KINDS
    return kinds


def kind_of(spec: object, kinds: Kinds) -> str:
    """Return the kind that `spec` belongs to.

    Raises
    ------
    TypeError
        If there is no such kind.
    """
    for kind, (cls, _runner) in kinds.items():
        if type(spec) is cls:
            return kind
    raise TypeError(f"{type(spec).__name__} is no kind of job")
