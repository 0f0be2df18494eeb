"""The catalogues of texts: what the code says, in every language, complete.

    python tools/messages.py update        take new texts from the code into the catalogues, drop the gone ones, compile
    python tools/messages.py compile       write the .mo files
    python tools/messages.py check         fail unless every text is translated and every catalogue is up to date
    python tools/messages.py merge FILE... fill what is missing in the Japanese catalogue from other .po files
    python tools/messages.py list ja       print what is still missing in a language, as a .po file

Catalogues: ``src/hatoba/locale/<language>/LC_MESSAGES/hatoba.po`` and ``.mo``, both kept with the code, so that the wheel
carries them without a build step. English is the source: its catalogue repeats the texts of the code. No dates and no line
numbers are stored, so that a catalogue changes only where a text does.
"""

from __future__ import annotations

import ast
import gettext
import io
import string
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "hatoba"
LANGUAGES = ("en", "ja")
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "_N": None, "_NN": (1, 2), "ngettext": (1, 2)}
"""The functions whose literal arguments are texts for people."""

_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
_VOLATILE = ('"Project-Id-Version', '"Report-Msgid-Bugs-To', '"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By')
_NOT_LITERAL = "wants a literal text; mark it with _N() where it is written and look it up with translated()"

Key = str | tuple[str, str]


def po_path(language: str, folder: Path) -> Path:
    return folder / language / "LC_MESSAGES" / "hatoba.po"


def extract(source: Path) -> dict[Key, list[str]]:
    """Every text in the code, with the files that say it, in order of file and place."""
    found: dict[Key, list[str]] = {}
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source.parent).as_posix()
        for _line, message, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            key = message if isinstance(message, str) else (str(message[0]), str(message[1]))
            places = found.setdefault(key, [])
            if name not in places:
                places.append(name)
    found.pop("", None)
    return found


def computed(source: Path) -> Iterator[str]:
    """Calls of the keywords whose text is not a literal: no tool can find such a text."""
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS):
                continue
            texts = node.args[:2] if node.func.id == "ngettext" else node.args
            if not all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts):
                yield f"{path.relative_to(source.parent).as_posix()}:{node.lineno}: {node.func.id}() {_NOT_LITERAL}"


def read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def translations(catalog: Catalog) -> dict[Key, Message]:
    return {_key(message.id): message for message in catalog if message.id}


def _key(identity: str | Sequence[str]) -> Key:
    return identity if isinstance(identity, str) else (identity[0], identity[1])


def _forms(message: Message | None) -> tuple[str, ...]:
    """The translated forms, empty texts included."""
    if message is None:
        return ()
    return (message.string,) if isinstance(message.string, str) else tuple(text or "" for text in message.string)


def updated(old: Catalog, texts: dict[Key, list[str]], language: str) -> Catalog:
    """A catalogue of exactly *texts*, with the translations that *old* has for them."""
    known = translations(old)
    new = Catalog(
        locale=language,
        project="hatoba",
        copyright_holder="the hatoba authors",
        header_comment="# The texts of hatoba. Written by tools/messages.py; the translations by people.",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        language_team=language,
        last_translator="the hatoba authors",
        fuzzy=False,
    )
    for key, places in texts.items():
        forms = (key if isinstance(key, tuple) else (key,)) if language == "en" else _forms(known.get(key))
        fuzzy = language != "en" and key in known and known[key].fuzzy
        new.add(key, _fitted(forms, key, new.num_plurals), locations=[(place, 0) for place in places], flags=["fuzzy"] * fuzzy)
    return new


def _fitted(forms: Sequence[str], key: Key, plurals: int) -> str | tuple[str, ...]:
    """*forms* as the entry wants them: one text, or as many as the language has plural forms."""
    if isinstance(key, str):
        return forms[0] if forms else ""
    given = [form for form in forms if form]
    return tuple((list(forms) + given[-1:] * plurals)[:plurals]) if given else ("",) * plurals


def write(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, include_lineno=False, ignore_obsolete=True)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(_VOLATILE)), encoding="utf-8")


def compile_catalogue(path: Path, language: str) -> None:
    catalog = read(path, language)
    catalog.creation_date = catalog.revision_date = _NO_DATE
    with path.with_suffix(".mo").open("wb") as stream:
        write_mo(stream, catalog)


def fields(text: str) -> set[str]:
    """Names of the values that are filled into *text*."""
    return {
        name.split(".")[0].split("[")[0] for _literal, name, _spec, _conv in string.Formatter().parse(text) if name is not None
    }


