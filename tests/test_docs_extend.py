"""docs/extend.md: a new encoder is one page, and its code runs."""

import re
from pathlib import Path

import pytest

from hanlib.data import demo

PAGE = Path(__file__).parents[1] / "docs" / "extend.md"


@pytest.mark.usefixtures("check_here", "eager_functions", "without_contrast")
def test_the_page_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # Fewer documents; the code is that of the page.
    monkeypatch.setattr(demo, "SIZES", {"train": 48, "validation": 12, "test": 16})
    demo._all_reviews.cache_clear()
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "reviews" / "1" / "saved_model.pb").is_file()
    assert "food" in capsys.readouterr().out
    demo._all_reviews.cache_clear()
