"""What the shells are offered where a word is to be completed."""

import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.config.keys import KEYS
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.models.registry import models
from support.processes import environment


def offered(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what bash is offered at the end of ``line``."""
    monkeypatch.setenv("_SDA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    with pytest.raises(SystemExit):
        main([])
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sda feat", ["features"]),
        ("sda --device c", ["cpu", "cuda"]),
        ("sda run --eng", ["--engine"]),
        ("sda run --engine ", ["local", "ray"]),
        ("sda run --stages an", ["analyze"]),
        ("sda run --stages organize,an", ["organize,analyze"]),
        ("sda plan --skip cr", ["crop"]),
        ("sda analyze --stages cl", ["classify"]),
        ("sda separate --backend ", ["demucs", "roformer", "dsp"]),
        ("sda separate --format f", ["flac"]),
        ("sda caption --backend l", ["llama-server"]),
        ("sda caption --prompts full,te", ["full,technical"]),
        ("sda transcribe --backend ad", ["adtof"]),
        ("sda metadata --sources tags,mu", ["tags,musicbrainz"]),
        ("sda export ", ["stable-audio", "audiofolder", "webdataset"]),
        ("sda lint --check clipped,sil", ["clipped,silent"]),
        ("sda forget an", ["analyze"]),
        ("sda forget sep", []),
        ("sda features bpm", ["bpm", "bpm_is_defined"]),
        ("sda config get paths.li", ["paths.library"]),
        ("sda config set paths.li", ["paths.library"]),
        ("sda run ", []),
    ],
)
def test_values_are_offered(
    line: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offered(line, monkeypatch, capsys) == words


def test_every_name_is_offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert offered("sda features ", monkeypatch, capsys) == list(declared())
    assert offered("sda config get ", monkeypatch, capsys) == list(KEYS)
    known = offered("sda models pull ", monkeypatch, capsys)
    assert known[: len(models())] == list(models())
    assert "separation" in known


@pytest.mark.process
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = Path(sys.executable).with_name("sda")
    shown = subprocess.run(
        [script, "--show-completion", shell], env=environment(env), capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "_SDA_COMPLETE" in shown.stdout


@pytest.mark.process
def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    bin_folder = str(Path(sys.executable).parent)
    line = (
        'eval "$(sda --show-completion bash)"; COMP_WORDS=(sda config ge); COMP_CWORD=2; _sda_completion sda; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    env = environment({"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    env["PATH"] = f"{bin_folder}:{env['PATH']}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("get\n", "")
