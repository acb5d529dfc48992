"""Makes tokenizers of many settings and what Hugging Face `tokenizers` makes of texts with them.

    python generate.py                        writes the fixtures beside this file
    python generate.py --into DIR [--seed N] [--count N] [--base NAME=tokenizer.json ...]
                                              writes a folder per setting, for a longer comparison

Needs tokenizers 0.23.3. A setting is a base and the keys of its file that are replaced.
"""

import argparse
import copy
import json
import os
import random
import unicodedata

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

FRAGMENTS = [
    " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b",
    "\u0000", "\u001f", "the", " the", " of", "don't", "I'LL", "'s", "'S", "'\u017f", "'Re", "'VE",
    "it's", "they'd", "''", "CamelCase", "HTTPServer", "snake_case", "\u00e9", "e\u0301",
    "\u00c5", "\u212b", "\u1e9b\u0323", "\u65e5\u672c\u8a9e", "\uff21\uff42", "\ufb01", "\u2460",
    "\ud55c\uad6d\uc5b4", "\u1100\u1161\u11a8", "\uac00\u11a8", "\u4f60\u597d\u3002",
    "\u304b\u3099", "\u30ab", "\u0905\u0928\u0941", "\u0e20\u0e32\u0e29\u0e32",
    "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\u200f", "\u202e", "\U0001f642",
    "\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "\ufe0f",
    "\u0663", "\u00bd", "\u2167", "\u00b2", "1", "12", "123", "12345", "3.14", "1,000", "...", "!?",
    "{}", "();", "->", "-", "--", "_", "/", "\\", "\"", "#", "\ufeff", "\u2581", "\u2581a",
    "\u0120", "<0x0A>", "<0x+5>", "<s>", "</s>", "<unk>", "<tok>", " <tok> ", "tok", " tok",
    "\u00c9T\u00c9", "\u0130", "\u1e9e", "\u03a3\u03c2", "\u0345", "x\u0323\u0307",
    "\u0f73\u0323", "\u00ad", "\u2011", "\u2018s", "na\u00efve", "\U00020000", "\U000e0001",
    "\ufffd", "\ud7ff", "\ue000", "\uffff", "\U0010ffff", "if x:\n    return y\n", "a  b   c",
]


def sample_text(rng):
    """Returns a text of fragments and random scalars."""
    parts = []
    for _ in range(rng.choice([0, 1, 2, 4, 8, 16])):
        kind = rng.random()
        if kind < 0.6:
            parts.append(rng.choice(FRAGMENTS))
        elif kind < 0.7:
            parts.append(rng.choice([" ", "\n", "a", "\u2581", "\u00e9", "7"]) * rng.randint(1, 9))
        else:
            limit = rng.choice([0x80, 0x250, 0x3000, 0x3000, 0x11000, 0x20000])
            value = rng.randrange(limit)
            # Scalars that later versions of Unicode assign are where libraries may differ.
            if not 0xD800 <= value < 0xE000 and unicodedata.category(chr(value)) != "Cn":
                parts.append(chr(value))
    return "".join(parts)


def trained(kind):
    """Returns a small tokenizer whose merges know no borders of words, so that borders show."""
    rng = random.Random(17)
    corpus = [sample_text(rng) for _ in range(3000)]
    model = models.BPE(unk_token=None if kind == "byte-level" else "<unk>")
    tokenizer = Tokenizer(model)
    if kind == "byte-level":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        trainer = trainers.BpeTrainer(
            vocab_size=620, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            max_token_length=8, show_progress=False)
    else:
        corpus = [text.replace(" ", "\u2581") for text in corpus]
        trainer = trainers.BpeTrainer(
            vocab_size=700, limit_alphabet=90, max_token_length=6, show_progress=False,
            special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)])
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.decoder = decoders.ByteLevel() if kind == "byte-level" else decoders.Fuse()
    spec = json.loads(tokenizer.to_str())
    if kind != "byte-level":
        spec["model"]["byte_fallback"] = True
        spec["model"]["fuse_unk"] = True
    spec["added_tokens"] = [t for t in spec["added_tokens"] if not t["content"].startswith("<0x")]
    return spec


