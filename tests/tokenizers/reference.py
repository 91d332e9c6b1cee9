"""Byte-pair encoding as its definition has it, with no cleverness: what check.py compares with.

GPT-2's words and letters are Radford et al.'s (their released encoder); from characters, with bytes for those that are
no token, is SentencePiece's (arXiv 1808.06226) as tokenizer.json writes it. Shares no code with the product.
"""

import json
import re
import unicodedata

SPACE = "\u2581"


def letters():
    """The printable character of each byte."""
    out, more = {}, 256
    for byte in range(256):
        if 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte:
            out[byte] = chr(byte)
        else:
            out[byte], more = chr(more), more + 1
    return out


LETTERS = letters()


def kind(character):
    if character in "\t\n\v\f\r \x85" or unicodedata.category(character)[0] == "Z":
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(character)[0], "other")


def words(text):
    """GPT-2's words: an English ending, or a run of one kind with a space in front, or spaces without the last."""
    at = 0
    while at < len(text):
        ending = re.match("'(?:s|t|re|ve|m|ll|d)", text[at:at + 3])
        first = at + (text[at] == " " and at + 1 < len(text) and kind(text[at + 1]) != "space")
        end = first + 1
        while end < len(text) and kind(text[end]) == kind(text[first]):
            end += 1
        if ending:
            end = at + ending.end()
        elif kind(text[first]) == "space" and end < len(text) and end - at > 1:
            end -= 1
        yield text[at:end]
        at = end


def merged(parts, ranks):
    """The earliest merge that fits, of equals the leftmost, again and again."""
    parts = list(parts)
    while len(parts) > 1:
        rank, at = min((ranks.get(pair, len(ranks)), at) for at, pair in enumerate(zip(parts, parts[1:])))
        if rank == len(ranks):
            break
        parts[at:at + 2] = [parts[at] + parts[at + 1]]
    return parts


class Reference:
    def __init__(self, file):
        model = file["model"]
        self.ids = model["vocab"]
        pairs = (tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in model["merges"])
        self.ranks = {pair: rank for rank, pair in enumerate(pairs)}
        self.pieces = model.get("byte_fallback", False)
        self.nfc = (file.get("normalizer") or {}).get("type") == "NFC"
        self.added = {one["content"]: one["id"] for one in file.get("added_tokens", []) if not one["special"]}
        longest_first = sorted(self.added, key=len, reverse=True)
        self.cut = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")") if self.added else None
        self.known = {}

    def word(self, word):
        if word not in self.known:
            parts = merged((LETTERS[byte] for byte in word.encode()), self.ranks)
            self.known[word] = [self.ids[part] for part in parts if part in self.ids]
        return self.known[word]

    def text_of_pieces(self, text):
        symbols = []
        for character in SPACE + text.replace(" ", SPACE) if text else "":
            symbols += [character] if character in self.ids else [f"<0x{byte:02X}>" for byte in character.encode()]
        return [self.ids[part] for part in merged(symbols, self.ranks)]

    def encode(self, text):
        if self.pieces:
            return self.text_of_pieces(text)
        text = unicodedata.normalize("NFC", text) if self.nfc else text
        out = []
        for part in self.cut.split(text) if self.cut else [text]:
            if part in self.added:
                out.append(self.added[part])
            else:
                out += [id for word in words(part) for id in self.word(word)]
        return out


def learned(counts, merges, ids):
    """Merges learned from symbols of words and their counts (Sennrich et al. 2016, algorithm 1); ids grow by them."""
    pairs_of = lambda symbols: zip(symbols, symbols[1:])
    out = []
    for _ in range(merges):
        counted = {}
        for symbols, count in counts.items():
            for pair in pairs_of(symbols):
                counted[pair] = counted.get(pair, 0) + count
        best = max(counted, key=lambda pair: (counted[pair], pair))
        out.append(best)
        ids.setdefault("".join(best), len(ids))
        only = {best: 0}
        counts = {tuple(merged(s, only)) if best in pairs_of(s) else s: n for s, n in counts.items()}
    return out


def counted_words(text, symbols_of):
    out = {}
    for word in words(text):
        symbols = symbols_of(word)
        out[symbols] = out.get(symbols, 0) + 1
    return out


def added(id, content, special, normalised=False):
    return {"id": id, "content": content, "special": special, "normalized": normalised}


def gpt2_file(text, merges):
    """A tokenizer.json in GPT-2's layout, learned from a text."""
    ids = {LETTERS[byte]: byte for byte in range(256)}
    pairs = learned(counted_words(text, lambda word: tuple(LETTERS[byte] for byte in word.encode())), merges, ids)
    level = {"type": "ByteLevel", "add_prefix_space": False}
    return {"added_tokens": [added(len(ids), "<|endoftext|>", True)], "pre_tokenizer": level, "decoder": level,
            "model": {"vocab": ids, "merges": [" ".join(pair) for pair in pairs]}}


def pythia_file(text, merges):
    """The same in GPT-NeoX's: composed characters, runs of spaces that were added."""
    out = gpt2_file(text, merges)
    end = out["added_tokens"][0]["id"]
    out["added_tokens"] += [added(end + n, " " * (n + 1), False, True) for n in (1, 2, 3)]
    return {**out, "normalizer": {"type": "NFC"}}


def llama2_file(text, merges):
    """One of SentencePiece's kind: specials, bytes, characters, what merges make."""
    ids = {"<unk>": 0, "<s>": 1, "</s>": 2, "<|endoftext|>": 3}
    specials = [added(id, name, True) for name, id in ids.items()]
    for byte in range(256):
        ids[f"<0x{byte:02X}>"] = len(ids)
    written = text.replace(" ", SPACE)
    for character in sorted(set(written) | set(map(chr, range(33, 127)))):
        ids.setdefault(character, len(ids))
    pairs = learned(counted_words(text, lambda word: tuple(word.replace(" ", SPACE))), merges, ids)
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
    return {"added_tokens": specials, "pre_tokenizer": None, "decoder": None,
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": SPACE}, replace]},
            "model": {"type": "BPE", "vocab": ids, "merges": pairs, "byte_fallback": True, "fuse_unk": True,
                      "unk_token": "<unk>"}}


def of_gpt2(vocabulary, merges):
    """vocab.json and merges.txt as the one file."""
    lines = [line for line in merges.split("\n")[1:] if line]
    return {"model": {"vocab": json.loads(vocabulary), "merges": lines}}
