"""What the repository says of itself is true: its layers, its README, its docs, and what a wheel of it holds."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import followmail
from followmail.books import Books
from followmail.cli import COMMANDS
from followmail.settings import load

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "followmail"
README = ROOT / "README.md"
PAGES = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

# From the inside out. A part knows those of earlier lines, and never one of its own line.
LAYERS = (
    "errors waiting",
    "mail",
    "sequence",
    "auth",
    "options",
    "credentials oauth",
    "settings store imap smtp rendering contacts discovery",
    "writing desk survey",
    "enrolling",
    "jobs importing",
    "agenda",
    "books telling",
    "rounds",
    "checking previewing keeping notify journal unit resting",
    "service sandbox setup",
    "cli",
    "__main__",
)
# `python daemon.py` is the command `run`, so the daemon's main hands over to the commands.
OUTWARD = {("service", "cli")}
# What a rule about mail must not be able to touch.
WORLD = set("socket ssl smtplib imaplib imapclient sqlite3 peewee os time subprocess threading".split())
# The parts of jobs/ that are passes; the others are what passes share.
PASSES = {"watch", "judge", "plan", "draft", "deliver", "file", "digest"}
ASK_A_CLOCK = {"service", "cli", "sandbox"}
HEAVY = {
    "peewee",
    "sqlite3",
    "imapclient",
    "icalendar",
    "jinja2",
    "rich",
    "holidays",
    "dns",
    "markdown_it",
    "pymap",
    "aiosmtpd",
}
# What asks servers, renders texts or reads mails themselves.
WHAT_ACTS = {
    "imapclient",
    "imaplib",
    "smtplib",
    "ssl",
    "jinja2",
    "icalendar",
    "holidays",
    "rich",
    "tomllib",
    "difflib",
    "email.utils",
    "email.header",
    "html.parser",
    "followmail.smtp",
    "followmail.rounds",
    "followmail.writing",
    "followmail.mail.compose",
    "followmail.mail.quote",
    "followmail.mail.text",
}
LONGEST = 450  # lines


@cache
def trees() -> dict[tuple[str, ...], ast.Module]:
    """Every module of the package, ("jobs", "plan") → its syntax tree."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[parts[:-1] if parts[-1] == "__init__" else parts] = ast.parse(path.read_text())
    return found


def imports(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """What a module imports, anywhere in it: ("followmail", "jobs", "plan"), ("datetime", "datetime")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(name.name.split(".")) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute"
            yield from ((*node.module.split("."), name.name) for name in node.names)


def test_imports_point_inward() -> None:
    """Errors, mail, sequence, edges, jobs, rounds, surfaces: nobody knows who calls them, nor their neighbours."""
    rank = {name: number for number, line in enumerate(LAYERS) for name in line.split()}
    wrong = []
    for module, tree in trees().items():
        part = module[0] if module else ""
        if not part:
            continue
        assert part in rank, f"followmail.{part} stands in no layer"
        for target in (found[1] for found in imports(tree) if found[0] == "followmail" and len(found) > 1):
            if target in (part, "__version__") or (part, target) in OUTWARD:
                continue
            if rank[target] >= rank[part]:
                wrong.append(f"{'.'.join(module)} imports {target}")
    assert not wrong


def test_jobs_do_not_know_each_other() -> None:
    """Each is one pass that may be run alone; what they share knows none of them."""
    wrong = []
    for module, tree in trees().items():
        if module[:1] != ("jobs",) or len(module) < 2:
            continue
        for found in imports(tree):
            if found[:2] == ("followmail", "jobs") and found[2] in PASSES - {module[1]}:
                wrong.append(f"{'.'.join(module)} imports {'.'.join(found)}")
    assert not wrong


@pytest.mark.parametrize("part", ["mail", "sequence"])
def test_rules_touch_no_world(part: str) -> None:
    """What is decided about mail is decided without a socket, a database, an environment or a clock."""
    modules = {module: tree for module, tree in trees().items() if module[:1] == (part,)}
    assert modules
    assert not [(m, found) for m, tree in modules.items() for found in imports(tree) if found[0] in WORLD]


def test_only_the_surfaces_ask_a_clock() -> None:
    """Everywhere else time is an argument."""
    asking = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            (node.func.attr in {"now", "utcnow", "today"} and ast.unparse(node.func.value) in {"datetime", "date"})
            or ast.unparse(node.func) in {"time.time", "time.localtime", "time.gmtime"}
        )
    }
    assert {module for module in asking if module[0] not in ASK_A_CLOCK} == set()


@pytest.mark.parametrize("words", ["--help", "--version"])
def test_help_answers_at_once(words: str) -> None:
    """A command's modules are imported when it is called, so asking for help loads no library of weight."""
    command = [sys.executable, "-X", "importtime", "-m", "followmail", words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, cwd=ROOT)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("words", ["status", "plan", "prospects", "explain bob@bob.example"])
def test_what_only_reads_loads_only_what_reads(words: str, tmp_path: Path) -> None:
    """Telling how it stands needs no connection, no template engine and no table of words: `status` answers at once."""
    env = {
        "FOLLOWMAIL_ADDRESS": "alex@example.com", "FOLLOWMAIL_NAME": "Alex", "FOLLOWMAIL_PASSWORD": "-",
        "FOLLOWMAIL_IMAP_HOST": "imap.example.com", "FOLLOWMAIL_DATABASE": str(tmp_path / "followmail.db"),
    }  # fmt: skip
    _looked_through(env)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "followmail", *words.split()],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, **env},
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"followmail.telling", "peewee"} <= loaded, done.stderr[-500:]
    assert not loaded & WHAT_ACTS
    assert not {name for name in loaded if name.startswith(("followmail.imap.", "followmail.jobs.judge", "jinja2."))}


