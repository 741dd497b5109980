"""The family clock keeps every law, and solves a problem as one does by hand."""

from synthtasks import laws, problem, verify
from synthtasks.surfaces import Code, Equations, Nested, Story

from clock import Clock


# Fails if a law breaks: says which, with the smallest example that breaks it.
def test_clock_keeps_every_law() -> None:
    laws.check(Clock(), Equations(), Code(), Nested(), Story(), examples=30)


# CHANGE to a problem that you solved by hand: `show` prints one for every --seed.
def test_clock_by_hand() -> None:
    p = problem(Clock(steps=3), "train", "show", 1)
    prompt = "modulo 12 ; A = mirror ( 3 ) ; B = mirror ( A ) ; C = B + 7 ; C = ?"
    steps = "A = mirror ( 3 ) = 9 ; B = mirror ( A ) = 3 ; C = B + 7 = 10 ;"
    answer = ("answer", "10", "<end>")
    surface = Equations()
    assert surface.prompt(p) == tuple(prompt.split())
    assert surface.solution(p) == (*steps.split(), *answer)
    assert verify(p, surface.read((*steps.split(), *answer))).process
    assert not verify(p, surface.read(answer)).process
