"""A data set: the YAML file that declares one table of the lake, read and checked.

Imported while DAGs are parsed, so light: no Airflow, numpy or pyarrow in here.
"""

from lake.dataset.column import Column, Kind
from lake.dataset.errors import DataSetError, Problem
from lake.dataset.layout import FixedWidthLayout
from lake.dataset.load import find_data_sets, load_data_set
from lake.dataset.model import DataSet

__all__ = [
    "Column",
    "DataSet",
    "DataSetError",
    "FixedWidthLayout",
    "Kind",
    "Problem",
    "find_data_sets",
    "load_data_set",
]
