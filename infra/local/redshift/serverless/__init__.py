"""The control plane: namespaces, work groups and usage limits of `redshift-serverless`.

Nothing here knows what serves it. What it keeps is JSON that its owner saves.
"""

from infra.local.redshift.serverless.control_plane import ControlPlane
from infra.local.redshift.serverless.surroundings import Surroundings

__all__ = ["ControlPlane", "Surroundings"]
