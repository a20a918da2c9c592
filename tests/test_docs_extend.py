"""docs/extend.md: a new encoder is one page, and its code runs."""

import re
from pathlib import Path

import pytest

from hanlib.data import demo

PAGE = Path(__file__).parents[1] / "docs" / "extend.md"


@pytest.mark.usefixtures("check_here", "eager_functions")
@pytest.mark.parametrize("exported", [False, pytest.param(True, marks=pytest.mark.long)])
def test_the_page_runs_from_top_to_bottom(exported, tmp_path, monkeypatch, capsys):
    """By default without its last block, an export and the check of it: test_export.py."""
    monkeypatch.chdir(tmp_path)
    # Fewer documents; the code is that of the page.
    monkeypatch.setattr(demo, "SIZES", {"train": 48, "validation": 12, "test": 16})
    demo._all_reviews.cache_clear()
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names = {}
    assert "export_saved_model(" in blocks[-1]
    for block in blocks if exported else blocks[:-1]:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "reviews" / "1" / "saved_model.pb").is_file() == exported
    assert "food" in capsys.readouterr().out
    demo._all_reviews.cache_clear()