def _looked_through(env: dict[str, str]) -> None:
    """The templates' proof, as a daemon leaves it behind after its first round."""
    books = Books.open(load(None, env, directory=ROOT / "nowhere"))
    books.keep_proof()
    books.close()


def test_no_file_of_the_program_is_long() -> None:
    """One noun a file."""
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


# ---- the README


def section(page: Path, title: str) -> str:
    """The text below a heading, up to the next of its kind."""
    _, found, rest = page.read_text().partition(f"\n## {title}\n")
    assert found, f"{page.name} has no section '{title}'"
    return rest.partition("\n## ")[0]


def test_each_promise_of_the_readme_is_a_test() -> None:
    """A promise is the sentence that names its test, in the order of tests/test_promises.py; none is skipped."""
    promised = re.findall(r"^\d+\. \*\*(.+?)\.\*\*", section(README, "What it promises"), re.MULTILINE)
    tree = ast.parse((ROOT / "tests" / "test_promises.py").read_text())
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    names = ["test_" + re.sub(r"[^a-z0-9]+", "_", sentence.lower()) for sentence in promised]
    assert names == [test.name for test in tests]
    marks = "".join(ast.unparse(mark) for test in tests for mark in test.decorator_list)
    assert "skip" not in marks and "xfail" not in marks


def test_the_readme_tells_every_command_and_no_other() -> None:
    """Its table of commands is the list that the program has."""
    told = re.findall(r"^\| (`.+?) \|", section(README, "The commands"), re.MULTILINE)
    names = {words.split()[0] for cell in told for words in re.findall(r"`(.+?)`", cell) if words[0] not in "[-"}
    assert names == set(COMMANDS)


def test_the_readme_shows_what_the_sandbox_prints() -> None:
    """Each recorded line of `make run` is printed, in this order; only the seconds that it took may differ."""
    (recorded,) = re.findall(r"```\n\$ make run\n(.+?)\n```", README.read_text(), re.DOTALL)
    command = [sys.executable, "-m", "followmail", "sandbox"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, cwd=ROOT)
    printed = iter(_timeless(done.stdout).splitlines())
    missing = [line for line in _timeless(recorded).splitlines() if line != "…" and line not in printed]
    assert missing == []


def _timeless(text: str) -> str:
    return re.sub(r"in [\d.]+ seconds", "in some seconds", text)


