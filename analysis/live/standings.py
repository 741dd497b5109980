"""The progress of a study under way, in tables: the stages that are done, that run and that failed, and the time for the rest."""

import time

from markupsafe import Markup

from analysis.live.growing import Growing
from analysis.live.snapshot import QUIET
from analysis.report.html import section, table, tag
from analysis.running.progress import Clock, minutes, standing, summary

NOTHING = "Nothing has run yet. This page fills as stages end; it shows whatever another process writes into the folder."


def progress(growing: Growing) -> Markup:
    """The progress, the time for the rest, and the stages that run at the moment."""
    plan, state = growing.plan(), growing.state()
    done, total = len(state.already), len(growing.stages)
    bar = Markup(f'<progress max="{total}" value="{done}" aria-label="stages done">{done} of {total}</progress>')
    unknown = sorted({s.word for s in state.waiting | set(state.running)} - set(plan.seconds))
    if not done and not growing.now.begun:
        return bar + tag("p", NOTHING, kind="note") + _kinds(growing)
    uncounted = tag("p", f"Not counted yet, as none has finished: {', '.join(unknown)}.", kind="soft") if unknown else ""
    return bar + tag("p", tag("strong", summary(state, Clock(plan, growing.shelf)))) + uncounted + _running(growing) + _kinds(growing)


def _running(growing: Growing) -> Markup:
    """The stages that were begun, with their progress."""
    rows = []
    for stage, draft in growing.now.begun.items():
        at = standing(stage, growing.shelf)
        iteration, last = (f"{at.iteration:,} of {at.iterations:,}", at.text) if at else ("", "")
        life = f"{minutes(draft.quiet)} ago{'' if draft.quiet < QUIET else ': stopped, or at something long'}"
        rows.append((growing.names[stage], iteration, last, minutes(max(0.0, time.time() - draft.began)), life))
    if not rows:
        return tag("p", "No stage is under way." if growing.now.there else "", kind="soft")
    return table(("under way", "iteration", "last iterations", "begun", "last sign of life"), rows, ("iteration",))


def _kinds(growing: Growing) -> Markup:
    """Counts and times by kind of stage."""
    now, seconds = growing.now, growing.seconds()
    rows = []
    for name in dict.fromkeys(s.word for s in growing.stages):
        mine = {s for s in growing.stages if s.word == name}
        done, running, failed = (len(mine & set(part)) for part in (now.there, now.underway, now.failed))
        each = minutes(seconds[name]) if name in seconds else ""
        rows.append((name, len(mine), done, running, len(mine) - done - running - failed, failed, each))
    head = ("kind of stage", "stages", "done", "running", "to do", "failed", "each")
    return table(head, rows, head[1:])


def failed(growing: Growing) -> Markup:
    """The stages that failed and why, and the files that could not be read; nothing, where all is well."""
    if not growing.now.failed and not growing.faults:
        return Markup()
    illegible = tag("span", "✗ not legible", kind="verdict refuted")
    parts = [tag("p", illegible, f" {fault}") for fault in dict.fromkeys(growing.faults.values())]
    for stage, error in growing.now.failed.items():
        over = [s for s in growing.stages if stage in set(s.upstream)]
        stands = f" {len(over)} others stand on it, and wait." if over else ""
        last = error.strip().splitlines()[-1] if error.strip() else "it is being tried again"
        said = tag("p", tag("span", "✗ failed", kind="verdict refuted"), f" {growing.names[stage]} ({stage}): ", tag("code", last), stands)
        parts.append(said + tag("details", tag("summary", "traceback"), tag("pre", error)))
    return section("What failed", *parts, tag("p", "The others go on. The same command tries these again.", kind="soft"))
