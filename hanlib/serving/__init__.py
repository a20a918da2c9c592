"""What production needs: the export to a SavedModel."""

from hanlib.serving.export import export_saved_model, export_version
