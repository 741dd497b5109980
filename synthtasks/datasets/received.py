"""Messages of chats, and input from models and tables: replies, and cells of JSON, pandas and parquet, are converted or refused.

>>> text_of([{"role": "assistant", "content": [{"type": "text", "text": "answer 7 <end>"}]}])
'answer 7 <end>'
>>> whole(3.0, "source_index")
3
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import Literal, TypedDict

SHOWN = 120  # characters of a value in an error
Reply = str | Sequence[Mapping[str, object]] | None
"""A model's reply: a text, the messages of a conversation, the parts of a message, or None."""
TEXTS = ("text", "output_text")  # types of text parts


class Message(TypedDict):
    """A message of a conversation."""

    role: str
    content: str


class TextPart(TypedDict):
    """A part of a message that is text."""

    type: Literal["text"]
    text: str


class PartMessage(TypedDict):
    """A message whose content is a list of parts."""

    role: str
    content: list[TextPart]


def in_parts(messages: Sequence[Message]) -> list[PartMessage]:
    """The messages, each as one part of text."""
    return [{"role": m["role"], "content": [{"type": "text", "text": m["content"]}]} for m in messages]


def text_of(reply: object) -> str:
    """A reply as one text: the last message of a conversation, the joined parts of a message.

    The text is empty if the conversation does not end with the assistant, or if its message calls tools without content.

    Raises:
        ValueError: if it is no `Reply`, or a part is no text.
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
        raise ValueError(f"a reply is {expected}; found {shown(reply)}")
    if not pieces or "role" not in pieces[-1]:
        return "".join(_part(piece) for piece in pieces)
    last = pieces[-1]
    if last["role"] != "assistant" or (last.get("content") is None and ("content" in last or "tool_calls" in last)):
        return ""
    return text_of(member(last, "content", "the assistant's message"))


def whole(number: object, what: str) -> int:
    """A whole number from 0 in any representation of a table library: 3, 3.0, a numpy integer.

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
    """The value of a record at a name. None counts as missing: joined tables hold it for absent columns.

    Raises:
        ValueError: if it is no record, or the value is missing.
    """
    if not isinstance(record, Mapping) or record.get(name) is None:
        raise ValueError(f"{what} must be a record with {name!r}; found {shown(record)}")
    return record[name]


def text(value: object, what: str) -> str:
    """A value that must be a string.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} is a text; found {shown(value)}")
    return value


def shown(value: object) -> str:
    """The repr of a value, shortened for an error."""
    full = repr(value)
    return full if len(full) <= SHOWN else f"{full[:SHOWN]}..."


def _part(part: Mapping[object, object]) -> str:
    """The text of a part of a message."""
    if part.get("type") not in TEXTS:
        raise ValueError(f"a part of a reply has a `type` of {', '.join(TEXTS)}, because only text is judged; found {shown(part)}")
    return text(member(part, "text", "a part of a reply"), "the text of a part")