@EACH_PAGE
def test_every_command_line_in_the_docs_is_one(page: Path) -> None:
    """`followmail …` in the docs names a command that exists, and options that it has."""
    lines = re.findall(r"(?:^\$ |`)followmail ([a-z][^`\n]*)", page.read_text(), re.MULTILINE)
    for line in lines:
        name, *words = shlex.split(line.partition(" #")[0], posix=True)
        assert name in COMMANDS, line
        known = _options_of(name)
        assert [w for w in words if w.startswith("--") and w.partition("=")[0] not in known] == [], line


@cache
def _options_of(command: str) -> str:
    import click

    from followmail.cli import Commands

    found = Commands().get_command(click.Context(click.Group()), command)
    assert found is not None
    all_of_it = [found, *(found.commands.values() if isinstance(found, click.Group) else ())]
    parameters = [parameter for each in all_of_it for parameter in each.params]
    return " ".join(["--help", *(option for parameter in parameters for option in parameter.opts)])


# ---- the docs


@EACH_PAGE
def test_every_link_in_the_docs_leads_somewhere(page: Path) -> None:
    """Files are there, and so are the headings that a link names."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        if anchor:
            assert anchor in _anchors(there), target


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_listed_for_readers() -> None:
    """A page that nobody finds is not there: docs/README.md lists all, and the README leads there."""
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (ROOT / "docs" / "README.md").read_text()))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert "](docs/README.md)" in README.read_text()


@EACH_PAGE
def test_every_file_and_function_in_the_docs_exists(page: Path) -> None:
    """`jobs/plan.py` and `sequence.planner.decide` are found where the docs say."""
    top = {module[0] for module in trees() if module}
    for word in set(re.findall(r"`([\w./-]+)`", page.read_text())):
        if re.fullmatch(r"[\w/-]+\.py", word) or word.startswith(("followmail/", "tests/", "deploy/", "docs/")):
            assert (ROOT / word).exists() or (PACKAGE / word).exists(), f"{page.name}: {word}"
        elif re.fullmatch(r"\w+(\.\w+)+", word) and word.partition(".")[0] in top and not word.endswith(".txt"):
            assert _is_defined(word), f"{page.name}: {word}"


def _is_defined(dotted: str) -> bool:
    """Whether a module, or a class, function or constant of one, has this name."""
    parts = tuple(dotted.split("."))
    for length in range(len(parts), 0, -1):
        if parts[:length] in trees():
            scope: ast.AST | None = trees()[parts[:length]]
            for name in parts[length:]:
                scope = _member(scope, name) if scope else None
            return scope is not None
    return False


def _member(scope: ast.AST, name: str) -> ast.AST | None:
    body: list[ast.stmt] = getattr(scope, "body", [])
    for node in body:
        names = [getattr(node, "name", "")]
        names += [ast.unparse(t) for t in getattr(node, "targets", [])]
        names += [ast.unparse(node.target)] if isinstance(node, ast.AnnAssign) else []
        names += [a.asname or a.name for a in node.names] if isinstance(node, ast.ImportFrom) else []
        if name in names:
            return node
    return None


def test_every_law_that_is_cited_stands_in_the_docs() -> None:
    """docs/rfc.md names each RFC that the code cites, and only modules that cite that section of it."""
    cited: set[tuple[str, str, str]] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "sandbox":
            continue
        flowing = re.sub(r"\s*\n\s*#\s*", " ", path.read_text())
        for number, part in re.findall(r"RFC (\d+)(?: §(\d+(?:\.\d+)*))?", flowing):
            cited.add((number, part, path.relative_to(PACKAGE).as_posix()))
    rows = re.findall(
        r"^\| \[(\d+)\]\(\S+?\1\)(?: §(\S+))? \| .+? \| (.+) \|$", (ROOT / "docs/rfc.md").read_text(), re.M
    )
    told = {(number, part, module) for number, part, modules in rows for module in re.findall("`(.+?)`", modules)}
    assert told - cited == set()
    assert {number for number, *_ in cited} - {number for number, *_ in told} == set()


@EACH_PAGE
def test_every_setting_in_the_docs_exists(page: Path) -> None:
    """Nothing is told that config.env would not take."""
    example = (ROOT / "config.example.env").read_text()
    known = {*re.findall(r"FOLLOWMAIL_\w+", example), "FOLLOWMAIL_CONFIG"}
    assert set(re.findall(r"\bFOLLOWMAIL_[A-Z_]+\b", page.read_text())) <= known


def test_the_version_is_told_once() -> None:
    """The package, its metadata and the top of the changelog agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (latest, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert followmail.__version__ == project["version"] == latest


def test_each_version_says_what_to_do_at_an_update() -> None:
    """Whoever runs it reads one paragraph, and knows."""
    versions = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert [text.partition("\n")[0] for text in versions if "\n**To do at an update:** " not in text] == []


def test_the_project_speaks_of_no_machine() -> None:
    """No path of whoever wrote or runs it stands in a file."""
    own = re.compile(rf"{re.escape(str(ROOT))}\b|(?<![\w.~])/(?:root|work)/\w")
    texts = (".py", ".md", ".toml", ".txt", ".env", ".service", ".svg", "Makefile", "run")
    paths = [p for p in _files(ROOT) if p.name.endswith(texts)]
    assert len(paths) > 100
    assert [p.relative_to(ROOT).as_posix() for p in paths if own.search(p.read_text())] == []


def _files(folder: Path) -> Iterator[Path]:
    """The files of the checkout, less what .gitignore leaves out."""
    for path in sorted(folder.iterdir()):
        if path.name in {".git", ".venv", "build", "dist", ".hypothesis"} or path.name.endswith(("cache__", "_cache")):
            continue
        if path.is_dir():
            yield from () if path.suffix == ".egg-info" else _files(path)
        elif path.name != "config.env":
            yield path


# ---- what is installed


def test_a_wheel_holds_all_that_the_program_needs(tmp_path: Path) -> None:
    """Built, installed into an environment of its own, it has its templates and word lists, and answers there."""
    wheel = build_wheel(tmp_path)
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"followmail/{p.relative_to(PACKAGE).as_posix()}" for p in _files(PACKAGE)} <= held
    shipped = {p.relative_to(ROOT / "templates").as_posix() for p in _files(ROOT / "templates")}
    assert {name.removeprefix("followmail/starters/") for name in held if "/starters/" in name} == shipped
    assert {"followmail/units/followmail.service", "followmail/units/followmail@.service"} <= held
    assert [name for name in held if name.endswith(".data/data/share/man/man1/followmail.1")]
    command = _installed(wheel, tmp_path / "environment")
    home = tmp_path / "home"
    home.mkdir()
    values = {
        "FOLLOWMAIL_ADDRESS": "alex@consult.example",
        "FOLLOWMAIL_NAME": "Alex Consultant",
        "FOLLOWMAIL_IMAP_HOST": "imap.consult.example",
        "FOLLOWMAIL_PASSWORD": "secret",
    }

    def run(*words: str) -> str:
        env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **values}
        done = subprocess.run([command, *words], capture_output=True, text=True, cwd=home, env=env, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("--version").split()[-1] == followmail.__version__
    assert all(name in run("--help") for name in COMMANDS)
    mails = json.loads(run("preview", "nudge", "--json"))["mails"]
    assert [mail["step"] for mail in mails] == [1, 2, 3]
    assert f"ExecStart={command} --config" in run("service", "install", "--root", str(home), "--dry-run")


def build_wheel(folder: Path) -> Path:
    """A wheel of a copy of this checkout, made without asking an index."""
    source = folder / "source"
    for path in _files(ROOT):
        if path.relative_to(ROOT).parts[0] not in {"tests", "docs", "bench"}:
            target = source / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", folder, source], check=True, capture_output=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _installed(wheel: Path, environment: Path) -> Path:
    """The command, installed into a new environment; the libraries are lent by the one that runs the tests."""
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--ignore-installed", str(wheel)], check=True, capture_output=True)
    return environment / "bin" / "followmail"
