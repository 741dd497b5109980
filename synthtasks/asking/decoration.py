"""Replies without their decoration: thoughts, end marks, Markdown and LaTeX, which say nothing about the answer.

>>> undecorated("<think>is it 7?</think>The answer is $\\\\boxed{3}$.<|im_end|>").split()
['The', 'answer', 'is', 'answer:', '3', '.']
"""

import re

THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning|scratchpad)>", re.IGNORECASE)
THINKING = re.compile(r"<(?:think|thinking|thought|reasoning|scratchpad)>", re.IGNORECASE)
LAST = re.compile(r"(?:\s*(?:<end>|<eos>|</s>|<end_of_turn>|<\|(?:im_end|eot_id|end|endoftext|end_of_text|return)\|>))+\s*\Z")
CHARACTERS = str.maketrans(
    {**dict.fromkeys("\u200b\u200c\u200d\ufeff\u2060"), **dict.fromkeys("\xa0\u202f\u2009", " ")}
    | {"−": "-", "×": "*", "·": "*", "⋅": "*", "≡": "=", "＝": "=", "：": ":", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"'}
)
REPLACED = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), by)
    for pattern, by in (
        (r"~~[^~\n]*~~", " "),  # struck out
        (r"^\s*(?:```|~~~)\w*\s*$", ""),
        (r"\\(?:text|mathrm|mathbf|mathit|textbf|mathsf)\s*\{([^{}]*)\}", r" \1 "),
        (r"\\p?mod\s*\{?\s*(\d+)\s*\}?", r"(mod \1)"),
        (r"\\bmod\b", " mod "),
        (r"\\(?:times|cdot|ast)\b", "*"),
        (r"\\(?:equiv|Rightarrow|implies|to|rightarrow)\b", " = "),
        (r"\\therefore\b|∴", " so "),
        (r"\\f?boxed\s*\{([^{}]*)\}", r" answer: \1 "),
        (r"<(?:final[_ ])?answer>", "\nanswer: "),
        (r"</(?:final[_ ])?answer>", "\n"),
        (r"^\s*#{2,}\s*(?=\d+\s*$)", "answer: "),  # #### 3
        (r"^\s*(?:#+|>)\s+", ""),
        (r"\\(?:[()\[\],;!: ]|q?quad\b|left\b|right\b)|\*\*|__|[`$]", " "),
        (r"(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])", r" \1 "),  # *3*
        (r"(\banswers?(?:\s+is)?\s*[:=]?)\s*\n\s*(?=[\"'(]?\d[^\n]*$|\"|answer)", r"\1 "),  # the value stands on the next line
    )
)


def undecorated(reply: str) -> str:
    """The text after the thoughts. A box or a tag of an answer becomes the word `answer:`; no sign is removed between two digits."""
    shown = THOUGHT.split(reply)[-1]
    rows = (" ".join(row.split()) for row in THINKING.split(shown)[0].translate(CHARACTERS).splitlines())
    shown = LAST.sub("", "\n".join(row for row in rows if row)).replace("<end>", "\n")
    for pattern, by in REPLACED:
        shown = pattern.sub(by, shown)
    return shown