def token(content, **flags):
    """Returns an added token; its id is given when a setting is made."""
    result = {"id": None, "content": content, "single_word": False, "lstrip": False,
              "rstrip": False, "normalized": False, "special": True}
    result.update(flags)
    return result


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
          r"|\s*[\r\n]|\s+(?!\S)|\s+")
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
O200K = (r"[^\r\n\p{L}\p{N}]?[" + UPPER + "]*[" + LOWER + r"]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[" + UPPER + "]+[" + LOWER + r"]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = O200K.replace(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "").replace("{1,3}", "")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?"
            r"[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
ODD = [
    r"\w+|[^\w\s]+", r"(?<=\d)(?=\D)", r"a*", r"(?:\s|x)*y|.", r"(?m:.+?)\b", r"^\s+|\s+$",
    r"[[:alpha:]&&[^aeiou]]+", r"(?<!\s)\s(?!\s)", r"\p{Han}+|\p{^Latin}", r"(?>a+|\d+)b?",
    r"[\x{41}-\x{5a}\u0061-z_-]+", r"(?i)straSSe|THE\b", r"\d{2,}?|\h{3}", r"(?x) t h e # c",
    r"\S{2,3}\Z|\A.", r"[^\p{L}\p{N}]{,2}e", r"[]a-]+",
]


def regex(pattern):
    return {"Regex": pattern}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def byte_level(prefix=False, use_regex=False):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True,
            "use_regex": use_regex}


def sequence(key, *steps):
    return {"type": "Sequence", key: list(steps)}


def metaspace(scheme, splits=True):
    return {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": scheme,
            "split": splits}


NORMALIZERS = {
    "nfc": {"type": "NFC"}, "nfd": {"type": "NFD"}, "nfkc": {"type": "NFKC"},
    "nfkd": {"type": "NFKD"}, "lowercase": {"type": "Lowercase"},
    "strip": {"type": "Strip", "strip_left": True, "strip_right": True},
    "strip-right": {"type": "Strip", "strip_left": False, "strip_right": True},
    "accents": sequence("normalizers", {"type": "NFD"}, {"type": "StripAccents"},
                        {"type": "Lowercase"}),
    "marks": {"type": "StripAccents"},
    "replace": {"type": "Replace", "pattern": regex(r"\s{2,}|'+"), "content": "\u2581x"},
    "prepend": sequence("normalizers", {"type": "Prepend", "prepend": "\u2581"},
                        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}),
    "bytes": {"type": "ByteLevel"},
}

# The library fails where a token that strips to the right meets one of white space, so that these
# are two lists.
STRIPPING = [
    token("<tok>", normalized=True), token("tok", single_word=True, special=False),
    token("the", lstrip=True, special=False, normalized=True), token("'s", rstrip=True),
    token("\u00c9T\u00c9", normalized=True, lstrip=True, rstrip=True),
    token("of", single_word=True, lstrip=True),
    token("12", normalized=True, single_word=True, rstrip=True, special=False),
    token("\U0001f642", rstrip=True, lstrip=True, special=False),
]
SPACES = [
    token("\n\n", special=False), token("  ", normalized=True, special=False),
    token("   ", normalized=True, special=False), token("\n\n\n\n", special=False),
    token("tok", lstrip=True), token("</s>x", single_word=True), token("</s>", normalized=True),
    token("e", single_word=True, special=False),
]


def template(*parts):
    names = {part for part in parts if part != "$A"}
    return {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}} if part == "$A"
                   else {"SpecialToken": {"id": part, "type_id": 0}} for part in parts],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {name: {"id": name, "ids": [index + 3, 1], "tokens": [name, name]}
                           for index, name in enumerate(sorted(names))},
    }


