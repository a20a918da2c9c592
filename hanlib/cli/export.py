"""`hanlib export`: a model as a SavedModel that needs TensorFlow alone."""

import contextlib
import sys

from hanlib.cli import model_file, options


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(
        commands, "export", "write a model as a SavedModel: text in, probabilities out", run
    )
    options.add_model(parser)
    parser.add_argument("directory", metavar="DIR", help="the folder to make, such as serving/1")


def run(arguments):
    """Runs the command."""
    model_file.model_path(arguments.model)
    options.check_writable(arguments.directory)
    with contextlib.redirect_stdout(sys.stderr):
        classifier = model_file.load_classifier(arguments.model)
        from hanlib.serving.export import export_saved_model

        path = export_saved_model(classifier, arguments.directory)
    print(path)
