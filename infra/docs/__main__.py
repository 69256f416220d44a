"""`python -m infra.docs`: write docs/datasets.md and docs/architecture.md."""

from infra.docs import datasets
from infra.docs.architecture import page as architecture

datasets.PAGE.write_text(datasets.page(), encoding="utf-8")
architecture.PAGE.write_text(architecture.page(), encoding="utf-8")
