"""What comes back from models and tables, in the shapes that chats, JSON, pandas and parquet give it: read as what it was, or refused.

>>> text_of([{"role": "assistant", "content": [{"type": "text", "text": "answer 7 <end>"}]}])
'answer 7 <end>'
>>> whole(3.0, "source_index")
3
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import index

SHOWN = 120  # characters of what was found
Reply = str | Sequence[Mapping[str, object]] | None
"""What a model said: a text, the messages of a conversation, the parts of a message, or nothing."""
TEXTS = ("text", "output_text")  # types of parts that are text


def text_of(reply: object) -> str:
    """What a model said (see `Reply`), as one text: of a conversation its last message counts, of a message in parts every one.

    A conversation that does not end with the assistant says nothing. Neither does a message without content that calls tools.

    Raises:
        ValueError: if it is none of these, or a part is no text.
    """
    if reply is None:
        return ""
    if isinstance(reply, str):
        return str(reply)
    pieces = (
        [reply] if isinstance(reply, Mapping) else list(reply) if isinstance(reply, Iterable) and not isinstance(reply, bytes) else None
    )
    if pieces is None or not all(isinstance(piece, Mapping) and ("role" in piece or "type" in piece) for piece in pieces):
        expected = "a text, messages with `role` and `content`, or parts such as {'type': 'text', 'text': ...}"
        raise ValueError(f"what a model said is {expected}; found {shown(reply)}")
    if not pieces or "role" not in pieces[-1]:
        return "".join(_part(piece) for piece in pieces)
    last = pieces[-1]
    if last["role"] != "assistant" or (last.get("content") is None and ("content" in last or "tool_calls" in last)):
        return ""
    return text_of(member(last, "content", "the assistant's message"))


def whole(number: object, what: str) -> int:
    """A whole number from 0, whatever the library that a table went through makes of one: 3, 3.0, numpy's.

    Raises:
        ValueError: if it is none.
    """
    try:
        found = int(number) if isinstance(number, float) and number.is_integer() else index(number)  # type: ignore[arg-type]
    except TypeError:
        found = -1
    if found < 0 or isinstance(number, bool):
        raise ValueError(f"{what} is a whole number from 0; found {shown(number)}")
    return found


def member(record: object, name: str, what: str) -> object:
    """What a record says under a name; a column that one of the tables lacked is None where they were joined, and says nothing.

    Raises:
        ValueError: if it is no record, or says nothing.
    """
    if not isinstance(record, Mapping) or record.get(name) is None:
        raise ValueError(f"{what} must be a record that says {name!r}; found {shown(record)}")
    return record[name]


def text(value: object, what: str) -> str:
    """A value that must be a text.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} is a text; found {shown(value)}")
    return value


def shown(value: object) -> str:
    """A value in an error: of a long one, the beginning."""
    said = repr(value)
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}..."


def _part(part: Mapping[object, object]) -> str:
    """The text of a part of a message."""
    if part.get("type") not in TEXTS:
        raise ValueError(f"a part of what a model said has a `type` of {', '.join(TEXTS)}, for only text is judged; found {shown(part)}")
    return text(member(part, "text", "a part of what a model said"), "the text of a part")
