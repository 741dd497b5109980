"""Forms of asking: a problem as the words of its surface alone, or as a language model is asked, whose replies are read tolerantly."""

from synthtasks.asking.form import Form, Plain
from synthtasks.asking.instruct import Instruct

__all__ = ["Form", "Instruct", "Plain"]
