"""Materials made of shader nodes: wool, glass beads, and the grounds and walls that toys stand in front of."""
import bpy

GROUNDS = ["planks", "tiles", "carpet", "fabric", "gravel", "grass", "sand", "concrete", "leaves"]
WALLS = ["plain", "stripes", "bricks", "boards", "dots"]


class Graph:
    """A material under construction: adds nodes, and links whatever is given as an input."""

    def __init__(self, name):
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.tree.nodes.clear()

    def add(self, kind, out=0, set=None, **inputs):
        node = self.tree.nodes.new("ShaderNode" + kind)
        for key, value in (set or {}).items():
            setattr(node, key, value)
        for key, value in inputs.items():
            self.plug(node, key.replace("_", " ") if isinstance(key, str) else key, value)
        return node.outputs[out]

    def plug(self, node, name, value):
        socket = next(s for s in node.inputs if s.enabled and s.name.lower() == name.lower())
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif socket.type == "RGBA" and len(value) == 3:
            socket.default_value = (*value, 1)
        else:
            socket.default_value = value

    def done(self, shader):
        output = self.tree.nodes.new("ShaderNodeOutputMaterial")
        self.tree.links.new(shader, output.inputs[0])
        return self.material

    def where(self, scale=1.0):
        """Object coordinates: patterns keep their size in the scene."""
        point = self.add("TexCoord", out=3)
        return self.add("Mapping", Vector=point, Scale=(scale,) * 3)

    def blend(self, share, a, b):
        ramp = self.tree.nodes.new("ShaderNodeMix")
        ramp.data_type = "RGBA"
        for socket, value in zip((ramp.inputs[0], ramp.inputs[6], ramp.inputs[7]), (share, a, b)):
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = (*value, 1) if hasattr(value, "__len__") else value
        return ramp.outputs[2]

    def noise(self, at, scale, detail=2.0, out=0):
        return self.add("TexNoise", out=out, Vector=at, Scale=scale, Detail=detail)

    def surface(self, colour, roughness=.7, height=None, bump=.5, **more):
        if height is not None:
            more["Normal"] = self.add("Bump", Height=height, Strength=bump, Distance=.05)
        return self.add("BsdfPrincipled", Base_Color=colour, Roughness=roughness, **more)


def plain(name, colour, roughness=.6, **more):
    g = Graph(name)
    return g.done(g.surface(colour, roughness, **more))


def wool_body():
    """Felted clay: the colour painted on the vertices."""
    g = Graph("wool body")
    return g.done(g.add("BsdfDiffuse", Color=g.add("Attribute", set={"attribute_name": "coat"}), Roughness=.9))


def wool_fibre():
    """Fibres let a little light through, so that a coat glows at its edge."""
    g = Graph("wool fibre")
    colour = g.add("Attribute", set={"attribute_name": "coat"})
    return g.done(_mixed(g, .35, g.add("BsdfDiffuse", Color=colour), g.add("BsdfTranslucent", Color=colour)))


def _mixed(g, share, a, b):
    node = g.tree.nodes.new("ShaderNodeMixShader")
    node.inputs[0].default_value = share
    g.tree.links.new(a, node.inputs[1])
    g.tree.links.new(b, node.inputs[2])
    return node.outputs[0]


def bead():
    """A glass bead: iris and pupil are painted on the vertices."""
    g = Graph("bead")
    return g.done(g.surface(g.add("Attribute", set={"attribute_name": "coat"}), .08))


def glow(strength=3.0):
    g = Graph("glow")
    return g.done(g.add("Emission", Color=(1, 1, 1), Strength=strength))


def gauze(colour):
    """A wing: you see through it."""
    g = Graph("gauze")
    see_through, thread = g.add("BsdfTransparent", Color=(.95, .95, .95)), g.add("BsdfTranslucent", Color=colour)
    sheen = _mixed(g, .5, g.add("BsdfDiffuse", Color=colour), thread)
    return g.done(_mixed(g, .6, see_through, sheen))


def ground(kind, a, b, scale):
    """A floor or a soil of two colours."""
    g = Graph(kind)
    at = g.where(scale)
    return g.done(GROUND_MAKERS[kind](g, at, a, b))


