"""``sda models``: weights, from where they come to whether they still are what they were."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli import offers
from small_dataset_audio.cli.command import Command, Group
from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.pulling import pulling_display, size_text
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, ModelError

if TYPE_CHECKING:
    from small_dataset_audio.models.pull import Pulled, Sources
    from small_dataset_audio.models.registry import Model
    from small_dataset_audio.models.store import Store
    from small_dataset_audio.models.verify import Found

app = typer.Typer(cls=Group, rich_markup_mode=None)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Models, or tasks for all of theirs.", autocompletion=offers.models),
]


@app.callback(invoke_without_command=True)
def root(context: typer.Context) -> None:
    """Fetch, verify and find the weights of models."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", cls=Command)
def list_(context: typer.Context, names: Names = None, as_json: AsJson = False) -> None:
    """List the models: what for, how large, under which licence, and whether they are installed."""
    from small_dataset_audio.models.overview import entry

    session = session_of(context)
    store = _store(session)
    entries = [entry(model, store) for model in _chosen(store, names)]
    if as_json:
        session.print_json({"folder": str(store.folder), "models": [one.as_dict() for one in entries]})
        return
    rows = [
        (
            one.model.name,
            one.model.task,
            size_text(one.model.size, exact=one.model.size_is_exact),
            one.model.commercial_use,
            one.installed,
            one.model.licence,
        )
        for one in entries
    ]
    show = session.terminal.result
    session.terminal.table(("model", "task", "size", "commercial use", "installed", "licence"), rows, free=5)
    if names and len(entries) == 1:
        show(f"\n{entries[0].model.summary} {entries[0].model.commercial}")
        if entries[0].model.memory_gb is not None:
            show(f"It needs about {entries[0].model.memory_gb:g} GiB of memory while working.")
    show(f"\nThey lie in {store.folder}. `sda models pull NAME` fetches one.")


@app.command(cls=Command)
def pull(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME", help="Models, or tasks for all of theirs.", autocompletion=offers.models),
    ],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Take the files from a folder, without a network.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licences without being asked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch weights and verify them; a download that broke off goes on where it stopped."""
    from small_dataset_audio.models.pull import must_accept, terms

    session = session_of(context)
    store = _store(session)
    chosen = _chosen(store, names)
    absent = [model for model in chosen if store.missing(model)]
    for model in absent:
        session.terminal.messages.write(terms(model))
    accepted = {
        model.name
        for model in absent
        if accept_licence or (must_accept(model, store) and session.terminal.interactive and _says_yes(session, model))
    }
    pulled = _pull_all(session, store, chosen, _sources(session, source), accepted)
    if as_json:
        session.print_json({"models": [_pulled_document(one) for one in pulled]})


def _pull_all(
    session: Session, store: "Store", chosen: "list[Model]", sources: "Sources", accepted: set[str]
) -> "list[Pulled]":
    """Return what was pulled; one that fails does not keep the others from coming.

    Raises:
        ModelError: at least one failed.
    """
    from small_dataset_audio.models.pull import pull as pull_model

    pulled: list[Pulled] = []
    failures: list[ModelError] = []
    with pulling_display(session.terminal) as progress:
        for model in chosen:
            try:
                one = pull_model(
                    model, store, accept_licence=model.name in accepted, sources=sources, progress=progress
                )
            except ModelError as error:
                failures.append(error)
                continue
            pulled.append(one)
            _tell(session, one)
    if len(failures) > 1:
        raise ModelError(
            f"{len(failures)} of {len(chosen)} models could not be pulled.",
            "\n".join(f"{failure.what} {failure.why}" for failure in failures),
            failures[0].fix,
        )
    if failures:
        raise failures[0]
    return pulled


def _tell(session: Session, pulled: "Pulled") -> None:
    """Say what was done."""
    name, came = pulled.model.name, len(pulled.fetched)
    done = f"{name}: {plural(came, 'file')} fetched and verified" if came else f"{name}: there already, and verified"
    session.terminal.status(f"{done}, in {pulled.folder}")
    for file, sha256 in pulled.unpinned.items():
        session.terminal.warn(
            f"Nobody has told sda what {file} must be: what came is trusted, and later changes will be noticed "
            f"(sha256 {sha256})."
        )


def _pulled_document(pulled: "Pulled") -> dict[str, object]:
    return {
        "name": pulled.model.name,
        "folder": str(pulled.folder),
        "fetched": list(pulled.fetched),
        "unpinned": pulled.unpinned,
    }


@app.command(cls=Command)
def verify(context: typer.Context, names: Names = None, as_json: AsJson = False) -> None:
    """Read weights again and compare them with what they must be; without names, all that are installed."""
    from small_dataset_audio.models.verify import verify as verify_model

    session = session_of(context)
    store = _store(session)
    chosen = _chosen(store, names) if names else [one for one in _chosen(store, None) if store.begun(one)]
    with pulling_display(session.terminal, "Reading") as progress:
        found = [verify_model(model, store, progress) for model in chosen]
    if as_json:
        session.print_json({"ok": all(one.ok for one in found), "models": [one.as_dict() for one in found]})
    else:
        _show(session, found)
    if not all(one.ok for one in found):
        raise typer.Exit(EXIT_FAILED)


def _show(session: Session, found: "list[Found]") -> None:
    if not found:
        session.terminal.result("No weights are installed. `sda models list` shows what there is.")
        return
    rows = [(one.model.name, file.name, file.state) for one in found for file in one.files]
    session.terminal.table(("model", "file", "state"), rows)
    for one in found:
        if not one.ok:
            session.terminal.warn(f"{one.model.name} cannot be used: run `sda models pull {one.model.name}`.")
        elif any(file.state == "trusted" for file in one.files):
            session.terminal.warn(f"Nobody has told sda what {one.model.name} must be: it is trusted as it is now.")


@app.command(cls=Command)
def where(context: typer.Context, names: Names = None, as_json: AsJson = False) -> None:
    """Print the folder of models, or of the named ones."""
    session = session_of(context)
    store = _store(session)
    chosen = _chosen(store, names) if names else []
    if as_json:
        homes = {model.name: str(store.home(model)) for model in chosen}
        session.print_json({"folder": str(store.folder), "models": homes})
        return
    for folder in [store.home(model) for model in chosen] or [store.folder]:
        session.terminal.result(str(folder))


def _store(session: Session) -> "Store":
    from small_dataset_audio.models.store import Store

    return Store.of(session.loaded.settings)


def _chosen(store: "Store", names: list[str] | None) -> "list[Model]":
    return store.choose(names) if names else list(store.models().values())


def _sources(session: Session, folder: Path | None) -> "Sources":
    """Return where the settings, the environment and the command line let weights come from."""
    from small_dataset_audio.models.hub import Hub
    from small_dataset_audio.models.pull import Sources

    settings = session.loaded.settings
    return Sources(folder, tuple(settings.models.mirrors), Hub.of(), offline=settings.general.offline)


def _says_yes(session: Session, model: "Model") -> bool:
    answer = session.terminal.ask(f"Do you accept the licence of {model.name} (yes or no)?", "no")
    return answer.lower() in {"y", "yes"}
