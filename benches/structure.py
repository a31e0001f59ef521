#!/usr/bin/env python3
"""Measures the shape of the source tree, without tests: `benches/structure.py [FOLDER]`.

How long files are, how much of them is public, how much is comment, how many crates are direct dependencies, and a few
counts that say how far the engine is one object. Reads text only, so another crate's folder can be measured beside ours.
"""
import re
import statistics
import sys
import tomllib
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
TESTS = re.compile(r"^#\[cfg\(test\)\]\n(?:pub\(super\) )?mod tests \{", re.M)
ONLY_TESTS = re.compile(r"#\[cfg\(test\)\]\n(?:#\[.*\]\n)*(?:pub(?:\([a-z]+\))? )?mod (\w+);")
ITEM = re.compile(r"^\s*pub (?:const |async |unsafe |extern \"C\" )*(?:fn|struct|enum|trait|type|const|static|mod|union) \w", re.M)
FIELD = re.compile(r"^\s+pub \w+: ", re.M)
FUNCTION = re.compile(r"^\s*(?:pub(?:\([a-z ]+\))? )?(?:const |async )*fn \w", re.M)


def without_tests(text):
    found = TESTS.search(text)
    return text[: found.start()] if found else text


def sources():
    files = sorted((ROOT / "src").rglob("*.rs"))
    texts = {path: path.read_text() for path in files}
    hidden = set()
    for path, text in texts.items():
        folder = path.parent if path.name in ("mod.rs", "lib.rs", "main.rs") else path.with_suffix("")
        for name in ONLY_TESTS.findall(text):
            hidden |= {folder / f"{name}.rs", folder / name}
    kept = {path: text for path, text in texts.items() if path not in hidden and not hidden & set(path.parents)}
    return {path: without_tests(text) for path, text in kept.items()}


def dependencies():
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    return len(manifest.get("dependencies", {}))


def main():
    texts = sources()
    lengths = sorted(text.count("\n") for text in texts.values())
    whole = "".join(texts.values())
    lines = [line.strip() for line in whole.splitlines() if line.strip()]
    comments = sum(line.startswith("//") for line in lines)
    items, fields = len(ITEM.findall(whole)), len(FIELD.findall(whole))
    dispatcher = [path for path, text in texts.items() if re.search(r"^impl(?:<.*>)? Dispatcher\b", text, re.M)]
    admit = len(re.findall(r"^\s*(?:\w+::)*Admit::Now\b.*=>", whole, re.M))
    rows = [
        ("files, functions", f"{len(lengths)}, {len(FUNCTION.findall(whole))}"),
        ("lines of a file: median / p90 / longest",
         f"{statistics.median(lengths):.0f} / {lengths[int(len(lengths) * 0.9)]} / {lengths[-1]}"),
        ("public items, and per 1,000 lines", f"{items}, {items * 1000 / sum(lengths):.0f}"),
        ("public fields", fields),
        ("comment lines", f"{comments * 100 / max(len(lines), 1):.0f} %"),
        ("direct dependencies", dependencies()),
        ("files with an impl of Dispatcher", len(dispatcher)),
        ("places that match Admit", admit),
        ("constructors and others that return Result<_, String>", len(re.findall(r"-> (?:std::result::)?Result<[^\n]*, String>", whole))),
    ]
    for name, value in rows:
        print(f"{name:55} {value}")


main()
