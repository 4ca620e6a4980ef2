"""Reads a YAML file as plain data: maps, lists, text, numbers, truth values and dates.

Built on the parser's events, because the usual loaders build more than an input file may
ask for. Refused, with the line: tags, anchors and aliases, repeated keys, several
documents, infinite or undefined numbers, deep nesting, huge files. Only `true` and `false`
are truth values (so that `on:` and `no` stay words); `1e-3` is a number.
"""

import math
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from .problems import ParameterError, Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 20
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\d[\d_]*\.[\d_]*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster


def read_yaml(path: Path, label: str | None = None) -> Any:
    """The file's content as plain Python data.

    Raises
    ------
    ParameterError
        If the file cannot be read, or holds what is refused.
    """
    return parse_yaml(read_text(path, MAX_BYTES, label), label or path.name)


def read_text(path: Path, limit: int, label: str | None = None) -> str:
    """The file as text; ParameterError if missing, longer than `limit` bytes or not UTF-8."""
    label = label or path.name
    try:
        size = path.stat().st_size
        if size > limit:
            raise _error(label, f"{size} bytes", f"at most {limit} bytes")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _error(label, "bytes that are not UTF-8", "text in UTF-8") from None
    except OSError as reason:
        raise _error(label, reason.strerror or str(reason), "a readable file") from None


def parse_yaml(text: str, label: str) -> Any:
    """Plain data of a YAML text; `label` names it in errors."""
    try:
        events = iter(list(yaml.parse(text, Loader=_LOADER)))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        said = getattr(fault, "problem", None) or str(fault)
        raise _error(label, where + said, "well-formed YAML") from None
    return _Builder(label, events).document()


class _Builder:
    """Turns parser events into data, refusing what an input file has no need for."""

    def __init__(self, label: str, events: Iterator[Any]) -> None:
        self.label, self.events = label, events

    def document(self) -> Any:
        next(self.events)  # start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        content = self.node(next(self.events), 0, "")
        next(self.events)  # end of the document
        if not isinstance(next(self.events), yaml.StreamEndEvent):
            raise _error(self.label, "a second document", "one document in a file")
        return content

    def node(self, event: Any, depth: int, key: str) -> Any:
        self.refuse(event, depth, key)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            return self.scalar(event, key) if plain else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(depth, key)
        return self.mapping(depth, key)

    def sequence(self, depth: int, key: str) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1, key))
        return items

    def mapping(self, depth: int, key: str) -> dict[Any, Any]:
        content: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self.error(event, key, "a list or map as key", "text, a number or a date")
            name = self.node(event, depth + 1, key)
            inner = f"{key}.{name}" if key else str(name)
            if name in content:
                raise self.error(event, inner, "a repeated key", "each key once")
            content[name] = self.node(next(self.events), depth + 1, inner)
        return content

    def refuse(self, event: Any, depth: int, key: str) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self.error(event, key, "an anchor or alias", "values written out")
        if event.tag is not None and event.tag != "!":
            raise self.error(event, key, f"the tag {event.tag}", "no tags")
        if depth > MAX_DEPTH:
            raise self.error(event, key, "nesting", f"at most {MAX_DEPTH} levels")

    def scalar(self, event: Any, key: str) -> Any:
        text: str = event.value
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if _NOT_FINITE.fullmatch(text):
            raise self.error(event, key, text, "a finite number")
        return self.number_or_date(event, text, key)

    def number_or_date(self, event: Any, text: str, key: str) -> Any:
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise self.error(event, key, text, "a date that exists, YYYY-MM-DD") from None
        if _INTEGER.fullmatch(text):
            if len(text) > 20:
                raise self.error(event, key, text[:24], "a whole number of at most 20 digits")
            return int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise self.error(event, key, text, "a finite number")
            return number
        return text

    def error(self, event: Any, key: str, value: str, allowed: str) -> ParameterError:
        return _error(self.label, f"line {event.start_mark.line + 1}: {value}", allowed, key)


def _error(label: str, value: str, allowed: str, key: str = "") -> ParameterError:
    return ParameterError([Problem(label, key, value, allowed)])
