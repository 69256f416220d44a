"""The network of the MWAA environment: its VPC, its security groups and its endpoints."""

from infra.network.endpoints import EnvironmentEndpoints
from infra.network.network import Network

__all__ = ["EnvironmentEndpoints", "Network"]
