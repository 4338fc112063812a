"""Texts that reach out of the sandbox, or run away in it: refused when they are read, and the process goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

from followmail.rendering.load import understood
from tests.runaway import ends

HEAD = "After: 4 days\nSubject: Hello\n\n"

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ greeting['__class__'] }}",
    "{{ greeting | attr('__class__') }}",
    "{{ ().__class__ }}",
    "{{ prospect.__init__.__globals__ }}",
    "{{ prospect['__class__'] }}",
    "{% set p = prospect %}{{ p.__class__ }}",
    "{% set p = prospect %}{{ p.update({'name': 'x'}) }}",
    "{% set p = prospect %}{{ p.items() }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__ }}",
    "{{ joiner }}",
    "{{ namespace.__init__ }}",
    "{{ dict(a=1) }}",
    "{{ '{0.__class__}'.format(greeting) }}",
    "{{ '{x.__class__}'.format_map({'x': 1}) }}",
    "{{ '%s' % greeting }}",
    "{{ today.__reduce__() }}",
    "{{ today.replace(year=1) }}",
    "{{ range.__class__ }}",
    "{{ greeting.encode() }}",
    "{{ greeting.join }}",
    "{% for x in 'a' %}{{ loop._iterator }}{{ loop.__class__ }}{% endfor %}",
    "{% import 'signature.txt' as s %}{{ s.__class__ }}",
    "{% from 'signature.txt' import x %}",
    "{% extends 'signature.txt' %}",
    "{% block a %}{{ super.__class__ }}{% endblock %}",
    "{% macro m() %}{{ caller.__class__ }}{% endmacro %}{{ m() }}",
    "{% call greeting() %}{% endcall %}",
    "{% include '../secret.txt' %}",
    "{% include 'a/../../secret.txt' %}",
    "{% include '..\\\\secret.txt' %}",
    "{% include ['/etc/passwd', 'signature.txt'] %}",
    "{% include 'sig' ~ 'nature.txt' %}",
    "{{ [].append }}",
    "{{ [1] | map('string') }}",
    "{{ greeting | tojson }}",
    "{{ greeting | pprint }}",
)

BOMBS = {
    "folded": "{{ 'x' * 10000000000 }}",
    "folded in a condition": "{% if 'x' * 10000000000 %}x{% endif %}",
    "folded in an include": "{% include 'x' * 10000000000 %}",
    "power": "{{ 10 ** 10 ** 10 }}",
    "text to a power": "{{ 'x' * 10**10 }}",
    "list times": "{{ ['x'] * 10000000000 }}",
    "number times itself": "{% set a = 9999999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "text doubled by ~": "{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "text doubled by +": "{% set a = 'xxxxxxxx' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "list doubled": "{% set a = ['x'] %}" + "{% set a = a + a %}" * 60 + "{{ a | join }}",
    "list in list": "{% set a = ['x'] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}",
    "long range": "{% for i in range(1000000000) %}x{% endfor %}",
    "negative range": "{% for i in range(0, -1000000000, -1) %}x{% endfor %}",
    "power of a range": "{% for i in range(10**9) %}x{% endfor %}",
    "loops in loops": "{% for i in range(1000) %}" * 4 + "{% endfor %}" * 4,
    "silent loops over text": "{% for i in anchor.text %}" * 9 + "{% endfor %}" * 9,
    "filtered loop": "{% for i in range(1000) if greeting.count('x') %}{% for j in range(1000) %}{% endfor %}"
    "{% endfor %}" * 300,
    "recursive loop": "{% for i in 'ab' recursive %}{{ loop('ab') }}{{ loop('ab') }}{% endfor %}",
    "long output": "{% for i in range(1000) %}" + "x" * 1000 + "{% endfor %}",
    "recursive macro": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "included by itself": "{% include 'nudge/1-a.txt' %}",
    "padded": "{{ 'x'.ljust(10000000000) }}",
    "centred": "{{ 'x' | center(10000000000) }}",
    "indented": "{{ 'x' | indent(10000000000) }}",
    "formatted": "{{ '%10000000000d' % 1 }}",
    "formatted by method": "{{ '{:10000000000}'.format(1) }}",
    "formatted day": "{{ today.strftime('%10000000000Y') }}",
    "expanded tabs": "{{ '\t'.expandtabs(10000000000) }}",
    "replaced": "{% set a = 'x' ~ 'yyyyyyyyyyyyyyyy' %}" + "{% set a = a | replace('y', a) %}" * 30 + "{{ a }}",
    "joined": "{{ anchor.text | join(anchor.text) | replace('e', anchor.text) | join(anchor.text) | join }}" * 20,
    "batched": "{{ 'x' | batch(10000000000, 'x') | list }}",
    "lorem ipsum": "{{ lipsum(n=10000000000) }}",
    "rounded": "{{ 1.5 | round(10000000000) }}",
    "deep parentheses": "{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}",
    "deep signs": "{{ " + "-" * 20000 + "1 }}",
    "long sum": "{{ 1" + " + 1" * 20000 + " }}",
    "deep ifs": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "deep loops": "{% for i in 'a' %}" * 60 + "x" + "{% endfor %}" * 60,
    "long number": "{{ " + "9" * 100000 + " }}",
    "many braces": "{{" * 60000,
    "many signs": "{" * 120000 + "}" * 120000,
    "many brackets": "[" * 120000 + "Name" + "]" * 120000,
    "many words in brackets": "[a " * 60000,
    "many quotes": "{{ '" + "\\'" * 60000,
}


def faults(body: str, **more: str) -> list[str]:
    """What is said of a step with this text."""
    files = {"nudge/1-a.txt": HEAD + body, "signature.txt": "Alex"} | {
        f"{name}.txt": text for name, text in more.items()
    }
    found = understood(Path("t"), {path: text.encode() for path, text in files.items()}, lambda text: None)
    assert ("nudge" in found.sequences) != bool(found.faults)
    return [str(fault) for fault in found.faults]


@pytest.mark.parametrize("body", ESCAPES)
def test_nothing_is_reached_but_names(body: str) -> None:
    """Refused when it is read, and nothing of what it was after is shown."""
    found = faults(body)
    assert found
    assert not any(word in text for text in found for word in ("<class", "object at", "root:", "built-in"))


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_no_text_runs_away(body: str) -> None:
    """Each is over within seconds; those that are only odd load, the others are told."""
    with ends():
        faults(body)


def test_includes_that_double_are_counted() -> None:
    """Forty files that each include the next one twice."""
    chain = {f"a{n}": f"{{% include 'a{n + 1}.txt' %}}" * 2 for n in range(40)} | {"a40": "x"}
    with ends():
        assert "too many steps" in faults("{% include 'a0.txt' %}", **chain)[0]


def test_files_that_include_each_other_are_told() -> None:
    """And end."""
    assert (
        "a file includes itself"
        in faults("{% include 'a.txt' %}", a="{% include 'b.txt' %}", b="{% include 'a.txt' %}")[0]
    )


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("{% for i in range(3) %}{{ loop.index }}{{ ', ' if not loop.last else '.' }}{% endfor %}", "1, 2, 3."),
        ("{% for word in prospect.name.split() %}[{{ word | upper }}]{% endfor %}", "[ROBIN][SAMPLE]"),
        ("{% set n = prospect.first_name ~ '!' %}{{ n }}{{ 2 * 3 + 1 }}", "Robin!7"),
        ("{{ {'de': 'Tag', 'en': 'Hi'}[language] }} {{ ['a', 'b'] | join('-') }}", "Hi a-b"),
        ("{% with a = 'x' %}{{ a }}{% endwith %}{{ greeting[:5] }}{{ 'b' in ['b'] and 'y' or 'n' }}", "xHelloy"),
        ("{% include 'ps.txt' %}{% include 'none.txt' ignore missing %}", "PS Robin"),
        (
            "{{ anchor.days_ago // 7 }} {{ today.year }} {{ prospect.name | replace('Sample', 'S') | truncate(4) }}",
            "1 2026 Rob…",
        ),
        ("{{ '{{ greeting }}' }}{% raw %}{{ x }}{% endraw %}", "{{ greeting }}{{ x }}"),
    ],
)
def test_what_a_text_needs_works(body: str, wanted: str) -> None:
    """Loops, choices, own names, includes and plain filters."""
    from followmail.rendering.names import sample
    from followmail.rendering.render import render

    files = {"nudge/1-a.txt": (HEAD + body).encode(), "ps.txt": b"PS {{ prospect.first_name }}\n"}
    library = understood(Path("t"), files, lambda text: None)
    assert [str(fault) for fault in library.faults] == []
    sequence = library.sequences["nudge"]
    step = sequence.steps[0]
    assert render(library, sequence, step, step.texts[0], sample()).body == wanted + "\n"


def test_all_bombs_together_stay_small() -> None:
    """A process with 600 MB of address space reads them all, and is alive at the end."""
    program = """
import resource, sys
from pathlib import Path
from tests.rendering.test_template_sandbox import BOMBS, HEAD
from followmail.rendering.load import understood
resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
files = {f"s{n}/1-a.txt": (HEAD + body).encode() for n, body in enumerate(BOMBS.values())}
understood(Path("t"), files, lambda text: None)
peak = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))) // 1024  # of this program: ru_maxrss is also its parent's
sys.stdout.write(str(peak))
"""
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < 450