def _planks(g, at, a, b):
    boards = g.add("TexBrick", Vector=at, Scale=1.0, Color1=a, Color2=b, Mortar=(.02, .015, .01), Mortar_Size=.012,
                   Brick_Width=2.4, Row_Height=.35)
    grain = g.noise(g.add("Mapping", Vector=at, Scale=(1, 9, 1)), 3.0, 4)
    return g.surface(g.blend(g.add("Math", set={"operation": "MULTIPLY"}, Value=grain), boards, b), .45)


def _tiles(g, at, a, b):
    checks = g.add("TexChecker", Vector=at, Scale=1.1, Color1=a, Color2=b)
    return g.surface(g.blend(g.noise(at, 3), checks, tuple(.8 * x for x in a)), .3)


def _carpet(g, at, a, b):
    motif = g.add("TexVoronoi", Vector=at, Scale=1.3)
    pile = g.noise(at, 60, 1)
    return g.surface(g.blend(motif, a, b), .95, pile, 1.0)


def _fabric(g, at, a, b):
    weft = g.add("TexWave", out=1, Vector=at, Scale=2.2)
    warp = g.add("TexWave", out=1, set={"bands_direction": "Y"}, Vector=at, Scale=2.2)
    both = g.add("Math", set={"operation": "MULTIPLY"})
    g.tree.links.new(weft, both.node.inputs[0]), g.tree.links.new(warp, both.node.inputs[1])
    return g.surface(g.blend(both, a, b), .9, g.noise(at, 50, 1), .6)


def _gravel(g, at, a, b):
    stones = g.add("TexVoronoi", out=0, Vector=at, Scale=9.0)
    tone = g.add("TexVoronoi", out=1, Vector=at, Scale=9.0)
    shade = g.add("RGBToBW", Color=tone)
    return g.surface(g.blend(shade, a, b), .85, g.add("Math", set={"operation": "SUBTRACT"}, Value=stones), 1.0)


def _grass(g, at, a, b):
    return g.surface(g.blend(g.noise(at, 4, 5), a, b), .9, g.noise(at, 30, 2), 1.0)


def _sand(g, at, a, b):
    ripples = g.add("TexWave", out=1, Vector=at, Scale=.9, Distortion=6.0)
    return g.surface(g.blend(g.noise(at, 2, 6), a, b), .95, ripples, .4)


def _concrete(g, at, a, b):
    return g.surface(g.blend(g.noise(at, 1.2, 6), a, b), .8, g.noise(at, 14, 3), .25)


def _leaves(g, at, a, b):
    patch = g.add("RGBToBW", Color=g.add("TexVoronoi", out=1, Vector=at, Scale=4.0))
    return g.surface(g.blend(patch, a, b), .8, g.add("TexVoronoi", Vector=at, Scale=4.0), .9)


GROUND_MAKERS = {"planks": _planks, "tiles": _tiles, "carpet": _carpet, "fabric": _fabric, "gravel": _gravel,
                 "grass": _grass, "sand": _sand, "concrete": _concrete, "leaves": _leaves}


def wall(kind, a, b):
    g = Graph("wall " + kind)
    at = g.where()
    if kind == "stripes":
        share = g.add("TexWave", out=1, set={"bands_direction": "X"}, Vector=at, Scale=.5)
        return g.done(g.surface(g.blend(share, a, b), .8))
    if kind == "bricks":
        turned = g.add("Mapping", Vector=at, Rotation=(1.5708, 0, 0))
        bricks = g.add("TexBrick", Vector=turned, Scale=1.2, Color1=a, Color2=b, Mortar=(.45, .43, .4))
        return g.done(g.surface(bricks, .9))
    if kind == "boards":
        turned = g.add("Mapping", Vector=at, Rotation=(1.5708, 0, 0))
        boards = g.add("TexBrick", Vector=turned, Scale=.9, Color1=a, Color2=b, Mortar=(.03, .03, .03),
                       Brick_Width=9.0, Row_Height=.6)
        return g.done(g.surface(boards, .5))
    if kind == "dots":
        share = g.add("Math", set={"operation": "GREATER_THAN"}, Value=g.add("TexVoronoi", Vector=at, Scale=1.5))
        return g.done(g.surface(g.blend(share, a, b), .8))
    return g.done(g.surface(g.blend(g.noise(at, .6), a, tuple(.75 * x for x in a)), .9))
