import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "numpy", "scipy", "av", "soundfile", "rich", "typer", "tomli_w")


def modules_after(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(' '.join(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    return set(run.stdout.split())


@pytest.mark.process
def test_loading_settings_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[hardware]\ndevice = "cpu"\n')
    statement = (
        "from pathlib import Path\n"
        "from small_dataset_audio.config.load import load_settings\n"
        f"load_settings(Path({str(tmp_path / 'config.toml')!r}), None, {{'SDA_PIPELINE_WORKERS': '2'}})"
    )
    modules = modules_after(statement)
    assert [name for name in HEAVY if name in modules] == []
    assert "difflib" not in modules


@pytest.mark.process
def test_no_module_of_the_room_imports_torch() -> None:
    room = Path(__file__).parents[2] / "src" / "small_dataset_audio" / "config"
    names = [
        ".".join(("small_dataset_audio", "config", *file.relative_to(room).with_suffix("").parts))
        for file in room.rglob("*.py")
        if file.name != "__init__.py"
    ]
    assert "torch" not in modules_after("\n".join(f"import {name}" for name in names))
