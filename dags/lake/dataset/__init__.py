"""A data set: the YAML file that declares one table of the lake, read and checked.

Imported while DAGs are parsed, so light: no Airflow, numpy or pyarrow in here.
"""

from lake.dataset.column import Column, Kind
from lake.dataset.delimited import DelimitedColumn, DelimitedDataSet, DelimitedLayout
from lake.dataset.errors import DataSetError, Problem
from lake.dataset.fixed_width import FixedWidthColumn, FixedWidthDataSet, FixedWidthLayout
from lake.dataset.json_text import JsonColumn, JsonDataSet, JsonLayout
from lake.dataset.layout import Layout
from lake.dataset.load import find_data_sets, load_data_set
from lake.dataset.model import DataSet

__all__ = [
    "Column",
    "DataSet",
    "DataSetError",
    "DelimitedColumn",
    "DelimitedDataSet",
    "DelimitedLayout",
    "FixedWidthColumn",
    "FixedWidthDataSet",
    "FixedWidthLayout",
    "JsonColumn",
    "JsonDataSet",
    "JsonLayout",
    "Kind",
    "Layout",
    "Problem",
    "find_data_sets",
    "load_data_set",
]
