"""Where the models and the checks run: a query engine with tables, Athena or Redshift.

Statements are written in Athena's dialect; a target that speaks another one translates them.
"""

from lake.targets.table import TableDefinition, TableDiffers
from lake.targets.target import Target

__all__ = ["TableDefinition", "TableDiffers", "Target"]
