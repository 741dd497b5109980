"""Names of places on a page: made from what is there, not from counters, so a link to a place stays good when the page is made again."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

BETWEEN = re.compile(r"[\W_]+")
DIGITS = 6  # of the hash by which names that look alike are told apart


def slug(name: str) -> str:
    """The name in letters and digits, as in `2-gain-beyond-training`."""
    return BETWEEN.sub("-", name.casefold()).strip("-") or hashed(name)


def hashed(name: str) -> str:
    """A short hash of a name."""
    return hashlib.sha256(name.encode()).hexdigest()[:DIGITS]


def anchors(prefix: str, names: Sequence[str]) -> list[str]:
    """An identifier for each of these different names. Those of which nothing but signs differs get a hash as well."""
    alike = Counter(map(slug, names))
    return [f"{prefix}-{slug(name)}" + (f"-{hashed(name)}" if alike[slug(name)] > 1 else "") for name in names]


def here(anchor: str, what: str) -> Markup:
    """The permanent link to a place, shown as a sign."""
    return Markup('<a class="here" href="#{}" aria-label="Link to {}"></a>').format(anchor, what)
