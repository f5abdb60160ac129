"""Write the pages of docs/ that list what the code declares. A test fails when one of them is stale."""

import json
import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from small_dataset_audio.cli.app import app
from small_dataset_audio.cli.schema import schemas
from small_dataset_audio.config import describe as settings
from small_dataset_audio.features import describe as features
from small_dataset_audio.features.catalog import FEATURES
from small_dataset_audio.models import describe as models
from small_dataset_audio.pipeline.stages import STAGES

SETTINGS_HEAD = """# The settings

<!-- Written by `make docs` from config/model.py: change it there. -->

Settings live in `config.toml`. `sda setup` writes it, `sda config show` shows what holds and where each value came from,
`sda config set paths.library ~/Music/library` changes one. The command line wins over the environment, the environment over
the file, the file over the defaults. The file is looked for in this order: `--config FILE`, the variable `SDA_CONFIG`,
`config.toml` in the current folder.

"""
MODELS_BEGIN = "<!-- models: written by `make docs` from models/registry.toml -->"
MODELS_END = "<!-- end of models -->"
DOCS = Path(__file__).parent.parent / "docs"


def commands_page() -> str:
    """Return the page with what ``--help`` says of every command."""
    parts = ["# The commands", "", "<!-- Written by `make docs` from the commands' own help. -->"]
    for words in [(), *command_paths()]:
        parts += ["", f"## {' '.join(('sda', *words))}", "", "```text", help_of(words), "```"]
    return "\n".join(parts) + "\n"


def command_paths() -> list[tuple[str, ...]]:
    """Return the words that lead to each command, in the order in which help lists them."""
    paths: list[tuple[str, ...]] = []
    for name, command in getattr(get_command(app), "commands", {}).items():
        inner = getattr(command, "commands", None)
        paths += [(name,)] if inner is None else [(name, sub) for sub in inner]
    return paths


def help_of(words: tuple[str, ...]) -> str:
    """Return what ``sda WORDS --help`` prints, at a width that does not depend on the terminal."""
    shown = CliRunner().invoke(
        app, [*words, "--help"], prog_name="sda", env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}
    )
    return "\n".join(line.rstrip() for line in shown.output.strip().splitlines())


def schemas_page() -> str:
    """Return the page with the JSON Schema of every ``--json`` document."""
    parts = [
        "# The JSON documents",
        "",
        "<!-- Written by `make docs` from the schemas that the tests hold the commands to. -->",
        "",
        "With `--json` a command prints exactly one JSON document on stdout. These are their schemas.",
    ]
    for command, schema in schemas().items():
        parts += ["", f"## {command}", "", "```json", json.dumps(schema, indent=2, ensure_ascii=False), "```"]
    return "\n".join(parts) + "\n"


def models_page() -> str:
    """Return the page on models, with its table as the registry has it; the rest of it is written by hand."""
    text = (DOCS / "models.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition(MODELS_BEGIN)
    _, end, after = rest.partition(MODELS_END)
    return f"{before}{begin}\n\n{models.render_markdown()}\n{end}{after}"


def pages() -> dict[str, str]:
    """Return file name -> text of every page that is written from the code."""
    measured = frozenset(one.name for one in FEATURES if one.stage in {stage.name for stage in STAGES})
    return {
        "features.md": features.render_markdown(measured),
        "settings.md": SETTINGS_HEAD + settings.render_markdown(),
        "commands.md": commands_page(),
        "json.md": schemas_page(),
        "models.md": models_page(),
    }


def main() -> int:
    """Write every page and return 0."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
