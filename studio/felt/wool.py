"""Wool: the colour of a coat at every point of the clay, and the loose fibres that stand on it."""
import numpy as np
from scipy.spatial import cKDTree

FAR = 9.0
# Natural and dyed wools (linear RGB). Every class of a set draws from the same list.
WOOLS = {
    "white": (.80, .77, .70), "cream": (.72, .56, .36), "sand": (.50, .34, .18), "ginger": (.55, .20, .045),
    "rust": (.30, .075, .025), "brown": (.16, .07, .03), "chocolate": (.07, .03, .016), "grey": (.26, .25, .24),
    "slate": (.11, .125, .15), "black": (.022, .020, .020), "yellow": (.75, .43, .035), "red": (.42, .035, .022),
    "teal": (.03, .22, .22), "plum": (.20, .035, .13), "navy": (.02, .045, .17), "green": (.05, .20, .04),
}
PETS = ["white", "cream", "sand", "ginger", "rust", "brown", "chocolate", "grey", "slate", "black"]
INSECTS = ["yellow", "ginger", "rust", "brown", "chocolate", "black", "red", "cream", "slate", "white", "sand", "grey"]
PATTERNS = ["plain", "stripes", "patches", "belly", "points", "saddle", "mottled"]


# How large marks are on the parts of a toy; elsewhere there are none.
MARKED = {"body": 1.0, "leg": .72, "paw": .5, "tail": .7, "head": .5}


def tone(wool):
    """How light a wool is: its luminance, linear, 0 to 1."""
    return float(np.dot(WOOLS[wool], [.2126, .7152, .0722]))


def draw_coat(rng, wools):
    """A coat as plain values; it knows nothing of the animal that will wear it."""
    first, second = rng.choice(wools, 2, replace=False)
    return {"pattern": str(rng.choice(PATTERNS, p=[.2, .22, .14, .14, .1, .1, .1])), "first": str(first),
            "second": str(second), "tint": rng.uniform(-.12, .12, 3).round(3).tolist(),
            "frequency": round(rng.uniform(10, 18), 2), "fur": round(float(rng.choice([.045, .065, .09, .125])), 3),
            "curl": round(float(rng.choice([.15, .3, .9], p=[.45, .4, .15])), 2), "seed": int(rng.integers(1 << 30))}


def waves(points, frequency, rng, count=9):
    """Smooth random field with unit spread: a few plane waves."""
    directions = rng.normal(size=(count, 3)) * frequency
    phases = rng.uniform(0, 2 * np.pi, count)
    return np.sin(points @ directions.T + phases).sum(1) / np.sqrt(count / 2)


def paint(coat, points, normals, weights, names, along):
    """Linear RGB (n, 3) of a coat on the clay."""
    rng = np.random.default_rng(coat["seed"])
    first, second = (np.array(WOOLS[coat[k]]) * (1 + np.array(coat["tint"])) for k in ("first", "second"))
    share = _share_of_second(coat, points, normals, weights, names, along, rng)
    colour = first + (second - first) * np.clip(share, 0, 1)[:, None]
    return colour * np.exp(.08 * waves(points, 5, rng))[:, None]


def _step(x):
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _of(names, weights, wanted):
    return weights[:, [i for i, n in enumerate(names) if n in wanted]].sum(1)


def _share_of_second(coat, points, normals, weights, names, along, rng):
    pattern, noise = coat["pattern"], waves(points, 2.2, rng)
    height = (points[:, 2] - points[:, 2].min()) / np.ptp(points[:, 2])
    if pattern == "stripes":
        return _step(6 * (np.sin(coat["frequency"] * along + 1.2 * noise) - .1)) * (1 - .5 * _of(names, weights, {"muzzle"}))
    if pattern == "patches":
        return _step(9 * (noise - .35))
    if pattern == "belly":
        return np.maximum(_step(-7 * (normals[:, 2] + .25 + .2 * noise)), _of(names, weights, {"muzzle", "paw"}))
    if pattern == "points":
        return _of(names, weights, {"ear", "muzzle", "paw", "tail", "antenna", "foot"})
    if pattern == "saddle":
        return _step(8 * (normals[:, 2] - .1 + .25 * noise)) * (height > .3)
    if pattern == "bands":
        return _of(names, weights, {"abdomen"}) * _step(7 * np.sin(2 * np.pi * along / .42 + .5 * noise))
    if pattern == "segments":
        return _of(names, weights, {"abdomen"})
    if pattern == "mottled":
        return _step(5 * waves(points, 7, rng))
    if pattern == "spots":
        return np.maximum(_spots(points, weights, names, .08, rng), _rings(weights, names, along))
    if pattern == "rosettes":
        return _rosettes(points, weights, names, rng)
    return np.zeros(len(points))


