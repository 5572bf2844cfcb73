"""
A full-text index in memory: which described texts are most like another.

Rare features count more than common ones, and long texts no more than short ones: the cosine of tf-idf weights (Salton
and Buckley, 1988, https://doi.org/10.1016/0306-4573(88)90021-0).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from okrsync.suggesting.features import Description

MAX_FEATURES = 80
"""How many features of a text count, the weightiest first: it bounds the work for one long text."""


class Weights:
    """How much each feature of a text says, by how rare it is among all; one that none has is as rare as can be."""

    def __init__(self, samples: Sequence[tuple[Sequence[Description], int | None]]) -> None:
        """*samples*: descriptions, and how many texts they stand for; ``None``: for themselves."""
        holders: dict[str, float] = {}
        total = 1.0
        for descriptions, stand_for in samples:
            found = Counter(feature for description in descriptions for feature in description)
            weight = 1.0 if stand_for is None or not descriptions else stand_for / len(descriptions)
            total += weight * len(descriptions)
            for feature, count in found.items():
                holders[feature] = holders.get(feature, 0.0) + weight * count
        self._rarest = math.log(max(1.0, total / 2))
        self._rarity = {feature: math.log(total / (1 + count)) for feature, count in holders.items()}

    def of(self, description: Description) -> dict[str, float]:
        """The weights of *description*'s features, the weightiest alone; their squares add up to 1 at most."""
        raw = {
            name: (1 + math.log(count)) * self._rarity.get(name, self._rarest) for name, count in description.items()
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values()))
        if not length:
            return {}
        weightiest = sorted(raw.items(), key=lambda entry: (-entry[1], entry[0]))[:MAX_FEATURES]
        return {name: weight / length for name, weight in weightiest if weight > 0}


class TermIndex:
    """Weighted texts by their features."""

    def __init__(self, texts: Sequence[Mapping[str, float]]) -> None:
        self._size = len(texts)
        places: dict[str, list[int]] = {}
        weights: dict[str, list[float]] = {}
        for place, text in enumerate(texts):
            for name, weight in text.items():
                places.setdefault(name, []).append(place)
                weights.setdefault(name, []).append(weight)
        self._places = {name: np.array(found, dtype=np.intp) for name, found in places.items()}
        self._weights = {name: np.array(found) for name, found in weights.items()}

    def similarities(self, text: Mapping[str, float]) -> NDArray[np.float64]:
        """How alike *text* and each indexed text are, 0 to 1, in the order in which they were given."""
        known = [(name, weight) for name, weight in text.items() if name in self._places]
        if not known:
            return np.zeros(self._size)
        places = [self._places[name] for name, _ in known]
        weights = np.concatenate([self._weights[name] for name, _ in known])
        weights *= np.repeat([weight for _, weight in known], [found.size for found in places])
        return np.bincount(np.concatenate(places), weights, self._size).astype(np.float64, copy=False)


def most_alike(similarities: NDArray[np.float64], count: int) -> list[tuple[int, float]]:
    """Places and similarities of the *count* most alike, the most alike first; none that has nothing in common."""
    if similarities.size > count:
        # Every one that is as alike as the last of them, so that ties are settled by place.
        least = np.partition(similarities, -count)[-count]
        places: Iterable[int] = np.flatnonzero(similarities >= least).tolist()
    else:
        places = range(similarities.size)
    found = [(place, float(similarities[place])) for place in places if similarities[place] > 0]
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:count]
