"""The Data API, `redshift-data`: statements sent over HTTP, results fetched later."""

from infra.local.athena.clients import Credentials
from infra.local.redshift.data.caller import Caller
from infra.local.redshift.data.data_api import DataApi

__all__ = ["Caller", "Credentials", "DataApi"]
