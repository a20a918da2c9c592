"""docs/extend.md: a new encoder is one page, and its code runs."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "extend.md"


def test_the_page_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "reviews" / "1" / "saved_model.pb").is_file()
    assert "food" in capsys.readouterr().out
