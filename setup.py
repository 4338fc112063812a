"""The package, and with it templates/ as the starters that `init` copies, deploy/ as the units that `service` installs,
and the man page. All else stands in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["followmail*"]), "followmail.starters", "followmail.units"],
    package_dir={"followmail.starters": "templates", "followmail.units": "deploy"},
    data_files=[("share/man/man1", ["deploy/followmail.1"])],
)
