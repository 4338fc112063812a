"""What a text may contain, read from its syntax tree: every branch is looked at, also what a sample does not take.

A text may print names, choose, loop, set a name and include a file of templates/. Nothing else: what is not here
cannot be a way out of the sandbox.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from followmail.rendering.fault import Fault, closest, meant, quoted
from followmail.rendering.names import GROUPS, KNOWN, SINGLE

MAX_NODES = 5000

_ALLOWED = frozenset(
    """Template Output TemplateData Scope Const Name Getattr Getitem Slice Filter Test If CondExpr For Assign With
    Include And Or Not Compare Operand Concat Add Sub Mul Div FloorDiv Mod Neg Pos List Tuple Dict Pair Keyword
    Call""".split()
)
_SHARED = "; what texts share goes into its own file: {% include 'file.txt' %}"
_REFUSED = {
    "Pow": "'**' cannot be used in a text",
    "Macro": "{% macro %} cannot be used in a text" + _SHARED,
    "CallBlock": "{% call %} cannot be used in a text" + _SHARED,
    "Block": "{% block %} cannot be used in a text" + _SHARED,
    "Extends": "{% extends %} cannot be used in a text" + _SHARED,
    "Import": "{% import %} cannot be used in a text" + _SHARED,
    "FromImport": "{% from %} cannot be used in a text" + _SHARED,
    "FilterBlock": "{% filter %} cannot be used in a text; a filter stands behind a name: {{ prospect.name | upper }}",
    "AssignBlock": "{% set %} needs a value: {% set name = prospect.first_name or 'there' %}",
    "ScopedEvalContextModifier": "{% autoescape %} cannot be used in a text",
}
_FUNCTIONS = ("range", "loop")

# A placeholder of another tool's: {first_name}, and one of these words between [ ], < >, << >> or % %
_BRACES = re.compile(r"(?<![{$])\{\s{0,5}([A-Za-z_][\w. -]{0,40}?)\s{0,5}\}(?!\})|\$\{([\w. -]{1,40})\}")
_PLACEHOLDER = re.compile(
    r"(?:\[|<{1,2}|%|\*\|)([^\W\d_]{2,20}(?:[ _-][^\W\d_]{2,20}){0,2})(?:\]|>{1,2}|%|\|\*)(?![(\[])"
)
_PLACES = frozenset(
    """name firstname lastname fullname first last company date topic title sender signature event place placeholder
    fname lname vorname nachname firma datum thema anrede unterschrift ansprechpartner ort platzhalter prénom prenom nom
    entreprise société societe sujet nombre apellido empresa fecha tema cognome nome azienda oggetto voornaam achternaam
    bedrijf onderwerp sobrenome apelido assunto""".split()
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a text can refer to: filters, tests, and the files of templates/."""

    filters: Collection[str]
    tests: Collection[str]
    files: Collection[str]
    names: Collection[str] = KNOWN
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: GROUPS)
    told_by: str = "`followmail preview`"  # what lists the names


def walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node of a tree, without recursion."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(node.iter_child_nodes()))


def faults_of(tree: nodes.Template, path: str, known: Known) -> list[Fault]:
    """All that is wrong with one parsed text."""
    every = list(walk(tree))
    if len(every) > MAX_NODES:
        return [Fault(path, 0, f"there are more than {MAX_NODES} expressions and tags in this text")]
    own = {node.name for node in every if isinstance(node, nodes.Name) and node.ctx in ("store", "param")} | set(
        _FUNCTIONS
    )
    found = [Fault(path, node.lineno or 1, text) for node in every for text in _wrong(node, own, known)]
    found += [fault for node in every if isinstance(node, nodes.TemplateData) for fault in _placeholders(node, path)]
    return sorted(set(found))


def prose(tree: nodes.Template) -> str:
    """The words of a text without its Jinja, to tell its language."""
    return " ".join(node.data for node in walk(tree) if isinstance(node, nodes.TemplateData))


def included(tree: nodes.Template) -> tuple[str, ...]:
    """The files that a text includes."""
    return tuple(_constant(node.template) for node in walk(tree) if isinstance(node, nodes.Include))


