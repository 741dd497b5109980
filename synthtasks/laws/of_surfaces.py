"""Laws of surfaces: of writing and of reading."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from synthtasks import strategies
from synthtasks.domains import Value, following
from synthtasks.laws.kit import LawBroken, Subject, for_all, generators, need, show
from synthtasks.primitives import Given, Operation, Primitive
from synthtasks.problem import Problem, Step
from synthtasks.rng import rng
from synthtasks.surfaces.surface import Surface, ending, unplaced
from synthtasks.trace import Trace, Words, gold
from synthtasks.verify import verify
from synthtasks.vocab import END, PAD


def words_are_known(subject: Subject) -> None:
    for surface in subject.surfaces:
        known = set(subject.vocab(surface).words)

        def holds(p: Problem, surface: Surface = surface, known: set[str] = known) -> None:
            unknown = [word for word in surface.prompt(p) + surface.solution(p) if word not in known]
            need(not unknown, f"{surface} writes {unknown[:5]}, which its vocabulary lacks", show(p))

        for_all(subject.examples, strategies.problems_of(subject.family), holds)


def the_prompt_says_what_is_given(subject: Subject) -> None:
    for surface in subject.surfaces:
        compared: list[Words] = []

        def holds(p: Problem, surface: Surface = surface, compared: list[Words] = compared) -> None:
            state, prompt = generators(), surface.prompt(p)
            alike = surface.prompt(p) == prompt and generators() == state
            need(alike, f"{surface} writes a problem in several ways; let its words depend on the problem alone", show(p))
            for changed in _variations(p, subject.family.primitives):
                try:
                    other = surface.prompt(changed)
                except ValueError:
                    continue  # this surface cannot write the problem
                compared.append(other)
                advice = "write how they differ, or raise a ValueError for problems that it cannot write"
                need(other != prompt, f"{surface} writes two problems alike: {' '.join(other)}", show(p), show(changed), advice)
            same = surface.prompt(_with_other_values(p)) == prompt
            need(same, f"{surface} reveals a value or the answer in the prompt: {' '.join(prompt)}", show(p))

        for_all(min(subject.examples, 25), strategies.problems_of(subject.family), holds)
        need(compared, f"{surface} refuses every problem that differs in a value, a primitive or the query: none could be compared")


def _variations(p: Problem, primitives: tuple[Operation, ...]) -> Iterator[Problem]:
    """Problems with another prompt: a given value, a primitive, an entry of a table or the query is changed."""
    fixed = [primitive for primitive in primitives if not isinstance(primitive, Given)]

    def with_step(old: Step, new: Step) -> Problem:
        return replace(p, steps=tuple(new if s is old else s for s in p.steps))

    for step in p.steps:
        if step.name != p.query:
            yield replace(p, query=step.name)
        for i, argument in enumerate(step.arguments):
            if not isinstance(argument, str):
                new = (*step.arguments[:i], following(argument, p.modulus), *step.arguments[i + 1 :])
                yield with_step(step, step._replace(arguments=new))
        for primitive in fixed if step.primitive in fixed else ():
            if primitive != step.primitive and primitive.arity == step.primitive.arity:
                yield with_step(step, step._replace(primitive=primitive))
    for table in p.tables:
        for i, (operand, value) in enumerate(table.entries):
            entry = (operand, (value + 1) % p.modulus)
            yield _with_tables(p, {table: replace(table, entries=(*table.entries[:i], entry, *table.entries[i + 1 :]))})


def _with_tables(p: Problem, others: dict[Given, Given]) -> Problem:
    """The problem with other tables in place of its own."""
    steps = tuple(s._replace(primitive=others.get(s.primitive, s.primitive)) if isinstance(s.primitive, Given) else s for s in p.steps)
    return replace(p, steps=steps, tables=tuple(others.get(t, t) for t in p.tables))


class _Next(Given):
    """A table that gives the value following the stated one, or following the operand if there is none."""

    def __call__(self, *operands: Value, modulus: int) -> Value:
        return following(dict[Value, Value](self.entries).get(*operands, *operands), modulus)


def _with_other_values(p: Problem) -> Problem:
    """The problem with the same prompt and other values: each operation gives the value following the right one."""

    def other(primitive: Primitive) -> Primitive:
        return replace(primitive, apply=lambda *operands: following(primitive.apply(*operands), p.modulus))

    steps = tuple(s._replace(primitive=other(s.primitive)) if isinstance(s.primitive, Primitive) else s for s in p.steps)
    p = replace(p, steps=steps)
    return _with_tables(p, {t: _Next(t.name, t.symbol, t.entries, t.otherwise) for t in p.tables})


def reading_is_total(subject: Subject) -> None:
    p = subject.family(rng("law", 0))
    for surface in subject.surfaces:

        def holds(words: Words, surface: Surface = surface) -> None:
            try:
                trace, roles = surface.read(words), surface.roles(words)
            except Exception as reason:
                raise LawBroken(f"{surface} cannot read {words}: {reason!r}; a model's words are data, never an error") from None
            need(len(roles) == len(words), f"{len(roles)} roles for {len(words)} words: {words}")
            right = verify(p, trace).process
            need(not right or words == surface.solution(p) or p.surplus == "allowed" or _reorders(p, trace), f"accepted: {words}", show(p))

        completions = strategies.completions(subject.vocab(surface))
        for_all(subject.examples, st.one_of(completions, completions.map(lambda words: words + words)), holds)


def _reorders(p: Problem, trace: Trace) -> bool:
    return sorted(a.name for a in trace.assertions) == sorted(s.name for s in p.proof)


def reading_inverts_writing(subject: Subject) -> None:
    for surface in subject.surfaces:

        def holds(p: Problem, surface: Surface = surface) -> None:
            words = surface.solution(p)
            trace = surface.read(words)
            found, expected = _resolved(p, trace), gold(p)
            need(found == expected, f"{surface} wrote {' '.join(words)}", f"and read {found}", f"instead of {expected}", show(p))
            need(verify(p, trace).process, f"the judge refuses the solution {' '.join(words)}: {verify(p, trace).slips}", show(p))
            rewritten = surface.read(surface.write(expected))
            need(rewritten == trace, f"{surface}: `solution` and `write` of the gold trace differ", show(p))

        for_all(subject.examples, strategies.problems_of(subject.family), holds)


def the_answer_comes_last(subject: Subject) -> None:
    for surface in subject.surfaces:

        def holds(p: Problem, surface: Surface = surface) -> None:
            prompt, solution = surface.prompt(p), surface.solution(p)
            early = {END, PAD} & {*prompt, *solution[:-1]}
            where = f"before its end, where generation stops: {' '.join(prompt + solution)}"
            need(not early, f"{surface} writes {', '.join(sorted(early))} {where}")
            need(solution[-1:] == (END,), f"{surface} does not end with {END}: {' '.join(solution)}", show(p))
            for before in ((), ("well",), solution[:1]):
                words = (*before, *ending(p.answer))
                need(surface.read(words).answer == p.answer, f"{surface} reads no answer in {' '.join(words)}")
                need(surface.read((*words, "well")).answer is None, f"{surface} reads an answer in {' '.join(words)} well")

        for_all(min(subject.examples, 30), strategies.problems_of(subject.family), holds)


def _resolved(p: Problem, trace: Trace) -> Trace:
    """The trace with implicit operands filled in: the step before, or at first the given value of the problem."""
    resolved = []
    running = p.proof[0].arguments[0]
    for a in unplaced(trace).assertions:
        resolved.append(a._replace(operands=tuple(running if operand is None else operand for operand in a.operands)))
        running = a.name
    return Trace(tuple(resolved), trace.answer, trace.unread)


def any_trace_can_be_said(subject: Subject) -> None:
    for surface in subject.surfaces:

        def holds(drawn: tuple[Problem, Trace], surface: Surface = surface) -> None:
            p, trace = drawn
            if any(None in a.operands for a in surface.read(surface.solution(p)).assertions):
                return  # implicit operands cannot be wrong
            words = surface.write(trace)
            found = unplaced(surface.read(words))
            need(found == trace, f"{surface} wrote {' '.join(words)}", f"and read {found}", f"instead of {trace}", show(p))

        problems = strategies.problems_of(subject.family)
        for_all(subject.examples, problems.flatmap(lambda p: st.tuples(st.just(p), strategies.traces_of(p))), holds)


def roles_mark_values(subject: Subject) -> None:
    for surface in subject.surfaces:

        def holds(p: Problem, surface: Surface = surface) -> None:
            words = surface.solution(p)
            roles = surface.roles(words)
            places = {a.at + i for a in surface.read(words).assertions for i in range(a.words)}
            said = {i for i, role in enumerate(roles) if role == "execute"}
            need(said == places, f"the values of {' '.join(words)} are not where {roles} say")
            need("answer" in roles and roles[-1] == "meta", f"the answer of {' '.join(words)} is not marked in {roles}")

        for_all(min(subject.examples, 30), strategies.problems_of(subject.family), holds)