def _marks(points, weights, names, apart, rng):
    """How far each point is from the middle of its mark, in toy units where marks are full-sized; marks are `apart` or more.

    Middles are drawn one after the other from the points that no other mark has taken.
    """
    size = weights @ [MARKED.get(name, 0) for name in names]
    tree, free, middles = cKDTree(points), size > .4, []
    for i in rng.permutation(len(points)):
        if free[i]:
            middles.append(i)
            free[tree.query_ball_point(points[i], apart * size[i])] = False
    away, nearest = cKDTree(points[middles]).query(points)
    stretch = rng.uniform(.8, 1.15, len(middles))[nearest]
    return np.where(size > .2, away / (stretch * size[middles][nearest]), FAR)


def _spots(points, weights, names, radius, rng):
    """Solid and round."""
    away = _marks(points, weights, names, 2.6 * radius, rng)
    return _step((radius - away) / (.12 * radius))


def _rosettes(points, weights, names, rng, radius=.18):
    """Broken rings about a middle of half their tone; on head, legs and tail solid spots."""
    away = _marks(points, weights, names, 2.15 * radius, rng) / radius
    ring = _step((1 - away) / .05) * _step((away - .5) / .05)
    broken = _step(7 * (waves(points, 12, rng) + 1.1))
    flank = np.maximum(ring * broken, .4 * _step((.6 - away) / .05))
    on_body = _of(names, weights, {"body"})
    return on_body * flank + (1 - on_body) * _step((.75 - away) / .07)


def _rings(weights, names, along):
    """The last half of a tail: two rings and a dark tip."""
    tail = _of(names, weights, {"tail"})
    way = along / max(along[tail > .9].max(initial=0), 1e-9)
    return tail * _step((way - .55) * 40) * _step(8 * np.sin(2 * np.pi * (way - .55) / .18))


def scatter(vertices, faces, density, count, rng):
    """`count` random places on a mesh: face index and barycentric weights, denser where `density` is higher."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * density[faces].mean(1)
    face = rng.choice(len(faces), count, p=area / area.sum())
    r, s = np.sqrt(rng.random(count)), rng.random(count)
    return face, np.stack([1 - r, r * (1 - s), r * s], 1)


def fibres(vertices, faces, normals, colours, lengths, comb, count, curl, rng, knots=5):
    """Loose fibres on a mesh.

    Returns positions (count, knots, 3) and colours (count, 3). `lengths` and `comb` (a direction that the
    coat is brushed in) are given per vertex.
    """
    face, mix = scatter(vertices, faces, np.minimum(lengths / np.median(lengths), 1) + 1e-6, count, rng)
    pick = lambda values: np.einsum("nk,nk...->n...", mix, values[faces[face]])
    root, normal, length = pick(vertices), pick(normals), pick(lengths)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    stray = rng.normal(size=(count, 3))
    direction = .75 * normal + pick(comb) + .45 * stray
    inward = np.minimum((direction * normal).sum(1) - .25, 0)
    direction -= inward[:, None] * normal
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    length = length * rng.uniform(.55, 1.25, count)
    t = np.linspace(0, 1, knots)[None, :, None]
    line = root[:, None] + direction[:, None] * (length[:, None, None] * t)
    side = np.cross(direction, rng.normal(size=(count, 3)))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    other = np.cross(direction, side)
    turn = (rng.uniform(0, 2 * np.pi, count)[:, None] + 5 * np.linspace(0, 1, knots)[None])[..., None]
    line += (curl * .35 * length)[:, None, None] * t * (side[:, None] * np.cos(turn) + other[:, None] * np.sin(turn))
    line[..., 2] -= (.25 * length[:, None] * t[..., 0] ** 2)
    return line, pick(colours) * rng.lognormal(0, .18, (count, 1))
