"""A toy is plain data until `realise` puts it into the Blender scene."""
from dataclasses import dataclass, field

import bpy
import numpy as np

from . import materials, sculpt, wool

FIBRES = 7000
FUR = {"muzzle": .4, "ear": .4, "paw": .5, "head": .5, "antenna": .3, "foot": .35, "hard": 0.0}


@dataclass
class Toy:
    """Parts of a toy, in its own frame: x forward, y left, z up, standing on z = 0."""
    clay: list = field(default_factory=list)
    tubes: list = field(default_factory=list)      # (points, radii, part): thin woolly parts
    threads: list = field(default_factory=list)    # (points, radius, colour): embroidery, whiskers
    eyes: list = field(default_factory=list)       # (centre, radius, gaze, iris)
    beads: list = field(default_factory=list)      # (centre, radii, colour)
    sheets: list = field(default_factory=list)     # (outline, colour): wings
    colours: dict = field(default_factory=dict)    # part -> linear RGB that the coat does not change
    fur: dict = field(default_factory=dict)        # part -> factor on the fur length
    head: tuple | None = None                      # (centre, radius) for portraits
    comb: tuple = (-.5, 0, -.3)                    # the way the coat is brushed

    def add(self, other):
        for name in ("clay", "tubes", "threads", "eyes", "beads", "sheets"):
            getattr(self, name).extend(getattr(other, name))
        self.colours.update(other.colours)
        return self

    def moved(self, turn=sculpt.STRAIGHT, shift=(0, 0, 0), scale=1.0):
        """The same toy, scaled, turned, shifted."""
        put = lambda p: scale * np.asarray(p, float) @ turn.T + np.asarray(shift, float)
        times = lambda r: np.asarray(r, float) * scale
        return Toy([sculpt.moved(lump, turn, shift, scale) for lump in self.clay],
                   [(put(p), times(r), part) for p, r, part in self.tubes],
                   [(put(p), r * scale, c) for p, r, c in self.threads],
                   [(put(c), r * scale, turn @ g, iris) for c, r, g, iris in self.eyes],
                   [(put(c), times(r), colour) for c, r, colour in self.beads],
                   [(put(p), c) for p, c in self.sheets], dict(self.colours), dict(self.fur),
                   None if self.head is None else (put(self.head[0]), self.head[1] * scale),
                   tuple(turn @ np.asarray(self.comb)))


def realise(toy, coat, library, rng, fibres=FIBRES, cells=sculpt.CELLS):
    """Build the Blender objects of a toy; returns the points of its hull, for framing, shape (n, 3)."""
    vertices, faces, colours, lengths = _skin(toy, coat, cells)
    normals = _normals(vertices, faces)
    comb = np.broadcast_to(np.asarray(toy.comb, float), vertices.shape)
    if toy.head is not None:
        away = vertices - (toy.head[0] + np.array([0, 0, .0]))
        near = np.clip(1.4 - np.linalg.norm(away, axis=1) / toy.head[1], 0, 1)[:, None]
        comb = comb * (1 - near) + near * .45 * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    mesh_object("clay", vertices, faces, library["wool body"], colours)
    if coat["fur"] > 0 and lengths.max() > 0:
        line, tint = wool.fibres(vertices, faces, normals, colours, np.maximum(lengths, 1e-5), comb, fibres,
                                 coat["curl"], rng)
        fibre_object(line, tint, .0075 + .02 * coat["fur"] * (coat["curl"] > .5), library["wool fibre"])
    for points, radius, colour in toy.threads:
        v, f, _ = sculpt.tube(points, radius, 6)
        mesh_object("thread", v, f, library["wool body"], np.tile(colour, (len(v), 1)))
    for centre, radius, gaze, iris in toy.eyes:
        _eye(centre, radius, gaze, iris, library)
    for centre, radii, colour in toy.beads:
        v, f = sphere(16, 12)
        mesh_object("bead", v * radii + centre, f, library["bead"], np.tile(colour, (len(v), 1)))
    for outline, colour in toy.sheets:
        mesh_object("wing", outline, [list(range(len(outline)))], materials.gauze(colour), smooth=False)
    extra = [np.asarray(outline) for outline, _ in toy.sheets]
    return np.vstack([vertices[::7], *extra])


