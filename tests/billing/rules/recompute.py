"""A derivation computed again by someone who knows only its form: the page docs/engine.md describes it."""

from fractions import Fraction

from billing.rules.derivation import Derivation


def recompute(tree: Derivation) -> int:
    if tree.op == "given":
        return tree.value
    if tree.op == "product":
        facts = tree.facts
        return int(facts["base_minor"]) * int(facts["rate_billionths"]) * int(facts["days"])
    parts = [recompute(part) for part in tree.parts]
    if tree.op == "sum":
        return sum(parts)
    if tree.op == "difference":
        return parts[0] - sum(parts[1:])
    if tree.op == "least":
        return min(parts)
    exact = Fraction(sum(parts), tree.denominator)
    if tree.facts["rounding"] == "half_up":
        return int(exact + Fraction(1, 2))
    return round(exact) if tree.facts["rounding"] == "half_even" else int(exact)
