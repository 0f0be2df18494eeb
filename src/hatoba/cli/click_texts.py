"""The texts of click that a user of hatoba can meet, marked so that our catalogues carry them.

Click looks them up by gettext at the moment it speaks (``language.speak`` points it at our catalogue). A test reads the
installed click and fails when it says something that is missing here. Where versions of click differ, both wordings stand.
"""

from __future__ import annotations

from hatoba.messages import _N, _NN

TEXTS = (
    _N("Usage:"),
    _N("Options"),
    _N("Commands"),
    _N("Positional arguments"),
    _N("Show this message and exit."),
    _N("default: {default}"),
    _N("env var: {var}"),
    _N("required"),
    _N("(dynamic)"),
    _N("deprecated"),
    _N("Aborted!"),
    _N("Error: {message}"),
    _N("Try '{command} {option}' for help."),
    _N("Invalid value: {message}"),
    _N("Invalid value for {param_hint}: {message}"),
    _N("Missing argument"),
    _N("Missing option"),
    _N("Missing parameter"),
    _N("Missing {param_type}"),
    _N("Missing parameter: {param_name}"),
    _N("Missing command."),
    _N("No such option {name!r}."),
    _N("No such option: {name}"),
    _N("No such command {name!r}."),
    _N("unknown error"),
    _N("Could not open file {filename!r}: {message}"),
    _N("Option {name!r} does not take a value."),
    _N("Argument {name!r} takes {nargs} values."),
    _N("Do you want to continue?"),
    _N("Confirm the action without prompting."),
    _N("Repeat for confirmation"),
    _N("Error: The two entered values do not match."),
    _N("Error: invalid input"),
    _N("Choose from:\n\t{choices}"),
    _N("{value!r} is not a valid {number_type}."),
    _N("{value} is not in the range {range}."),
    _N("{value!r} is not a valid boolean. Recognized values: {states}"),
    _N("{name} {filename!r} does not exist."),
    _N("{name} {filename!r} is a file."),
    _N("{name} {filename!r} is a directory."),
    _N("{name} {filename!r} is not readable."),
    _N("{name} {filename!r} is not writable."),
    _N("{name} {filename!r} is not executable."),
    _N("file"),
    _N("directory"),
    _N("path"),
    _N("Value must be an iterable."),
    _N("Press any key to continue..."),
)

COUNTING_TEXTS = (
    _NN("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    _NN("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    _NN("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
    _NN("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    _NN("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
)

NOT_SAID = (
    # Messages to a programmer who declares a parameter wrongly, and of parts of click that hatoba does not use: editors,
    # pagers, colours, dates, UUIDs, shell completion on an old Bash, the version option (hatoba answers that itself).
    "d",
    "{editor}: Editing failed",
    "{editor}: Editing failed: {e}",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Could not determine name for option with declarations {decls!r}",
    "No options defined but a name was passed ({name})."
    " Did you mean to declare an argument instead? Did you mean to pass '--{name}'?",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Name '{name}' defined twice",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "%(prog)s, version %(version)s",
    "Show the version and exit.",
    "Invalid start character for option ({option})",
    "Couldn't detect Bash version, shell completion is not supported.",
    "Shell completion is not supported for Bash versions older than 4.4.",
    "Unknown color {colour!r}",
    "Choice({choices})",
    "{value!r} does not match the format {format}.",
    "{len_type} values are required, but {len_value} was given.",
    "{value!r} is not a valid UUID.",
    "Unknown standard stream '{name}'",
)
"""Texts of click that need no translation, by the first form."""
