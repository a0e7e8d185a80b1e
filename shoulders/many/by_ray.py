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

TRIES = 3
"""How often a part is given to a worker again after one died of it: a picture that kills them all ends the pass."""

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
        Without Ray; for more workers than there are cores; and for a part of which `TRIES` + 1 workers died.
    shoulders.support.errors.CourseError
        What a worker said.
    """
    ray = _ray()
    folder = Path(os.path.abspath(folder))
    with _cluster(ray):
        share = _share(ray, workers)
        pool = ray.data.ActorPoolStrategy(size=share.pop("workers"))
        tasks = ray.data.from_items([asdict(part) for part in missing], override_num_blocks=len(missing))
        done = tasks.map(_Worker, fn_constructor_args=(folder, card), compute=pool, ray_remote_args_fn=_patience, **share)
        try:
            yield from done.iter_rows()
        except ray.exceptions.RayError as error:
            raise _told(error) from error


def _patience():
    return {"max_task_retries": TRIES}


class _Worker:
    """One of the pool: the network, made ready once."""

    def __init__(self, folder, card):
        import ray

        from shoulders import backbones, features, many

        backbone = backbones.again(card["backbone"], card["weights_file"])
        backbone = replace(backbone, transform=backbones.transform_from(card["transform"]))
        if differs := [name for name, value in many.made_by(backbone, card["layer"]).items() if value != card[name]]:
            raise PartsError(f"A worker's {differs[0]} is not what the pass began with: give all machines the same course.")
        threads = int(ray.get_runtime_context().get_assigned_resources().get("CPU", 0))
        self.folder, self.card = folder, card
        self.look = features.reader(backbone, card["layer"], threads)

    def __call__(self, row):
        return parts.write(self.folder, Part(**row), self.look, self.card)


def _ray():
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read by Ray when it is imported
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


def _told(error):
    """What a worker said that a person can mend; else that workers died, or what else Ray says."""
    causes, each = [], error
    while each is not None and each not in causes:
        causes.append(each)
        each = getattr(each, "cause", None) or each.__cause__
    for cause in causes:
        if isinstance(cause, CourseError | OSError) and not hasattr(cause, "as_instanceof_cause"):
            return cause
    return PartsError(f"Ray gave up ({reason(error)})")
