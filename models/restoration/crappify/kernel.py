"""The spread of a measured or typed spot, as data; free of torch, for recipes."""

Kernel = tuple[tuple[float, ...], ...]  # rows of a spot's brightness, both sides odd; their scale is free


def is_kernel(kernel: Kernel) -> bool:
    """Whether `kernel` is a table of finite numbers with two odd sides and a positive sum."""
    sides = {len(row) for row in kernel}
    if len(sides) != 1 or len(kernel) % 2 == 0 or sides.pop() % 2 == 0:
        return False
    total = sum(map(sum, kernel))
    return 0 < total < float("inf")
