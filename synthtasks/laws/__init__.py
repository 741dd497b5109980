"""Laws that every family and every surface must keep; `check` tries all of them on one of your own.

    from synthtasks import laws

    def test_my_family():
        laws.check(MyFamily(), Equations(), Story())

A broken law raises `LawBroken` with its text and the smallest example that hypothesis finds.
"""

from synthtasks.families.kit.family import Family
from synthtasks.laws import of_families, of_judging, of_processes, of_surfaces
from synthtasks.laws.kit import Law, LawBroken, Subject, raised
from synthtasks.surfaces.surface import Surface

__all__ = ["LAWS", "Law", "LawBroken", "check"]

LAWS: tuple[Law, ...] = (
    Law("Families, what they draw and surfaces are values: frozen, hashable, picklable, equal to their copies.", of_families.is_a_value),
    Law("A problem is a function of the generator it is drawn with, and of nothing else.", of_families.is_pure),
    Law("A problem is what its family announces: names, primitives, modulus.", of_families.is_well_formed),
    Law("Dials mean what they say.", of_families.dials_mean_what_they_say),
    Law("Answers vary, and are not there to be copied.", of_families.answers_vary),
    Law("A family is more than a handful of problems, and two seeds share none but by chance.", of_families.is_more_than_a_handful),
    Law("The split is a property of what the answer depends on.", of_families.the_split_is_of_the_problem),
    Law("The vocabulary is closed.", of_surfaces.words_are_known),
    Law("The prompt says all that is given, and nothing that is to be found.", of_surfaces.the_prompt_says_what_is_given),
    Law("Reading is total: any words can be read, and only solutions are accepted.", of_surfaces.reading_is_total),
    Law("Reading inverts writing, and the solution is accepted.", of_surfaces.reading_inverts_writing),
    Law("The last words are the answer, whatever comes before, and only there does a completion end.", of_surfaces.the_answer_comes_last),
    Law("Any trace can be said, right or wrong, and is read as what it says.", of_surfaces.any_trace_can_be_said),
    Law("Roles mark values and the answer.", of_surfaces.roles_mark_values),
    Law("Every mistake is caught.", of_judging.every_mistake_is_caught),
    Law("No edit of a solution by one word is accepted.", of_judging.no_edit_is_accepted),
    Law("Steps may come in any order in which each follows what it depends on.", of_judging.any_valid_order_is_right),
    Law("Another process draws the same problems, and says them in the same words.", of_processes.is_the_same_elsewhere),
)


def check(family: Family, *surfaces: Surface, examples: int = 100) -> None:
    """Check a family and surfaces for its problems against every law.

    A family that other processes cannot import, for example one of `__main__`, skips the law of other processes with a warning.

    Raises:
        LawBroken: at the first broken law, or if the family or a surface raises an error.
        ValueError: if there is no surface or no example.
    """
    if not surfaces:
        raise ValueError("give at least one surface for the family's problems, for example Equations()")
    if examples < 1:
        raise ValueError(f"a law is checked on at least one example; found {examples}")
    for law in LAWS:
        try:
            law.check(Subject(family, surfaces, examples))
        except LawBroken as broken:
            raise LawBroken(f"{law.says}\n  {broken}") from broken.__cause__
        except Exception as error:
            raise LawBroken("\n  ".join((law.says, *raised(error)))) from error
