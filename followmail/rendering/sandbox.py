"""Where texts are rendered: Jinja's immutable sandbox, with what it leaves open closed.

Jinja bounds neither memory nor time: `"x" * 10**10` ends the process, and can do so while compiling. Here nothing is
folded at compile time, what multiplies or joins asks for its size first, only filters and attributes on a list exist,
and the nodes that a rendering runs through and the characters that it prints are counted.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from dataclasses import replace
from datetime import date, timedelta
from traceback import walk_tb
from types import CodeType
from typing import Any

from jinja2 import DictLoader, StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

from followmail.rendering import dates
from followmail.rendering.fault import Fault, Faulty, Refused, meant, quoted
from followmail.rendering.filters import CONCATENATED, COUNTED, FILTERS, sized
from followmail.rendering.headers import on_line
from followmail.rendering.lint import Known, faults_of, included, prose, walk
from followmail.rendering.names import KNOWN, Held, Name
from followmail.rendering.wording import syntax, told

MAX_OUTPUT = 256 * 1024  # bytes
MAX_STEPS = 100_000  # nodes run through
MAX_RANGE = 1000
_LARGEST = 10**15

# what texts and days may be asked for; everything else of a Python object stays out of reach
_SHAPING = frozenset("upper lower title capitalize strip lstrip rstrip removeprefix removesuffix".split())
_TEXT = _SHAPING | frozenset("startswith endswith split splitlines partition rpartition count find".split())
_ATTRIBUTES: tuple[tuple[type, frozenset[str]], ...] = (
    (Name, _TEXT | {"number", "name"}),
    (str, _TEXT),
    (date, frozenset("year month day hour minute isoformat strftime weekday isoweekday".split())),
    (timedelta, frozenset({"days"})),
)
_KINDS: dict[type, str] = {bool: "a yes or no", list: "a list", tuple: "a list", range: "a list", type(None): "nothing"}


class Written(str):
    """A text of the consultant's, rendered already: not escaped again for Markdown."""


