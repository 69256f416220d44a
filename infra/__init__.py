"""The infrastructure of the lake: the CDK constructs, the laptop, and the `lake` command."""