def byte_level_settings():
    """Returns settings for a tokenizer of the byte-level kind by name."""
    settings = {"plain": {}, "prefix": {"pre_tokenizer": byte_level(True, True)},
                "whole": {"pre_tokenizer": byte_level(True, False)}}

    def pattern(name, *steps):
        settings[name] = {"pre_tokenizer": sequence("pretokenizers", *steps, byte_level())}

    for name, text in [("gpt2", GPT2), ("llama3", LLAMA3), ("qwen2", QWEN2), ("cl100k", CL100K),
                       ("o200k", O200K), ("tekken", TEKKEN), ("deepseek", DEEPSEEK)]:
        pattern(f"pattern-{name}", split(regex(text)))
        pattern(f"pattern-{name}-phi", split(regex(text), "Removed", True))
    for index, text in enumerate(ODD):
        pattern(f"odd-{index}", split(regex(text)))
        pattern(f"odd-{index}-previous", split(regex(text), "MergedWithPrevious"))
    for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
        for invert in [False, True]:
            pattern(f"split-{behavior}-{invert}",
                    split(regex(r"\s|\d"), behavior, invert), split({"String": "e"}, behavior))
    pattern("starcoder", {"type": "Digits", "individual_digits": True}, byte_level(False, True))
    pattern("digits", {"type": "Digits", "individual_digits": False})
    pattern("falcon", {"type": "Punctuation", "behavior": "Contiguous"}, byte_level(False, True),
            {"type": "Digits", "individual_digits": False}, split(regex("[0-9][0-9][0-9]")))
    pattern("whitespace", {"type": "Whitespace"})
    pattern("whitespace-split", {"type": "WhitespaceSplit"})
    pattern("cjk", split(regex(r"\p{N}{1,3}")), split(regex("[\u4e00-\u9fa5\u3040-\u309f]+")),
            split(regex(DEEPSEEK)))
    for name, value in NORMALIZERS.items():
        settings[f"normalizer-{name}"] = {"normalizer": value}
        settings[f"tokens-{name}"] = {"normalizer": value, "added_tokens": STRIPPING}
        # Tokens of which nothing, or the same, is left have no defined id in the library.
        if name not in ("strip", "strip-right", "replace"):
            settings[f"spaces-{name}"] = {"normalizer": value, "added_tokens": SPACES}
    settings["tokens"] = {"added_tokens": STRIPPING}
    settings["spaces"] = {"added_tokens": SPACES}
    settings["normalizer-bytes-alone"] = {"normalizer": {"type": "ByteLevel"},
                                          "pre_tokenizer": None}
    settings["ignore-merges"] = {"model": {"ignore_merges": True}}
    settings["ignore-merges-llama3"] = {
        "model": {"ignore_merges": True},
        "pre_tokenizer": sequence("pretokenizers", split(regex(LLAMA3)), byte_level())}
    settings["template"] = {"post_processor": sequence(
        "processors", byte_level(), template("<a>", "$A", "<b>", "$A"))}
    settings["roberta"] = {"post_processor": {
        "type": "RobertaProcessing", "sep": ["a", 7], "cls": ["b", 9], "trim_offsets": True,
        "add_prefix_space": False}}
    settings["no-decoder"] = {"decoder": None}
    return settings