class Unknown(StrictUndefined):
    """A name that does not exist: an error in plain words as soon as it is used."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        return self._undefined_hint or f"there is nothing called {quoted(name)} here{meant(name, KNOWN)}"


class Sandbox(ImmutableSandboxedEnvironment):
    """Renders one text after the other; `files` is what can be included, path → source."""

    intercepted_binops = frozenset("+*%")

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(
            loader=DictLoader(files),
            undefined=Unknown,
            finalize=self._printed,
            optimized=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.files = files
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = {"range": _range}
        self.known = Known(self.filters, self.tests, files)
        self._sizes: dict[str, int] = {}
        self._begin("en", date.min, None)

    def run(
        self,
        path: str,
        source: str,
        values: Mapping[str, object],
        *,
        language: str = "en",
        today: date = date.min,
        escape: Callable[[str], str] | None = None,
        line: int = 1,
        names: Collection[str] = KNOWN,
    ) -> str:
        """A text rendered with these values; its file and first line are for messages. Raises Faulty.

        `escape` is applied to every value printed, and to nothing that the file itself says.
        `names` are those that it may use.
        """
        self._begin(language, today, escape)
        self.known = replace(self.known, names=names)
        try:
            code = self.compile(on_line(source, line), path, path)
            template = Template.from_code(self, code, self.make_globals(None))
            self.spend(self._sizes[path])
            return self._collected(template.generate(dict(values)))
        except Faulty:
            raise
        except Exception as error:  # noqa: BLE001  a text can make Python raise anything, and none of it may end the process
            raise Faulty([self._fault(error, path, line)]) from None

    def prose(self, source: str) -> str | None:
        """The words of a text without its Jinja, to tell its language; None where it is none, which the lint tells."""
        try:
            return prose(self.parse(source))
        except (TemplateSyntaxError, RecursionError, ValueError):
            return None

    def _begin(self, language: str, today: date, escape: Callable[[str], str] | None) -> None:
        self.language, self.today, self.escape = language, today, escape
        self._steps, self._room = MAX_STEPS, MAX_OUTPUT

    def _collected(self, pieces: Iterable[str]) -> str:
        got, size = [], 0
        for piece in pieces:
            size += len(piece.encode("utf-8", "replace"))
            if size > MAX_OUTPUT:
                raise Refused(_TOO_LONG)
            got.append(piece)
        return "".join(got)

    # compiling: the lint sees every text, also an included one, before it runs

    def compile(  # type: ignore[override]  # without the options that give source instead of code
        self, source: str | nodes.Template, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        path = name or ""
        tree = self.parse(source, name, filename or path) if isinstance(source, str) else source
        if faults := faults_of(tree, path, self.known):
            raise Faulty(faults)
        self._sizes[path] = sum(1 for _ in walk(tree))
        self._compile_included(tree, path)
        bounded: nodes.Template = _Bounded().visit(tree)
        return super().compile(bounded, name, filename or path)

    def _compile_included(self, tree: nodes.Template, path: str) -> None:
        """Also what stands in a branch that this rendering does not take."""
        try:
            for name in included(tree):
                if name in self.files and name not in self._sizes:
                    self.get_template(name)
        except Faulty:
            del self._sizes[path]
            raise

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        template = super().get_template(name, parent, globals)
        self.spend(self._sizes.get(template.name or "", 1))
        return template

    def spend(self, steps: int) -> None:
        """Counts what is run through; raises Refused when it is too much."""
        self._steps -= steps
        if self._steps < 0:
            raise Refused("the text takes too many steps; are there loops in loops, or files that include themselves?")

    # running: what is printed, asked of an object, or multiplied

    def plain(self, value: object) -> str:
        """A value as text; raises Refused for what says nothing to a reader."""
        if isinstance(value, Held):
            raise Faulty([value.why]) if isinstance(value.why, Fault) else Refused(value.why)
        if isinstance(value, str):
            return value
        if isinstance(value, date):
            return dates.written(value, self.today, self.language)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, StrictUndefined):
            return str(value)  # raises, and says what is not defined
        if isinstance(value, dict):
            raise Refused("this is a group of names, not a text; write which one, such as prospect.name")
        raise Refused(f"this is {_KINDS.get(type(value), 'no text')} and cannot be printed")

    @pass_context
    def _printed(self, _: Context, value: object) -> str:
        # Jinja calls a finalizer that wants the context only while rendering: nothing is printed while compiling
        text = self.plain(value)
        if self.escape and not isinstance(value, Written):
            text = self.escape(text)
        self._room -= len(text)
        if self._room < 0:
            raise Refused(_TOO_LONG)
        return text

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Held) and attribute not in _TEXT - _SHAPING and not attribute.startswith("_"):
            return (lambda *_, **__: obj) if attribute in _SHAPING else obj
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, LoopContext):
            return not attr.startswith("_")
        return any(attr in allowed for kind, allowed in _ATTRIBUTES if isinstance(obj, kind))

    def wrap_str_format(self, value: Any) -> None:
        """No `str.format`: `'{:1000000000}'.format(1)` is a bomb."""
        return

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for value in (left, right):
            if isinstance(value, Held):
                return value
        if isinstance(left, (str, list, tuple)) and isinstance(right, (str, list, tuple)) and operator == "+":
            sized(len(left) + len(right))
        elif not all(isinstance(value, (int, float, date, timedelta)) and not _huge(value) for value in (left, right)):
            raise Refused(f"'{operator}' works on numbers of ordinary size; texts are joined by '~'")
        return super().call_binop(context, operator, left, right)

    def _fault(self, error: Exception, path: str, line: int) -> Fault:
        """Where it happened, and what it is in plain words."""
        if isinstance(error, TemplateSyntaxError):
            return Fault(error.filename or error.name or path, max(error.lineno, 1), syntax(error.message or ""))
        frames = ((frame.f_code.co_filename, number) for frame, number in walk_tb(error.__traceback__))
        places = [(file, number) for file, number in frames if file == path or file in self.files]
        where, number = places[-1] if places else (path, line)
        return Fault(where, number, told(error))


_TOO_LONG = f"the rendered text is longer than {MAX_OUTPUT // 1024} KiB"


class _Bounded(NodeTransformer):
    """Makes loops count their steps, and `~` ask for its size."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        size = sum(1 for part in (*node.body, *node.else_, *([node.test] if node.test else ())) for _ in walk(part))
        self.generic_visit(node)
        node.iter = _filtered(node.iter, COUNTED, nodes.Const(size + 1))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(node.nodes[0], CONCATENATED, *node.nodes[1:])


def _filtered(node: nodes.Node, name: str, *arguments: nodes.Node) -> nodes.Filter:
    made = nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)
    made.set_environment(node.environment)  # type: ignore[arg-type]  # always set on a parsed node
    return made


def _huge(value: object) -> bool:
    return isinstance(value, (int, float)) and not abs(value) < _LARGEST


def _range(*bounds: int) -> range:
    if any(_huge(bound) for bound in bounds) or len(numbers := range(*bounds)) > MAX_RANGE:
        raise Refused(f"a range may have up to {MAX_RANGE} numbers")
    return numbers
