"""Clay: smooth unions of balls and limbs, turned into one watertight mesh.

Every part of a toy is a signed distance, and parts are joined with a smooth minimum, so that nothing is detached.
"""
from dataclasses import dataclass, field, replace

import numpy as np
from skimage.measure import marching_cubes

FAR = 9.0
CELLS = 92  # along the longest side of a toy
STRAIGHT = np.eye(3)
HOLLOW = "hollow"  # a lump of this part is carved out of what was there before it


@dataclass(frozen=True)
class Ball:
    """An ellipsoid: `turn` is a 3x3 rotation whose columns are its axes."""
    centre: np.ndarray
    radii: np.ndarray
    part: str
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    blend: float = 0.08


@dataclass(frozen=True)
class Limb:
    """Rounded cones along a polyline; `flat` = (axis, factor) thins it along one axis, as an ear is thin."""
    points: np.ndarray
    radii: np.ndarray
    part: str
    flat: tuple | None = None
    blend: float = 0.06


@dataclass(frozen=True)
class Block:
    """A box of half sides `half` with edges rounded by `edge`."""
    centre: np.ndarray
    half: np.ndarray
    part: str
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    edge: float = 0.06
    blend: float = 0.03


def block(centre, half, part, turn=None, edge=0.06, blend=0.03):
    return Block(np.asarray(centre, float), np.asarray(half, float), part, np.eye(3) if turn is None else turn, edge, blend)


def ball(centre, radii, part, turn=None, blend=0.08):
    radii = np.broadcast_to(np.asarray(radii, float), 3).copy()
    return Ball(np.asarray(centre, float), radii, part, np.eye(3) if turn is None else turn, blend)


def limb(points, radii, part, flat=None, blend=0.06):
    points = np.asarray(points, float)
    radii = np.broadcast_to(np.asarray(radii, float), len(points)).copy()
    if flat is not None:
        axis = np.asarray(flat[0], float)
        flat = (axis / np.linalg.norm(axis), float(flat[1]))
    return Limb(points, radii, part, flat, blend)


def moved(lump, turn=STRAIGHT, shift=(0, 0, 0), scale=1.0):
    """The same lump, scaled, then turned, then shifted."""
    shift = np.asarray(shift, float)
    if isinstance(lump, Ball):
        return replace(lump, centre=scale * turn @ lump.centre + shift, radii=lump.radii * scale,
                       turn=turn @ lump.turn, blend=lump.blend * scale)
    if isinstance(lump, Block):
        return replace(lump, centre=scale * turn @ lump.centre + shift, half=lump.half * scale, turn=turn @ lump.turn,
                       edge=lump.edge * scale, blend=lump.blend * scale)
    flat = None if lump.flat is None else (turn @ lump.flat[0], lump.flat[1])
    return replace(lump, points=scale * lump.points @ turn.T + shift, radii=lump.radii * scale,
                   flat=flat, blend=lump.blend * scale)


