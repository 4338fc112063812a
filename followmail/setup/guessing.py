"""What can be known without asking: the country of a time zone, the name in an address."""

from importlib import resources


def country(zone: str) -> str:
    """The country that a zone of the tz database lies in, as ISO 3166 writes it; empty where that is not one country."""
    try:
        lines = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines()
    except (OSError, ModuleNotFoundError):
        return ""
    found = [line.split("\t")[0] for line in lines if not line.startswith("#") and line.split("\t")[2] == zone]
    return found[0] if found else ""


def name(address: str) -> str:
    """anna.meier@… → Anna Meier; empty where the address does not say so plainly."""
    parts = address.partition("@")[0].replace("_", ".").split(".")
    return (
        " ".join(map(str.capitalize, parts))
        if len(parts) == 2 and all(len(p) > 1 and p.isalpha() for p in parts)
        else ""
    )