def _skin(toy, coat, cells):
    """Clay and tubes as one mesh, painted: vertices, triangles, colours, fur lengths."""
    pieces = []
    if toy.clay:
        v, f = sculpt.mesh(toy.clay, cells)
        pieces.append((v, f, *sculpt.labels(toy.clay, v)))
    for points, radii, part in toy.tubes:
        v, f, along = sculpt.tube(points, radii)
        pieces.append((v, f, np.ones((len(v), 1)), [part], along))
    out, offset = [], 0
    whole = np.vstack([p[0] for p in pieces])
    for v, f, weights, names, along in pieces:
        n = _normals(v, f)
        colour = wool.paint(coat, np.vstack([v, whole[:1], whole[-1:]]), np.vstack([n, n[:1], n[-1:]]),
                            np.vstack([weights, weights[:1], weights[-1:]]), names, np.r_[along, 0, 0])[:-2]
        for i, name in enumerate(names):
            if name in toy.colours:
                colour = colour * (1 - weights[:, i:i + 1]) + weights[:, i:i + 1] * np.array(toy.colours[name])
        factor = np.array([toy.fur.get(n, FUR.get(n, 1.0)) for n in names])
        out.append((v, f + offset, colour, coat["fur"] * weights @ factor))
        offset += len(v)
    return tuple(np.concatenate(parts) for parts in zip(*out))


def _normals(vertices, faces):
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for i in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(faces[:, i], face[:, axis], len(vertices))
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def _eye(centre, radius, gaze, iris, library):
    """A bead with a round iris, a dark pupil, and a glint above."""
    v, f = sphere(20, 16)
    gaze = np.asarray(gaze, float) / np.linalg.norm(gaze)
    angle = np.arccos(np.clip(v @ gaze, -1, 1))[:, None]
    colour = np.where(angle < .42, .004, np.where(angle < .95, np.asarray(iris), .012))
    mesh_object("eye", v * radius + centre, f, library["bead"], colour)
    up = np.array([0, 0, 1.0]) - gaze * gaze[2]
    side = np.cross(up, gaze)
    for offset, size in (((.45, .3), .22), ((-.3, -.35), .08)):
        glint = gaze + offset[0] * up + offset[1] * side
        v, f = sphere(8, 6)
        mesh_object("glint", v * radius * size + centre + .93 * radius * glint / np.linalg.norm(glint), f,
                    library["glow"])


def sphere(around=16, rings=12):
    """A unit sphere: vertices and quads (triangles at the poles)."""
    theta = np.linspace(0, np.pi, rings + 1)[1:-1]
    phi = np.linspace(0, 2 * np.pi, around, endpoint=False)
    body = np.stack([np.outer(np.sin(theta), np.cos(phi)), np.outer(np.sin(theta), np.sin(phi)),
                     np.outer(np.cos(theta), np.ones(around))], -1).reshape(-1, 3)
    v = np.vstack([[0, 0, 1], body, [0, 0, -1]])
    at = lambda i, j: 1 + i * around + j % around
    faces = [[0, at(0, j), at(0, j + 1)] for j in range(around)]
    for i in range(rings - 2):
        faces += [[at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)] for j in range(around)]
    faces += [[len(v) - 1, at(rings - 2, j + 1), at(rings - 2, j)] for j in range(around)]
    return v, faces


def mesh_object(name, vertices, faces, material, colours=None, smooth=True):
    data = bpy.data.meshes.new(name)
    data.from_pydata(np.asarray(vertices), [], faces.tolist() if hasattr(faces, "tolist") else faces)
    if smooth:
        data.shade_smooth()
    if colours is not None:
        paint_attribute(data, "POINT", np.asarray(colours, float))
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def fibre_object(lines, colours, radius, material):
    """Many short curves (n, knots, 3), each with its own colour, thinner at the tip."""
    count, knots = lines.shape[:2]
    data = bpy.data.hair_curves.new("fibres")
    data.add_curves([knots] * count)
    data.attributes["position"].data.foreach_set("vector", lines.astype(np.float32).ravel())
    taper = np.tile(np.linspace(1, .35, knots) * radius, count).astype(np.float32)
    data.attributes.new("radius", "FLOAT", "POINT").data.foreach_set("value", taper)
    paint_attribute(data, "CURVE", colours)
    data.materials.append(material)
    thing = bpy.data.objects.new("fibres", data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def paint_attribute(data, domain, colours):
    rgba = np.ones((len(colours), 4), np.float32)
    rgba[:, :3] = colours
    data.attributes.new("coat", "FLOAT_COLOR", domain).data.foreach_set("color", rgba.ravel())
