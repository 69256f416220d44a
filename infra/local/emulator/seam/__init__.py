"""The only package that knows ministack's private names; `contract.py` holds it.

ministack reads its environment while it is imported, so this package is imported after
`EmulatorSettings.ministack_environment` was set.
"""