def sentencepiece_settings():
    """Returns settings for a tokenizer of the SentencePiece kind by name."""
    prepend = NORMALIZERS["prepend"]
    back = {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    llama = sequence("decoders", back, {"type": "ByteFallback"}, {"type": "Fuse"}, strip)
    base = {"normalizer": prepend, "decoder": llama, "post_processor": template("<s>", "$A")}
    settings = {"plain": base}
    for scheme in ["always", "first", "never"]:
        for splits in [True, False]:
            for name, added in [("", None), ("-tokens", STRIPPING), ("-spaces", SPACES)]:
                setting = {"normalizer": None, "pre_tokenizer": metaspace(scheme, splits),
                           "decoder": metaspace(scheme, splits)}
                if added:
                    setting["added_tokens"] = added
                settings[f"metaspace-{scheme}-{splits}{name}"] = setting
    settings["metaspace-words"] = {
        "normalizer": None,
        "pre_tokenizer": sequence("pretokenizers", {"type": "WhitespaceSplit"},
                                  metaspace("first"))}
    for name, value in NORMALIZERS.items():
        settings[f"normalizer-{name}"] = dict(base, normalizer=value)
    settings["tokens"] = dict(base, added_tokens=STRIPPING)
    settings["spaces"] = dict(base, added_tokens=SPACES)
    settings["tokens-nfkc"] = dict(
        base, added_tokens=STRIPPING,
        normalizer=sequence("normalizers", {"type": "NFKC"}, *prepend["normalizers"]))
    for fuses in [True, False]:
        settings[f"unknown-{fuses}"] = dict(
            base, model={"byte_fallback": False, "fuse_unk": fuses})
    settings["unknown-none"] = dict(base, model={"byte_fallback": False, "unk_token": None})
    settings["ignore-merges"] = dict(base, model={"ignore_merges": True})
    settings["strip-many"] = dict(base, decoder=sequence(
        "decoders", {"type": "ByteFallback"}, back,
        {"type": "Strip", "content": "e", "start": 2, "stop": 0}, {"type": "Fuse"}))
    settings["replace-decoder"] = dict(base, decoder=sequence(
        "decoders", {"type": "Replace", "pattern": regex("[aeiou]|\u2581+"), "content": "<>"},
        {"type": "ByteFallback"}))
    settings["byte-level-decoder"] = dict(base, decoder={
        "type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True})
    return settings


def applied(base, setting):
    """Returns a file with the keys of a setting replaced; added tokens get the next ids."""
    spec = copy.deepcopy(base)
    for key, value in setting.items():
        if key == "model":
            spec["model"].update(value)
        elif key == "added_tokens":
            size = max([len(spec["model"]["vocab"])]
                       + [added["id"] + 1 for added in spec["added_tokens"]])
            contents = {added["content"] for added in value}
            spec["added_tokens"] = [
                added for added in spec["added_tokens"] if added["content"] not in contents]
            for added in copy.deepcopy(value):
                if added["content"] in spec["model"]["vocab"]:
                    added["id"] = spec["model"]["vocab"][added["content"]]
                else:
                    added["id"], size = size, size + 1
                spec["added_tokens"].append(added)
        else:
            spec[key] = value
    return spec


def cases(tokenizer, rng, count, size):
    """Yields what the library makes of texts."""
    for _ in range(count):
        text = sample_text(rng)
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        special = tokenizer.encode(text, add_special_tokens=True).ids
        if rng.random() < 0.3:
            ids_in = [rng.randrange(size) for _ in range(rng.randint(0, 8))]
        else:
            ids_in = ids
        yield {"text": text, "ids": ids, "special": special, "input": ids_in,
               "decoded": tokenizer.decode(ids_in, skip_special_tokens=False),
               "skipped": tokenizer.decode(ids_in, skip_special_tokens=True)}


def write_folders(arguments):
    """Writes a folder per base and setting."""
    bases = {"byte-level": trained("byte-level"), "sentencepiece": trained("sentencepiece")}
    for item in arguments.base:
        name, path = item.split("=", 1)
        with open(path, encoding="utf-8") as file:
            bases[name] = json.load(file)
    for name, base in bases.items():
        is_byte_level = not base["model"].get("byte_fallback")
        settings = byte_level_settings() if is_byte_level else sentencepiece_settings()
        if name not in ("byte-level", "sentencepiece"):
            settings = {"as-is": {}, **settings}
        for setting, change in settings.items():
            if arguments.filter not in f"{name}.{setting}":
                continue
            spec = applied(base, change)
            folder = os.path.join(arguments.into, f"{name}.{setting}")
            os.makedirs(folder, exist_ok=True)
            text = json.dumps(spec, ensure_ascii=False)
            tokenizer = Tokenizer.from_str(text)
            with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
                file.write(text)
            rng = random.Random(f"{arguments.seed} {name} {setting}")
            with open(os.path.join(folder, "cases.jsonl"), "w", encoding="utf-8") as file:
                for case in cases(tokenizer, rng, arguments.count, tokenizer.get_vocab_size()):
                    file.write(json.dumps(case) + "\n")


def write_fixtures():
    """Writes the bases and, for each setting, its keys and a few cases."""
    with open(os.path.join(HERE, "cases.jsonl"), "w", encoding="utf-8") as file:
        for name, settings in [("byte-level", byte_level_settings()),
                               ("sentencepiece", sentencepiece_settings())]:
            base = trained(name)
            with open(os.path.join(HERE, f"{name}.json"), "w", encoding="utf-8") as out:
                # The tokens in the order of their ids: readers of JSON may take two keys for one.
                tokens = sorted(base["model"]["vocab"], key=base["model"]["vocab"].get)
                listed = dict(base, model=dict(base["model"], vocab=tokens))
                json.dump(listed, out, ensure_ascii=False, separators=(",", ":"))
            for setting, change in settings.items():
                spec = applied(base, change)
                tokenizer = Tokenizer.from_str(json.dumps(spec))
                rng = random.Random(f"fixture {name} {setting}")
                made = list(cases(tokenizer, rng, 5, tokenizer.get_vocab_size()))
                keys = {key: spec[key] for key in change if key != "model"}
                line = {"base": name, "setting": setting, "keys": keys,
                        "model": change.get("model", {}), "cases": made}
                file.write(json.dumps(line, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--filter", default="")
    parser.add_argument("--base", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.into:
        write_folders(arguments)
    else:
        write_fixtures()


if __name__ == "__main__":
    main()
