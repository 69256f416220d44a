"""One data set's part of the lake, as the stages of its runs see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lake.dataset import DataSet
from lake.pipeline.athena import Athena
from lake.pipeline.index import FileIndex, definition_of
from lake.pipeline.ledger import Ledger
from lake.pipeline.log import ChangeLog
from lake.pipeline.places import Places
from lake.pipeline.store import Store, connect
from lake.settings import LakeSettings
from lake.tables import LakeTable, Warehouse, lake_table


@dataclass(frozen=True)
class Lake:
    """A data set with its buckets, its tables, its log and its index."""

    data_set: DataSet
    store: Store
    warehouse: Warehouse
    athena: Athena

    @classmethod
    def of(cls, data_set: DataSet, settings: LakeSettings) -> Lake:
        """The lake of the environment that this process belongs to."""
        store = Store(
            landing_bucket=settings.landing_bucket,
            curated_bucket=settings.curated_bucket,
            s3=connect(),
        )
        warehouse = Warehouse.connect(bucket=settings.curated_bucket, database=settings.database)
        athena = Athena.connect(database=settings.database, workgroup=settings.workgroup)
        return cls(data_set=data_set, store=store, warehouse=warehouse, athena=athena)

    @cached_property
    def places(self) -> Places:
        """Where its things are."""
        return Places.of(self.data_set)

    @cached_property
    def definition(self) -> str:
        """What the data set file says, as the file index keeps it."""
        return definition_of(self.data_set)

    @cached_property
    def rows(self) -> LakeTable:
        """The table."""
        return lake_table(self.data_set, warehouse=self.warehouse, which="rows")

    @cached_property
    def quarantine(self) -> LakeTable:
        """The table of what could not be converted."""
        return lake_table(self.data_set, warehouse=self.warehouse, which="quarantine")

    @cached_property
    def log(self) -> ChangeLog:
        """Its change log."""
        return ChangeLog(store=self.store, places=self.places)

    @cached_property
    def index(self) -> FileIndex:
        """Its file index."""
        return FileIndex(store=self.store, places=self.places)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of the environment."""
        return Ledger(store=self.store, warehouse=self.warehouse, data_set=self.data_set)
