"""When two values of ``.INFO`` are the same."""

from decimal import Context, Decimal, localcontext


def equal(a: object, b: object, tolerance: float) -> bool:
    """Return whether two values are the same.

    Args:
        a: the one value.
        b: the other.
        tolerance: by how much numbers may differ, as a share of the larger one (of 1 where both are smaller).
    """
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float | Decimal) and isinstance(b, int | float | Decimal):
        return a == b or (tolerance > 0 and _near(_exact(a), _exact(b), _exact(tolerance)))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key], tolerance) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(one, other, tolerance) for one, other in zip(a, b, strict=True))
    return a == b


def plain(value: object) -> object:
    """Return a value as JSON has it: a number too large for a float as its digits."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def _near(a: Decimal, b: Decimal, tolerance: Decimal) -> bool:
    with localcontext(Context(traps=[])):  # what is too large even for a decimal is infinite
        return abs(a - b) <= tolerance * max(abs(a), abs(b), Decimal(1))


def _exact(number: float | Decimal) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(number)
