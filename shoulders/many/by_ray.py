"""The pass by Ray Data: a pool of workers that each hold the network once, to which Ray hands the parts and gives them again.

Which worker takes which part, and what becomes of the part of a worker that died, is Ray's. Without an address in RAY_ADDRESS a
cluster is started on 127.0.0.1 and ended again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from shoulders.many import parts
from shoulders.many.parts import Part, PartsError
from shoulders.support.errors import CourseError, reason

_STORE = 100_000_000  # bytes of memory that workers share: what they hand over are a few words about each part


def look(folder: Path, missing: list[Part], card: dict, workers: int = 0) -> Iterator[dict]:
    """Write these parts, in any order; yields what `shoulders.many.parts.write` told of each.

    Parameters
    ----------
    folder : pathlib.Path
        Which all workers reach by this path, as they reach the pictures.
    missing : list of Part
    card : dict
        As `shoulders.many.made_by` gives it.
    workers : int
        As for `shoulders.many.write`.

    Raises
    ------
    PartsError
        Without Ray; for more workers than there are cores; and for what a worker said.
    """
    ray = _ray()
    folder = Path(os.path.abspath(folder))
    with _cluster(ray):
        share = _share(ray, workers)
        pool = ray.data.ActorPoolStrategy(size=share.pop("workers"))
        tasks = ray.data.from_items([asdict(part) for part in missing], override_num_blocks=len(missing))
        done = tasks.map(_Worker, fn_constructor_args=(folder, card), compute=pool, **share)
        try:
            for told in done.iter_rows():
                if told["problem"]:
                    raise PartsError(told["problem"])
                yield told
        except ray.exceptions.RayError as error:
            raise PartsError(f"Ray gave up ({reason(error)}): run the command again, what is finished is kept.") from error


class _Worker:
    """One of the pool: the network, made ready once. What a person can mend it tells in its row: Ray would bury an error."""

    def __init__(self, folder, card):
        self.folder, self.card, self.look, self.problem = folder, card, None, ""
        try:
            self.look = _ready(card)
        except (CourseError, OSError) as error:
            self.problem = f"A worker cannot begin: {error}"

    def __call__(self, row):
        told = {"rows": 0, "findings": 0, "problem": self.problem}
        try:
            return told if self.problem else told | parts.write(self.folder, Part(**row), self.look, self.card)
        except (CourseError, OSError) as error:
            return told | {"problem": str(error)}


def _ready(card):
    import ray

    from shoulders import backbones, features, many

    backbone = backbones.again(card["backbone"], card["weights_file"])
    backbone = replace(backbone, transform=backbones.transform_again(card["backbone"], card["transform"]))
    if differs := [name for name, value in many.made_by(backbone, card["layer"]).items() if value != card[name]]:
        raise PartsError(f"its {differs[0]} is not what the pass began with. Give all machines the same course.")
    threads = int(ray.get_runtime_context().get_assigned_resources().get("CPU", 0))
    return features.reader(backbone, card["layer"], threads)


def _ray():
    """Ray, which reads its environment when it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not os.environ.get("RAY_ADDRESS"):  # else it listens on every address of the machine under Linux, whatever it is told
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise PartsError(f"--engine ray needs Ray ({reason(error)}): run `pip install 'shoulders[ray]'`.") from error
    return ray


@contextmanager
def _cluster(ray):
    """The one that RAY_ADDRESS names, or one of our own on this machine alone."""
    own = {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "object_store_memory": _STORE}
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **({} if os.environ.get("RAY_ADDRESS") else own))
    except Exception as error:  # Ray raises a plain one where its processes come too late
        ray.shutdown()
        raise PartsError(f"Ray did not start ({reason(error)}): try again when the machine has less to do.") from error
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield
    finally:
        ray.shutdown()


def _share(ray, workers):
    """How many workers, and what each of them takes of the cluster."""
    there = ray.cluster_resources()
    cores, cards = int(there.get("CPU", 1)), int(there.get("GPU", 0))
    workers = workers or cards or max(1, cores // 4)
    if workers > cores:
        raise PartsError(f"{workers} workers on {cores} cores: give --workers {cores} at the most.")
    return {"workers": workers, "num_cpus": cores // workers, "num_gpus": cards // workers or cards / workers}