def rotation(yaw=0.0, pitch=0.0, roll=0.0):
    """Turn about x (roll), then y (pitch: positive looks up), then z (yaw); radians."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[cp, 0, -sp], [0, 1, 0], [sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    return about_z @ about_y @ about_x


def distance(lump, points):
    """Signed distance (approximate) and the coordinate along the lump, both of shape (n,)."""
    return {Ball: _to_ball, Block: _to_block, Limb: _to_limb}[type(lump)](lump, points)


def _to_block(lump, points):
    local = (points - lump.centre) @ lump.turn
    q = np.abs(local) - (lump.half - lump.edge)
    return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(1), 0) - lump.edge, local[:, 0]


def _to_ball(lump, points):
    local = (points - lump.centre) @ lump.turn
    k0 = np.linalg.norm(local / lump.radii, axis=1)
    k1 = np.linalg.norm(local / lump.radii**2, axis=1)
    return k0 * (k0 - 1) / np.maximum(k1, 1e-6), local[:, 0]


def _to_limb(lump, points):
    best, along = np.full(len(points), FAR), np.zeros(len(points))
    walked = 0.0
    for a, b, ra, rb in zip(lump.points, lump.points[1:], lump.radii, lump.radii[1:]):
        p, ab = points - a, b - a
        if lump.flat is not None:
            axis, factor = lump.flat
            axis = axis - ab * (axis @ ab) / max(ab @ ab, 1e-9)
            axis = axis / max(np.linalg.norm(axis), 1e-9)
            p = p + np.outer(p @ axis, axis) * (1 / factor - 1)
        t = np.clip(p @ ab / max(ab @ ab, 1e-9), 0, 1)
        d = np.linalg.norm(p - t[:, None] * ab, axis=1) - (ra + (rb - ra) * t)
        length = np.linalg.norm(ab)
        along = np.where(d < best, walked + t * length, along)
        best = np.minimum(best, d)
        walked += length
    return best * (1 if lump.flat is None else np.sqrt(lump.flat[1])), along


def _reach(lump):
    """Lowest and highest corner of a lump."""
    if isinstance(lump, Ball):
        half = np.sqrt(((lump.turn * lump.radii) ** 2).sum(1))
        return lump.centre - half, lump.centre + half
    if isinstance(lump, Block):
        half = np.abs(lump.turn) @ lump.half
        return lump.centre - half, lump.centre + half
    r = lump.radii[:, None]
    return (lump.points - r).min(0), (lump.points + r).max(0)


def reach(lumps):
    corners = [_reach(lump) for lump in lumps if lump.part != HOLLOW]
    return np.min([c[0] for c in corners], 0), np.max([c[1] for c in corners], 0)


def smooth_min(a, b, k):
    h = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - h * h * k / 4


def field_of(lumps, points):
    """Signed distance of the smooth union at `points` (n, 3)."""
    total = np.full(len(points), FAR)
    for lump in lumps:
        total = _joined(total, distance(lump, points)[0], lump)
    return total


def _joined(before, d, lump):
    return -smooth_min(-before, d, lump.blend) if lump.part == HOLLOW else smooth_min(before, d, lump.blend)


def mesh(lumps, cells=CELLS):
    """Vertices (n, 3) and triangles (m, 3) of the smooth union; `cells` along its longest side."""
    low, high = reach(lumps)
    step = (high - low).max() / cells
    low, high = low - 2.5 * step, high + 2.5 * step
    shape = np.ceil((high - low) / step).astype(int) + 1
    axes = [low[i] + step * np.arange(shape[i]) for i in range(3)]
    grid = np.full(shape, FAR)
    for lump in lumps:
        lo, hi = _reach(lump)
        margin = 2 * step + lump.blend
        i0 = np.maximum(np.floor((lo - margin - low) / step).astype(int), 0)
        i1 = np.minimum(np.ceil((hi + margin - low) / step).astype(int) + 1, shape)
        box = tuple(slice(a, b) for a, b in zip(i0, i1))
        points = np.stack(np.meshgrid(*[axes[i][box[i]] for i in range(3)], indexing="ij"), -1)
        d = distance(lump, points.reshape(-1, 3))[0].reshape(points.shape[:3])
        grid[box] = _joined(grid[box], d, lump)
    vertices, faces, _, _ = marching_cubes(grid, 0.0, spacing=(step,) * 3)
    return vertices + low, faces


def labels(lumps, points, softness=0.03):
    """Which part each point belongs to: weights (n, parts), names of the parts, coordinate along its own lump."""
    lumps = [lump for lump in lumps if lump.part != HOLLOW]
    names = sorted({lump.part for lump in lumps})
    nearest = np.full((len(points), len(names)), FAR)
    best, along = np.full(len(points), FAR), np.zeros(len(points))
    for lump in lumps:
        d, s = distance(lump, points)
        along, best = np.where(d < best, s, along), np.minimum(best, d)
        i = names.index(lump.part)
        nearest[:, i] = np.minimum(nearest[:, i], d)
    weights = np.exp(-(nearest - nearest.min(1, keepdims=True)) / softness)
    return weights / weights.sum(1, keepdims=True), names, along


def onto_surface(lumps, start, direction, sink=0.0):
    """The last point, walking from inside the clay along `direction`, that is inside; then `sink` back."""
    direction = np.asarray(direction, float) / np.linalg.norm(direction)
    start = np.asarray(start, float)
    steps = np.linspace(0, 1.6, 321)
    inside = field_of(lumps, start + steps[:, None] * direction) < 0
    last = steps[inside][-1] if inside.any() else 0.0
    return start + (last - sink) * direction


def tube(points, radii, sides=8):
    """A swept tube with closed ends: vertices, triangles, coordinate along it."""
    points = np.asarray(points, float)
    radii = np.broadcast_to(np.asarray(radii, float), len(points))
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    helper = np.where(np.abs(tangent[:, 2:]) < 0.9, [[0, 0, 1.0]], [[1.0, 0, 0]])
    u = np.cross(tangent, helper)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(tangent, u)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = u[:, None] * np.cos(angle)[:, None] + v[:, None] * np.sin(angle)[:, None]
    vertices = (points[:, None] + ring * radii[:, None, None]).reshape(-1, 3)
    faces = []
    for i in range(len(points) - 1):
        for j in range(sides):
            a, b = i * sides + j, i * sides + (j + 1) % sides
            faces += [(a, a + sides, b), (b, a + sides, b + sides)]
    for ring_start, flip in ((0, 1), ((len(points) - 1) * sides, -1)):
        faces += [(ring_start, ring_start + j, ring_start + j + 1)[::flip] for j in range(1, sides - 1)]
    walked = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return vertices, np.array(faces)[:, ::-1], np.repeat(walked, sides)


def smooth_path(points, count=12):
    """A Catmull-Rom path through the given points."""
    p = np.asarray(points, float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    out = []
    for t in np.linspace(0, len(p) - 3 - 1e-9, count):
        i, f = int(t), t - int(t)
        a, b, c, d = p[i:i + 4]
        out.append(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))
    return np.array(out)
