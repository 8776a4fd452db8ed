"""The best step on a parabola: what the rate should depend on, and why Adagrad divides by first derivatives."""


def best_step(a: float, b: float, x0: float) -> float:
    """The distance from x0 to the minimum of y = ax² + bx + c: abs(2ax0 + b)/2a = |first derivative|/second derivative.

    Both count: a larger first derivative asks for a larger step, a larger second derivative for a smaller one.
    Raises: ValueError unless a > 0; no other parabola has a minimum.
    Source: L "Larger gradient, larger steps?", "Second Derivative".
    """
    if not a > 0:
        raise ValueError(f"best_step: a is {a}, must be above 0 for a minimum to exist")
    return float(abs(2 * a * x0 + b) / (2 * a))
