"""Whether a sent mail asks something that awaits an answer."""


def asks(text: str, lang: str | None) -> str | None:
    return next((line.strip() for line in text.splitlines() if "?" in line), None)
