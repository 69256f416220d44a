"""`python -m infra.docs`: write docs/datasets.md."""

from infra.docs.datasets import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
