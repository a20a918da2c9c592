"""Every public name is documented, with an example that the tests run, and costs no time."""

import importlib
import inspect
import subprocess
import sys
import types

import pytest

PACKAGES = ["layers", "models", "data", "training", "serving", "text", "evidence", "explain"]
PACKAGES += ["embeddings", "evaluation", "optimizers", "losses", "metrics", "sklearn"]


def public_names(package):
    """`(name, object)` of what a package offers and hanlib itself defines."""
    module = importlib.import_module(f"hanlib.{package}")
    names = getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")])
    for name in names:
        value = getattr(module, name)
        if isinstance(value, types.ModuleType):
            continue
        if getattr(value, "__module__", "hanlib").startswith("hanlib"):
            yield name, value


NAMES = [
    pytest.param(value, id=f"{package}.{name}")
    for package in PACKAGES
    for name, value in public_names(package)
]


def test_the_packages_offer_names():
    listed = {param.id for param in NAMES}
    expected = {"layers.GRUCell", "layers.HierarchicalEncoder", "layers.DocumentVectorizer"}
    expected |= {"models.HAN", "models.DocumentClassifier", "data.load", "text.split_words"}
    assert expected <= listed


@pytest.mark.parametrize("value", NAMES)
def test_a_public_name_has_a_docstring_with_an_example(value):
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        pytest.skip("a constant: its module documents it")
    # Not the docstring of the class above it.
    text = value.__doc__
    assert text, f"{value.__name__} has no docstring"
    assert len(text.split()) >= 4
    is_error = inspect.isclass(value) and issubclass(value, Exception)
    if not is_error and value.__name__ != "GatedCell":  # An abstract class cannot be called.
        assert ">>> " in text, f"{value.__name__} has no example"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import hanlib; dir(hanlib); hanlib.__version__", ["tensorflow", "keras", "numpy"]),
        ("import hanlib.data", ["tensorflow", "keras", "pyarrow"]),
        ("import hanlib.embeddings", ["tensorflow", "keras", "scipy", "gensim"]),
        ("import hanlib.evidence", ["tensorflow", "keras", "numpy"]),
        ("import hanlib.evaluation", ["tensorflow", "keras", "pandas", "matplotlib"]),
    ],
)
def test_importing_starts_no_tensorflow(statement, absent):
    program = f"import sys; {statement}; print([m for m in {absent} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"


def test_subpackages_come_by_name_alone():
    program = (
        "import hanlib; print(hanlib.data.load.__module__)\n"
        "try:\n    hanlib.nothing\nexcept AttributeError as error:\n    print(error)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.splitlines() == [
        "hanlib.data.catalog",
        "module 'hanlib' has no attribute 'nothing'",
    ]


def test_commands_start_keras_without_what_it_needs_for_plots():
    program = (
        "import sys; from hanlib.cli.quiet import start_tensorflow; start_tensorflow(); "
        "import keras; keras.layers.Dense; "
        "print([m for m in ('IPython', 'matplotlib', 'pandas', 'sklearn') if m in sys.modules]); "
        "import sklearn"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
    assert result.returncode == 0
