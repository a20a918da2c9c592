"""Writes the files beside the versions of a model: model card and server configuration."""

from pathlib import Path

from hanlib import atomic_files
from hanlib.serving import model_card, server_config, versions

_MARK = "Written by `hanlib export`"
_NOTE = f"{_MARK}, which overwrites this file. Delete this line to keep your changes."


def write_base_files(base, classifier, dataset=None, recipe=None, metrics=None, options=None):
    """Writes `MODEL_CARD.md`, `models.config`, `batching.config` and `docker-compose.yml`.

    Servers ignore these files when they look for versions. Each file is replaced atomically. A file
    whose first line was deleted is not overwritten.

    Args:
        base: The folder with the versions.
        classifier, dataset, recipe, metrics, options: See `hanlib.serving.model_card.model_card`.

    Returns:
        Names of the files that were not overwritten.

    Raises:
        FileNotFoundError: If there is no version.
    """
    base = Path(base)
    name, numbers = server_config.model_name(base), versions.numbers(base)
    if not numbers:
        raise FileNotFoundError(f"`base` must hold a version. Received: {base}")
    card = model_card.model_card(name, classifier, dataset, recipe, metrics, options)
    config = server_config.models_config(name, f"/models/{name}", numbers)
    files = {
        "MODEL_CARD.md": f"<!-- {_NOTE} -->\n{card}",
        "models.config": f"# {_NOTE}\n{config}",
        "batching.config": f"# {_NOTE}\n{server_config.batching_config()}",
        "docker-compose.yml": f"# {_NOTE}\n{server_config.compose_file(name)}",
    }
    kept = [name for name in files if not _may_overwrite(base / name)]
    for name in files.keys() - set(kept):
        atomic_files.write_text(base / name, files[name], errors="replace")
    return kept


def _may_overwrite(path):
    if not path.exists():
        return True
    with open(path, encoding="utf-8", errors="replace") as file:
        return _MARK in file.readline()
