"""The tokenizer of a vocabulary, as the files that `PreTrainedTokenizerFast` reads; and a vocabulary from such files."""

from collections.abc import Mapping

from synthtasks.vocab import END, PAD, Vocab
from train.stages.reading import a_count, a_list, a_text, an_object

Json = dict[str, object]
ABSENT = "<unk>"  # WordLevel names a word for unknown ones. It is none of the vocabulary, so that an unknown word is an error


def tokenizer_files(vocab: Vocab, context: int) -> dict[str, Json]:
    """The content of the files: one word, between white space, is one token; nothing is added to a text."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False) | {"special": True}
    return {
        "tokenizer.json": {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": vocab.tokens[word], "content": word, **flags} for word in (PAD, END)],
            "normalizer": None,
            "pre_tokenizer": {"type": "WhitespaceSplit"},
            "post_processor": None,
            "decoder": None,
            "model": {"type": "WordLevel", "vocab": dict(vocab.tokens), "unk_token": ABSENT},
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "pad_token": PAD,
            "eos_token": END,
            "padding_side": "left",  # where completions follow
            "model_max_length": context,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
        },
    }


def read_vocab(tokenizer: Mapping[str, object], settings: Mapping[str, object]) -> tuple[Vocab, tuple[int, ...]]:
    """The vocabulary of a tokenizer of words, and the token there of each word here: `<pad>` and `<end>`, whatever they are called there,
    come first here.

    Raises:
        ValueError: if a token is no word, texts are changed before they are split, or tokens are added to them.
        KeyError: if it lacks what such a tokenizer has.
    """
    model = an_object(tokenizer["model"])
    if (kind := model.get("type")) != "WordLevel":
        raise ValueError(f"its tokens are those of {kind}: here one word is one token, as WordLevel has it")
    if tokenizer.get("normalizer") is not None:
        raise ValueError("its normalizer changes words, and policies here read them as they are: train it without one")
    if (after := an_object(tokenizer.get("post_processor") or {})) and after.get("special_tokens") != {}:
        raise ValueError(f"its post_processor, {after.get('type')}, adds tokens to texts, and here nothing does: train it without one")
    added = [an_object(one) for one in a_list(tokenizer.get("added_tokens") or [])]
    tokens = {word: a_count(token) for word, token in an_object(model["vocab"]).items()}
    tokens |= {a_text(one["content"]): a_count(one["id"]) for one in added}
    words = sorted(tokens, key=lambda word: tokens[word])
    if [tokens[word] for word in words] != list(range(len(words))):
        raise ValueError(f"its {len(words)} tokens are not numbered from 0 to {len(words) - 1}, each once")
    special = {here: _special(settings, there) for here, there in ((PAD, "pad_token"), (END, "eos_token"))}
    if odd := [word for word in special.values() if word not in tokens] or (len(set(special.values())) < 2 and [special[END]]):
        raise ValueError(f"padding and end are two of its tokens here; found {special}, of which {odd[0]!r} is none, or is both")
    first = tuple(special.values())
    order = (*first, *(word for word in words if word not in first))
    return Vocab((PAD, END, *order[2:])), tuple(tokens[word] for word in order)


def _special(settings: Mapping[str, object], name: str) -> str:
    """A special token, which is a word or an object with its word."""
    found = settings.get(name)
    return a_text(an_object(found)["content"] if isinstance(found, dict) else found)
