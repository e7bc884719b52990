"""Newton's law of cooling, and the constant that fits a measurement best."""

import math


def temperature(t: float, start: float, room: float, k: float) -> float:
    """Temperature in °C after t minutes."""
    return room + (start - room) * math.exp(-k * t)


def fit(times: list[float], values: list[float], room: float) -> float:
    """The constant k, by a straight line through the logarithms."""
    logs = [math.log((v - room) / (values[0] - room)) for v in values]
    return -sum(t * y for t, y in zip(times, logs, strict=True)) / sum(t * t for t in times)
