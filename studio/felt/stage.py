"""The stage: ground, backdrop, light, camera. `draw_place` never learns which class will stand on it."""
import os
import tempfile
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix
from PIL import Image

from . import materials, props
from .toy import fibre_object, mesh_object, sphere

PIXELS, SAMPLES = 192, 8
CLOSEST = .6  # from the camera to the nearest point of a toy: a wide lens would else go into a long one
EARTHS = [(.32, .17, .07), (.12, .055, .025), (.42, .30, .18), (.22, .21, .20), (.55, .50, .43), (.09, .09, .10),
          (.30, .11, .07), (.10, .14, .20), (.12, .20, .17), (.35, .28, .10), (.23, .14, .12), (.62, .58, .52)]
GREENS = [(.06, .15, .02), (.12, .22, .03), (.20, .26, .05), (.04, .10, .03), (.30, .28, .08)]
LAMPS = [(1, .93, .85), (1, .82, .62), (.85, .92, 1), (1, 1, 1), (1, .88, .75)]


@dataclass(frozen=True)
class View:
    """How the pictures of a set are framed, the same for all its classes.

    `fill`: range of the share of the frame that the toy takes (root of the area of its bounding box); `portrait`,
    `in_front`, `second`: how often only the head is framed, something stands before the toy, another stands behind;
    `around`: how far the camera goes round the toy (radians), in portraits and otherwise; `drift`: how much of the
    free room, and how much beyond it, the toy may be off centre; `exposure`, `warmth`: spread of the development;
    `widest`: the share of the frame that a toy may span; `outline`: fill by outline, not by bounding box;
    `tilt`: spread of the camera's roll (radians); `climb`: how far, either way, what the toy stands on may be turned in
    the picture (radians), as an insect climbs; `clutter`: how often 0, 1, 2 … props stand about; `props`: which.
    """
    fill: tuple
    portrait: float = .22
    around: tuple = (.8, 1.3)
    in_front: float = .17
    second: float = .08
    drift: tuple = (.8, .0)
    exposure: float = .25
    warmth: float = .12
    widest: float = .96
    outline: bool = False
    tilt: float = .05
    climb: float = 0.0
    clutter: tuple = (.3, .4, .2, .1)
    props: tuple = props.PROPS


def draw_place(rng, view):
    """Where a picture is taken, from where, and in which light: plain values."""
    u = lambda a, b: round(float(rng.uniform(a, b)), 3)
    outdoors = bool(rng.random() < .5)
    kinds = ["gravel", "grass", "sand", "concrete", "leaves", "grass"] if outdoors else \
        ["planks", "tiles", "carpet", "fabric", "concrete", "planks"]
    ground = str(rng.choice(kinds))
    colours = GREENS if ground in ("grass",) else EARTHS
    pick = lambda options: [round(float(c * f), 4) for c, f in
                            zip(options[rng.integers(len(options))], rng.uniform(.85, 1.18, 3))]
    portrait = bool(rng.random() < view.portrait)
    return {
        "outdoors": outdoors, "ground": ground, "ground_colours": [pick(colours), pick(colours)],
        "ground_scale": u(.7, 1.5), "ground_turn": u(0, 3.14),
        "wall": str(rng.choice(materials.WALLS)) if not outdoors or rng.random() < .25 else None,
        "wall_colours": [pick(EARTHS + props.PAINTS), pick(EARTHS)], "wall_distance": u(2.0, 7.0),
        "bushes": int(rng.integers(3, 10)) if outdoors else 0, "boxes": int(rng.integers(0, 5)) if not outdoors else 0,
        "sky": [pick([(.35, .5, .8), (.6, .65, .7), (.8, .6, .45), (.5, .6, .55)]), pick([(.7, .75, .8), (.8, .7, .6)])],
        "sky_strength": u(.35, .9) if outdoors else u(.15, .5),
        "sun": [u(.25, 1.35), u(-2.6, 2.6), u(2.0, 4.5), u(.02, .3)] if outdoors else None,
        "lamps": [[u(-2.4, 2.4), u(.35, 1.3), u(3.0, 6.0), u(.6, 2.2), int(rng.integers(len(LAMPS))), u(.4, 1.0)]
                  for _ in range(0 if outdoors else int(rng.integers(1, 4)))],
        "camera": {"azimuth": u(-view.around[not portrait], view.around[not portrait]),
                   "elevation": round(float(np.clip(abs(rng.normal(.22, .22)), .03, 1.0)), 3),
                   "lens": float(rng.choice([35, 50, 70, 100])), "fill": u(*view.fill),
                   "shift": [u(-1, 1), u(-1, 1)], "roll": round(float(rng.normal(0, view.tilt)), 3),
                   "aperture": u(.02, .16), "portrait": portrait,
                   **({"climb": u(-view.climb, view.climb)} if view.climb else {})},
        "exposure": u(-view.exposure, view.exposure), "warmth": u(-view.warmth, view.warmth),
        "props": [{"kind": str(rng.choice(view.props)), "side": u(.55, 1.25) * int(rng.choice([-1, 1])),
                   "depth": u(-1.2, .55), "size": u(.25, .75), "colour": pick(props.PAINTS)}
                  for _ in range(int(rng.choice(len(view.clutter), p=view.clutter)))],
        "in_front": None if portrait or rng.random() > view.in_front else {"kind": str(rng.choice(view.props)), "side": u(-.6, .6),
                                                     "depth": u(1.1, 1.5), "size": u(.2, .4), "colour": pick(props.PAINTS)},
        "second": None if rng.random() > view.second else {"side": u(.8, 1.4) * int(rng.choice([-1, 1])), "depth": u(-1.4, -.5),
                                                   "turn": u(-1, 1)},
    }


