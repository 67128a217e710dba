"""The world `off-switch` with a title of one's own: the smallest thing that `my_world:MyWorld` can name."""

from corrigible.worlds.catalogue.off_switch import OffSwitch


class MyWorld(OffSwitch):
    """A world of one's own; see docs/add-a-world.md for one from the ground."""

    name = "my-office"
    title = "The off-switch of our own office"
