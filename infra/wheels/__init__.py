"""The wheels that plugins.zip carries to an environment without a way to the Internet."""