def problems_of(message: Message) -> Iterator[str]:
    """What is wrong with one entry: nothing there, not sure, or other values than in the source."""
    key = _key(message.id)
    forms = _forms(message)
    shown = key if isinstance(key, str) else key[1]
    if message.fuzzy:
        yield f"fuzzy: {shown!r}"
    if not forms or not all(forms):
        yield f"not translated: {shown!r}"
        return
    for number, form in enumerate(forms):
        source = key if isinstance(key, str) else key[0] if number == 0 and len(forms) > 1 else key[1]
        try:
            wanted, has = fields(source), fields(form)
        except ValueError as error:
            yield f"braces do not match ({error}): {form!r}"
            continue
        if wanted != has:
            yield f"values differ, {sorted(wanted)} in the code and {sorted(has)} in the translation of {shown!r}"


def compiled_differs(path: Path, catalog: Catalog) -> bool:
    """True where the .mo file does not hold what the .po file says."""
    compiled = path.with_suffix(".mo")
    if not compiled.exists():
        return True
    with compiled.open("rb") as stream:
        table = gettext.GNUTranslations(stream)
    wanted: dict[object, str] = {}
    for key, message in translations(catalog).items():
        if isinstance(key, str):
            wanted[key] = _forms(message)[0]
        else:
            wanted |= {(key[0], number): form for number, form in enumerate(_forms(message))}
    held = {key: text for key, text in vars(table)["_catalog"].items() if key != ""}
    return held != {key: text for key, text in wanted.items() if text}


def check(source: Path, folder: Path, languages: Iterable[str] = LANGUAGES) -> list[str]:
    """Everything that is wrong with the catalogues, one line each; empty where all is well."""
    problems = list(computed(source))
    texts = extract(source)
    for language in languages:
        path = po_path(language, folder)
        catalog = read(path, language)
        entries = translations(catalog)
        where = f"{language}: "
        problems += [
            f"{where}not in the catalogue: {key!r} ({places[0]})" for key, places in texts.items() if key not in entries
        ]
        problems += [f"{where}no longer in the code: {key!r}" for key in entries if key not in texts]
        problems += [where + problem for message in entries.values() for problem in problems_of(message)]
        if language == "en":
            problems += [
                f"{where}differs from the code: {key!r}" for key, entry in entries.items() if _stale_english(key, entry)
            ]
        if compiled_differs(path, catalog):
            problems.append(f"{where}the .mo file is not what the .po file says: make messages")
    return problems


def _stale_english(key: Key, message: Message) -> bool:
    return _forms(message) != (key if isinstance(key, tuple) else (key,))


def update(source: Path, folder: Path, languages: Iterable[str] = LANGUAGES) -> None:
    texts = extract(source)
    for language in languages:
        path = po_path(language, folder)
        write(updated(read(path, language), texts, language), path)
        compile_catalogue(path, language)


def merge(fragments: Iterable[Path], source: Path, folder: Path, language: str = "ja", *, overwrite: bool = False) -> list[str]:
    """Fill what *language* lacks from *fragments* and return remarks about what did not fit."""
    texts = extract(source)
    path = po_path(language, folder)
    catalog = updated(read(path, language), texts, language)
    entries = translations(catalog)
    by_singular = {key[0]: key for key in entries if isinstance(key, tuple)}
    remarks = []
    for fragment in fragments:
        for key, message in translations(read(fragment, language)).items():
            forms = _forms(message)
            target = key if key in entries else by_singular.get(key if isinstance(key, str) else key[0])
            if target is None:
                remarks.append(f"{fragment.name}: not in the code: {key!r}")
            elif any(forms) and (overwrite or not all(_forms(entries[target]))):
                entries[target].string = _fitted(forms, target, catalog.num_plurals)
    write(catalog, path)
    update(source, folder)
    return remarks


def missing(source: Path, folder: Path, language: str) -> str:
    """The texts without a translation, as a .po file to be filled in."""
    whole = updated(read(po_path(language, folder), language), extract(source), language)
    rest = Catalog(locale=language, fuzzy=False)
    for message in whole:
        if message.id and not all(_forms(message)):
            rest.add(message.id, message.string, locations=message.locations)
    buffer = io.BytesIO()
    write_po(buffer, rest, width=0, include_lineno=False)
    return buffer.getvalue().decode()


def main(arguments: Sequence[str]) -> int:
    folder = SOURCE / "locale"
    match list(arguments):
        case ["update"]:
            update(SOURCE, folder)
        case ["compile"]:
            for language in LANGUAGES:
                compile_catalogue(po_path(language, folder), language)
        case ["merge", *rest] if rest:
            overwrite = "--overwrite" in rest
            files = [Path(name) for name in rest if name != "--overwrite"]
            print(*merge(files, SOURCE, folder, overwrite=overwrite), sep="\n")
        case ["list", language] if language in LANGUAGES:
            print(missing(SOURCE, folder, language))
        case ["check"]:
            problems = check(SOURCE, folder)
            print(*problems, sep="\n", end="\n" if problems else "")
            return 1 if problems else 0
        case _:
            print((__doc__ or "").strip())
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