def open_stage():
    """An empty scene and the materials that every picture uses."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.samples, cycles.use_denoising, cycles.seed = SAMPLES, True, 0
    cycles.use_adaptive_sampling = False
    cycles.denoising_quality, cycles.denoising_prefilter = "FAST", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 1
    cycles.transmission_bounces, cycles.transparent_max_bounces = 1, 6
    # After the first bounce, ambient occlusion stands in for light between things: a third cheaper, hardly seen on wool.
    cycles.use_fast_gi, cycles.ao_bounces_render = True, 1
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    cycles.use_light_tree = False  # few lamps: the tree costs more than it saves
    scene.cycles_curves.shape = "RIBBONS"
    scene.cycles_curves.subdivisions = 1
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.image_settings.color_mode = "RGB"
    scene.world = bpy.data.worlds.new("sky")
    _sky_nodes(scene.world)
    # The sky is a smooth gradient; the default importance map takes half a second to build for each picture.
    scene.world.cycles.sampling_method, scene.world.cycles.sample_map_resolution = "MANUAL", 64
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    library = {"wool body": materials.wool_body(), "wool fibre": materials.wool_fibre(), "bead": materials.bead(),
               "glow": materials.glow()}
    for material in library.values():
        material.use_fake_user = True
    return library


def clear(library):
    """Remove what the last picture put on the stage."""
    keep = {bpy.context.scene.camera, bpy.context.scene.camera.data, *library.values()}
    gone = [item for group in (bpy.data.objects, bpy.data.meshes, bpy.data.hair_curves, bpy.data.lights,
                               bpy.data.materials, bpy.data.images) for item in group if item not in keep]
    bpy.data.batch_remove(gone)


def _sky_nodes(world):
    world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    add = lambda kind: tree.nodes.new("ShaderNode" + kind)
    at, split, ramp, back, out = (add(k) for k in ("TexCoord", "SeparateXYZ", "ValToRGB", "Background", "OutputWorld"))
    for a, b in ((at.outputs[0], split.inputs[0]), (split.outputs[2], ramp.inputs[0]), (ramp.outputs[0], back.inputs[0]),
                 (back.outputs[0], out.inputs[0])):
        tree.links.new(a, b)


def set_sky(place):
    tree = bpy.context.scene.world.node_tree
    ramp = next(n for n in tree.nodes if n.type == "VALTORGB").color_ramp
    ramp.elements[0].color, ramp.elements[1].color = (*place["sky"][1], 1), (*place["sky"][0], 1)
    ramp.elements[1].position = .6
    back = next(n for n in tree.nodes if n.type == "BACKGROUND")
    back.inputs[1].default_value = place["sky_strength"]


def view_axes(azimuth, elevation, climb=0.0):
    """Unit vectors: from the camera into the scene, to the right, up; `climb` turns the last two (radians)."""
    toward = -np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    right = np.cross(toward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, toward)
    return toward, np.cos(climb) * right + np.sin(climb) * up, np.cos(climb) * up - np.sin(climb) * right


def _covered(xy, low, high, cells=24):
    """Share of the cells of a grid over the bounding box that hold a point."""
    index = np.minimum(((xy - low) / np.maximum(high - low, 1e-9) * cells).astype(int), cells - 1)
    return len(np.unique(index @ [cells, 1])) / cells**2


def frame(points, focus, camera, view):
    """Point the camera so that `points` fill the given share of the picture, off centre as told.

    Filling is measured as the root of an area, so that long and round toys come out alike: the bounding box, or
    (`view.outline`) the cells of a grid that hold a point, where a thin toy would show more ground than a fat one.
    """
    toward, right, up = view_axes(camera["azimuth"], camera["elevation"], camera.get("climb", 0.0))
    middle = (points.min(0) + points.max(0)) / 2
    lens, distance = camera["lens"] / 18, 8.0
    nearest = ((middle - points) @ toward).max() + CLOSEST
    for _ in range(8):
        eye = middle - distance * toward
        deep = (points - eye) @ toward
        xy = np.stack([(points - eye) @ right, (points - eye) @ up], 1) / np.maximum(deep, .1)[:, None] * lens
        low, high = xy.min(0), xy.max(0)
        width, height = (high - low) / 2
        area = width * height * (_covered(xy, low, high) if view.outline else 1)
        share = max(np.sqrt(area) / camera["fill"], max(width, height) / view.widest)
        distance = max(distance * share, nearest)
    thing = bpy.context.scene.camera
    thing.matrix_world = Matrix([[right[i], up[i], -toward[i], eye[i]] for i in range(3)] + [[0, 0, 0, 1]]) @ \
        Matrix.Rotation(camera["roll"], 4, "Z")
    data, centre = thing.data, (low + high) / 2
    data.lens, data.sensor_width = camera["lens"], 36
    room = view.drift[0] * np.maximum(1 - np.array([width, height]), 0) / 2 + view.drift[1]
    data.shift_x, data.shift_y = (float(v) for v in centre / 2 + room * camera["shift"])
    data.dof.use_dof = True
    data.dof.focus_distance = float((focus - eye) @ toward)
    data.dof.aperture_fstop = camera["lens"] / 1000 / (camera["aperture"] * distance / 9)
    data.clip_end = 300
    return eye


def set_stage(place, size, ground_level, eye, rng):
    """Ground, backdrop, lamps and props for a toy of radius `size` at the origin."""
    azimuth = place["camera"]["azimuth"]
    away, right, _ = view_axes(azimuth, 0)
    base = np.array([0, 0, ground_level])
    flat = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * 60.0
    material = materials.ground(place["ground"], *place["ground_colours"], place["ground_scale"] * 1.6 / size)
    floor = mesh_object("ground", flat, [[0, 1, 2, 3]], material, smooth=False)
    floor.rotation_euler = (0, 0, place["ground_turn"])
    floor.location = base
    if place["ground"] == "grass":
        _blades(base, size, place["ground_colours"], rng)
    if place["wall"]:
        _wall(place, base + away * size * place["wall_distance"], azimuth, size)
    for make, count in ((_bush, place["bushes"]), (_box, place["boxes"])):
        far = place["wall_distance"] - .6 if place["wall"] else 9
        for _ in range(count):
            make(base + away * size * rng.uniform(min(2.2, far), far) + right * size * rng.uniform(-4, 4), size, rng)
    for item in place["props"] + ([place["in_front"]] if place["in_front"] else []):
        spot, tall = base + size * (right * item["side"] * 1.25 - away * item["depth"] * 1.1), item["size"] * size * 1.3
        if not _swallows(spot, tall, eye):
            props.place(item["kind"], spot, tall, item["colour"], rng)
    set_sky(place)
    _lamps(place, azimuth, size)


def _swallows(spot, tall, eye):
    """Whether a prop of this height would stand around or right before the camera."""
    return np.hypot(*(eye - spot)[:2]) < .8 * tall and eye[2] - spot[2] < 1.3 * tall


def _blades(base, size, colours, rng, count=2600):
    root = np.c_[rng.normal(0, 2.0 * size, (count, 2)), np.zeros(count)] + base
    lean, tall = rng.normal(0, .35, (count, 2)), rng.uniform(.12, .3, count) * size
    t = np.linspace(0, 1, 3)[None, :, None]
    blade = root[:, None] + np.concatenate([lean[:, None] * t**2, np.broadcast_to(t, (count, 3, 1))], 2) * tall[:, None, None]
    mix = rng.random((count, 1))
    tint = (np.array(colours[0]) * mix + np.array(colours[1]) * (1 - mix)) * rng.uniform(.8, 1.6, (count, 1))
    g = materials.Graph("blade")
    green = g.done(g.add("BsdfDiffuse", Color=g.add("Attribute", set={"attribute_name": "coat"})))
    fibre_object(blade, tint, .014 * size, green)


def _wall(place, at, azimuth, size):
    half = 40 * size
    v = np.array([[-half, 0, -1], [half, 0, -1], [half, 0, half], [-half, 0, half]])
    thing = mesh_object("wall", v, [[0, 1, 2, 3]], materials.wall(place["wall"], *place["wall_colours"]), smooth=False)
    thing.rotation_euler = (0, 0, azimuth + np.pi / 2 + .4 * np.sin(7 * azimuth))
    thing.location = at


def _bush(at, size, rng):
    v, f = sphere(14, 9)
    tone = np.array(GREENS[rng.integers(len(GREENS))] if rng.random() < .7 else EARTHS[rng.integers(len(EARTHS))])
    form = rng.uniform([.4, .4, .4], [1.6, 1.6, 1.8]) * size
    bumps = 1 + .15 * np.sin(v @ rng.normal(size=(3, 3)) * 4).sum(1, keepdims=True)
    mesh_object("bush", v * bumps * form + at + [0, 0, .4 * form[2]], f, materials.plain("bush", tone * rng.uniform(.6, 1.2), .95))


def _box(at, size, rng):
    v, f = props.cuboid(rng.uniform([.3, .3, .4], [1.6, 1.2, 2.4]) * size)
    palette = EARTHS + props.PAINTS
    mesh_object("box", v + at, f, materials.plain("box", palette[rng.integers(len(palette))], .6), smooth=False)


def _lamps(place, azimuth, size):
    if place["sun"]:
        height, side, strength, softness = place["sun"]
        warm = np.clip(1 - height, 0, 1)
        _lamp("SUN", azimuth + side, height, 10, strength, (1, .95 - .3 * warm, .88 - .5 * warm), angle=softness)
    for side, height, far, wide, tone, strength in place["lamps"]:
        _lamp("AREA", azimuth + side, height, far * size, 55 * strength * (far * size) ** 2 / 4, LAMPS[tone], size=wide * size)


def _lamp(kind, azimuth, height, far, strength, colour, **shape):
    data = bpy.data.lights.new(kind, kind)
    data.energy, data.color = strength, colour
    for key, value in shape.items():
        setattr(data, key, value)
    lamp = bpy.data.objects.new(kind, data)
    toward, right, up = view_axes(azimuth, height)
    lamp.matrix_world = Matrix([[right[i], up[i], -toward[i], -toward[i] * far] for i in range(3)] + [[0, 0, 0, 1]])
    bpy.context.scene.collection.objects.link(lamp)


def photograph(place):
    """Render, expose for the middle of the picture, and develop: uint8 (h, w, 3)."""
    scene = bpy.context.scene
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = os.path.join(folder, "raw.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.name = "Non-Color"
        flat = np.empty(len(image.pixels), np.float32)
        image.pixels.foreach_get(flat)
        bpy.data.images.remove(image)
    linear = flat.reshape(PIXELS, PIXELS, -1)[::-1, :, :3].astype(np.float64)
    return develop(linear, place["exposure"], place["warmth"])


def develop(linear, exposure, warmth):
    """Exposure from the log-average of the picture and of its middle, white balance, a film-like curve, sRGB."""
    light = np.log(linear @ [.2126, .7152, .0722] + 1e-3)
    edge = len(linear) // 5
    gain = .19 / np.exp((light.mean() + light[edge:-edge, edge:-edge].mean()) / 2) * 2**exposure
    toned = np.clip(linear, 0, None) * gain * [1 + warmth, 1, 1 - warmth]
    curve = toned * (2.51 * toned * .8 + .03) / (toned * (2.43 * toned * .8 + .59) + .14)
    srgb = np.clip(curve, 0, 1) ** (1 / 2.2)
    return (srgb * 255 + .5).astype(np.uint8)


def save(pixels, path, note, quality=88):
    """JPEG under a temporary name, then renamed: a picture is whole or absent."""
    part = path.with_suffix(".part")
    Image.fromarray(pixels).save(part, "JPEG", quality=quality, optimize=True, comment=note.encode())
    part.rename(path)
