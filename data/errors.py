"""The errors a person may see, each of one or two lines that name the thing, its place and the remedy.

CoweseError                  anything below; the command prints it and exits with ``exit_code``
├── InputError               what the user gave is wrong: a file, an option, a setting (exit code 2)
├── StoreError               the store cannot be used as it is: unwritable, locked, damaged (1)
│   └── DiskFullError        no room left; what was finished is whole, the run goes on once there is room (1)
└── StageError               a stage could not do its work: an empty crawl, a corpus too small (1)

If a stage has no input because an earlier stage has not run (no WARC file, documents, version or tokens), it raises a
StageError. If the user named something that is missing or of the wrong kind, it raises an InputError.
"""


class CoweseError(Exception):
    """Base of every error that is shown without a traceback."""

    exit_code = 1


class InputError(CoweseError):
    """What the user gave is wrong: a file, an option, a setting."""

    exit_code = 2


class StoreError(CoweseError):
    """The store cannot be used as it is."""


class DiskFullError(StoreError):
    """No room left on the device; nothing finished was lost."""


class StageError(CoweseError):
    """A stage could not do its work with what it was given."""
