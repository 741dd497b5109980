"""Items as a stream for a `DataLoader` of PyTorch (install torch yourself).

loader = DataLoader(Stream(Items(Dag(), Equations(), "train", seed=0, size=10_000)), batch_size=32, num_workers=2)
"""

from collections.abc import Iterator

from torch.utils.data import IterableDataset, get_worker_info

from synthtasks.datasets.items import Item, Items


class Stream(IterableDataset[Item]):
    """Items in their order; worker k of n draws items k, k + n, k + 2n, ..., so that each comes once.

    An item is a function of its name, so a stream draws nothing ahead and needs no seed of its own. `first` skips
    the items that an interrupted run has seen.

    Raises:
        ValueError: if `first` is negative.
    """

    def __init__(self, items: Items, first: int = 0) -> None:
        if first < 0:
            raise ValueError(f"Stream.first is the index of an item, from 0; found {first}")
        self.items, self.first = items, first

    def __len__(self) -> int:
        return max(0, len(self.items) - self.first)

    def __iter__(self) -> Iterator[Item]:
        worker = get_worker_info()
        start, step = (worker.id, worker.num_workers) if worker else (0, 1)
        return (self.items[i] for i in range(self.first + start, len(self.items), step))
