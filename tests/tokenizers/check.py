"""Compares the tokens that the product makes with those of byte-pair encoding's definition (reference.py).

usage: check.py TOKENS [--tokenizer FILE ...] [--text FILE ...] [--seed N]

TOKENS is the program of tokens.cc. Tokenizers: one each in the layouts of GPT-2, Pythia and Llama 2, learned from this
repository's pages; every FILE (tokenizer.json, perhaps as .xz); and those of ../shared/data, beside the repository,
where there are any. Texts: the pages, noise of all scripts by seed, every FILE. Exit code 1 where an id differs, 2 where a
file cannot be read.
Example: check.py build/tests/tokenizers/tokens --tokenizer pythia-14m/tokenizer.json --text book.txt
"""

import argparse
import json
import lzma
import random
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

from reference import Reference, gpt2_file, llama2_file, of_gpt2, pythia_file

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
MERGES = 500
PIECES = 200  # characters of a document that SentencePiece's way takes, which does not cut it into words


def pages():
    return [path.read_text() for path in sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])]


def noise(random):
    """Short documents of a few alphabets each, then every assigned character, by itself and behind a space."""
    spans = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x600), (0x600, 0x700), (0x900, 0xA00),
             (0x1100, 0x1200), (0x3040, 0x3100), (0x4E00, 0x5000), (0xAC00, 0xAE00), (0x1F300, 0x1F700)]
    assigned = lambda begin, end: [c for c in map(chr, range(begin, end)) if unicodedata.category(c) not in ("Cn", "Cs")]
    alphabets = [assigned(*span) for span in spans]
    alphabets += ["\t\n\r\v\f \x85\xa0\u1680\u2003\u2028\u3000", "0123456789\xb2\xbd\u2167\u0663", "'sdtlmvreSTDM ",
                  ["  ", "    ", " ", "\n\n", "\t"]]
    for _ in range(3000):
        chosen = random.sample(alphabets, random.randint(1, 4))
        yield "".join(random.choice(random.choice(chosen)) for _ in range(random.randint(1, 60)))
    for begin in range(0, 0x30000, 64):
        characters = assigned(begin, begin + 64)
        if characters:
            yield "".join(characters)
            yield " a".join(characters)


def json_of(path):
    with (lzma.open if path.suffix == ".xz" else open)(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def subjects(given, folder):
    """Each tokenizer's name, its files as `tokens` takes them, and the same as one object."""
    text = "\n".join(pages())
    files = {make.__name__: make(text, MERGES) for make in (gpt2_file, pythia_file, llama2_file)}
    for path in given + sorted(SHARED.glob("tokenizers/*tokenizer.json.xz")):
        files[path.name] = json_of(path)
    for name, file in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(file))
        yield name, [path], file
    vocabulary, merges = SHARED / "tokenizers/gpt2_vocab.json", SHARED / "tokenizers/gpt2_vocab.bpe"
    if vocabulary.exists() and merges.exists():
        yield vocabulary.name, [vocabulary, merges], of_gpt2(vocabulary.read_text(), merges.read_text("utf-8"))


def differs(program, name, paths, file, documents):
    reference = Reference(file)
    if reference.pieces:
        documents = [document[:PIECES] for document in documents]
    sent = b"".join(document.encode() + b"\xff" for document in documents)
    done = subprocess.run([program, *paths], input=sent, capture_output=True, check=False)
    if done.returncode != 0:
        return f"{name}: {done.stderr.decode(errors='replace')}"
    lines = done.stdout.decode().split("\n")[:-1]
    if len(lines) != len(documents):
        return f"{name}: {len(lines)} lines for {len(documents)} documents"
    count = 0
    for document, line in zip(documents, lines):
        found, expected = [int(id) for id in line.split()], reference.encode(document)
        count += len(found)
        if found != expected:
            at = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), "the end")
            return f"{name}: at token {at} of {document[:200]!r}:\n  found    {found[:40]}\n  expected {expected[:40]}"
    print(f"{name}: {len(documents)} documents, {count} tokens, all equal")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tokens", type=Path, help="the program of tokens.cc")
    parser.add_argument("--tokenizer", type=Path, nargs="+", default=[], metavar="FILE", help="tokenizer.json, or .xz of it")
    parser.add_argument("--text", type=Path, nargs="+", default=[], metavar="FILE", help="UTF-8; one document")
    parser.add_argument("--seed", type=int, default=1, help="of the noise")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    try:
        documents = pages() + list(noise(random.Random(given.seed))) + [path.read_text() for path in given.text]
        with tempfile.TemporaryDirectory() as folder:
            found = [differs(given.tokens, *subject, documents) for subject in subjects(given.tokenizer, Path(folder))]
    except (OSError, ValueError, lzma.LZMAError) as error:
        parser.error(str(error))
    wrong = [text for text in found if text]
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
