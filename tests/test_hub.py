"""Policies travel: folders of Hugging Face give the logits of the policy, come back as it, and what cannot be represented is refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from pathlib import Path

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.testing import assert_close

from analysis.__main__ import typed
from analysis.cli.owned import owner, take
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.hub.labels import uses
from analysis.running import references
from analysis.running.imported import imported
from analysis.studies.grid import STUDY
from models import GPTConfig
from models.edits import Shift
from models.gpt import GPT
from synthtasks.bridges.trl_folder import export_trl
from synthtasks.corpora import Corpus, Recipe
from synthtasks.datasets.items import Items
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from synthtasks.vocab import Vocab
from train.hub import Imported, imported_from
from train.hub.folder import export_policy, folder_digest, import_policy
from train.learn import Learn
from train.losses import Imitate
from train.policy import Fresh, Policy, load_policy
from train.stages.reading import Malformed
from train.stages.stage import closure, encode, name
from train.stages.store import Store

VOCAB = Vocab(("<pad>", "<end>", "a", "b", "c", "x+", ".", "n't", "7"))
LLAMA = GPTConfig(len(VOCAB), width=24, layers=2, heads=4, kv_heads=2, feedforward="swiglu", conv=0, context=64)
SHAPES = {
    "swiglu": LLAMA,
    "gelu": replace(LLAMA, kv_heads=4, feedforward="gelu", rope_base=500.0),
    "conv": replace(LLAMA, feedforward="gelu", conv=4),
    "conv swiglu": replace(LLAMA, kv_heads=1, conv=3),
}
every_shape = pytest.mark.parametrize("shape", SHAPES)
needs_hf = pytest.mark.filterwarnings("ignore")  # of libraries that are not ours
FAMILY = Program(steps=2, lines=4, modulus=3)
WORDS = Compact().vocab(4, FAMILY.primitives, 3)


def policy(c: GPTConfig, vocab: Vocab = VOCAB) -> Policy:
    """A policy of which every weight does something."""
    model = GPT(c, torch.Generator().manual_seed(0))
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for called, weight in model.named_parameters():
            if "convs" in called or "gain" in called:
                weight.add_(torch.randn(weight.shape, generator=g) * 0.4)
    return Policy(model, vocab)


def tokens(rows: int, length: int) -> Tensor:  # [B, T]
    return torch.randint(2, len(VOCAB), (rows, length), generator=torch.Generator().manual_seed(2))


def same(a: Policy, b: Policy) -> bool:
    mine, other = a.model.state_dict(), b.model.state_dict()
    equal = mine.keys() == other.keys() and all(torch.equal(mine[n], other[n]) for n in mine)
    return equal and (a.vocab, a.model.config) == (b.vocab, b.model.config)


def close(a: Tensor, b: Tensor) -> None:
    assert_close(a, b, atol=1e-5, rtol=0)


def loaded(folder: Path):  # type: ignore[no-untyped-def]  # of an extra
    transformers = pytest.importorskip("transformers", reason="loading a folder needs synthtasks[hf]")
    return transformers.AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs" / "stages")


# --- export


# Broken if a weight were lost, transposed or named otherwise, angles or norms differed, or padding on either side reached the tokens.
@needs_hf
@every_shape
@torch.no_grad()
def test_transformers_gives_the_policys_logits(shape: str, tmp_path: Path) -> None:
    c, ours = SHAPES[shape], policy(SHAPES[shape])
    export_policy(ours, tmp_path / "out")
    model = loaded(tmp_path / "out")
    assert type(model).__name__ == ("SynthtasksForCausalLM" if c.conv else "LlamaForCausalLM")
    whole = tokens(3, c.context)
    close(model(input_ids=whole).logits, ours.model(whole))
    few, real = torch.zeros(3, 20, dtype=torch.long), torch.zeros(3, 20, dtype=torch.long)
    for row, (length, left) in enumerate(((20, 0), (9, 11), (9, 4))):  # whole; padded on the left; on both sides
        few[row, left : left + length], real[row, left : left + length] = whole[row, :length], 1
    logits = model(input_ids=few, attention_mask=real).logits
    for row, (length, left) in enumerate(((20, 0), (9, 11), (9, 4))):
        close(logits[row, left : left + length], ours.model(whole[row : row + 1, :length])[0])


# Broken if the cache of keys, or that of convolutions, lost a token, or read padding; or if beams kept the cache of another beam.
@needs_hf
@every_shape
@torch.no_grad()
def test_generation_by_a_cache_is_that_of_whole_sequences(shape: str, tmp_path: Path) -> None:
    ours = policy(SHAPES[shape])
    export_policy(ours, tmp_path / "out")
    model, prompt = loaded(tmp_path / "out"), tokens(2, 7)
    prompt[1, :4], real = 0, torch.ones(2, 7, dtype=torch.long)
    real[1, :4] = 0
    asked = {"input_ids": prompt, "attention_mask": real, "max_new_tokens": 12, "do_sample": False, "eos_token_id": None}
    for row, start in ((0, 0), (1, 4)):
        slowly = prompt[row : row + 1, start:]
        for _ in range(12):
            slowly = torch.cat((slowly, ours.model(slowly)[:, -1:].argmax(-1)), 1)
        assert torch.equal(model.generate(**asked)[row, start:], slowly[0])
    assert torch.equal(model.generate(**asked, num_beams=3), model.generate(**asked, num_beams=3, use_cache=False))


# Broken if a word became another token, or none at all were an error; or if generation ended, or was cut, as the policy is not.
@needs_hf
def test_the_tokenizer_is_the_vocabulary(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="the tokenizer needs synthtasks[hf]")
    export_policy(policy(LLAMA), tmp_path / "out")
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path / "out")
    words = (*VOCAB.words[2:], "<end>", "a")
    assert tokenizer(" ".join(words))["input_ids"] == VOCAB.encode(words)
    assert tokenizer.decode(VOCAB.encode(words)) == " ".join(words)
    assert (len(tokenizer), tokenizer.pad_token_id, tokenizer.eos_token_id) == (len(VOCAB), 0, VOCAB.end)
    assert tokenizer(["a b", "c"], padding=True)["input_ids"] == [[2, 3], [0, 4]]
    with pytest.raises(Exception, match="UNK"):
        tokenizer("a zebra")
    model = loaded(tmp_path / "out")
    assert (model.config.pad_token_id, model.config.eos_token_id, model.config.bos_token_id) == (0, VOCAB.end, None)
    settings = model.generation_config
    assert (settings.do_sample, settings.temperature, settings.top_k, settings.eos_token_id) == (True, 1.0, 0, VOCAB.end)


# Broken if a policy were exported without the edits that make it what it is, or over another folder.
def test_an_edited_policy_and_a_folder_that_exists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 edits of its stream"):
        export_policy(policy(LLAMA).edited(0, Shift(torch.ones(24))), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError):
        export_policy(policy(LLAMA), tmp_path / "out")


# Broken if TRL's trainer could not sample from an exported policy, learn from an exported reward, or save what comes back; or if the
# exported reward were another than the judge's.
@needs_hf
def test_grpo_runs_three_steps_on_an_exported_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("trl", reason="GRPO needs synthtasks[trl]")
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast
    from trl import GRPOConfig, GRPOTrainer

    items = Items(Program(steps=1, lines=2, modulus=2), Compact(), "train", 0, 64)
    words = items.surface.vocab(2, items.family.primitives, 2)
    before = policy(GPTConfig(len(words), width=8, layers=1, heads=1, kv_heads=1, context=64), words)
    export_policy(before, tmp_path / "out")
    export_trl([items], tmp_path / "task")
    spec = spec_from_file_location("exported", tmp_path / "task" / "reward.py")
    assert spec is not None
    assert spec.loader is not None
    exported = module_from_spec(spec)
    spec.loader.exec_module(exported)
    judged: list[float] = []

    def judge(prompts: list[str], completions: list[str], source_index: list[int], **others: object) -> list[float]:
        assert prompts == [items[i]["question"] for i in source_index]
        given = [items.score_answer(f"{c} <end>", items[i]) for i, c in zip(source_index, completions, strict=True)]
        judged.append(sum(given) / len(given))
        solved = [items[i]["metadata"]["solution"].removesuffix(" <end>") for i in source_index]
        assert exported.process(prompts, solved, source_index=source_index, **others) == [1.0] * len(solved)
        return given

    trainer = GRPOTrainer(
        model=loaded(tmp_path / "out"),
        reward_funcs=[exported.outcome, judge],
        args=GRPOConfig(
            output_dir=str(tmp_path / "trl"), max_steps=3, per_device_train_batch_size=64, num_generations=8, max_completion_length=2,
            learning_rate=0.01, use_cpu=True, bf16=False, report_to=[], logging_steps=1, save_strategy="no", disable_tqdm=True,
        ),
        train_dataset=Dataset.from_json(str(tmp_path / "task" / "train.jsonl"), cache_dir=str(tmp_path / "cache")),
        processing_class=PreTrainedTokenizerFast.from_pretrained(tmp_path / "out"),
    )  # fmt: skip
    trainer.train()
    logged = [log["rewards/outcome/mean"] for log in trainer.state.log_history if "rewards/outcome/mean" in log]
    assert logged == pytest.approx(judged)
    assert len(logged) == 3
    assert sum(reward > 0 for reward in logged) > 0  # so that something was learned
    trainer.save_model(str(tmp_path / "learned"))
    after = import_policy(tmp_path / "learned")
    assert after.vocab == words
    assert not any(torch.equal(a, b) for a, b in zip(before.model.parameters(), after.model.parameters(), strict=True))


# --- import


# Broken if export and import were no inverses, bit by bit.
@every_shape
def test_what_is_exported_comes_back(shape: str, tmp_path: Path) -> None:
    export_policy(policy(SHAPES[shape]), tmp_path / "out")
    assert same(import_policy(tmp_path / "out"), policy(SHAPES[shape]))


# Broken if what transformers saves again, which differs in form, were refused or misread.
@needs_hf
@every_shape
def test_what_transformers_saves_comes_back(shape: str, tmp_path: Path) -> None:
    export_policy(policy(SHAPES[shape]), tmp_path / "out")
    loaded(tmp_path / "out").save_pretrained(tmp_path / "again")
    pytest.importorskip("transformers").AutoTokenizer.from_pretrained(tmp_path / "out", trust_remote_code=True).save_pretrained(
        tmp_path / "again"
    )
    assert same(import_policy(tmp_path / "again"), policy(SHAPES[shape]))


# Broken if a model that others trained gave other logits here: with another epsilon, a narrower layer, other special tokens, in 16 bits.
@needs_hf
@torch.no_grad()
def test_a_llama_from_elsewhere_gives_its_logits(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="a model from elsewhere needs synthtasks[hf]")
    config = transformers.LlamaConfig(
        vocab_size=7, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=32, rms_norm_eps=1e-3, initializer_range=0.3,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config).bfloat16().float().eval()
    for called, weight in model.named_parameters():
        if "norm" in called:
            weight.copy_(torch.linspace(0.5, 2.0, len(weight)).bfloat16())
    model.bfloat16().save_pretrained(tmp_path)
    words = {"b": 0, "</s>": 1, "a": 2, "[PAD]": 3, "+": 4, "[UNK]": 5, "1": 6}
    write(tmp_path, "tokenizer.json", {"model": {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"}, "added_tokens": []})
    write(tmp_path, "tokenizer_config.json", {"pad_token": "[PAD]", "eos_token": {"content": "</s>"}})
    ours = import_policy(tmp_path)
    assert ours.vocab.words == ("<pad>", "<end>", "b", "a", "+", "[UNK]", "1")
    there = torch.tensor([[2, 4, 6, 1, 0, 5, 3, 0]])
    here = torch.tensor([[3, 4, 6, 1, 2, 5, 0, 2]])
    wide = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()  # the same numbers
    close(ours.model(here), wide(input_ids=there).logits[..., [3, 1, 0, 2, 4, 5, 6]])


def write(folder: Path, file: str, content: Mapping[str, object]) -> None:
    (folder / file).write_text(json.dumps(content), encoding="utf-8")


def changed(folder: Path, file: str, change: Mapping[str, object]) -> None:
    write(folder, file, {**json.loads((folder / file).read_text(encoding="utf-8")), **change})


# Broken if a model that computes something else were taken for one that does not, and every number after it were wrong.
@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("config.json", {"model_type": "gpt2"}, "model_type is 'gpt2': known are 'llama'"),
        ("config.json", {"attention_bias": True}, "attention has no biases here"),
        ("config.json", {"tie_word_embeddings": True}, "learn apart here; untie them"),
        ("config.json", {"rope_scaling": {"type": "linear", "factor": 2.0}}, "not scaled here"),
        ("config.json", {"rope_parameters": {"rope_type": "llama3", "rope_theta": 10_000.0}}, "not scaled here"),
        ("config.json", {"partial_rotary_factor": 0.5}, "every channel is rotated"),
        ("config.json", {"hidden_act": "relu"}, "hidden_act is 'relu'"),
        ("config.json", {"hidden_act": "gelu"}, "hidden_act is 'gelu' with mlp_bias False"),
        ("config.json", {"mlp_bias": True}, "hidden_act is 'silu' with mlp_bias True"),
        ("config.json", {"head_dim": 8}, "head_dim is 8: here it is the width over the heads, 6"),
        ("config.json", {"intermediate_size": 96}, "have at most 64 here"),
        ("config.json", {"quantization_config": {"bits": 4}}, "numbers in 32 bits"),
        ("config.json", {"num_hidden_layers": 3}, "model.layers.2.self_attn.o_proj.weight has to be floats"),
        ("config.json", {"num_hidden_layers": 1}, "model.layers.1.input_layernorm.weight .* has no place"),
        ("config.json", {"num_key_value_heads": 4}, "k_proj.weight has to be floats .24, 24.; found torch.float32 .12, 24."),
        ("config.json", {"vocab_size": 10}, "the model has 10 tokens, and its tokenizer 9"),
        ("tokenizer.json", {"model": {"type": "BPE", "vocab": {}}}, "tokens are those of BPE"),
        ("tokenizer.json", {"normalizer": {"type": "Lowercase"}}, "its normalizer changes words"),
        ("tokenizer.json", {"post_processor": {"type": "TemplateProcessing", "special_tokens": {"<s>": {}}}}, "adds tokens to texts"),
        ("tokenizer.json", {"model": {"type": "WordLevel", "vocab": {"<pad>": 0, "<end>": 1, "a": 3}}}, "not numbered from 0 to 2"),
        ("tokenizer_config.json", {"eos_token": "<pad>"}, "padding and end are two"),
        ("tokenizer_config.json", {"pad_token": None}, "expected a text"),
    ],
)
def test_a_model_that_cannot_be_represented_is_refused(file: str, change: Mapping[str, object], reason: str, tmp_path: Path) -> None:
    export_policy(policy(LLAMA), tmp_path / "out")
    changed(tmp_path / "out", file, change)
    with pytest.raises(Malformed, match=reason):
        import_policy(tmp_path / "out")


# Broken if weights that have no place here, or that are no numbers, were left out or taken.
@pytest.mark.parametrize(
    ("shape", "change", "reason"),
    [
        ("swiglu", {"model.layers.0.self_attn.q_proj.bias": torch.zeros(24)}, "q_proj.bias .* has no place"),
        ("swiglu", {"lm_head.weight": torch.full((9, 24), torch.nan)}, "not of finite numbers"),
        ("swiglu", {"lm_head.weight": torch.zeros(9, 24, dtype=torch.int8)}, "lm_head.weight has to be floats"),
        ("gelu", {"model.layers.1.mlp.up_proj.bias": torch.full((96,), 0.9)}, "layer 1 has learned biases"),
        ("gelu", {"model.layers.1.mlp.up_proj.weight": torch.ones(96, 24)}, "layer 1 has learned biases, or a second factor"),
        ("conv", {"model.blocks.0.more": torch.zeros(1)}, "more"),
    ],
)
def test_weights_without_a_place_are_refused(shape: str, change: Mapping[str, Tensor], reason: str, tmp_path: Path) -> None:
    export_policy(policy(SHAPES[shape]), tmp_path / "out")
    file = tmp_path / "out" / "model.safetensors"
    save_file(load_file(file) | dict(change), file)
    with pytest.raises(Malformed, match=reason):
        import_policy(tmp_path / "out")


# Broken if a name stood for two models, a copy of a folder for another one, or a stage read what its name does not say.
def test_an_imported_policy_is_named_by_its_content(tmp_path: Path, store: Store) -> None:
    for where in ("one", "two"):
        export_policy(policy(LLAMA), tmp_path / where, card=where)
    one, two = imported_from(tmp_path / "one"), imported_from(tmp_path / "two")
    assert one == two
    assert name(one) == name(two)
    assert same(load_policy(store.get(one)), policy(LLAMA))
    assert store.has(two)
    assert imported(encode(one), name(one)) == one
    found = {name(one)}
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        changed(tmp_path / "two", file, {"more": 1})
        found.add(name(imported_from(tmp_path / "two")))
    assert len(found) == 4
    with pytest.raises(ValueError, match="with another content, it is another policy"):
        two.run(tmp_path, store)
    with pytest.raises(ValueError, match=r"Imported\.digest is a SHA-256"):
        Imported("one", "123")
    (tmp_path / "two" / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected model.safetensors, in one file"):
        folder_digest(tmp_path / "two")


# --- commands


def said(*words: str) -> str:
    text = StringIO()
    typed(list(words))(Console(file=text, width=200))
    return text.getvalue()


# Broken if a user's two commands did not give the policy back, or the card's code did not run as it stands there.
@needs_hf
def test_the_commands_export_and_import(tmp_path: Path, store: Store) -> None:
    start = Fresh(GPTConfig(len(WORDS), width=8, layers=1, heads=1, kv_heads=1, context=64), WORDS)
    stage = Learn(start, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), tokens=64)),), 1)
    folder, out = store.get(stage), tmp_path / "out"
    assert "would write" in said("export", str(folder), "--out", str(out), "--dry-run")
    assert not out.exists()
    said("export", str(folder), "--out", str(out))
    card = (out / "README.md").read_text(encoding="utf-8")
    for part in (
        f"# {stage}\n",
        f"{start} = Fresh(config=",
        "license: mit",
        " ".join(WORDS.words),
        "`Program(steps=2, lines=4, modulus=3)`",
    ):
        assert part in card
    assert (out / "stage.json").read_bytes() == (folder / "stage.json").read_bytes()
    text = said("import", str(out), "--out", str(tmp_path / "elsewhere"))
    came = imported_from(out)
    assert f"Imported({str(out)!r}, '{came.digest}')" in text
    assert same(load_policy(tmp_path / "elsewhere" / "stages" / name(came)), load_policy(folder))
    said("export", str(tmp_path / "elsewhere" / "stages" / name(came)), "--out", str(tmp_path / "further"))
    card = (tmp_path / "further" / "README.md").read_text(encoding="utf-8")
    assert "license: other" in card
    assert str(tmp_path) not in card
    changed(out, "config.json", {"conv": 0})
    with pytest.raises(Malformed, match="Unexpected key"):
        said("import", str(out), "--dry-run")


# Broken if the code on the card did not run as it stands there, or its prompt were none that the policy reads.
@needs_hf
def test_the_code_of_the_card_runs(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("transformers", reason="the card's code needs synthtasks[hf]")
    start = Fresh(GPTConfig(len(WORDS), width=8, layers=1, heads=1, kv_heads=1, context=64), WORDS)
    folder = store.get(Learn(start, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), tokens=64)),), 1))
    said("export", str(folder), "--out", str(tmp_path / "out"))
    (code,) = re.findall(r"```python\n(.*?)```", (tmp_path / "out" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path / "out")
    exec(compile(code, "card", "exec"), {})
    text, prompt = capsys.readouterr().out, re.findall(r"tokenizer\('(.*?)'", code)[0]
    assert text.startswith(prompt)
    assert set(text.split()) <= set(WORDS.words)
    assert len(text.split()) > len(prompt.split())


# Broken if a card named another study, seed or cell than those that use the policy, or none.
def test_a_card_knows_whose_policy_it_is(tmp_path: Path) -> None:
    setting = Setting(replace(CPU, width=32), tuple(range(3)), STUDY.options)
    only = {"region": "at"}
    every = list(STUDY.every(setting))
    cells = [c for c in every if dict(c.labels)["region"] == "at"]
    mine = owner(STUDY, setting, only)
    take(tmp_path / mine.name, mine, ())
    references.begin(tmp_path / mine.name, [s for cell in cells for s in cell.stages])
    cell = next(c for c in cells if c.seed == 2)
    called, stage = next(
        (n, s) for n, s in cell.named if isinstance(s, Learn) and any(s in closure(c.stages) for c in set(every) - set(cells))
    )
    (use,) = uses(stage, tmp_path)
    users = tuple(c.labels for c in cells if stage in closure(c.stages))
    assert (use.study, use.seed, use.cells) == (mine.name, 2, users)
    assert called in use.called
    assert not list(uses(Fresh(GPTConfig(len(WORDS)), WORDS), tmp_path))
    record = json.loads((tmp_path / mine.name / "setting.json").read_text(encoding="utf-8"))
    write(tmp_path / mine.name, "setting.json", {**record, "study": "of_ones_own"})
    assert [(use.study, use.seed) for use in uses(stage, tmp_path)] == [(mine.name, None)]
