"""The command line that `synthtasks` and `synthtasks-study` share: help, mistakes, completion and version, by tyro."""

from synthtasks.commands.line.mistakes import Option, options
from synthtasks.commands.line.parsing import LOOKS, described, parse
from synthtasks.commands.line.shells import Shell, by_name, completion
from synthtasks.commands.line.top import CommandLine

__all__ = ["LOOKS", "CommandLine", "Option", "Shell", "by_name", "completion", "described", "options", "parse"]
