"""The version of the code. Apart from manifest.py, whose pydantic takes half the time of `cowese --version`."""

from importlib.metadata import PackageNotFoundError, version


def code_version() -> str:
    """The installed version of this distribution."""
    try:
        return version("cowese")
    except PackageNotFoundError:
        return "0+unknown"