def _wrong(node: nodes.Node, own: set[str], known: Known) -> Iterator[str]:
    kind = type(node).__name__
    if kind not in _ALLOWED:
        yield _REFUSED.get(kind, f"{quoted(kind)} cannot be used in a text")
    elif isinstance(node, nodes.Name):
        yield from _name(node, own, known)
    elif isinstance(node, (nodes.Getattr, nodes.Getitem)):
        yield from _member(node, own, known)
    elif isinstance(node, nodes.Filter):
        yield from _listed("filter", node.name, known.filters)
    elif isinstance(node, nodes.Test):
        yield from _listed("test", node.name, known.tests)
    elif isinstance(node, nodes.Include):
        yield from _include(node, known.files)
    elif isinstance(node, nodes.CondExpr) and node.expr2 is None:
        yield "an 'if' between {{ and }} needs an 'else': {{ 'a' if met.where else '' }}"
    elif isinstance(node, nodes.For) and node.recursive:
        yield "a loop cannot be recursive"
    elif _is_list(node) and not all(
        isinstance(inner, (nodes.Const, nodes.Pair)) for inner in walk(node) if inner is not node
    ):
        # a list of lists of lists is small to write and endless to print or compare
        yield "a list in a text may hold only plain words and numbers, such as ['a', 'b']"


def _is_list(node: nodes.Node) -> bool:
    return isinstance(node, (nodes.List, nodes.Dict)) or (isinstance(node, nodes.Tuple) and node.ctx == "load")


def _name(node: nodes.Name, own: set[str], known: Known) -> Iterator[str]:
    if (
        node.ctx != "load"
        or node.name in own
        or node.name in known.names
        or (node.name in known.groups and known.names)
    ):
        return
    if not known.names:
        yield f"'{node.name}' cannot stand here: this line is read before there is a person"
    else:
        guess = meant(node.name, (*known.names, *known.groups)) or f"; {known.told_by} lists the names"
        yield f"there is no name '{node.name}'{guess}"


def _member(node: nodes.Getattr | nodes.Getitem, own: set[str], known: Known) -> Iterator[str]:
    group = node.node.name if isinstance(node.node, nodes.Name) else ""
    member = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
    if group in own or not isinstance(member, str) or not member:
        return
    if group in known.groups and member not in known.groups[group]:
        guess = closest(member, known.groups[group])
        text = f"{group}.{guess}" if guess else closest(member, known.names)
        yield f"'{group}' has no '{member}'" + (
            f"; did you mean '{text}'?" if text else f"; it has {', '.join(known.groups[group])}"
        )
    elif group in SINGLE and member.startswith("_"):
        yield f"'{group}' has no '{member}'"


def _listed(what: str, name: str, known: Collection[str]) -> Iterator[str]:
    if name not in known:
        names = sorted(n for n in known if n.isidentifier())
        yield f"there is no {what} '{name}'{meant(name, names) or '; there are ' + ', '.join(names)}"


def _include(node: nodes.Include, files: Collection[str]) -> Iterator[str]:
    name = _constant(node.template)
    if not name:
        yield "an include must name its file in quotes: {% include 'file.txt' %}"
    elif outside(name):
        yield f"{quoted(name)} lies outside the templates folder; only files in it can be included"
    elif name not in files and not node.ignore_missing:
        guess = meant(name, files) or "; its name counts from the templates folder"
        yield f"there is no file {quoted(name)} to include{guess}"


def outside(name: str) -> bool:
    """Whether a path leads out of templates/."""
    return name.startswith(("/", "~")) or "\\" in name or ":" in name or posixpath.normpath(name).startswith("..")


def _constant(node: nodes.Node) -> str:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""


def _placeholders(node: nodes.TemplateData, path: str) -> Iterator[Fault]:
    for match in _BRACES.finditer(node.data):
        word = (match[1] or match[2]).strip()
        yield Fault(path, _line(node, match), f"{quoted(match[0])} would be sent as it stands{_instead(word)}")
    for match in _PLACEHOLDER.finditer(node.data):
        if _PLACES & set(re.split(r"[ _-]", match[1].lower())):
            yield Fault(path, _line(node, match), f"{quoted(match[0])} would be sent as it stands{_instead(match[1])}")


def _line(node: nodes.TemplateData, match: re.Match[str]) -> int:
    return node.lineno + node.data.count("\n", 0, match.start())


def _instead(word: str) -> str:
    guess = closest(re.sub(r"[ -]", "_", word), KNOWN)
    return f"; did you mean {{{{ {guess} }}}}?" if guess else "; a name stands in two braces: {{ prospect.name }}"
