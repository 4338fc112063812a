"""The package, and with it templates/ as the starters that `init` copies. All else stands in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["followmail*"]), "followmail.starters"],
    package_dir={"followmail.starters": "templates"},
)
