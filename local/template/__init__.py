"""Reading template.yaml: includes inlined, translated by SAM, references resolved."""

from local.template.load import ROOT, Template, load_template, read_template

__all__ = ["ROOT", "Template", "load_template", "read_template"]
