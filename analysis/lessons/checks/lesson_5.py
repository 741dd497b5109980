"""Checks of lesson 5, the coin and the clip."""

from collections.abc import Callable
from itertools import product

from analysis.lessons.answers import Mark, not_yet, right

WIDTHS = (0.1, 0.2, 0.5)
RATIOS = (0.3, 0.75, 0.95, 1.0, 1.05, 1.3, 2.0)
ADVANTAGES = (-2.0, -1.0, 0.0, 1.0, 3.0)
TOLERANCE = 1e-9


def check_exercise_1(candidate: Callable[[float, float, float], float | None]) -> Mark:
    """The objective of words with ratios on either side of the bounds, and advantages of either sign."""
    import torch

    from train.rl import Clip

    for width, ratio, advantage in product(WIDTHS, RATIOS, ADVANTAGES):
        logp, zero = torch.tensor([[ratio]], dtype=torch.float64).log(), torch.zeros(1, 1, dtype=torch.float64)
        due = -Clip(width, width)(logp, zero, zero + advantage, zero == 0).item()  # a surrogate is a loss
        if (found := candidate(ratio, advantage, width)) is None:
            return not_yet("exercise_1 gives None. Replace `return None` by your solution.")
        if abs(found - due) > TOLERANCE:
            where = f"with ratio {ratio}, advantage {advantage} and width {width}"
            return not_yet(f"{where} it is {due:g}, yours is {found:g}. Take the smaller of two products; a product may be negative.")
    return right("it agrees with the code that training uses, for both signs of the advantage.")


def check_exercise_2(candidate: Callable[[list[float], list[float], float], list[bool] | None]) -> Mark:
    """The words that the real clip still pushes."""
    import torch

    from train.rl import Clip

    words = [*product(RATIOS, ADVANTAGES)]
    ratios, advantages = [ratio for ratio, _ in words], [advantage for _, advantage in words]
    for width in WIDTHS:
        logp = torch.tensor([ratios], dtype=torch.float64).log().requires_grad_()
        zero = torch.zeros_like(logp)
        loss = Clip(width, width)(logp, zero, torch.tensor([advantages], dtype=torch.float64), zero == 0)
        (slopes,) = torch.autograd.grad(loss.sum(), logp)
        due = (slopes[0] != 0).tolist()
        if (found := candidate(ratios, advantages, width)) is None:
            return not_yet("exercise_2 gives None. Replace `return None` by your solution.")
        if len(found) != len(due):
            return not_yet(f"{len(due)} words were given, and {len(found)} answers came back. Give one for each word.")
        for (ratio, advantage), pushed, said in zip(words, due, found, strict=True):
            if bool(said) != pushed:
                is_pushed = "is still pushed" if pushed else "is not pushed any more"
                return not_yet(f"a word with ratio {ratio} and advantage {advantage} {is_pushed}, where the width is {width}.")
    return right("a word is let go only where it has gone too far in the direction of its advantage.")


def check_exercise_3(candidate: Callable[[int, int], float | None]) -> Mark:
    """Probabilities that can be counted on paper."""
    due = {(1, 1): 1 / 2, (0, 5): 1.0, (2, 2): 1 / 4, (1, 2): 3 / 4, (2, 3): 1 / 2, (3, 4): 5 / 16, (6, 6): 1 / 64, (16, 16): 2**-16}
    for (ups, seeds), probability in due.items():
        if (found := candidate(ups, seeds)) is None:
            return not_yet("exercise_3 gives None. Replace `return None` by your solution.")
        if abs(found - probability) > TOLERANCE:
            return not_yet(f"at least {ups} of {seeds} seeds go up with probability {probability:g}, yours is {found:g}.")
    return right("one seed of one shows nothing: luck does as well half of the time. Sixteen of sixteen would be another matter.")
