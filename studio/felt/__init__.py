"""The felt zoo: needle-felted toys, modelled with signed distances and rendered with Blender's bpy."""
